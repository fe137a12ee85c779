//! Pictures to start from, made known to Replicate.
//!
//! Small ones travel in the order itself, as `data:` URLs; larger ones are uploaded as files, which live for a day. Source
//! of the sizes: <https://replicate.com/docs/topics/predictions/input-files>. An upload costs nothing, so a lost answer is
//! simply an upload more.

use atelier_domain::{Failure, FailureClass};
use bytes::Bytes;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;

use super::REPLY_BYTES;
use crate::ImageRef;
use crate::http::Http;

/// The largest picture that travels in the order.
const INLINE_BYTES: usize = 256 * 1024;
/// The largest file that Replicate takes.
const MOST_BYTES: usize = 100_000_000;

#[derive(Deserialize)]
struct Uploaded {
    urls: Urls,
}

#[derive(Deserialize)]
struct Urls {
    get: String,
}

/// The name of a picture for orders.
pub(super) async fn upload(http: &Http, image: Bytes, mime: &'static str) -> Result<ImageRef, Failure> {
    if image.len() <= INLINE_BYTES {
        return Ok(ImageRef::inline(&image, mime));
    }
    if image.len() > MOST_BYTES {
        return Err(Failure::new(
            FailureClass::InvalidInput,
            format!("a picture of {} bytes to start from", image.len()),
        ));
    }
    let (length, extension) = (image.len() as u64, mime.rsplit('/').next().unwrap_or("bin"));
    let part = Part::stream_with_length(image, length).file_name(format!("input.{extension}")).mime_str(mime);
    let part = part.map_err(|_| Failure::new(FailureClass::Fatal, format!("`{mime}` is no content type")))?;
    let form = Form::new().part("content", part);
    let call = http.within(Method::POST, &["files"], http.limits().download).multipart(form);
    let reply = http.send(call, REPLY_BYTES).await.map_err(Failure::from)?;
    let uploaded: Uploaded = serde_json::from_slice(&reply)
        .map_err(|_| Failure::new(FailureClass::Transient, "the answer is not an uploaded file"))?;
    Ok(ImageRef::new(uploaded.urls.get))
}
