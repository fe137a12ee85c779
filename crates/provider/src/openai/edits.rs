//! The form of an edit: the fields of the wish, and the pictures that it starts from as files.
//!
//! Source: <https://platform.openai.com/docs/api-reference/images/createEdit>: one picture is `image`, several are `image[]`.

use atelier_domain::{Failure, FailureClass};
use data_url::DataUrl;
use reqwest::multipart::{Form, Part};
use serde_json::{Map, Value};

use crate::ImageRef;

/// The form. The pictures are `data:` URLs, as [`crate::Provider::upload`] made them for a service without a store.
pub(super) fn form(body: &Map<String, Value>, images: &[ImageRef]) -> Result<Form, Failure> {
    let mut form = Form::new();
    for (name, value) in body {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => continue,
            other => other.to_string(),
        };
        form = form.text(name.clone(), text);
    }
    let field = if images.len() == 1 { "image" } else { "image[]" };
    for (index, image) in images.iter().enumerate() {
        form = form.part(field, part(image, index)?);
    }
    Ok(form)
}

fn part(image: &ImageRef, index: usize) -> Result<Part, Failure> {
    let fatal = |what: &str| Failure::new(FailureClass::Fatal, format!("a picture to start from {what}"));
    let url = DataUrl::process(image.as_str()).map_err(|_| fatal("is not at hand"))?;
    let mime = format!("{}/{}", url.mime_type().type_, url.mime_type().subtype);
    let (bytes, _) = url.decode_to_vec().map_err(|_| fatal("cannot be decoded"))?;
    let name = format!("{}.{}", index + 1, url.mime_type().subtype);
    Part::bytes(bytes).file_name(name).mime_str(&mime).map_err(|_| fatal("is of no known type"))
}
