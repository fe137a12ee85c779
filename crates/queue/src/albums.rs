//! The messages that the jobs of one message share: albums of tiles, and the message with the buttons under them.
//!
//! A send cannot be repeated without harm, so whoever is about to post one of them holds it while it waits for its turn,
//! and says so right before the call. A hold that is not renewed is free for others: the message is certainly not in the
//! chat. The hold goes on during the call. When the call's answer is lost, or its maker falls silent, the messages may be
//! there: they are not posted again, and each job whose slot nobody knows gets a message of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use atelier_domain::batch::{self, Tally};
use atelier_domain::buttons::{self, Abilities, Rows};
use atelier_domain::{Catalogue, Job, JobId, JobState, MessageId};
use tracing::{debug, warn};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::pace::{Spend, Urgency};
use crate::record::Record;
use crate::scripts::Verb;

/// How long a part is held by whoever waits to post it, unless that is said again.
const HELD: Duration = Duration::from_secs(5);
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
    /// By the index of its first job.
    albums: BTreeMap<u8, State>,
    /// The message with progress and buttons.
    pub control: Option<MessageId>,
    /// Somebody waits to post that message.
    pub control_waits: bool,
}

/// How far the posting of an album is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Somebody waits for its turn to post it.
    Waits,
    /// It is being sent.
    Sent,
    /// It may be in the chat, and nobody will ever say.
    Lost,
    /// Its messages, with the indices of their jobs.
    Posted(Vec<(u8, MessageId)>),
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
    /// Until the last of them is likely to, when that can be said.
    pub eta: Option<Duration>,
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
    /// The messages of the album that starts with this job, with the indices of their jobs; none while they are not known.
    pub fn tiles(&self, first: u8) -> Option<&[(u8, MessageId)]> {
        match self.albums.get(&first) {
            Some(State::Posted(tiles)) => Some(tiles),
            _ => None,
        }
    }

    /// Whether a message is a tile of an album, which can hold nothing but a photo or a video.
    pub fn is_tile(&self, message: MessageId) -> bool {
        let tiles =
            |state: &State| matches!(state, State::Posted(tiles) if tiles.iter().any(|(_, tile)| *tile == message));
        self.albums.values().any(tiles)
    }

    /// Whether the album that starts with this job may be in the chat though its messages are not known.
    pub fn may_be_there(&self, first: u8) -> bool {
        matches!(self.albums.get(&first), Some(State::Sent | State::Lost))
    }

    /// Whether it may be there, and nobody will ever say.
    pub fn is_lost(&self, first: u8) -> bool {
        matches!(self.albums.get(&first), Some(State::Lost))
    }

    /// Whether nobody ever was about to post the album that starts with this job.
    pub fn is_unknown(&self, first: u8) -> bool {
        !self.albums.contains_key(&first)
    }

    /// Whether somebody waits to post the album that starts with this job, or did until a moment ago.
    pub fn waits(&self, first: u8) -> bool {
        matches!(self.albums.get(&first), Some(State::Waits))
    }

    /// Whether somebody waits to post any of the messages.
    pub fn waits_at_all(&self) -> bool {
        self.control_waits || self.albums.values().any(|state| *state == State::Waits)
    }

    fn read(fields: BTreeMap<String, String>) -> Self {
        let mut album = Self::default();
        for (part, value) in fields {
            let waits = value.starts_with('~');
            if part == "control" {
                (album.control, album.control_waits) = (value.parse().ok(), waits);
            } else if let Some(first) = part.strip_prefix('a').and_then(|first| first.parse().ok()) {
                let tile = |text: &str| {
                    let (index, message) = text.split_once(':')?;
                    Some((index.parse().ok()?, message.parse().ok()?))
                };
                let state = match value.as_str() {
                    "!" => State::Lost,
                    sent if sent.starts_with('?') => State::Sent,
                    _ if waits => State::Waits,
                    tiles => State::Posted(tiles.split(',').filter_map(tile).collect()),
                };
                album.albums.insert(first, state);
            }
        }
        album
    }
}

impl Queue {
    /// Does `work` while these parts are held for `holder`, a process: they are about to be posted by it. Whoever dies
    /// leaves them to others.
    pub async fn holding<T>(&self, batch: &JobId, parts: &[Part], holder: &str, work: impl Future<Output = T>) -> T {
        let renewing = async {
            loop {
                for part in parts {
                    // of one that was posted meanwhile, or is somebody else's, nothing changes
                    if let Err(error) = self.hold_part(batch, *part, holder).await {
                        debug!(batch = %batch, %error, "messages of a batch could not be held");
                    }
                }
                tokio::time::sleep(HELD / 3).await;
            }
        };
        tokio::select! {
            biased;
            never = renewing => never,
            done = work => done,
        }
    }

    /// Holds a part for `holder`, or renews the hold. False when it is in the chat, or may be, or somebody else is about to
    /// post it.
    pub async fn hold_part(&self, batch: &JobId, part: Part, holder: &str) -> Result<bool, QueueError> {
        self.album_call(batch, "wait", part, holder).await
    }

    /// Gives a part back: the message was certainly not posted.
    pub async fn release_part(&self, batch: &JobId, part: Part, holder: &str) -> Result<bool, QueueError> {
        self.album_call(batch, "release", part, holder).await
    }

    /// Whether the answer to a part that is being sent will never come: its sender said so, or fell silent. From then on
    /// that holds.
    pub async fn is_part_lost(&self, batch: &JobId, part: Part) -> Result<bool, QueueError> {
        self.album_call(batch, "lost", part, "").await
    }

    /// Posts a part under the shared budget like [`Queue::paced`], claimed right before the call. `certain` says of an
    /// error that nothing was posted; then the part is given back. `Ok(None)`: somebody else posts it, or has.
    pub async fn post_part<T, E, F>(
        &self,
        (batch, part, holder): (&JobId, Part, &str),
        (spend, urgency): (Spend, Urgency),
        flood: impl Fn(&E) -> Option<Duration> + Send,
        certain: impl Fn(&E) -> bool + Send + Sync,
        call: impl Fn() -> F + Send,
    ) -> Result<Option<T>, E>
    where
        F: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: Send,
    {
        let certain = &certain;
        let attempt = move || {
            let call = call();
            async move {
                match self.album_call(batch, "send", part, holder).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(error) => {
                        warn!(batch = %batch, %error, "a message of a batch could not be claimed, so it is not sent");
                        return Ok(None);
                    }
                }
                let sent = call.await;
                if let Err(error) = &sent {
                    // nobody has to wait for an answer that will not come
                    let verb = if certain(error) { "release" } else { "lost" };
                    if let Err(error) = self.album_call(batch, verb, part, holder).await {
                        warn!(batch = %batch, %error, "what became of a message of a batch is not on record");
                    }
                }
                sent.map(Some)
            }
        };
        self.paced(spend, urgency, flood, attempt).await.map(Option::flatten)
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
        let kept = |record: &Record| record.delivered.is_some() && record.outputs_ms.is_some();
        let able = Abilities { original: found.jobs.iter().any(kept), ..Abilities::of(catalogue, &job.request.model) };
        let rows = buttons::batch(job.language, id, &tally, able);
        Ok(Some(Panel { joined: found.joined_ms.is_some(), left: tally.left(), eta, job, text, rows }))
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
        let held = HELD.as_millis().to_string();
        let arguments = [batch.as_str(), verb, &part, value, &seconds, &held].map(str::as_bytes);
        self.call(Verb::Album, &arguments).await
    }
}
