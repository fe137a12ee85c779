//! Who owns a data directory, and whether a server runs on it: two advisory locks, no trust in process numbers.
//!
//! `owner.lock` is held by the owning process. `server.lock` is the standard input of the server itself, which never
//! reads it: the lock on it lasts exactly as long as the server (and a child that rewrites its file) does, whoever
//! started it. So "is it gone?" is a question to the kernel, answered without polling and without being its parent.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::PrivateError;

/// The locks of one data directory, with the ownership in hand.
#[derive(Debug)]
pub(super) struct Locks {
    owner: File,
    data: PathBuf,
}

pub(super) fn log(data: &Path) -> PathBuf {
    data.join("redis.log")
}

pub(super) fn pid_file(data: &Path) -> PathBuf {
    data.join("redis.pid")
}

/// The port of the server that runs on a directory now.
pub(super) fn noted_port(data: &Path) -> Option<u16> {
    let file = File::open(data.join("server.lock")).ok()?;
    // shared, and for a moment: it must not get in the way of a server that starts just now
    let runs = flock(&file, FlockOperation::NonBlockingLockShared).is_err();
    release(&file);
    let port = std::fs::read_to_string(port_file(data)).ok()?.trim().parse().ok();
    port.filter(|_| runs)
}

fn port_file(data: &Path) -> PathBuf {
    data.join("redis.port")
}

impl Locks {
    /// Takes the ownership of a directory that exists.
    pub(super) fn own(data: &Path) -> Result<Self, PrivateError> {
        let path = data.join("owner.lock");
        let mut owner = open(&path)?;
        if flock(&owner, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let _ = owner.read_to_string(&mut pid);
            return Err(PrivateError::Busy { path: data.to_owned(), owner: pid.trim().to_owned() });
        }
        let noted =
            owner.set_len(0).and_then(|()| owner.rewind()).and_then(|()| writeln!(owner, "{}", std::process::id()));
        noted.map_err(|source| PrivateError::Directory { path, source })?;
        Ok(Self { owner, data: data.to_owned() })
    }

    /// Another handle on the same ownership; it ends with the last of them.
    pub(super) fn again(&self) -> Result<Self, PrivateError> {
        let owner = self.owner.try_clone();
        let owner = owner.map_err(|source| PrivateError::Directory { path: self.data.clone(), source })?;
        Ok(Self { owner, data: self.data.clone() })
    }

    /// Leaves word of the port, for whoever looks for the server.
    pub(super) fn note_port(&self, port: u16) -> Result<(), PrivateError> {
        let path = port_file(&self.data);
        std::fs::write(&path, format!("{port}\n")).map_err(|source| PrivateError::Directory { path, source })
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// The process number (as its pid file has it) of a server that runs on the directory although nobody owns it.
    pub(super) fn stale_server(&self) -> Option<String> {
        let free = open(&self.server()).is_ok_and(|file| {
            let free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
            release(&file);
            free
        });
        let pid = || std::fs::read_to_string(pid_file(&self.data)).unwrap_or_default().trim().to_owned();
        if free { None } else { Some(pid()) }
    }

    /// The standard input for the next server: the lock it holds for as long as it lives.
    pub(super) fn for_server(&self) -> Result<Stdio, PrivateError> {
        let path = self.server();
        let file = open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file.into()),
            Err(error) => Err(PrivateError::Directory { path, source: error.into() }),
        }
    }

    /// Blocks until no server runs on the directory, or until `limit` has passed; says whether it is gone.
    pub(super) fn wait_for_server_end(&self, limit: Duration) -> bool {
        let Ok(file) = open(&self.server()) else { return true };
        let (done, gone) = mpsc::channel();
        // a blocked flock has no time limit of its own; a thread that waits too long ends with the server
        std::thread::spawn(move || {
            let locked = flock(&file, FlockOperation::LockExclusive).is_ok();
            release(&file);
            let _ = done.send(locked);
        });
        gone.recv_timeout(limit).unwrap_or(false)
    }

    fn server(&self) -> PathBuf {
        self.data.join("server.lock")
    }
}

/// Gives a lock back in so many words. Closing the file is not enough: a process that another thread forks at this very
/// moment holds a copy of it until it executes its program.
fn release(file: &File) {
    // a lock that was never taken needs no release
    let _ = flock(file, FlockOperation::Unlock);
}

fn open(path: &Path) -> Result<File, PrivateError> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    file.map_err(|source| PrivateError::Directory { path: path.to_owned(), source })
}
