//! A job's trail, replayed: who held it from when to when, and whether one thing follows from the other.

use crate::check::Verdict;
use crate::history::JobHistory;

/// The time from a claim to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    /// Who held the job.
    pub(crate) worker: String,
    /// When it was claimed. The token of the claim says it too.
    pub(crate) from_ms: u64,
    /// When it ended; `None` when it did not.
    pub(crate) until_ms: Option<u64>,
    /// The checkpoints written meanwhile: name, time, detail.
    pub(crate) checkpoints: Vec<(String, u64, String)>,
    /// How often before it the job was to begin anew: its prediction failed, or somebody had it tried again.
    pub(crate) renewals: usize,
    /// Whether the result was on record as delivered when it began.
    pub(crate) after_delivery: bool,
}

/// A trail as the holds it tells of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replay {
    /// Oldest first.
    pub(crate) holds: Vec<Hold>,
    /// How often it ended.
    pub(crate) ends: usize,
    /// How often it was tried again after an end.
    pub(crate) retries: usize,
    /// How often its worker was lost.
    pub(crate) losses: usize,
    /// When it ended, and was tried again after an end.
    pub(crate) turns: Vec<(u64, bool)>,
    /// Whether the beginning of the trail is gone.
    pub(crate) trimmed: bool,
}

/// Events kept of a job.
const TRAIL: usize = 200;

enum State {
    Waiting,
    Held,
    Lost,
    Ended(String),
}

impl Replay {
    /// Replays a trail; what does not follow is a violation.
    pub(crate) fn of(job: &JobHistory, verdict: &mut Verdict) -> Self {
        let mut replay = Self { trimmed: job.trail.len() >= TRAIL, ..Self::default() };
        if replay.trimmed {
            verdict.count("trimmed_trails", 1);
            return replay;
        }
        let (mut state, mut renewals, mut delivered, mut last_ms) = (State::Waiting, 0, false, 0);
        for event in &job.trail {
            let holder = replay.holds.last().map_or("", |hold| hold.worker.as_str());
            let held = matches!(state, State::Held);
            let holds = held && holder == event.actor;
            let (fits, next) = match event.kind.as_str() {
                "claimed" => (matches!(state, State::Waiting | State::Lost), Some(State::Held)),
                "intent" | "handle" | "outputs" | "sending" | "delivered" | "afresh" | "over" => (holds, None),
                "cancel_asked" => (held, None),
                "retry" | "postpone" | "throttled" | "handed_over" => (holds, Some(State::Waiting)),
                "lost" => (holds, Some(State::Lost)),
                "done" => (holds, Some(State::Ended("done".to_owned()))),
                "dead" => {
                    let given_up = matches!(state, State::Lost) && event.actor == "queue";
                    (holds || given_up, Some(State::Ended("dead".to_owned())))
                }
                "cancelled" => {
                    let waiting = matches!(state, State::Waiting | State::Lost);
                    (holds || waiting, Some(State::Ended("cancelled".to_owned())))
                }
                "retried" => {
                    let was = event.detail.strip_prefix("it was ").unwrap_or_default();
                    let fits = match &state {
                        State::Ended(end) => end == was && was != "done",
                        State::Waiting => was == "delayed",
                        _ => false,
                    };
                    (fits, Some(State::Waiting))
                }
                _ => (false, None),
            };
            if !fits || event.at_ms < last_ms {
                let found = format!("{} by {} at {} does not follow", event.kind, event.actor, event.at_ms);
                verdict.wrong("trail", &job.id, found);
            }
            last_ms = event.at_ms;
            replay.note(event, &state, next.as_ref(), &mut renewals, &mut delivered);
            state = next.unwrap_or(state);
        }
        let end = if let State::Ended(end) = &state { end.as_str() } else { "none" };
        if end != job.state && !(job.accepted_ms.is_none() && job.trail.is_empty()) {
            verdict.wrong("state", &job.id, format!("its trail ends with {end}, its record says {}", job.state));
        }
        replay
    }

    fn note(
        &mut self,
        event: &atelier_queue::Event,
        state: &State,
        next: Option<&State>,
        renewals: &mut usize,
        delivered: &mut bool,
    ) {
        let after_end = matches!(state, State::Ended(_));
        match event.kind.as_str() {
            "claimed" => self.holds.push(Hold {
                worker: event.actor.clone(),
                from_ms: event.at_ms,
                until_ms: None,
                checkpoints: Vec::new(),
                renewals: *renewals,
                after_delivery: *delivered,
            }),
            "retried" if after_end => {
                *renewals += 1;
                self.retries += 1;
                self.turns.push((event.at_ms, false));
            }
            "afresh" => *renewals += 1,
            "delivered" => *delivered = true,
            "lost" => self.losses += 1,
            _ => {}
        }
        match (next, self.holds.last_mut()) {
            (None, Some(hold)) if event.kind != "cancel_asked" => {
                hold.checkpoints.push((event.kind.clone(), event.at_ms, event.detail.clone()));
            }
            (Some(State::Waiting | State::Lost | State::Ended(_)), Some(hold)) if hold.until_ms.is_none() => {
                hold.until_ms = Some(event.at_ms);
            }
            _ => {}
        }
        if let Some(State::Ended(_)) = next {
            self.ends += 1;
            self.turns.push((event.at_ms, true));
        }
    }

    /// The hold that a token belongs to.
    pub(crate) fn hold(&self, fence: u64, worker: &str) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.from_ms == granted_ms(fence) && hold.worker == worker)
    }
}

/// When a token was given out: it is the claim's time in milliseconds, times 1024, plus a count within the millisecond.
pub(crate) fn granted_ms(fence: u64) -> u64 {
    fence >> 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::sample::{broken, event, job};

    const GOOD: &str = "1 claimed w0|2 intent w0|3 handle w0|4 outputs w0|5 sending w0|6 delivered w0|7 done w0";

    #[test]
    fn a_good_trail_is_a_hold() {
        let mut verdict = Verdict::default();
        let replay = Replay::of(&job("j", GOOD, "done"), &mut verdict);
        assert_eq!(verdict.violations, []);
        assert_eq!((replay.holds.len(), replay.ends, replay.retries), (1, 1, 0));
        assert_eq!((replay.holds[0].from_ms, replay.holds[0].until_ms), (1, Some(7)));
    }

    #[test]
    fn long_lives_are_good_too() {
        let lives = [
            ("1 claimed w0|9 lost w0|9 claimed w1|10 done w1", "done"),
            ("1 claimed w0|2 retry w0|3 retried op it was delayed|4 claimed w1|5 dead w1", "dead"),
            ("1 claimed w0|2 lost w0|2 dead queue|3 retried op it was dead|4 cancelled user:1", "cancelled"),
            (
                "1 claimed w0|2 cancel_asked user:1|3 cancelled w0|4 retried op it was cancelled|5 claimed w0|6 done w0",
                "done",
            ),
            (
                "1 claimed w0|2 throttled w0|3 claimed w0|4 handed_over w0|5 claimed w1|6 postpone w1|7 cancelled op",
                "cancelled",
            ),
        ];
        for (trail, state) in lives {
            let mut verdict = Verdict::default();
            Replay::of(&job("j", trail, state), &mut verdict);
            assert_eq!(verdict.violations, [], "{trail}");
        }
    }

    #[test]
    fn what_does_not_follow_is_found() {
        let wrong = [
            ("two holders at once", "1 claimed w0|2 claimed w1|3 done w1", "done"),
            ("a checkpoint of the last holder", "1 claimed w0|2 lost w0|3 claimed w1|4 outputs w0|5 done w1", "done"),
            ("an end by the last holder", "1 claimed w0|2 lost w0|3 claimed w1|4 done w0", "done"),
            ("a checkpoint after the end", "1 claimed w0|2 done w0|3 delivered w0", "done"),
            ("a second end", "1 claimed w0|2 done w0|3 claimed w1|4 done w1", "done"),
            (
                "a done job tried again",
                "1 claimed w0|2 done w0|3 retried op it was done|4 claimed w0|5 done w0",
                "done",
            ),
            ("no end", "1 claimed w0|2 lost w0", "waiting"),
            ("another state on record", "1 claimed w0|2 done w0", "dead"),
            ("given up without a loss", "1 claimed w0|2 dead queue", "dead"),
            ("cancelled by a stranger while it runs", "1 claimed w0|2 cancelled user:1", "cancelled"),
            ("time runs back", "5 claimed w0|4 done w0", "done"),
            ("something unheard of", "1 claimed w0|2 vanished w0|3 done w0", "done"),
            ("no trail at all", "", "waiting"),
        ];
        for (what, trail, state) in wrong {
            let mut verdict = Verdict::default();
            Replay::of(&job("j", trail, state), &mut verdict);
            assert!(!verdict.violations.is_empty(), "{what}");
        }
    }

    #[test]
    fn a_broken_trail_fails_the_whole_history() {
        assert_eq!(broken(|history| history.jobs[0].state = "dead".to_owned()), ["state"]);
        let twice = broken(|history| history.jobs[0].trail.push(event("27 done w1")));
        assert!(twice.contains(&"trail") && twice.contains(&"ends once"), "{twice:?}");
    }
}
