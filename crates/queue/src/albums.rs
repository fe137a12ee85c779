//! The messages that the jobs of one message share: albums of tiles, and the message with the buttons under them.
//!
//! A send cannot be repeated without harm, so whoever is about to post one of them claims it first. A claim that is never
//! followed by the ids of the messages means that they may stand in the chat: they are not posted again, and each job
//! whose slot nobody knows gets a message of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use atelier_domain::batch::{self, Tally};
use atelier_domain::buttons::{self, Rows};
use atelier_domain::{Catalogue, Job, JobId, JobState, MessageId};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::record::Record;
use crate::scripts::Verb;

/// How long they are remembered: as long as buttons are likely to be pressed.
const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);
/// At least this long between two progress edits of the message under the albums, over all workers.
const SHOWN_EVERY_MS: u64 = 2500;

/// One of these messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The album whose first picture is that of the job of this index.
    Album(u8),
    /// The message with progress and buttons.
    Control,
}

/// What is known about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Album {
    /// By the index of its first job: an album's messages with the indices of their jobs, none while it may or may not be
    /// in the chat.
    albums: BTreeMap<u8, Vec<(u8, MessageId)>>,
    /// The message with progress and buttons.
    pub control: Option<MessageId>,
}

/// How far the jobs of a message are together: what the message under their albums shows.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The first of them that is still on record: where the message stands, and in which language.
    pub job: Job,
    /// Whether all have ended.
    pub joined: bool,
    /// How many have not.
    pub left: u32,
    /// Its words.
    pub text: String,
    /// Its buttons.
    pub rows: Rows,
}

impl Part {
    fn name(self) -> String {
        match self {
            Self::Album(first) => format!("a{first}"),
            Self::Control => "control".to_owned(),
        }
    }
}

impl Album {
    /// The messages of the album that starts with this job, with the indices of their jobs; empty when it was claimed and
    /// not heard of since.
    pub fn tiles(&self, first: u8) -> Option<&[(u8, MessageId)]> {
        self.albums.get(&first).map(Vec::as_slice)
    }

    /// Whether a message is a tile of an album, which can hold nothing but a photo or a video.
    pub fn is_tile(&self, message: MessageId) -> bool {
        self.albums.values().flatten().any(|(_, tile)| *tile == message)
    }

    /// Whether the album with the job of this index may come at any moment: it was claimed and not heard of since, or the
    /// one before it is in the chat.
    pub fn is_coming(&self, index: u8) -> bool {
        let before = self.albums.range(..=index).next_back();
        before.is_some_and(|(_, tiles)| !tiles.iter().any(|(tile, _)| *tile == index))
    }

    fn read(fields: BTreeMap<String, String>) -> Self {
        let mut album = Self::default();
        for (part, value) in fields {
            if part == "control" {
                album.control = value.parse().ok();
            } else if let Some(first) = part.strip_prefix('a').and_then(|first| first.parse().ok()) {
                let tile = |text: &str| {
                    let (index, message) = text.split_once(':')?;
                    Some((index.parse().ok()?, message.parse().ok()?))
                };
                album.albums.insert(first, value.split(',').filter_map(tile).collect());
            }
        }
        album
    }
}

impl Queue {
    /// Claims the posting of a part. False when it was claimed before: it is in the chat, or may be.
    pub async fn claim_part(&self, batch: &JobId, part: Part) -> Result<bool, QueueError> {
        self.album_call(batch, "claim", part, "").await
    }

    /// Gives a claim back: the message was certainly not posted.
    pub async fn release_part(&self, batch: &JobId, part: Part) -> Result<bool, QueueError> {
        self.album_call(batch, "release", part, "").await
    }

    /// Records the messages of an album, each with the index of its job.
    pub async fn posted_album(&self, batch: &JobId, first: u8, tiles: &[(u8, MessageId)]) -> Result<(), QueueError> {
        let tiles: Vec<String> = tiles.iter().map(|(index, message)| format!("{index}:{message}")).collect();
        self.album_call(batch, "posted", Part::Album(first), &tiles.join(",")).await.map(drop)
    }

    /// Records the message with progress and buttons.
    pub async fn posted_control(&self, batch: &JobId, message: MessageId) -> Result<(), QueueError> {
        self.album_call(batch, "posted", Part::Control, &message.to_string()).await.map(drop)
    }

    /// The messages that the jobs of a batch share.
    pub async fn album(&self, batch: &JobId) -> Result<Album, QueueError> {
        let fields = redis::cmd("HGETALL").arg(key(&format!("album:{batch}"))).query_async(&mut self.link()).await?;
        Ok(Album::read(fields))
    }

    /// What the message under the albums of a batch is to show now; `None` when nothing is on record any more.
    pub async fn panel(&self, id: &JobId, catalogue: &Catalogue) -> Result<Option<Panel>, QueueError> {
        let Some(found) = self.batch(id).await? else { return Ok(None) };
        let Some(job) = found.jobs.iter().find_map(|record| record.job.clone()) else { return Ok(None) };
        let tally = Tally::of(found.jobs.iter().map(|record| (record.state, record.delivered.is_some())));
        let eta = match found.jobs.iter().rev().find(|record| !record.state.is_final()) {
            Some(last) => {
                let standing = self.standing(&last.id, catalogue).await?;
                standing.and_then(|standing| standing.finish).map(crate::eta::Span::likely)
            }
            None => None,
        };
        // those under way may still be paid for, those that ended without a picture were not
        let paid = |record: &&Record| !record.state.is_final() || record.state == JobState::Done;
        let price = |record: &Record| {
            let request = &record.job.as_ref()?.request;
            Some(catalogue.get(&request.model)?.estimate(request))
        };
        let cost = found.jobs.iter().filter(paid).filter_map(price).sum();
        let text = batch::words(job.language, &tally, cost, eta);
        let kept = |record: &Record| record.state == JobState::Done && record.outputs_ms.is_some();
        let rows = buttons::batch(job.language, id, &tally, found.jobs.iter().any(kept));
        Ok(Some(Panel { joined: found.joined_ms.is_some(), left: tally.left(), job, text, rows }))
    }

    /// Whether the progress of a batch may be shown now; false when somebody has just done it.
    pub async fn may_show(&self, batch: &JobId) -> Result<bool, QueueError> {
        let mut set = redis::cmd("SET");
        set.arg(key(&format!("album:{batch}:shown"))).arg(1).arg("NX").arg("PX").arg(SHOWN_EVERY_MS);
        let set: Option<String> = set.query_async(&mut self.link()).await?;
        Ok(set.is_some())
    }

    async fn album_call(&self, batch: &JobId, verb: &str, part: Part, value: &str) -> Result<bool, QueueError> {
        let (part, seconds) = (part.name(), REMEMBERED.as_secs().to_string());
        let arguments = [batch.as_str(), verb, &part, value, &seconds].map(str::as_bytes);
        self.call(Verb::Album, &arguments).await
    }
}
