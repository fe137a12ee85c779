//! The straight line of one job, with a named breakpoint between any two steps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use atelier_domain::{Failure, FailureClass, Job, JobId, Model};
use atelier_process::breakpoint;
use atelier_provider::Provider;
use atelier_queue::{Checkpoint, Claimed, Lost, Outcome};
use atelier_telegram::Telegram;
use bytes::Bytes;
use tokio::sync::OnceCell;
use tracing::{info, warn};

use crate::progress::Progress;
use crate::{Shop, deliver, failing, generate, panel, pictures};

/// A job on its way, and all that its steps need.
pub(crate) struct Walk {
    pub(crate) shop: Arc<Shop>,
    pub(crate) claimed: Claimed,
    pub(crate) model: Model,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) telegram: Telegram,
    pub(crate) progress: Progress,
    pub(crate) began: Instant,
    batch: OnceCell<Option<JobId>>,
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

    /// The batch it belongs to, when its message asked for several pictures.
    pub(crate) async fn batch(&self) -> Option<&JobId> {
        if self.job().of < 2 {
            return None;
        }
        let look = async || {
            let record = self.shop.queue.record(&self.job().id).await.map_err(drop)?;
            Ok::<_, ()>(record.and_then(|record| record.batch))
        };
        self.batch.get_or_try_init(look).await.ok()?.as_ref()
    }

    /// Its message shows progress: the one under the albums, when there are several pictures.
    pub(crate) async fn show_batch(&self) {
        if let Some(batch) = self.batch().await {
            panel::progress(&self.shop, &self.telegram, batch).await;
        }
    }

    /// Stops a test between two steps, if it asked for this one.
    pub(crate) async fn reach(&self, name: &str) {
        breakpoint::reach(name, self.job().id.as_str()).await;
    }
}

/// Runs one attempt of a job.
pub(crate) async fn walk(shop: Arc<Shop>, claimed: Claimed) -> Outcome {
    let (job, attempt) = (claimed.job.clone(), claimed.attempt);
    breakpoint::reach("after-claim", job.id.as_str()).await;
    if claimed.progress.delivered.is_some() {
        // an earlier holder showed the picture and died before it could say so
        return Outcome::Done;
    }
    let walk = match prepare(shop, claimed) {
        Ok(walk) => walk,
        Err(failure) => {
            warn!(job.id = %job.id, class = failure.class.name(), detail = failure.detail, "the job cannot be run here");
            return failing::verdict(failure, attempt);
        }
    };
    let stop = match steps(&walk).await {
        Ok(()) => {
            let (seconds, attempt) = (walk.began.elapsed().as_secs_f64(), walk.claimed.attempt);
            info!(job.id = %job.id, model = %walk.model.id, seconds, attempt, "picture delivered");
            return Outcome::Done;
        }
        Err(stop) => stop,
    };
    walk.progress.stop().await;
    match stop {
        // of a lost job this is never settled: the fence refuses it
        Stop::Lost | Stop::HandOver => Outcome::HandedOver,
        Stop::Cancelled => failing::cancelled(&walk).await,
        Stop::Failed(failure) => failing::failed(&walk, failure).await,
    }
}

fn prepare(shop: Arc<Shop>, claimed: Claimed) -> Result<Walk, Failure> {
    let job = claimed.job.clone();
    let unknown = |what: String| Failure::new(FailureClass::Fatal, what);
    let model = shop.settings.catalogue.get(&job.request.model).cloned();
    let model = model.ok_or_else(|| unknown(format!("no model {} in this build", job.request.model)))?;
    let provider = shop.providers.for_model(&model);
    let provider = provider.ok_or_else(|| unknown(format!("no provider for {}", model.id)))?;
    let telegram = shop.telegrams.get(&job.place.bot).cloned().ok_or_else(|| {
        Failure::new(FailureClass::Unauthorised, format!("this worker has no token of bot {}", job.place.bot))
    })?;
    let progress = Progress::start(&shop, &telegram, &claimed);
    Ok(Walk { shop, claimed, model, provider, telegram, progress, began: Instant::now(), batch: OnceCell::new() })
}

async fn steps(walk: &Walk) -> Result<(), Stop> {
    if walk.claimed.lease.is_cancelled() {
        return Err(Stop::Cancelled);
    }
    if walk.claimed.lost >= walk.shop.settings.most_lost {
        let detail = format!("{} workers were lost with it", walk.claimed.lost);
        return Err(Failure::new(FailureClass::Fatal, detail).into());
    }
    walk.progress.working(walk.claimed.attempt > 1 && walk.claimed.lost == 0, None);
    let (bytes, seconds) = make(walk).await?;
    let fitted = pictures::fit(walk, bytes).await?;
    walk.progress.stop().await;
    walk.reach("before-edit").await;
    walk.claimed.lease.checkpoint(&Checkpoint::Sending).await?;
    let shown = deliver::show(walk, &fitted, seconds).await?;
    walk.reach("after-edit").await;
    walk.claimed.lease.checkpoint(&Checkpoint::Delivered(shown.message)).await?;
    walk.show_batch().await;
    deliver::file(walk, &fitted, shown).await;
    Ok(())
}

/// The picture's bytes and the seconds it took to make it.
async fn make(walk: &Walk) -> Result<(Bytes, f64), Stop> {
    let mut generated = generate::outputs(walk).await?;
    let mut tries = 0;
    loop {
        match pictures::fetch(walk, &generated).await {
            Ok(bytes) => return Ok((bytes, generated.seconds)),
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
