//! What every provider can do, whatever its service looks like.
//!
//! Invariant: an `Err` of [`Provider::poll`] says that the question failed and the generation may still be running;
//! `Ok(Status::Failed)` says that the generation itself is over. A caller may create anew only after the latter.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use atelier_domain::{AccountId, Failure, FailureClass, Model, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;

/// What is to be made: a wish, the model that it is for, and the pictures it starts from.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The model.
    pub model: &'a Model,
    /// The wish; it fits the model.
    pub request: &'a Request,
    /// The pictures to start from, in the wish's order, as [`Provider::upload`] named them.
    pub images: &'a [ImageRef],
}

/// A service that makes pictures.
pub trait Provider: Send + Sync {
    /// The account of the catalogue that this is.
    fn account(&self) -> &AccountId;

    /// Makes a picture known to the service, to start from. The name must outlive the attempts of a job (a day will do).
    /// Without a store of its own the service is sent the picture with the order, as a `data:` URL.
    fn upload(&self, image: Bytes, mime: &'static str) -> BoxFuture<'_, Result<ImageRef, Failure>> {
        async move { Ok(ImageRef::inline(&image, mime)) }.boxed()
    }

    /// Whether [`Provider::start`] lasts as long as the generation, so that giving it up is how one is cancelled.
    fn answers_at_once(&self) -> bool {
        false
    }

    /// Begins a generation. Sends at most one creation, which the provider stops by itself at the model's deadline.
    fn start(&self, order: &Order<'_>) -> BoxFuture<'_, Result<Started, StartError>>;

    /// Asks how a generation stands. An error leaves the generation as it was.
    fn poll(&self, handle: &Handle) -> BoxFuture<'_, Result<Status, Failure>>;

    /// Stops a generation; one that has already ended counts as stopped.
    fn cancel(&self, handle: &Handle) -> BoxFuture<'_, Result<(), Failure>>;

    /// The generations that a creation with an unknown outcome may have begun: same model, equal input, created at
    /// `since` or later, not ended before their start; oldest first. Which of them other jobs own is for the caller
    /// to know. An incomplete list is an error, never a shorter list.
    fn find_lost(&self, order: &Order<'_>, since: SystemTime) -> BoxFuture<'_, Result<Vec<Handle>, Failure>>;

    /// Fetches one output. `BadMedia`: larger than allowed or no file at all; `Fatal`: at a place that nothing is fetched
    /// from; otherwise it is worth polling the handle again, since addresses of outputs expire.
    fn download(&self, output: &OutputRef) -> BoxFuture<'_, Result<Bytes, Failure>>;

    /// Fetches one output into a file, without ever holding it whole; the number of bytes. At most `most` bytes: a larger
    /// one is `BadMedia`. Fails as [`Provider::download`] does.
    fn download_into<'a>(
        &'a self,
        output: &'a OutputRef,
        file: &'a mut tokio::fs::File,
        most: u64,
    ) -> BoxFuture<'a, Result<u64, Failure>> {
        async move {
            let bytes = self.download(output).await?;
            if bytes.len() as u64 > most {
                return Err(Failure::new(FailureClass::BadMedia, format!("the output is larger than {most} bytes")));
            }
            let written = async {
                file.write_all(&bytes).await?;
                file.flush().await
            };
            written
                .await
                .map_err(|error| Failure::new(FailureClass::Transient, format!("a temporary file: {error}")))?;
            Ok(bytes.len() as u64)
        }
        .boxed()
    }

    /// Checks the credentials; answers with the name of the account.
    fn check(&self) -> BoxFuture<'_, Result<String, Failure>>;
}

/// A generation has begun, or is over already.
#[derive(Debug, Clone)]
pub enum Started {
    /// It runs at the provider; persist the handle before anything else.
    Running(Handle),
    /// The provider answers at once, with the pictures themselves.
    Finished(Vec<Output>),
}

/// A generation did not begin, or nobody knows.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StartError {
    /// Certainly nothing was created: the provider refused, or the request never left.
    #[error("nothing was created: {}", .0.detail)]
    NotCreated(Failure),
    /// Something may have been created: look with [`Provider::find_lost`] before creating anew.
    #[error("something may have been created: {}", .0.detail)]
    Unknown(Failure),
}

impl StartError {
    /// The failure, whether something was created or not.
    pub fn failure(&self) -> &Failure {
        match self {
            Self::NotCreated(failure) | Self::Unknown(failure) => failure,
        }
    }
}

/// How a generation stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// It is under way.
    Running {
        /// Per cent done, when the model says so.
        progress: Option<u8>,
        /// Whether it still waits for its start at the provider.
        queued: bool,
    },
    /// It is done; there is at least one output.
    Finished {
        /// Where the pictures are.
        outputs: Vec<OutputRef>,
        /// Seconds of generation, as the provider measured them.
        seconds: Option<f64>,
        /// Seconds from its creation to its end, waits included, as the provider measured them.
        whole: Option<f64>,
    },
    /// It is over without a picture, and free.
    Failed(Failure),
    /// It is over without a picture, and was charged for all the same: stopped while it ran, or deleted too soon.
    Wasted(Failure),
}

/// One picture's bytes, of whatever format their content shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    /// The file.
    pub bytes: Bytes,
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Output({} bytes)", self.bytes.len())
    }
}

/// A provider's name for a running generation, fit for a record and for one segment of a URL's path.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(String);

/// The text is no handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a handle is 1 to {} characters of A-Z, a-z, 0-9, - and _", Handle::MAX_CHARS)]
pub struct BadHandle;

impl Handle {
    /// The longest handle; the sketch provider's holds the prompt, in base64.
    pub const MAX_CHARS: usize = 32_768;

    /// The handle as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Handle {
    type Err = BadHandle;

    fn from_str(text: &str) -> Result<Self, BadHandle> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadHandle) }
    }
}

impl TryFrom<String> for Handle {
    type Error = BadHandle;

    fn try_from(text: String) -> Result<Self, BadHandle> {
        text.parse()
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(shortened(&self.0))
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Handle({})", shortened(&self.0))
    }
}

/// A picture to start from, as the service knows it: an address of the service's own, or the picture itself as a `data:`
/// URL. Never an address with somebody else's secret in it: it is made by [`Provider::upload`] from bytes.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageRef(String);

impl ImageRef {
    /// Takes the service's name for a picture.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The picture itself.
    pub fn inline(image: &[u8], mime: &str) -> Self {
        Self(format!("data:{mime};base64,{}", STANDARD.encode(image)))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the picture itself: too large for a record, and the same whenever it is made from the same bytes.
    pub fn is_inline(&self) -> bool {
        self.0.starts_with("data:")
    }
}

impl fmt::Debug for ImageRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ImageRef({}… {} bytes)", shortened(&self.0), self.0.len())
    }
}

/// Where an output is: an address or a `data:` URL. Written by the provider, so trusted in nothing; every check happens
/// in [`Provider::download`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OutputRef(String);

impl OutputRef {
    /// Takes a provider's reference as it is.
    pub fn new(reference: impl Into<String>) -> Self {
        Self(reference.into())
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OutputRef {
    /// The beginning only: the rest of an address can be a key to the picture, and of a `data:` URL the picture.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OutputRef({}… {} bytes)", shortened(&self.0), self.0.len())
    }
}

/// Refuses a wish that the model cannot serve, before it costs anything: a job may have been written by a build with
/// another catalogue.
pub(crate) fn check(order: &Order<'_>) -> Result<(), Failure> {
    order.model.check(order.request).map_err(|misfit| Failure::new(FailureClass::InvalidInput, misfit.to_string()))?;
    if order.images.len() == order.request.options.images.len() {
        return Ok(());
    }
    Err(Failure::new(FailureClass::Fatal, "the pictures to start from are not all uploaded"))
}

/// The first 40 characters.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(40).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_one_harmless_path_segment() {
        assert_eq!("gm3qorzdhgbfurvjtvhg6dckhu".parse::<Handle>().unwrap().as_str(), "gm3qorzdhgbfurvjtvhg6dckhu");
        let long = "a".repeat(Handle::MAX_CHARS + 1);
        for text in ["", ".", "..", "a/b", "a?b", "a%2e", "a b", "ä", &long] {
            assert_eq!(text.parse::<Handle>(), Err(BadHandle), "{text}");
        }
        assert!(serde_json::from_str::<Handle>("\"../account\"").is_err());
    }

    #[test]
    fn records_keep_references_whole_and_logs_do_not() {
        let address = format!("https://replicate.delivery/{}/out.png", "k".repeat(100));
        let reference = OutputRef::new(address.clone());
        assert_eq!(serde_json::to_string(&reference).unwrap(), format!("\"{address}\""));
        assert!(!format!("{reference:?}").contains("out.png"));
    }
}
