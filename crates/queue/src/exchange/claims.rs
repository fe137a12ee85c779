//! What was claimed goes to the handler, whether a call brought it or a submit handed it over.

use std::sync::Arc;
use std::time::Instant;

use atelier_domain::{BadJob, Failure, FailureClass, JOB_VERSION, Job, JobId};
use tokio::sync::mpsc;
use tracing::error;

use super::{Exchange, Slot};
use crate::answer::{Hand, Raw};
use crate::lease::{Lease, Progress};
use crate::newer;
use crate::packed::Asked;
use crate::published::Heard;
use crate::run::{Claimed, Outcome};

impl Exchange {
    /// Takes jobs that a submit claimed for this worker, for slots on offer. `alone` is whether no call is under way: one
    /// that is may just have asked for fewer on their account. Whether the queue is to be asked for what was missed.
    pub(super) fn take_over(self: &Arc<Self>, heard: Heard, alone: bool, stopped: bool) -> bool {
        let hand = match heard {
            Heard::Listening { since } => {
                let mut state = self.state();
                let lost = state.offer.gap(since);
                state.free += lost.cast_signed();
                return true;
            }
            Heard::Message(message) => Hand::read(&message),
        };
        let Some(hand) = hand else {
            // only a foreign hand says such a thing
            error!(worker = %self.worker, "what was handed over cannot be read; its leases run out");
            self.state().offer.unknown();
            return true;
        };
        let until = self.queue.moment(hand.at).map_or_else(Instant::now, |at| at + self.lease);
        let (jobs, too_many) = {
            let mut state = self.state();
            state.free -= state.offer.arrived(hand.jobs.len()).cast_signed();
            (state.jobs.clone(), alone && state.free < 0)
        };
        // others may have a slot for those that this worker cannot take
        let jobs = jobs.filter(|_| !too_many && !stopped);
        for raw in hand.jobs {
            self.hand_out(raw, until, Slot(Some(self.clone())), jobs.as_ref());
        }
        false
    }

    /// Whether slots are free again that jobs on their way had taken: after the length of a lease these are others'.
    pub(super) fn give_up_waiting(&self) -> bool {
        let mut state = self.state();
        let lost = state.offer.overdue(self.lease);
        state.free += lost.cast_signed();
        lost > 0
    }

    /// Makes a claim into a job for the handler, or gives it back when there is none; one that cannot be read is dead at
    /// once.
    pub(super) fn hand_out(
        self: &Arc<Self>,
        raw: Raw,
        until: Instant,
        slot: Slot,
        jobs: Option<&mpsc::UnboundedSender<Claimed>>,
    ) {
        let Raw(id, fence, attempt, lost, asked, cancel, written) = raw;
        let asked = Asked::read(&asked);
        let Ok(id) = id.parse::<JobId>() else {
            // only a foreign hand can write such a key; its lease runs out and the queue counts it as lost
            error!(worker = %self.worker, "a claimed job has an impossible id");
            return;
        };
        let lease = Lease::new(self.clone(), id.clone(), fence, until, slot);
        self.keeper.add(&lease);
        let unreadable = match Job::from_json(asked.body) {
            Ok(job) if job.id == id => {
                let written = written.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
                let progress = Progress::from_fields(written);
                if !cancel.is_empty() {
                    lease.held().cancel.cancel();
                }
                let claimed = Claimed { job: Arc::new(job), attempt, lost, progress, lease };
                let unsent = match jobs {
                    Some(jobs) => jobs.send(claimed).err().map(|unsent| unsent.0),
                    None => Some(claimed),
                };
                if let Some(claimed) = unsent {
                    claimed.lease.settle_later(Outcome::HandedOver);
                }
                return;
            }
            Ok(_) => Failure::new(FailureClass::Unreadable, "the record belongs to another job"),
            Err(BadJob::Version(version)) if version > JOB_VERSION => {
                return newer::put_back(self.queue.clone(), lease, version);
            }
            Err(error) => Failure::new(FailureClass::Unreadable, error.to_string()),
        };
        error!(job.id = %id, owner = asked.field("owner"), detail = unreadable.detail, "a job's record cannot be read");
        lease.settle_later(Outcome::Dead(unreadable));
    }
}
