//! Output files: drawn by `sketch` on the blocking pool, kept while there is room, drawn again when asked later.

use std::collections::{HashMap, VecDeque};
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use atelier_sketch::{Footer, Scene, SketchError};
use bytes::Bytes;
use image::{ExtendedColorType, ImageEncoder, ImageError};
use serde_json::Value;
use tokio::sync::{OnceCell, Semaphore};

use super::film;
use super::odd;
use super::outcome::Outcome;
use super::prediction::Prediction;
use super::state::World;

/// Bytes of drawn files kept in memory.
const ROOM: usize = 192 * 1024 * 1024;
/// Drawings at once: CPU work that must leave a core to the rest.
const PAINTERS: usize = 2;
/// An animation has this many frames, no larger than this a side.
const FRAMES: u16 = 12;
const FRAME_SIDE: u32 = 320;

/// One output file.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
    /// Bytes of nothing that follow, made while they are sent.
    pub(super) padding: u64,
}

#[derive(Debug)]
pub(super) struct Gallery {
    shelf: Mutex<Shelf>,
    painters: Semaphore,
}

impl Default for Gallery {
    fn default() -> Self {
        Self { shelf: Mutex::default(), painters: Semaphore::new(PAINTERS) }
    }
}

type Slot = Arc<OnceCell<File>>;

#[derive(Debug, Default)]
struct Shelf {
    files: HashMap<String, Slot>,
    order: VecDeque<String>,
}

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum DrawError {
    #[error("the sketch failed")]
    Sketch(#[from] SketchError),
    #[error("the picture could not be encoded")]
    Encode(#[from] ImageError),
    #[error("the drawing task died")]
    Task(#[from] tokio::task::JoinError),
    #[error("no more drawings are made")]
    Closed(#[from] tokio::sync::AcquireError),
}

/// Draws the outputs of a prediction ahead of the first download.
pub(super) fn prepare(world: &Arc<World>, id: &str) {
    let Some(mut prediction) = world.read(|state| state.predictions.get(id).cloned()) else { return };
    if prediction.outcome.error("").is_some() {
        return;
    }
    prediction.status = super::prediction::Status::Succeeded;
    let world = world.clone();
    tokio::spawn(async move {
        for index in 0..prediction.files().len() {
            if let Err(error) = world.gallery.file(&prediction, index).await {
                tracing::error!(prediction = prediction.id, %error, "a simulated output cannot be drawn");
            }
        }
    });
}

impl Gallery {
    /// The file, drawn now if it is not at hand.
    pub(super) async fn file(&self, prediction: &Prediction, index: usize) -> Result<File, DrawError> {
        let key = format!("{}/{index}", prediction.id);
        let slot = self.shelf().slot(&key);
        let file = slot
            .get_or_try_init(|| async {
                let _painter = self.painters.acquire().await?;
                let prediction = prediction.clone();
                tokio::task::spawn_blocking(move || draw(&prediction, index)).await?
            })
            .await?;
        self.shelf().evict(&key);
        Ok(file.clone())
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn slot(&mut self, key: &str) -> Slot {
        if !self.files.contains_key(key) {
            self.order.push_back(key.to_owned());
        }
        self.files.entry(key.to_owned()).or_default().clone()
    }

    fn evict(&mut self, keep: &str) {
        let size = |slot: &Slot| slot.get().map_or(0, |file| file.bytes.len());
        let mut total: usize = self.files.values().map(size).sum();
        while total > ROOM && self.order.front().is_some_and(|oldest| oldest != keep) {
            if let Some(slot) = self.order.pop_front().and_then(|oldest| self.files.remove(&oldest)) {
                total -= size(&slot);
            }
        }
    }
}

fn draw(prediction: &Prediction, index: usize) -> Result<File, DrawError> {
    match prediction.outcome {
        Outcome::HugePixels => return Ok(odd::huge_pixels()?),
        Outcome::Heavy => return Ok(odd::heavy(prediction.seed)?),
        _ => {}
    }
    let Some(model) = prediction.catalogue() else { return Ok(odd::corrupt()) };
    let (width, height) = super::models::size(model, &prediction.input);
    let (width, height) = bounded(width, height, prediction.largest_side);
    let seed = prediction.input.get("seed").and_then(Value::as_u64).unwrap_or(prediction.seed);
    let scene = Scene {
        prompt: prediction.prompt(),
        seed: seed.wrapping_add(index as u64),
        width,
        height,
        footer: Footer::Simulated { model: model.name() },
    };
    let extension = prediction.extension(model);
    let mut file = encode(&scene, &extension)?;
    match prediction.outcome {
        Outcome::Corrupt => file.bytes = odd::spoil(&file.bytes),
        Outcome::WrongContentType => file.content_type = "text/html; charset=utf-8",
        Outcome::Bulky { bytes } => {
            // the box says its length in 64 bits, and what it holds is to be skipped
            let mut whole = file.bytes.to_vec();
            whole.extend_from_slice(&[0, 0, 0, 1]);
            whole.extend_from_slice(b"free");
            whole.extend_from_slice(&(bytes + 16).to_be_bytes());
            (file.bytes, file.padding) = (whole.into(), bytes);
        }
        _ => {}
    }
    Ok(file)
}

fn encode(scene: &Scene<'_>, extension: &str) -> Result<File, DrawError> {
    let mut bytes = Vec::new();
    let content_type = match extension {
        "svg" => {
            bytes = atelier_sketch::svg(scene)?.into_bytes();
            "image/svg+xml"
        }
        "mp4" => {
            bytes = animate(scene)?;
            "video/mp4"
        }
        "jpg" => {
            let picture = atelier_sketch::draw(scene)?;
            let rgb: Vec<u8> =
                picture.rgba().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
            let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
            encoder.write_image(&rgb, picture.width(), picture.height(), ExtendedColorType::Rgb8)?;
            "image/jpeg"
        }
        "webp" => {
            let picture = atelier_sketch::draw(scene)?;
            let encoder = image::codecs::webp::WebPEncoder::new_lossless(Cursor::new(&mut bytes));
            encoder.encode(picture.rgba(), picture.width(), picture.height(), ExtendedColorType::Rgba8)?;
            "image/webp"
        }
        _ => {
            bytes = atelier_sketch::draw(scene)?.png()?;
            "image/png"
        }
    };
    Ok(File { bytes: bytes.into(), content_type, padding: 0 })
}

fn animate(scene: &Scene<'_>) -> Result<Vec<u8>, DrawError> {
    let (width, height) = bounded(scene.width, scene.height, FRAME_SIDE);
    let whole = |side: u32| (side / 16 * 16).max(16);
    let scene = Scene { width: whole(width), height: whole(height), ..scene.clone() };
    let mut frames = Vec::with_capacity(usize::from(FRAMES));
    for frame in 0..FRAMES {
        let picture = atelier_sketch::draw_moment(&scene, f32::from(frame) / f32::from(FRAMES))?;
        frames.push(film::Frame { width: scene.width, height: scene.height, rgba: picture.into_rgba() });
    }
    Ok(film::mp4(&frames, 120))
}

/// The size within a limit for the longer side, ratio kept, never below what `sketch` can draw.
fn bounded(width: u32, height: u32, limit: u32) -> (u32, u32) {
    let longer = width.max(height);
    let fit = |side: u32| if longer > limit { side * limit / longer } else { side };
    let clamp = |side: u32| fit(side).clamp(atelier_sketch::MIN_SIDE, atelier_sketch::MAX_SIDE);
    (clamp(width), clamp(height))
}
