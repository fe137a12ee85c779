//! Bytes from the provider, fitted to what a chat takes.

use atelier_domain::{Failure, FailureClass};
use atelier_media::{Fitted, Limits, MediaError};
use bytes::Bytes;

use crate::generate::{Generated, Pictures};
use crate::line::{Stop, Walk};

/// The picture's bytes. A job is one picture: of several outputs the first is taken.
pub(crate) async fn fetch(walk: &Walk, generated: &Generated) -> Result<Bytes, Stop> {
    let missing = || Failure::new(FailureClass::Filtered, "the prediction succeeded without an output");
    match &generated.pictures {
        Pictures::Here(pictures) => Ok(pictures.first().cloned().ok_or_else(missing)?),
        Pictures::There(outputs) => {
            let output = outputs.first().ok_or_else(missing)?;
            Ok(walk.provider.download(output).await?)
        }
    }
}

/// Verifies the picture and fits it to Telegram's limits, off the async threads.
pub(crate) async fn fit(walk: &Walk, bytes: Bytes) -> Result<Fitted, Stop> {
    let fitted = walk.shop.studio.fit(bytes, Limits::default()).await;
    Ok(fitted.map_err(|error| {
        let class = match error {
            MediaError::TooSlow(_) => FailureClass::Transient,
            MediaError::Unreadable { .. } | MediaError::TooLarge { .. } | MediaError::Crashed => FailureClass::BadMedia,
        };
        Failure::new(class, error.to_string())
    })?)
}
