//! The effect service: it stands for the provider and for the chats, and remembers who did what under which token.
//!
//! One question and one answer a connection, on a socket of the run's directory, so that a worker that is stopped in
//! the middle holds up nobody.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::task::AbortOnDropHandle;

use crate::history::{Deed, Effect};
use crate::plan::refusal;
use crate::time::now_ms;

/// The service.
pub(crate) struct Effects {
    book: Arc<Mutex<Book>>,
    path: PathBuf,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Book {
    seed: u64,
    effects: Vec<Effect>,
    /// Per input: the predictions, with the time of their creation.
    predictions: HashMap<String, Vec<(String, u64)>>,
    refused: HashSet<u32>,
}

/// What became of a creation.
pub(crate) enum Created {
    /// The prediction's handle.
    Handle(String),
    /// One too many for now.
    Refused(Duration),
}

impl Effects {
    /// Serves on a socket in that directory.
    pub(crate) fn serve(directory: &Path, seed: u64) -> Self {
        let path = directory.join("effects");
        let listener = UnixListener::bind(&path).expect("a socket");
        let book = Arc::new(Mutex::new(Book { seed, ..Book::default() }));
        let shared = book.clone();
        let serving = AbortOnDropHandle::new(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let book = shared.clone();
                // whoever asked may be gone by now: that is its own affair
                tokio::spawn(async move {
                    let _ = answer(stream, &book).await;
                });
            }
        }));
        Self { book, path, _serving: serving }
    }

    /// Where it serves.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What was done so far.
    pub(crate) fn all(&self) -> Vec<Effect> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).effects.clone()
    }
}

async fn answer(mut stream: UnixStream, book: &Mutex<Book>) -> io::Result<()> {
    let mut question = String::new();
    stream.read_to_string(&mut question).await?;
    let answer = book.lock().unwrap_or_else(PoisonError::into_inner).answer(&question);
    stream.write_all(answer.unwrap_or_default().as_bytes()).await
}

impl Book {
    fn answer(&mut self, question: &str) -> Option<String> {
        let mut words = question.split('\t');
        match words.next()? {
            "create" => {
                let (number, input): (u32, _) = (words.next()?.parse().ok()?, words.next()?);
                let (job, fence, worker) = (words.next()?, words.next()?, words.next()?);
                if let Some(wait) = refusal(self.seed, number)
                    && self.refused.insert(number)
                {
                    return Some(format!("refused\t{}", wait.as_millis()));
                }
                let handle = format!("p{}-{job}", self.effects.len());
                let at = self.note(Deed::Create, (job, fence, worker), &handle)?;
                self.predictions.entry(input.to_owned()).or_default().push((handle.clone(), at));
                Some(format!("handle\t{handle}"))
            }
            "find" => {
                let (input, since): (_, u64) = (words.next()?, words.next()?.parse().ok()?);
                let found = self.predictions.get(input).into_iter().flatten().filter(|(_, at)| *at >= since);
                Some(found.map(|(handle, _)| handle.as_str()).collect::<Vec<_>>().join("\t"))
            }
            verb => {
                let deed = if verb == "edit" { Deed::Edit } else { Deed::Tell };
                self.note(deed, (words.next()?, words.next()?, words.next()?), "")?;
                Some("ok".to_owned())
            }
        }
    }

    fn note(&mut self, deed: Deed, (job, fence, worker): (&str, &str, &str), handle: &str) -> Option<u64> {
        let at_ms = now_ms();
        let (job, worker, handle) = (job.to_owned(), worker.to_owned(), handle.to_owned());
        self.effects.push(Effect { at_ms, deed, job, fence: fence.parse().ok()?, worker, handle });
        Some(at_ms)
    }
}

/// A worker's way to the service.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    path: PathBuf,
    worker: String,
}

impl Client {
    pub(crate) fn new(path: PathBuf, worker: String) -> Self {
        Self { path, worker }
    }

    /// Creates a prediction.
    pub(crate) async fn create(&self, number: u32, input: &str, job: &str, fence: &str) -> io::Result<Created> {
        let answer = self.ask(&["create", &number.to_string(), input, job, fence, &self.worker]).await?;
        match answer.split_once('\t') {
            Some(("handle", handle)) => Ok(Created::Handle(handle.to_owned())),
            Some(("refused", wait)) => {
                Ok(Created::Refused(Duration::from_millis(wait.parse().map_err(io::Error::other)?)))
            }
            _ => Err(io::Error::other(answer)),
        }
    }

    /// Predictions of an input created since, in Unix milliseconds.
    pub(crate) async fn find(&self, input: &str, since_ms: u64) -> io::Result<Vec<String>> {
        let answer = self.ask(&["find", input, &since_ms.to_string()]).await?;
        Ok(answer.split('\t').filter(|handle| !handle.is_empty()).map(str::to_owned).collect())
    }

    /// Edits the result into the chat.
    pub(crate) async fn edit(&self, job: &str, fence: &str) -> io::Result<()> {
        self.ask(&["edit", job, fence, &self.worker]).await.map(drop)
    }

    /// Tells a chat of something that no worker held: `job:<id>` or `batch:<id>`.
    pub(crate) async fn tell(&self, what: &str) -> io::Result<()> {
        self.ask(&["tell", what, "0", &self.worker]).await.map(drop)
    }

    async fn ask(&self, words: &[&str]) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.path).await?;
        stream.write_all(words.join("\t").as_bytes()).await?;
        stream.shutdown().await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}
