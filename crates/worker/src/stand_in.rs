//! Another model in place of one that does not deliver.
//!
//! Invariant: a stand-in is asked only when nothing of the first is under way any more: it refused, or its prediction is
//! known to be over without an output. Who stands in, and after which prediction, is noted before that one is forgotten,
//! and it is asked last: a worker that goes on with the job asks the same one, looks for its lost creation and not for the
//! first model's, and asks nobody for what was charged for already.

use std::sync::Arc;

use atelier_domain::{Failure, Job, Model, ModelId, Request};
use atelier_provider::Provider;
use tracing::info;

use crate::Shop;
use crate::generate;
use crate::line::{Creation, Walk};

/// Who answers a job now.
pub(crate) struct Answering {
    pub(crate) model: Model,
    pub(crate) provider: Arc<dyn Provider>,
    /// The job's wish, for this model.
    pub(crate) request: Request,
}

/// Whether a handle on record is of a prediction that was over when a stand-in was chosen: what is left is to forget it.
pub(crate) async fn is_done_with(shop: &Shop, job: &Job, asked: usize, handle: Option<&str>) -> bool {
    let Some((handle, last)) = handle.zip(asked.checked_sub(1)) else { return false };
    shop.queue.noted(&job.id, &over(last)).await.is_ok_and(|over| over.as_deref() == Some(handle))
}

/// The stand-ins noted for a job, in the order in which they were asked.
pub(crate) async fn asked(shop: &Shop, job: &Job) -> Vec<ModelId> {
    let mut asked = Vec::new();
    while let Ok(Some(name)) = shop.queue.noted(&job.id, &note(asked.len())).await {
        let Ok(id) = name.parse() else { break };
        asked.push(id);
    }
    asked
}

/// What a model of this catalogue needs to answer a job.
pub(crate) fn answering(shop: &Shop, job: &Job, id: &ModelId) -> Option<Answering> {
    let model = shop.settings.catalogue.get(id)?;
    let request = if job.request.model == *id { job.request.clone() } else { model.adapt(&job.request).ok()? };
    Some(Answering { model: model.clone(), provider: shop.providers.for_model(model)?, request })
}

/// Who is asked next, after a failure that ended all that was under way. The choice is on record when this returns it.
pub(crate) async fn next(walk: &Walk, failure: &Failure) -> Option<Answering> {
    let (shop, job) = (&walk.shop, walk.job());
    let first = shop.settings.catalogue.get(&job.request.model)?;
    let rules = &first.fallback;
    if rules.models.is_empty() || walk.is_under_way() || !rules.follows(failure.class, walk.claimed.tries()) {
        return None;
    }
    let asked = asked(shop, job).await;
    let most = first.estimate(&job.request).times(rules.price_percent).micros() / 100;
    let mut able: Vec<Answering> = rules
        .models
        .iter()
        .filter(|id| !asked.contains(id) && **id != first.id)
        .filter_map(|id| answering(shop, job, id))
        .filter(|able| able.model.estimate(&able.request).micros() <= most)
        .collect();
    if rules.fastest_first {
        able.sort_by_key(|able| shop.usual.of(&able.model, &able.request).time);
    }
    let wish = able.first()?;
    if let Creation::Over(handle) = walk.creation() {
        shop.queue.note(&job.id, &over(asked.len()), handle.as_str()).await.ok()?;
    }
    // another holder may have chosen before; then its choice holds
    let holds = shop.queue.note(&job.id, &note(asked.len()), wish.model.id.as_str()).await.ok()?;
    let chosen = able.into_iter().find(|able| able.model.id.as_str() == holds)?;
    walk.reach("after-choice").await;
    generate::forget(walk).await.ok()?;
    info!(job.id = %job.id, first = %first.id, stand_in = %chosen.model.id, class = failure.class.name(), "another model is asked");
    Some(chosen)
}

fn note(index: usize) -> String {
    format!("stand-in-{index}")
}

/// After which prediction.
fn over(index: usize) -> String {
    format!("over-{index}")
}
