//! Media that comes with a call: uploaded with it, attached by name, or a file id of an earlier message.

use serde_json::Value;

use crate::telegram::entities::{self, Formatted, utf16_len};
use crate::telegram::files::Hints;
use crate::telegram::model::{Content, FileMeta, MediaKind};
use crate::telegram::params::{Params, Upload};
use crate::telegram::render;
use crate::telegram::reply::ApiError;
use crate::telegram::server::Server;

/// The longest text and caption, UTF-16 units after parsing.
const MAX_TEXT: usize = 4096;
const MAX_CAPTION: usize = 1024;

/// A text within Telegram's limits.
pub(super) fn text(params: &Params) -> Result<Content, ApiError> {
    let text = params.text("text").ok_or_else(|| ApiError::bad("message text is empty"))?;
    let entities = params.json("entities", "entities")?;
    let Formatted { text, entities } = entities::read(&text, params.text("parse_mode").as_deref(), entities)?;
    match utf16_len(&text) {
        0 => Err(ApiError::bad("message text is empty")),
        1..=MAX_TEXT => Ok(Content::Text { text, entities }),
        _ => Err(ApiError::bad("message is too long")),
    }
}

/// A caption of the call itself.
pub(super) fn caption(params: &Params) -> Result<Formatted, ApiError> {
    let entities = params.json("caption_entities", "caption entities")?;
    read_caption(params.text("caption").as_deref(), params.text("parse_mode").as_deref(), entities)
}

fn read_caption(text: Option<&str>, parse_mode: Option<&str>, entities: Option<Value>) -> Result<Formatted, ApiError> {
    let formatted = entities::read(text.unwrap_or_default(), parse_mode, entities)?;
    if utf16_len(&formatted.text) > MAX_CAPTION {
        return Err(ApiError::bad("message caption is too long"));
    }
    Ok(formatted)
}

/// The file that a parameter names, checked and stored when it is new.
pub(super) async fn file(
    server: &Server,
    bot: i64,
    params: &Params,
    field: &str,
    kind: MediaKind,
) -> Result<FileMeta, ApiError> {
    let number = |name| params.integer(name).and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
    let hints = Hints { width: number("width"), height: number("height"), duration: number("duration") };
    if let Some(upload) = params.files.get(field) {
        return store(server, upload.clone(), kind, hints).await;
    }
    let source = params.text(field).ok_or_else(|| ApiError::bad(format!("there is no {field} in the request")))?;
    resolve(server, bot, params, &source, kind, hints).await
}

/// One `InputMedia`: the file and its caption.
pub(super) async fn media(server: &Server, bot: i64, params: &Params, input: &Value) -> Result<Content, ApiError> {
    let refuse = |reason: &str| ApiError::bad(format!("can't parse InputMedia: {reason}"));
    if !input.is_object() {
        return Err(refuse("expected an Object"));
    }
    let text = |name: &str| input.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let word = text("type").ok_or_else(|| refuse("Can't find field \"type\""))?;
    let kind = MediaKind::parse(word).ok_or_else(|| refuse(&format!("type \"{word}\" is unsupported")))?;
    let source = text("media").ok_or_else(|| refuse("media not found"))?;
    let number = |name: &str| input.get(name).and_then(Value::as_u64).and_then(|value| u32::try_from(value).ok());
    let hints = Hints {
        width: number("width").unwrap_or(0),
        height: number("height").unwrap_or(0),
        duration: number("duration").unwrap_or(0),
    };
    let formatted = read_caption(text("caption"), text("parse_mode"), input.get("caption_entities").cloned())?;
    let file = resolve(server, bot, params, source, kind, hints).await?;
    Ok(Content::Media { file, caption: formatted.text, entities: formatted.entities })
}

async fn resolve(
    server: &Server,
    bot: i64,
    params: &Params,
    source: &str,
    kind: MediaKind,
    hints: Hints,
) -> Result<FileMeta, ApiError> {
    if let Some(name) = source.strip_prefix("attach://") {
        let upload = params.files.get(name).ok_or_else(|| ApiError::bad("wrong file identifier/HTTP URL specified"))?;
        return store(server, upload.clone(), kind, hints).await;
    }
    if source.starts_with("http://") || source.starts_with("https://") {
        // there is no network behind this server
        return Err(ApiError::bad("failed to get HTTP URL content"));
    }
    let wrong = |reason: &str| ApiError::bad(format!("wrong remote file identifier specified: {reason}"));
    let (owner, unique) = render::parse_file_id(source).ok_or_else(|| wrong("Wrong string length"))?;
    if owner != bot {
        return Err(wrong("can't unserialize it"));
    }
    let file = server.read(|world| world.files.get(unique).cloned());
    let file = file.ok_or_else(|| ApiError::bad("wrong file identifier/HTTP URL specified"))?;
    if file.kind != kind {
        let (from, to) = (file.kind.title(), kind.title());
        return Err(ApiError::bad(format!("can't use file of type {from} as {to}")));
    }
    Ok(file)
}

async fn store(server: &Server, upload: Upload, kind: MediaKind, hints: Hints) -> Result<FileMeta, ApiError> {
    let file = server.files.take(upload, kind, hints).await?;
    server.write(|world, _| world.keep_file(&file));
    Ok(file)
}
