//! Fetches an output, from where outputs are and from nowhere else.
//!
//! The address was written by the service: host and scheme are checked against a list at every hop, size and time are
//! bounded while the bytes arrive, and the secret goes along only to the base URL's own origin.

use atelier_domain::{Failure, FailureClass};
use bytes::Bytes;
use data_url::DataUrl;
use futures::StreamExt as _;
use reqwest::Response;
use reqwest::header::LOCATION;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use url::Url;

use super::{BodyError, Http, read};
use crate::OutputRef;

/// Redirects followed, each to an allowed place only.
const MOST_HOPS: usize = 3;

impl Http {
    /// The bytes of an output, whole.
    pub(crate) async fn download(&self, output: &OutputRef) -> Result<Bytes, Failure> {
        let address = output.as_str();
        if address.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
            return filled(decode(address, self.limits().output_bytes)?);
        }
        let url = Url::parse(address).map_err(|_| bad_media("the output's address cannot be read"))?;
        match tokio::time::timeout(self.limits().download, self.whole(url)).await {
            Ok(bytes) => filled(bytes?),
            Err(_) => Err(self.late()),
        }
    }

    /// An output into a file, a piece at a time.
    pub(crate) async fn download_into(&self, output: &OutputRef, file: &mut File, most: u64) -> Result<u64, Failure> {
        let address = output.as_str();
        if address.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
            let bytes = filled(decode(address, usize::try_from(most).unwrap_or(usize::MAX))?)?;
            file.write_all(&bytes).await.map_err(unwritable)?;
            file.flush().await.map_err(unwritable)?;
            return Ok(bytes.len() as u64);
        }
        let url = Url::parse(address).map_err(|_| bad_media("the output's address cannot be read"))?;
        match tokio::time::timeout(self.limits().download, self.stream(url, file, most)).await {
            Ok(Ok(0)) => Err(Failure::new(FailureClass::Transient, "the output is empty")),
            Ok(length) => length,
            Err(_) => Err(self.late()),
        }
    }

    async fn stream(&self, url: Url, file: &mut File, most: u64) -> Result<u64, Failure> {
        let too_large = || bad_media(&format!("the output is larger than {most} bytes"));
        let response = self.open(url).await?;
        let announced = response.content_length();
        if announced.is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let (mut chunks, mut length) = (response.bytes_stream(), 0_u64);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| self.half_answered(BodyError::Cut(error)))?;
            length += chunk.len() as u64;
            if length > most {
                return Err(too_large());
            }
            file.write_all(&chunk).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        Ok(length)
    }

    fn late(&self) -> Failure {
        let detail = format!("the download took longer than {:?}", self.limits().download);
        Failure::new(FailureClass::Transient, detail)
    }

    async fn whole(&self, url: Url) -> Result<Bytes, Failure> {
        read(self.open(url).await?, self.limits().output_bytes).await.map_err(|error| match error {
            BodyError::TooLarge => {
                bad_media(&format!("the output is larger than {} bytes", self.limits().output_bytes))
            }
            cut @ BodyError::Cut(_) => self.half_answered(cut),
        })
    }

    /// An answer that begins well, from an allowed place.
    async fn open(&self, mut url: Url) -> Result<Response, Failure> {
        for _ in 0..=MOST_HOPS {
            self.allow(&url)?;
            let mut call = self.client.get(url.clone());
            if self.is_base(&url) {
                call = self.authorised(call);
            }
            let response = call.send().await.map_err(|error| self.half_answered(BodyError::Cut(error)))?;
            if response.status().is_success() {
                return Ok(response);
            }
            if !response.status().is_redirection() {
                return Err(self.unavailable(&response));
            }
            url = target(&url, &response)?;
        }
        Err(Failure::new(FailureClass::Transient, format!("more than {MOST_HOPS} redirects")))
    }

    /// Refuses every place that outputs do not come from.
    fn allow(&self, url: &Url) -> Result<(), Failure> {
        let host = url.host_str().unwrap_or_default();
        let place = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let secure = url.scheme() == "https" || (url.scheme() == "http" && self.base.scheme() == "http");
        if secure && (self.is_base(url) || self.service.output_hosts.iter().any(|allowed| is_of(&place, allowed))) {
            return Ok(());
        }
        let place = self.detail(&format!("{}://{place}", url.scheme()));
        let detail = format!("outputs are not fetched from {place}; list it in `output_hosts` of the account");
        Err(Failure::new(FailureClass::Fatal, detail))
    }

    fn is_base(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// An error status. Addresses die within the hour: whether the picture does too, only the handle can tell, so all
    /// but a rate limit is worth another poll.
    fn unavailable(&self, response: &Response) -> Failure {
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let failure = (self.dialect)(status, retry_after, b"at the download", &|text| self.detail(text));
        match failure.class {
            FailureClass::RateLimited | FailureClass::Transient => failure,
            _ => Failure::new(FailureClass::Transient, failure.detail),
        }
    }
}

/// Whether `place` (`host` or `host:port`) is what a list allows: itself, or everything below `*.host`.
fn is_of(place: &str, allowed: &str) -> bool {
    match allowed.strip_prefix('*') {
        Some(ending) => {
            let tail = place.len().checked_sub(ending.len()).and_then(|start| place.get(start..));
            ending.len() < place.len() && tail.is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
        }
        None => place.eq_ignore_ascii_case(allowed),
    }
}

fn target(from: &Url, response: &Response) -> Result<Url, Failure> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    location
        .and_then(|location| from.join(location).ok())
        .ok_or_else(|| Failure::new(FailureClass::Transient, "a redirect to nowhere at the download"))
}

/// The content of a `data:` URL.
fn decode(address: &str, most: usize) -> Result<Bytes, Failure> {
    // base64 turns three bytes into four, percent-encoding one into three
    if address.len() / 3 > most {
        return Err(bad_media("the inline output is too large"));
    }
    let (bytes, _) = DataUrl::process(address)
        .ok()
        .and_then(|url| url.decode_to_vec().ok())
        .ok_or_else(|| bad_media("the inline output cannot be decoded"))?;
    if bytes.len() > most {
        return Err(bad_media("the inline output is too large"));
    }
    Ok(bytes.into())
}

fn filled(bytes: Bytes) -> Result<Bytes, Failure> {
    if bytes.is_empty() { Err(Failure::new(FailureClass::Transient, "the output is empty")) } else { Ok(bytes) }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unwritable(error: std::io::Error) -> Failure {
    Failure::new(FailureClass::Transient, format!("a temporary file cannot be written: {error}"))
}

fn bad_media(detail: &str) -> Failure {
    Failure::new(FailureClass::BadMedia, detail)
}
