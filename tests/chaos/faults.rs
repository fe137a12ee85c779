//! Breaking things, and mending them after a while.

use std::sync::{Mutex as Plain, PoisonError};
use std::time::Duration;

use atelier_domain::{BotId, ModelId, UserId};
use atelier_queue::{Queue, QueueError, Setting, Steering};
use harness::Proxy;
use tokio::sync::Mutex;

use crate::crew::Crew;
use crate::plan::{CHAT_LIMIT, Fault, Party, USER_LIMIT, WORKERS, bot_of, model_limit, user_id};
use crate::server::Server;
use crate::witness::Witness;

/// All that can break.
pub(crate) struct Scene {
    /// One fault of the server at a time.
    pub(crate) server: Mutex<Server>,
    /// The workers.
    pub(crate) crew: Crew,
    /// The submitters' way to Redis.
    pub(crate) submitters: Proxy,
    /// The operators' handle, not through a proxy.
    pub(crate) queue: Queue,
    /// Watches for lost writes.
    pub(crate) witness: Witness,
    /// Times between which acknowledged writes were lost.
    pub(crate) gaps: Plain<Vec<(u64, u64)>>,
}

/// Before a call without an answer is repeated.
const PAUSE: Duration = Duration::from_millis(50);
const ACTOR: &str = "operator";

impl Scene {
    /// Breaks something; returns when it is mended.
    pub(crate) async fn suffer(&self, fault: Fault) {
        let rest = Duration::from_millis;
        match fault {
            Fault::KillWorker { seat, ms } => self.crew.kill(seat, rest(ms)).await,
            Fault::StopWorker { seat, ms } => self.crew.stop(seat, rest(ms)).await,
            Fault::EndWorker { seat } => self.crew.replace(seat).await,
            Fault::KillRedis { ms } => self.kill_redis(rest(ms), 0).await,
            Fault::LoseWrites { bytes, ms } => self.kill_redis(rest(ms), bytes).await,
            Fault::StopRedis { ms } => {
                let server = self.server.lock().await;
                server.stop();
                tokio::time::sleep(rest(ms)).await;
                server.go_on();
            }
            Fault::SlowRedis { ms } => {
                let server = self.server.lock().await;
                let mut pause = redis::cmd("CLIENT");
                pause.arg("PAUSE").arg(ms);
                tell(&server, &pause).await;
                tokio::time::sleep(rest(ms)).await;
            }
            Fault::FlushFunctions => tell(&*self.server.lock().await, redis::cmd("FUNCTION").arg("FLUSH")).await,
            Fault::Cut { who } => self.ways(who).for_each(Proxy::cut),
            Fault::Silence { who } => self.ways(who).for_each(Proxy::silence),
            Fault::Partition { who, ms } => {
                self.ways(who).for_each(|way| way.part(true));
                tokio::time::sleep(rest(ms)).await;
                self.ways(who).for_each(|way| way.part(false));
            }
            Fault::PauseQueue { ms } => self.pause(&Steering::Queue, rest(ms)).await,
            Fault::PauseModel { model, ms } => self.pause(&Steering::Model(named(model)), rest(ms)).await,
            Fault::PauseUser { user, ms } => {
                self.pause(&Steering::User(BotId(bot_of(user)), UserId(user_id(user))), rest(ms)).await;
            }
            Fault::LimitModel { model, to, ms } => {
                self.limit_for(&Setting::ModelLimit(named(model)), to, rest(ms), model_limit(model)).await;
            }
            Fault::LimitUser { to, ms } => {
                self.limit_for(&Setting::UserLimit, to, rest(ms), Some(USER_LIMIT)).await;
            }
            Fault::LimitChat { to, ms } => {
                self.limit_for(&Setting::ChatLimit, to, rest(ms), Some(CHAT_LIMIT)).await;
            }
        }
    }

    /// Sets a limit, however long that takes.
    pub(crate) async fn limit(&self, setting: &Setting, to: Option<u64>) {
        insist(|| self.queue.limit(setting, ACTOR, to)).await;
    }

    async fn limit_for(&self, setting: &Setting, to: u64, rest: Duration, then: Option<u64>) {
        self.limit(setting, Some(to)).await;
        tokio::time::sleep(rest).await;
        self.limit(setting, then).await;
    }

    async fn pause(&self, what: &Steering, rest: Duration) {
        insist(|| self.queue.pause(what, ACTOR, "chaos")).await;
        tokio::time::sleep(rest).await;
        insist(|| self.queue.resume(what, ACTOR)).await;
    }

    async fn kill_redis(&self, rest: Duration, lost: u64) {
        let mut server = self.server.lock().await;
        server.kill().await;
        server.lose(lost);
        let aside = self.witness.stand_aside().await;
        tokio::time::sleep(rest).await;
        server.restart().await;
        let mut link = server.connect().await.expect("a connection");
        if let Some(gap) = aside.compare(&mut link).await {
            eprintln!("redis lost what it acknowledged in its last {} ms", gap.1 - gap.0);
            self.gaps.lock().unwrap_or_else(PoisonError::into_inner).push(gap);
        }
    }

    fn ways(&self, who: Party) -> impl Iterator<Item = &Proxy> {
        let seats = (0..WORKERS).filter(move |&seat| matches!(who, Party::All) || who == Party::Worker(seat));
        let submitters = matches!(who, Party::All | Party::Submitters).then_some(&self.submitters);
        seats.map(|seat| self.crew.proxy(seat)).chain(submitters)
    }
}

pub(crate) fn named(model: &str) -> ModelId {
    model.parse().expect("a model")
}

/// Repeats a call until it is answered.
pub(crate) async fn insist<T, F: Future<Output = Result<T, QueueError>>>(call: impl Fn() -> F) -> T {
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(error) if error.is_unreachable() => tokio::time::sleep(PAUSE).await,
            Err(error) => panic!("the queue refused a call: {error}"),
        }
    }
}

/// A command to the server itself.
async fn tell(server: &Server, command: &redis::Cmd) {
    let mut link = server.connect().await.expect("a connection");
    command.exec_async(&mut link).await.expect("an answer");
}
