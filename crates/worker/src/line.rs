//! The straight line of one job, with a named breakpoint between any two steps.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use atelier_domain::{Failure, FailureClass, Job, JobId, Model, Request};
use atelier_process::breakpoint;
use atelier_provider::{Handle, ImageRef, Order, Provider};
use atelier_queue::{Checkpoint, Claimed, Lost, Outcome, QueueError};
use atelier_telegram::Telegram;
use tokio::sync::OnceCell;
use tracing::{info, warn};

use crate::pictures::Made;
use crate::progress::Progress;
use crate::stand_in::Answering;
use crate::{Shop, albums, deliver, failing, generate, panel, pictures, ready, rest, safety, stand_in, stray, words};

/// A job on its way, and all that its steps need.
pub(crate) struct Walk {
    pub(crate) shop: Arc<Shop>,
    pub(crate) claimed: Claimed,
    /// The model that answers: the job's own, or one that stands in for it.
    pub(crate) model: Model,
    pub(crate) provider: Arc<dyn Provider>,
    /// The job's wish, for that model.
    pub(crate) request: Request,
    pub(crate) telegram: Telegram,
    pub(crate) progress: Progress,
    pub(crate) began: Instant,
    batch: OnceCell<Option<JobId>>,
    creation: Mutex<Creation>,
    /// Where the result is, when it is too large for the chat.
    link: OnceLock<String>,
}

/// What is on record of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Creation {
    /// Nothing, or nothing that matters any more.
    None,
    /// One may have happened whose end is not known.
    UnderWay,
    /// It is known to be over without an output. It stays on record until it is decided that another one may be made: a
    /// worker that dies before that leaves the finding, and not a free hand, to the next.
    Over(Handle),
}

/// Why a step did not lead on.
pub(crate) enum Stop {
    /// The job is somebody else's: not a word.
    Lost,
    /// The user or the operator cancelled it.
    Cancelled,
    /// This process stops.
    HandOver,
    /// It failed.
    Failed(Failure),
    /// The provider's account cannot be used: the operator's trouble, not the job's.
    Trouble(Failure),
    /// The provider's account is left in peace for so long: the service's trouble, not the job's.
    Resting(Duration),
}

impl Stop {
    /// What a provider's failure means for the job.
    pub(crate) fn provider(failure: Failure) -> Self {
        match failure.class {
            FailureClass::Unauthorised | FailureClass::OutOfCredit => Self::Trouble(failure),
            _ => Self::Failed(failure),
        }
    }
}

impl From<Lost> for Stop {
    fn from(_: Lost) -> Self {
        Self::Lost
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Walk {
    pub(crate) fn job(&self) -> &Job {
        &self.claimed.job
    }

    /// The batch it belongs to, when its message asked for several pictures; none either while Redis is away.
    pub(crate) async fn batch(&self) -> Option<&JobId> {
        self.batch_or_error().await.ok().flatten()
    }

    /// The same, for whom it makes a difference that it could not be looked up.
    pub(crate) async fn batch_or_error(&self) -> Result<Option<&JobId>, QueueError> {
        if self.job().of < 2 {
            return Ok(None);
        }
        let look = async || Ok(self.shop.queue.record(&self.job().id).await?.and_then(|record| record.batch));
        self.batch.get_or_try_init(look).await.map(Option::as_ref)
    }

    /// Its message shows progress: the one under the albums, when there are several pictures.
    pub(crate) async fn show_batch(&self) {
        if let Some(batch) = self.batch().await {
            panel::progress(&self.shop, &self.telegram, batch).await;
        }
    }

    /// What is known of the creation on record.
    pub(crate) fn creation(&self) -> Creation {
        self.creation.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a creation may have happened whose end is not known.
    pub(crate) fn is_under_way(&self) -> bool {
        self.creation() == Creation::UnderWay
    }

    pub(crate) fn learn(&self, creation: Creation) {
        *self.creation.lock().unwrap_or_else(PoisonError::into_inner) = creation;
    }

    /// The result is too large for the chat: it gets the address instead.
    pub(crate) fn keep_link(&self, address: &str) {
        // the first one is as good as any
        let _ = self.link.set(address.to_owned());
    }

    /// Where the result is, when it is too large for the chat.
    pub(crate) fn link(&self) -> Option<&str> {
        self.link.get().map(String::as_str)
    }

    /// What is asked of the provider.
    pub(crate) fn order<'a>(&'a self, images: &'a [ImageRef]) -> Order<'a> {
        Order { model: &self.model, request: &self.request, images }
    }

    /// The title of the model asked for, when another one answers.
    pub(crate) fn first_title(&self) -> Option<&str> {
        let first = &self.job().request.model;
        let title = || self.shop.settings.catalogue.get(first).map_or(first.as_str(), |model| model.title.as_str());
        (self.model.id != *first).then(title)
    }

    fn hand_to(&mut self, next: Answering) {
        self.model = next.model;
        self.provider = next.provider;
        self.request = next.request;
    }

    /// Stops a test between two steps, if it asked for this one.
    pub(crate) async fn reach(&self, name: &str) {
        breakpoint::reach(name, self.job().id.as_str()).await;
    }
}

/// Runs one attempt of a job.
pub(crate) async fn walk(shop: Arc<Shop>, claimed: Claimed) -> Outcome {
    let outcome = attempt(shop.clone(), claimed.clone()).await;
    stray::leave(&shop, &claimed, &outcome).await;
    outcome
}

async fn attempt(shop: Arc<Shop>, claimed: Claimed) -> Outcome {
    let (job, tries) = (claimed.job.clone(), claimed.tries());
    breakpoint::reach("after-claim", job.id.as_str()).await;
    if claimed.progress.delivered.is_some() {
        // an earlier holder showed the picture and died before it could say so
        ready::after(&shop, &job).await;
        return Outcome::Done;
    }
    let mut walk = match prepare(shop, claimed).await {
        Ok(walk) => walk,
        Err(failure) => {
            warn!(job.id = %job.id, class = failure.class.name(), detail = failure.detail, "the job cannot be run here");
            return failing::verdict(failure, tries);
        }
    };
    albums::expect(&walk);
    let stop = loop {
        match steps(&walk).await {
            Ok(()) => {
                let (seconds, attempt) = (walk.began.elapsed().as_secs_f64(), walk.claimed.attempt);
                info!(job.id = %job.id, model = %walk.model.id, seconds, attempt, "picture delivered");
                ready::after(&walk.shop, walk.job()).await;
                return Outcome::Done;
            }
            Err(Stop::Failed(failure)) => match stand_in::next(&walk, &failure).await {
                Some(next) => walk.hand_to(next),
                None => break Stop::Failed(failure),
            },
            Err(stop) => break stop,
        }
    };
    walk.progress.stop().await;
    match stop {
        // of a lost job this is never settled: the fence refuses it
        Stop::Lost | Stop::HandOver => Outcome::HandedOver,
        Stop::Cancelled => failing::cancelled(&walk).await,
        Stop::Failed(failure) => failing::failed(&walk, failure).await,
        Stop::Trouble(failure) => failing::troubled(&walk, failure).await,
        Stop::Resting(wait) => failing::rested(&walk, wait).await,
    }
}

async fn prepare(shop: Arc<Shop>, claimed: Claimed) -> Result<Walk, Failure> {
    let job = claimed.job.clone();
    let unknown = |what: String| Failure::new(FailureClass::Fatal, what);
    let first = shop.settings.catalogue.get(&job.request.model);
    let first = first.ok_or_else(|| unknown(format!("no model {} in this build", job.request.model)))?;
    let fresh = claimed.attempt <= 1 && claimed.lost == 0 && claimed.progress.intent.is_none();
    let asked = if fresh || first.fallback.models.is_empty() { Vec::new() } else { stand_in::asked(&shop, &job).await };
    let who = asked.last().unwrap_or(&first.id).clone();
    let answering = stand_in::answering(&shop, &job, &who);
    let Answering { model, provider, request } = answering.ok_or_else(|| unknown(format!("nobody here runs {who}")))?;
    let mut created = claimed.progress.intent.is_some() || claimed.progress.handle.is_some();
    if stand_in::is_done_with(&shop, &job, asked.len(), claimed.progress.handle.as_deref()).await {
        let gone = |lost: Lost| Failure::new(FailureClass::Transient, lost.to_string());
        claimed.lease.checkpoint(&Checkpoint::Afresh).await.map_err(gone)?;
        created = false;
    }
    let creation = Mutex::new(if created { Creation::UnderWay } else { Creation::None });
    let telegram = shop.telegrams.get(&job.place.bot).cloned().ok_or_else(|| {
        Failure::new(FailureClass::Unauthorised, format!("this worker has no token of bot {}", job.place.bot))
    })?;
    let progress = Progress::start(&shop, &telegram, &claimed);
    let began = Instant::now();
    Ok(Walk {
        shop,
        claimed,
        model,
        provider,
        request,
        telegram,
        progress,
        began,
        creation,
        link: OnceLock::new(),
        batch: OnceCell::new(),
    })
}

/// What is paid for is worth more tries: its workers may have been lost for what another job did to them.
fn most_lost(walk: &Walk) -> u32 {
    let paid = walk.claimed.progress.handle.is_some() || walk.claimed.progress.outputs.is_some();
    walk.shop.settings.most_lost * if paid { 3 } else { 1 }
}

async fn steps(walk: &Walk) -> Result<(), Stop> {
    if walk.claimed.lease.is_cancelled() {
        return Err(Stop::Cancelled);
    }
    if walk.claimed.lost >= most_lost(walk) {
        let detail = format!("{} workers were lost with it", walk.claimed.lost);
        return Err(Failure::new(FailureClass::Fatal, detail).into());
    }
    walk.progress.working(walk.claimed.attempt > 1 && walk.claimed.lost == 0, None);
    safety::check_prompt(walk).await?;
    if let Some(task) = &walk.request.options.task {
        return words::steps(walk, task).await;
    }
    let (made, seconds) = make(walk).await?;
    let fitted = pictures::fit(walk, &made).await?;
    walk.progress.stop().await;
    walk.reach("before-edit").await;
    walk.claimed.lease.checkpoint(&Checkpoint::Sending).await?;
    let shown = deliver::show(walk, &fitted, seconds).await?;
    walk.reach("after-edit").await;
    keep_file(walk, &shown).await?;
    rest::prompt(walk, shown.message, &shown.caption).await;
    walk.claimed.lease.checkpoint(&Checkpoint::Delivered(shown.message)).await?;
    walk.show_batch().await;
    deliver::file(walk, &fitted, &shown).await;
    Ok(())
}

/// A tile has no buttons, so what is made of its picture later is asked for under the album: it needs the file's name.
async fn keep_file(walk: &Walk, shown: &deliver::Shown) -> Result<(), Lost> {
    match shown.file.clone().filter(|_| walk.job().of > 1) {
        Some(file) => walk.claimed.lease.checkpoint(&Checkpoint::File(file)).await,
        None => Ok(()),
    }
}

/// The picture and the seconds it took to make it.
async fn make(walk: &Walk) -> Result<(Made, f64), Stop> {
    let mut generated = generate::outputs(walk).await?;
    let mut tries = 0;
    loop {
        match pictures::fetch(walk, &generated).await {
            Ok(made) => return Ok((made, generated.seconds)),
            Err(Stop::Failed(failure)) if failure.class == FailureClass::Transient && tries < 3 => {
                tries += 1;
                warn!(job.id = %walk.job().id, detail = failure.detail, tries, "the picture could not be fetched");
                let wait = failure.retry_after.unwrap_or(Duration::from_millis(300 * tries));
                generate::pause(walk, wait).await?;
                // addresses of outputs expire: the prediction is asked for them anew
                generated = generate::again(walk, generated).await?;
            }
            Err(stop) => return Err(stop),
        }
    }
}
