//! The shared state: the world behind a lock that is never held across a wait, and the ways out of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::feed::Feed;
use super::files::Files;
use super::journal::Journal;
use super::world::{Effect, World};
use super::{Options, ServeError};

/// What every handler gets.
#[derive(Debug)]
pub(crate) struct Server {
    world: Mutex<World>,
    journal: Mutex<Option<Journal>>,
    revision: watch::Sender<u64>,
    pub(crate) feed: Feed,
    pub(crate) files: Files,
    pub(crate) clock: Clock,
    pub(crate) shutdown: CancellationToken,
    tokens: Vec<String>,
    /// What visitors may break besides.
    pub(crate) panel: Option<crate::Panel>,
}

impl Server {
    /// Reads what was kept and is ready to serve.
    pub(crate) async fn open(options: Options, shutdown: CancellationToken) -> Result<Arc<Self>, ServeError> {
        let clock = Clock::default();
        let now_ms = clock.now_ms();
        let mut world = World { first_id: first_id(now_ms), ..World::default() };
        world.limiter.enabled = options.rate_limits;
        let (mut world, journal, files) = match options.data_dir {
            None => (world, None, Files::new(None)),
            Some(dir) => {
                let opened = tokio::task::spawn_blocking(move || {
                    let files = dir.join("files");
                    let journal = Journal::open(&dir, &mut world)?;
                    std::fs::create_dir_all(&files).map_err(ServeError::Http)?;
                    Ok::<_, ServeError>((world, Some(journal), Files::new(Some(files))))
                });
                opened.await.map_err(std::io::Error::other)??
            }
        };
        for token in &options.tokens {
            world.ensure_bot(bot_of(token).ok_or(ServeError::Token)?);
        }
        let server = Self {
            world: Mutex::new(world),
            journal: Mutex::new(journal),
            revision: watch::Sender::new(0),
            feed: Feed::new(now_ms),
            files,
            clock,
            shutdown,
            tokens: options.tokens,
            panel: options.panel,
        };
        // the bots of the configuration are already in the world: write their records out
        server.write(|_, _| ());
        Ok(Arc::new(server))
    }

    /// The bot a token stands for: `Err` when it cannot be a token, `Ok(None)` when it is not one of ours.
    pub(crate) fn authorise(&self, token: &str) -> Result<Option<i64>, ()> {
        let id = bot_of(token).ok_or(())?;
        Ok((self.tokens.is_empty() || self.tokens.iter().any(|known| known == token)).then_some(id))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // a panic elsewhere leaves the world between two small steps at worst
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the world.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&self.world())
    }

    /// Changes the world at the given time (Unix milliseconds), then sends out what came of it and wakes who waits.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut World, i64) -> R) -> R {
        let result = self.write_quietly(change);
        self.revision.send_modify(|revision| *revision = revision.wrapping_add(1));
        result
    }

    /// As [`Server::write`] without waking anyone: for what waiting calls do to themselves.
    pub(crate) fn write_quietly<R>(&self, change: impl FnOnce(&mut World, i64) -> R) -> R {
        let mut world = self.world();
        let result = change(&mut world, self.clock.now_ms());
        if !world.effects.is_empty() {
            let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
            for effect in world.effects.drain(..) {
                match (effect, journal.as_ref()) {
                    (Effect::Record(record), Some(journal)) => journal.append(*record),
                    (Effect::Record(_), None) => {}
                    (Effect::Event(name, data), _) => self.feed.publish(name, data),
                }
            }
        }
        result
    }

    /// Tells of every change after this call.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Writes out what the journal still holds.
    pub(crate) async fn close(&self) {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(journal) = journal
            && tokio::task::spawn_blocking(move || journal.close()).await.is_err()
        {
            tracing::error!("the journal could not be closed");
        }
    }
}

/// The number before the colon of a well-formed token.
fn bot_of(token: &str) -> Option<i64> {
    let (id, secret) = token.split_once(':')?;
    let well_formed = token.len() <= 80
        && !id.starts_with('0')
        && !secret.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_digit())
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    id.parse().ok().filter(|_| well_formed)
}

/// Where ids of a new bot start: a hundred a second since the epoch, so that a simulator which forgot everything
/// does not repeat ids of its earlier run. It wraps after 231 days, to stay within 31 bits.
fn first_id(now_ms: i64) -> i64 {
    now_ms / 10 % 2_000_000_000 + 1
}
