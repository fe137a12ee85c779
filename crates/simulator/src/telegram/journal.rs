//! What survives a restart: one file of JSON lines, appended by a thread of its own and compacted at start.
//!
//! Every line sets one thing (a bot, a message, a confirmed offset) and later lines win, so replaying is folding.
//! A line that was being written when the process died is dropped; a broken line elsewhere refuses the start, since
//! going on would silently forget chats. Writes reach the operating system before the next is taken, which survives
//! a killed process; a power cut may lose the last moments (no fsync per line).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use serde::{Deserialize, Serialize};

use super::model::{Bot, Chat, ChatKey, FileMeta, Message, User};
use super::updates::Update;
use super::world::World;

const HEADER: &str = r#"{"journal":"atelier bot api simulator","version":1}"#;
const FILE: &str = "journal.jsonl";

/// One line of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    Bot(Bot),
    User(User),
    Chat(Chat),
    File(FileMeta),
    Message { key: ChatKey, message: Box<Message> },
    Update { bot: i64, update: Update },
    Confirmed { bot: i64, below: i64 },
    Clear,
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The directory or file cannot be read or written.
    #[error("cannot use {path}")]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not a journal of this simulator.
    #[error("{0} is not a journal of this version of the simulator; move it away to start afresh")]
    Foreign(PathBuf),
    /// A line in the middle of the file cannot be read.
    #[error("line {line} of {path} is broken; repair it, or move the file away to start afresh")]
    Broken {
        /// The journal.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Appends records on its own thread.
#[derive(Debug)]
pub(crate) struct Journal {
    sender: mpsc::Sender<Record>,
    writer: thread::JoinHandle<()>,
}

impl Journal {
    /// Reads what is there into `world`, writes it back compacted and starts the writer. Blocks.
    pub(crate) fn open(dir: &Path, world: &mut World) -> Result<Self, JournalError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| JournalError::Io { path, source }
        };
        fs::create_dir_all(dir).map_err(at(dir))?;
        let path = dir.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => replay(&path, &text, world)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(&path)(error)),
        }
        let fresh = path.with_extension("jsonl.new");
        write_snapshot(&fresh, world).map_err(at(&fresh))?;
        fs::rename(&fresh, &path).map_err(at(&path))?;
        let file = OpenOptions::new().append(true).open(&path).map_err(at(&path))?;
        let (sender, receiver) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("simulator-journal".to_owned())
            .spawn(move || append(file, &receiver))
            .map_err(at(&path))?;
        Ok(Self { sender, writer })
    }

    /// Queues a record; never waits.
    pub(crate) fn append(&self, record: Record) {
        // the receiver is gone only after the writer said why
        let _ = self.sender.send(record);
    }

    /// Waits until everything queued is written. Blocks.
    pub(crate) fn close(self) {
        drop(self.sender);
        if self.writer.join().is_err() {
            tracing::error!("the journal's writer panicked");
        }
    }
}

fn append(file: File, receiver: &mpsc::Receiver<Record>) {
    let mut out = BufWriter::new(file);
    while let Ok(first) = receiver.recv() {
        let written = write_record(&mut out, &first)
            .and_then(|()| receiver.try_iter().try_for_each(|record| write_record(&mut out, &record)))
            .and_then(|()| out.flush());
        if let Err(error) = written {
            tracing::error!(%error, "the journal cannot be written; chats will not survive a restart");
            return;
        }
    }
}

fn write_record(out: &mut impl Write, record: &Record) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.write_all(b"\n")
}

fn replay(path: &Path, text: &str, world: &mut World) -> Result<(), JournalError> {
    let complete = text.ends_with('\n');
    let mut lines = text.lines().enumerate().peekable();
    match lines.next() {
        None => return Ok(()),
        Some((_, header)) if header == HEADER => {}
        Some(_) => return Err(JournalError::Foreign(path.to_owned())),
    }
    while let Some((index, line)) = lines.next() {
        match serde_json::from_str(line) {
            Ok(record) => fold(world, record),
            Err(error) if lines.peek().is_none() && !complete => {
                tracing::warn!(line = index + 1, %error, "dropped the journal's unfinished last line");
            }
            Err(source) => return Err(JournalError::Broken { path: path.to_owned(), line: index + 1, source }),
        }
    }
    Ok(())
}

fn fold(world: &mut World, record: Record) {
    match record {
        Record::Bot(bot) => {
            world.queues.entry(bot.id).or_default();
            world.bots.insert(bot.id, bot);
        }
        Record::User(user) => {
            world.users.insert(user.id, user);
        }
        Record::Chat(mut chat) => {
            if let Some(old) = world.chats.remove(&chat.key) {
                chat.messages = old.messages;
            }
            world.chats.insert(chat.key, chat);
        }
        Record::File(file) => {
            world.files.insert(file.unique.clone(), file);
        }
        Record::Message { key, message } => {
            if let Some(bot) = world.bots.get_mut(&key.bot) {
                bot.next_message = bot.next_message.max(message.id + 1);
            }
            if key.is_group() {
                let next = world.group_ids.entry(key.chat).or_insert(1);
                *next = (*next).max(message.id + 1);
            }
            if let Some(chat) = world.chats.get_mut(&key) {
                chat.messages.insert(message.id, *message);
            }
        }
        Record::Update { bot, update } => {
            if let Some(bot) = world.bots.get_mut(&bot) {
                bot.next_update = bot.next_update.max(update.id + 1);
            }
            world.queues.entry(bot).or_default().push(update);
        }
        Record::Confirmed { bot, below } => {
            world.queues.entry(bot).or_default().confirm(below);
            if let Some(bot) = world.bots.get_mut(&bot) {
                bot.confirmed_below = bot.confirmed_below.max(below);
            }
        }
        Record::Clear => {
            world.chats.clear();
            world.files.clear();
            for queue in world.queues.values_mut() {
                queue.confirm(i64::MAX);
            }
        }
    }
}

fn write_snapshot(path: &Path, world: &World) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(HEADER.as_bytes())?;
    out.write_all(b"\n")?;
    let bots = world.bots.values().cloned().map(Record::Bot);
    let users = world.users.values().cloned().map(Record::User);
    let files = world.files.values().cloned().map(Record::File);
    for record in bots.chain(users).chain(files) {
        write_record(&mut out, &record)?;
    }
    for chat in world.chats.values() {
        write_record(&mut out, &Record::Chat(chat.clone()))?;
        for message in chat.messages.values() {
            write_record(&mut out, &Record::Message { key: chat.key, message: Box::new(message.clone()) })?;
        }
    }
    for (bot, queue) in &world.queues {
        for update in queue.pending() {
            write_record(&mut out, &Record::Update { bot: *bot, update: update.clone() })?;
        }
    }
    out.flush()?;
    out.get_ref().sync_all()
}
