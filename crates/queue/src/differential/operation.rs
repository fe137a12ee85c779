//! What can happen to the queue, in terms that mean something in any state: a run from which operations were taken out
//! is still a run.

/// One thing that somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// Milliseconds pass; or the server's clock is set back.
    Advance(i64),
    Submit(Submit),
    Step {
        worker: usize,
        want: usize,
        amnesty: bool,
        notices: i64,
        /// Slots on offer, as far as the worker knows; none = the offer stays as it is.
        said: Option<i64>,
        /// A moment before which the worker may have missed something, and the jobs that it holds.
        missed: Option<(i64, Vec<u32>)>,
        ends: Vec<End>,
    },
    Heartbeat {
        worker: usize,
        slots: i64,
        amnesty: bool,
        holds: Vec<Hold>,
    },
    Retire {
        worker: usize,
    },
    Position {
        job: u32,
    },
    Checkpoint {
        hold: Hold,
        worker: usize,
        name: &'static str,
        value: &'static str,
    },
    Cancel {
        job: u32,
        owner: Option<usize>,
        tell: bool,
    },
    Retry {
        job: u32,
        owner: Option<usize>,
    },
    Forget {
        jobs: Vec<u32>,
    },
    Told(Notice),
    Sweep,
    Steer(Steer),
    /// What lives for a while in Redis is gone.
    Expire(Expired),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Submit {
    pub(super) owner: usize,
    pub(super) update: u32,
    pub(super) chat: Option<usize>,
    pub(super) urgent: bool,
    /// Most pending jobs of the owner.
    pub(super) pending: i64,
    /// Most waiting jobs in all.
    pub(super) waiting: i64,
    /// Number, model, predicted milliseconds.
    pub(super) jobs: Vec<(u32, usize, i64)>,
}

/// A claim of a job, by whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) job: u32,
    /// How many claims of the job came after it.
    pub(super) later: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) hold: Hold,
    pub(super) verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Done,
    Cancelled,
    Dead,
    Retry(i64),
    Postpone(i64),
    Throttle(i64),
    Release,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Notice {
    // in the order of their names
    Batch(u32),
    Job(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Queue,
    Model(usize),
    User(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Model(usize),
    User,
    Chat,
    KeepMs,
    KeepJobs,
    KeepBytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Steer {
    Pause(Target, &'static str),
    Resume(Target),
    Close(&'static str),
    Reopen,
    Limit(Setting, Option<i64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    Batch(u32),
    Rate(usize),
    Handle(&'static str),
}

impl Operation {
    /// The operation with a part of it left out, in each way.
    pub(super) fn simpler(&self) -> Vec<Self> {
        let mut all = Vec::new();
        match self {
            Self::Submit(submit) => {
                for index in (0..submit.jobs.len()).filter(|_| submit.jobs.len() > 1) {
                    let mut less = submit.clone();
                    less.jobs.remove(index);
                    all.push(Self::Submit(less));
                }
                if submit.chat.is_some() {
                    all.push(Self::Submit(Submit { chat: None, ..submit.clone() }));
                }
                if submit.urgent {
                    all.push(Self::Submit(Submit { urgent: false, ..submit.clone() }));
                }
            }
            Self::Step { worker, want, amnesty, notices, said, missed, ends } => {
                let step = |want, notices, said, ends| Self::Step {
                    worker: *worker,
                    want,
                    amnesty: *amnesty,
                    notices,
                    said,
                    missed: missed.clone().filter(|_| said == Some(-1)),
                    ends,
                };
                for index in 0..ends.len() {
                    let mut less = ends.clone();
                    less.remove(index);
                    all.push(step(*want, *notices, *said, less));
                }
                if *want > 0 {
                    all.push(step(want - 1, *notices, *said, ends.clone()));
                }
                if *notices > 0 {
                    all.push(step(*want, 0, *said, ends.clone()));
                }
                if said.is_some() {
                    all.push(step(*want, *notices, None, ends.clone()));
                }
            }
            Self::Heartbeat { worker, slots, amnesty, holds } => {
                for index in 0..holds.len() {
                    let mut less = holds.clone();
                    less.remove(index);
                    all.push(Self::Heartbeat { worker: *worker, slots: *slots, amnesty: *amnesty, holds: less });
                }
            }
            Self::Forget { jobs } => {
                for index in 0..jobs.len() {
                    let mut less = jobs.clone();
                    less.remove(index);
                    all.push(Self::Forget { jobs: less });
                }
            }
            _ => {}
        }
        all
    }
}
