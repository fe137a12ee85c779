//! The pictures: drawn by `sketch`, and saying so.

use atelier_sketch::{Footer, Scene};
use bytes::Bytes;

/// A PNG of the prompt; `model` stands in its footer.
pub(super) async fn draw(model: &str, prompt: &str, seed: u64, size: (u32, u32), largest: u32) -> Option<Bytes> {
    let (model, prompt) = (model.to_owned(), prompt.to_owned());
    let longer = size.0.max(size.1).max(1);
    let fit = move |side: u32| {
        let side = if longer > largest { side * largest / longer } else { side };
        side.clamp(atelier_sketch::MIN_SIDE, atelier_sketch::MAX_SIDE)
    };
    let drawing = tokio::task::spawn_blocking(move || {
        let scene = Scene {
            prompt: &prompt,
            seed,
            width: fit(size.0),
            height: fit(size.1),
            footer: Footer::Simulated { model: &model },
        };
        atelier_sketch::draw(&scene).and_then(|picture| picture.png())
    });
    match drawing.await {
        Ok(Ok(bytes)) => Some(bytes.into()),
        Ok(Err(error)) => {
            tracing::error!(%error, "a simulated picture cannot be drawn");
            None
        }
        Err(_) => None,
    }
}
