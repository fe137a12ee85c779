//! SVG: a drawn preview for the eye, the file itself for use.
//!
//! Drawn are shapes, groups, gradients and plain clips. What can cost memory or time without bound (patterns, masks,
//! filters, pictures, copies, deep nesting) is not drawn: such a file goes out without a preview. Nothing outside the file
//! is ever read. Text needs fonts, of which there are none here, and is left out.

use std::thread;

use bytes::Bytes;
use image::RgbaImage;
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::roxmltree::{Document, Node, ParsingOptions};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

use crate::fitted::{File, Fitted, Kind, Limits, MediaError, Size, Why};
use crate::raster;
use crate::sniff::Format;

/// MiB for one file: its nodes, and [`DEEPEST`] nested layers of a preview.
pub(crate) const NEEDS_MIB: u32 = 448;

/// The longest side of a preview.
const SIDE: f32 = 1536.0;
/// Bytes of a file that is looked at.
const MOST_BYTES: usize = 8 * 1024 * 1024;
const MOST_NODES: u32 = 200_000;
/// Elements inside one another in a file that is drawn. Each may need a layer of its own.
const DEEPEST: usize = 40;
/// The library walks a document by recursion; this is room for its own limit of 1,024 levels.
const STACK_BYTES: usize = 64 * 1024 * 1024;

const NAMESPACE: &str = "http://www.w3.org/2000/svg";
const NOT_DRAWN: [&str; 7] = ["pattern", "mask", "filter", "image", "use", "marker", "foreignObject"];

/// Verifies the file and draws its preview.
pub(crate) fn fit(bytes: Bytes, limits: &Limits) -> Result<Fitted, MediaError> {
    if bytes.len() > MOST_BYTES.min(limits.document_bytes) {
        return Err(MediaError::too_large(format!("a vector file of {} bytes", bytes.len())));
    }
    let drawn = thread::scope(|scope| {
        let draw = || draw(&bytes, limits);
        match thread::Builder::new().name("vector".to_owned()).stack_size(STACK_BYTES).spawn_scoped(scope, draw) {
            Ok(drawing) => drawing.join().unwrap_or(Err(MediaError::Crashed)),
            Err(_) => Err(MediaError::Crashed),
        }
    })?;
    let (mime, extension) = Format::Svg.names();
    let size = drawn.as_ref().map(|drawn| drawn.0);
    let shown = drawn.and_then(|(_, preview)| preview);
    let document = Some(File { bytes, on_disk: None, kind: Kind::Document, extension, mime, size });
    Ok(Fitted { shown, document, reason: Some(Why::Vector), size })
}

/// The file's own size and its preview, as far as it is simple enough to be drawn.
fn draw(bytes: &[u8], limits: &Limits) -> Result<Option<(Size, Option<File>)>, MediaError> {
    let text = str::from_utf8(bytes).map_err(|_| MediaError::unreadable("an SVG file that is not UTF-8"))?;
    let parsing = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, parsing).map_err(MediaError::unreadable)?;
    if !document.root_element().has_tag_name((NAMESPACE, "svg")) {
        return Err(MediaError::unreadable("an XML file that is not SVG"));
    }
    if !is_simple(&document) {
        return Ok(None);
    }
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_xmltree(&document, &options).map_err(MediaError::unreadable)?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let size = Size { width: whole(width), height: whole(height) };
    let longer = width.max(height);
    if longer > width.min(height) * limits.photo_ratio as f32 {
        return Ok(Some((size, None)));
    }
    let scale = SIDE / longer;
    let Some(mut canvas) = Pixmap::new(whole(width * scale), whole(height * scale)) else {
        return Ok(Some((size, None)));
    };
    canvas.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut canvas.as_mut());
    // on a white ground every pixel is opaque, so that premultiplied and plain colours are the same
    let (width, height) = (canvas.width(), canvas.height());
    let picture = RgbaImage::from_raw(width, height, canvas.take()).ok_or(MediaError::Crashed)?;
    let preview = raster::png(&picture)?;
    let fits = preview.bytes.len() <= limits.photo_bytes;
    Ok(Some((size, fits.then_some(preview))))
}

/// Whether drawing the file costs no more than its size promises.
fn is_simple(document: &Document<'_>) -> bool {
    let drawable = |node: Node<'_, '_>| {
        let name = node.tag_name();
        name.namespace() != Some(NAMESPACE) || !NOT_DRAWN.contains(&name.name())
    };
    // a clip that is itself clipped can go on for ever
    let clips_itself = |node: Node<'_, '_>| {
        let clipped = |inner: Node<'_, '_>| {
            inner.has_attribute("clip-path")
                || inner.attribute("style").is_some_and(|style| style.contains("clip-path"))
        };
        match node.tag_name().name() {
            "clipPath" => node.descendants().any(clipped),
            "style" => node.text().is_some_and(|style| style.contains("clip-path")),
            _ => false,
        }
    };
    let mut open = vec![(document.root(), 0_usize)];
    while let Some((node, depth)) = open.pop() {
        if depth > DEEPEST || !drawable(node) || clips_itself(node) {
            return false;
        }
        open.extend(node.children().map(|child| (child, depth + 1)));
    }
    true
}

/// A length in whole pixels, at least one.
fn whole(length: f32) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float's cast to an integer saturates"
    )]
    let pixels = length.round() as u32;
    pixels.max(1)
}
