//! Predictions on disk: one JSON file each, replaced atomically, written in order by one task.

use std::path::{Path, PathBuf};

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::ServeError;
use super::prediction::Prediction;
use super::time::{self, Millis};

/// Records older than this are dropped when the server starts.
const KEPT: Millis = 24 * 3_600_000;

/// Where predictions are kept; without a directory every call does nothing.
#[derive(Debug)]
pub(super) struct Store {
    queue: Option<mpsc::UnboundedSender<Write>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
enum Write {
    Save { id: String, json: Vec<u8>, done: oneshot::Sender<()> },
    Clear,
    Close,
}

impl Store {
    /// Opens the directory and reads what is there, oldest first.
    pub(super) async fn open(data_dir: Option<&Path>) -> Result<(Self, Vec<Prediction>), ServeError> {
        let Some(data_dir) = data_dir else {
            return Ok((Self { queue: None, writer: Mutex::new(None) }, Vec::new()));
        };
        let directory = data_dir.join("replicate").join("predictions");
        let reading = directory.clone();
        let joined = tokio::task::spawn_blocking(move || read(&reading)).await;
        let loaded = joined.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let predictions = loaded.map_err(|source| ServeError::DataDir { path: directory.clone(), source })?;
        let (queue, writes) = mpsc::unbounded_channel();
        let writer = tokio::task::spawn_blocking(move || write_all(&directory, writes));
        Ok((Self { queue: Some(queue), writer: Mutex::new(Some(writer)) }, predictions))
    }

    /// Queues the record; the receiver resolves once it is on disk.
    pub(super) fn save(&self, prediction: &Prediction) -> oneshot::Receiver<()> {
        let (done, saved) = oneshot::channel();
        match (&self.queue, serde_json::to_vec(prediction)) {
            (Some(queue), Ok(json)) => {
                // a closed queue drops `done`, which the caller sees as an answer too
                let _ = queue.send(Write::Save { id: prediction.id.clone(), json, done });
            }
            (None, _) => {
                let _ = done.send(());
            }
            (Some(_), Err(error)) => tracing::error!(%error, "a prediction cannot be written as JSON"),
        }
        saved
    }

    pub(super) fn clear(&self) {
        if let Some(queue) = &self.queue {
            let _ = queue.send(Write::Clear);
        }
    }

    /// Waits until everything queued is written.
    pub(super) async fn close(&self) {
        if let Some(queue) = &self.queue {
            let _ = queue.send(Write::Close);
        }
        if let Some(writer) = self.writer.lock().await.take()
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the writer of predictions ended badly");
        }
    }
}

fn read(directory: &Path) -> std::io::Result<Vec<Prediction>> {
    std::fs::create_dir_all(directory)?;
    let mut predictions = Vec::new();
    let oldest = time::now() - KEPT;
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match serde_json::from_slice::<Prediction>(&std::fs::read(&path)?) {
            Ok(prediction) if prediction.created_at >= oldest => predictions.push(prediction),
            Ok(_) => std::fs::remove_file(&path)?,
            Err(error) => tracing::warn!(path = %path.display(), %error, "an unreadable prediction is left alone"),
        }
    }
    predictions.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(predictions)
}

fn write_all(directory: &Path, mut writes: mpsc::UnboundedReceiver<Write>) {
    while let Some(write) = writes.blocking_recv() {
        let result = match write {
            Write::Save { id, json, done } => {
                let result = replace(directory, &id, &json);
                let _ = done.send(());
                result
            }
            Write::Clear => clear(directory),
            Write::Close => return,
        };
        if let Err(error) = result {
            tracing::error!(path = %directory.display(), %error, "predictions cannot be written");
        }
    }
}

fn replace(directory: &Path, id: &str, json: &[u8]) -> std::io::Result<()> {
    let path: PathBuf = directory.join(format!("{id}.json"));
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, json)?;
    std::fs::rename(&fresh, &path)
}

fn clear(directory: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        std::fs::remove_file(entry?.path())?;
    }
    Ok(())
}
