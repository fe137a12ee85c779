//! Files coming in: a file id becomes bytes.
//!
//! Telegram hands out files up to 20 MB, by a path that is valid for an hour; the size it announces is checked before the
//! first byte and the bytes are counted while they come.

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use teloxide::payloads::GetFile;
use teloxide::types::FileId;

use crate::calls::Telegram;
use crate::error::{DeliveryError, MediaReason, Scope};
use crate::wire::Call;

pub(crate) fn download(
    telegram: &Telegram,
    file_id: &str,
    most: usize,
) -> BoxFuture<'static, Result<Bytes, DeliveryError>> {
    let found = telegram.ask::<Found>(Call::json(&GetFile::new(FileId(file_id.to_owned())), Scope::Unknown));
    let wire = telegram.wire.clone();
    async move {
        let found = found.await?;
        if found.file_size.is_some_and(|size| size > most as u64) {
            return Err(DeliveryError::MediaRefused(MediaReason::TooBig));
        }
        let path = found.file_path.ok_or_else(|| DeliveryError::fatal("Telegram names no path for this file"))?;
        wire.fetch(&path, most).await
    }
    .boxed()
}

#[derive(Deserialize)]
struct Found {
    file_size: Option<u64>,
    file_path: Option<String>,
}
