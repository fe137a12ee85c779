//! The life of a prediction after its creation: one task each, asleep until the next change is due.

use std::sync::Arc;

use super::gallery;
use super::prediction::{Next, Status};
use super::state::World;
use super::{time, webhook};

/// Continues every prediction that was not finished when the server went down.
pub(super) fn resume(world: &Arc<World>) {
    let unfinished: Vec<String> = world.read(|state| {
        let open = |id: &&String| state.predictions.get(*id).is_some_and(|known| !known.status.terminal());
        state.order.iter().filter(open).cloned().collect()
    });
    for id in unfinished {
        start(world, id);
    }
}

pub(super) fn start(world: &Arc<World>, id: String) {
    tokio::spawn(live(world.clone(), id));
}

async fn live(world: Arc<World>, id: String) {
    let mut drawing = false;
    loop {
        let Some(wake) = world.read(|state| state.predictions.get(&id).map(|known| known.wake.clone())) else { return };
        let now = time::now();
        let (next, running) = world.update(|state| {
            let next = state.advance(&id, now);
            (next, state.predictions.get(&id).is_some_and(|known| known.status == Status::Processing))
        });
        if running && !drawing {
            // drawn while the model "generates", so that the file is there when the status says so
            drawing = true;
            webhook::tell(&world, &id);
            gallery::prepare(&world, &id);
        }
        match next {
            None => return,
            Some(Next::Over) => {
                if let Some(known) = world.read(|state| state.predictions.get(&id).cloned()) {
                    drop(world.store.save(&known));
                }
                webhook::tell(&world, &id);
                return;
            }
            Some(Next::At(at)) => {
                tokio::select! {
                    () = tokio::time::sleep(time::until(at, time::now())) => {}
                    () = wake.notified() => {}
                    () = world.shutdown.cancelled() => return,
                }
            }
            Some(Next::Unknown) => {
                tokio::select! {
                    () = wake.notified() => {}
                    () = world.shutdown.cancelled() => return,
                }
            }
        }
    }
}
