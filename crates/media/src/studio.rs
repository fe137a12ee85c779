//! Where pictures are worked on: a bounded number of blocking threads, and one memory budget for all of them.
//!
//! Peak memory of the pixels in work stays within [`Settings::memory_mib`], however many files come at once: a file says
//! by its header what it needs, waits until that much is free, and is refused if it needs more than there is.
//! A file's compressed bytes are the caller's and not counted.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::fitted::{Fitted, Limits, MediaError};
use crate::sniff::Format;
use crate::{mp4, raster, vector};

/// How much of the machine a studio takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Files worked on at the same time.
    pub threads: usize,
    /// MiB of pixels held at the same time. The default of 1280 lets a 120-megapixel JPEG or 8-bit PNG through.
    pub memory_mib: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { threads: thread::available_parallelism().map_or(2, usize::from), memory_mib: 1280 }
    }
}

/// Fits files into what a chat takes. Clones share threads and memory.
#[derive(Debug, Clone)]
pub struct Studio {
    threads: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    memory_mib: u32,
}

/// What a file is, after a look at its header.
enum Plan {
    Raster(raster::Probed),
    Vector(Bytes),
    Video(Fitted),
}

impl Default for Studio {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Studio {
    /// A studio of this size.
    pub fn new(settings: Settings) -> Self {
        let memory = usize::try_from(settings.memory_mib).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            threads: Arc::new(Semaphore::new(settings.threads.max(1))),
            memory: Arc::new(Semaphore::new(memory.min(Semaphore::MAX_PERMITS))),
            memory_mib: settings.memory_mib,
        }
    }

    /// Verifies a file and makes of it what the chat takes. Dropping the future frees nothing that is in work: thread
    /// and memory come back when the work ends.
    pub async fn fit(&self, bytes: Bytes, limits: Limits) -> Result<Fitted, MediaError> {
        let thread = permit(Arc::clone(&self.threads).acquire_owned().await)?;
        let (plan, thread) = on_thread(limits, move || (plan(bytes, &limits), thread)).await?;
        let plan = plan?;
        let needed = plan.needs_mib();
        if needed > self.memory_mib {
            return Err(MediaError::too_large(format!("{needed} MiB of pixels, {} at most", self.memory_mib)));
        }
        let memory = permit(Arc::clone(&self.memory).acquire_many_owned(needed).await)?;
        on_thread(limits, move || {
            let fitted = plan.carry_out(&limits);
            drop((memory, thread));
            fitted
        })
        .await?
    }
}

impl Studio {
    /// Verifies a film on disk, without reading it whole.
    pub async fn fit_film(&self, path: PathBuf, limits: Limits) -> Result<Fitted, MediaError> {
        let thread = permit(Arc::clone(&self.threads).acquire_owned().await)?;
        on_thread(limits, move || {
            let fitted = mp4::fit_file(&path, &limits);
            drop(thread);
            fitted
        })
        .await?
    }
}

impl Plan {
    fn needs_mib(&self) -> u32 {
        match self {
            Self::Raster(probed) => probed.needs_mib(),
            Self::Vector(_) => vector::NEEDS_MIB,
            Self::Video(_) => 0,
        }
    }

    fn carry_out(self, limits: &Limits) -> Result<Fitted, MediaError> {
        match self {
            Self::Raster(probed) => raster::fit(&probed, limits),
            Self::Vector(bytes) => vector::fit(bytes, limits),
            Self::Video(fitted) => Ok(fitted),
        }
    }
}

fn plan(bytes: Bytes, limits: &Limits) -> Result<Plan, MediaError> {
    match Format::of(&bytes) {
        Some(Format::Svg) => Ok(Plan::Vector(bytes)),
        Some(Format::Mp4) => mp4::fit(bytes, limits).map(Plan::Video),
        Some(format) => raster::probe(bytes, format, limits).map(Plan::Raster),
        None => Err(MediaError::unreadable("not a PNG, JPEG, WebP, GIF, SVG or MP4 file")),
    }
}

/// Runs `work` on a blocking thread. A panic in a decoder ends there; what takes too long is left to itself.
async fn on_thread<T: Send + 'static>(
    limits: Limits,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, MediaError> {
    match timeout(limits.time, spawn_blocking(work)).await {
        Ok(done) => done.map_err(|_| MediaError::Crashed),
        Err(_) => Err(MediaError::TooSlow(limits.time)),
    }
}

/// The semaphores are never closed; if they were, no work could be done.
fn permit(
    acquired: Result<OwnedSemaphorePermit, tokio::sync::AcquireError>,
) -> Result<OwnedSemaphorePermit, MediaError> {
    acquired.map_err(|_| MediaError::Crashed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_panicking_decoder_spoils_its_own_file_only() {
        let studio = Studio::new(Settings { threads: 1, memory_mib: 64 });
        let thread = permit(Arc::clone(&studio.threads).acquire_owned().await).unwrap();
        let crashed: Result<(), _> = on_thread(Limits::default(), move || {
            let _held = thread;
            panic!("a decoder's mistake")
        })
        .await;
        assert_eq!(crashed, Err(MediaError::Crashed));
        let next = studio.fit(Bytes::from_static(b"hello"), Limits::default()).await;
        assert!(matches!(next, Err(MediaError::Unreadable { .. })), "the thread is free again");
    }

    #[tokio::test]
    async fn time_is_bounded() {
        let (finish, wait) = std::sync::mpsc::channel::<()>();
        let limits = Limits { time: Duration::ZERO, ..Limits::default() };
        let outcome = on_thread(limits, move || wait.recv().is_ok()).await;
        assert_eq!(outcome, Err(MediaError::TooSlow(Duration::ZERO)));
        drop(finish);
    }
}
