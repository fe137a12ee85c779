//! The claims, each checked against everything that was requested and is shown. Pure: it knows the evidence only.

use std::collections::{BTreeMap, HashMap};

use crate::chats::{Chats, Left};
use crate::drive::Typed;
use crate::faults::FLOOD_S;
use crate::log::Seen;
use crate::stage::Mishap;
use crate::waits::{Outcome, ends, percentile};

/// How long after its answer left a 429 may not be known yet to all who are about to send.
const KNOWN_MS: i64 = 500;
/// How long before its end a process may have posted what it could not put on record any more.
const UNRECORDED_MS: i64 = 3000;
/// The longest that other traffic may keep a result waiting.
const KEPT_MS: i64 = 2000;

/// All that a run leaves behind.
pub(crate) struct Evidence<'a> {
    pub(crate) typed: &'a [Typed],
    pub(crate) requests: &'a [Seen],
    pub(crate) shown: &'a Chats,
    pub(crate) results: &'a [Outcome],
    pub(crate) mishaps: &'a [Mishap],
    pub(crate) settled: bool,
}

/// What the evidence comes to.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Broken claims, by the claim.
    pub(crate) broken: BTreeMap<&'static str, Vec<String>>,
    /// Figures beside them.
    pub(crate) counts: BTreeMap<&'static str, u64>,
    /// How the jobs ended.
    pub(crate) ends: BTreeMap<String, u64>,
    /// Milliseconds that other traffic kept results waiting, and that they waited in all: p50, p99, most.
    pub(crate) kept: [i64; 3],
    pub(crate) waited: [i64; 3],
    /// Milliseconds from acceptance to the end, in private chats and in groups: p50, p99, most.
    pub(crate) took: [[i64; 3]; 2],
}

impl Verdict {
    fn broke(&mut self, claim: &'static str, what: String) {
        self.broken.entry(claim).or_default().push(what);
    }
}

/// Judges a run.
pub(crate) fn judge(evidence: &Evidence<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    floods(evidence, &mut verdict);
    pictures(evidence, &mut verdict);
    waits(evidence, &mut verdict);
    if !evidence.settled {
        verdict.broke("everything ends", "some jobs never did".to_owned());
    }
    verdict
}

/// No request inside a known `retry_after`, and no 429 that nobody scripted.
fn floods(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut parked: HashMap<(i64, Option<i64>, &str), (i64, i64)> = HashMap::new();
    let (mut crossed, mut scripted, mut unanswered) = (0, 0, 0);
    for seen in evidence.requests {
        let Some(lane) = seen.lane() else { continue };
        let key = (seen.bot, seen.chat, lane);
        if let Some((known_ms, until_ms)) = parked.get(&key)
            && seen.at_ms < *until_ms
        {
            if seen.at_ms > known_ms + KNOWN_MS {
                let late = seen.at_ms - known_ms;
                let what = format!("{} to chat {:?}, {late} ms after it was told to wait", seen.method, seen.chat);
                verdict.broke("no request inside a known retry_after", what);
            } else {
                crossed += 1;
            }
        }
        unanswered += u64::from(seen.status.is_none());
        if seen.status != Some(429) {
            continue;
        }
        let seconds = if seen.scripted { FLOOD_S } else { seen.retry_after.unwrap_or(1) };
        let known_ms = seen.answered_ms.unwrap_or(seen.at_ms);
        let until_ms = seen.at_ms + i64::try_from(seconds).unwrap_or_default() * 1000;
        let (known, until) = parked.entry(key).or_insert((known_ms, until_ms));
        if until_ms > *until {
            (*known, *until) = (known_ms, until_ms);
        }
        if seen.scripted {
            scripted += 1;
        } else {
            let what =
                format!("{} of bot {} to chat {:?}, {}", seen.method, seen.bot, seen.chat, before(evidence, seen));
            verdict.broke("no avoidable 429", what);
        }
    }
    let lane = |lane: &str| evidence.requests.iter().filter(|seen| seen.lane() == Some(lane)).count() as u64;
    verdict.counts.insert("sends", lane("send"));
    verdict.counts.insert("edits", lane("edit"));
    let media = evidence.requests.iter().filter(|seen| seen.method == "editmessagemedia").count() as u64;
    verdict.counts.insert("edits of text", lane("edit") - media);
    verdict.counts.insert("scripted 429", scripted);
    verdict.counts.insert("requests on their way when a 429 came", crossed);
    verdict.counts.insert("requests without an answer", unanswered);
}

/// What may explain a 429: what went to the chat before it, and what befell a process, in milliseconds before it.
fn before(evidence: &Evidence<'_>, limited: &Seen) -> String {
    let same = |seen: &&Seen| (seen.bot, seen.chat, seen.lane()) == (limited.bot, limited.chat, limited.lane());
    let recent = |at_ms: i64| (1..10_000).contains(&(limited.at_ms - at_ms));
    let requests = evidence.requests.iter().filter(same).filter(|seen| recent(seen.at_ms));
    let requests: Vec<String> = requests
        .map(|seen| {
            format!("{} {}{}", limited.at_ms - seen.at_ms, seen.method, if seen.scripted { " spoilt" } else { "" })
        })
        .collect();
    let mishaps = evidence.mishaps.iter().filter(|mishap| recent(mishap.at_ms));
    let mishaps: Vec<i64> = mishaps.map(|mishap| limited.at_ms - mishap.at_ms).collect();
    format!("after {requests:?}, mishaps {mishaps:?}")
}

/// The edits of a chat, in seconds since its first one.
fn edits_of(evidence: &Evidence<'_>, chat: i64) -> String {
    let edits = || evidence.requests.iter().filter(|seen| seen.chat == Some(chat) && seen.lane() == Some("edit"));
    let first = edits().next().map_or(0, |seen| seen.at_ms);
    let told: Vec<String> = edits()
        .map(|seen| {
            let what = if seen.method == "editmessagemedia" { "picture" } else { "text" };
            format!("{:.1} {what}", (seen.at_ms - first) as f64 / 1000.0)
        })
        .collect();
    told.join(", ")
}

/// Every picture in its chat and topic once, none twice at any time, and nothing that still waits.
fn pictures(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    for typed in evidence.typed {
        let place = &typed.wish.place;
        for number in &typed.wish.numbers {
            let shown = evidence.shown.pictures.get(number).map_or(&[][..], Vec::as_slice);
            // of a job that ended without a picture, how it came to that
            let story = || evidence.results.iter().find(|it| it.number == *number).map_or(&[][..], |it| &it.story);
            let what = || format!("picture {number} of chat {}: {shown:?} {:?}", place.chat, story());
            match shown.iter().filter(|shown| shown.now).count() {
                0 => verdict.broke("no picture missing", what()),
                1 => {}
                _ => verdict.broke("no picture twice", what()),
            }
            if shown.len() > 1 && shown.iter().filter(|shown| shown.now).count() < 2 {
                verdict.broke("no picture twice", what());
            }
            let astray =
                |it: &&crate::chats::Shown| (it.bot, it.chat, it.thread) != (place.bot, place.chat, place.thread);
            if shown.iter().any(|shown| astray(&shown)) {
                verdict.broke("every picture in its chat and topic", what());
            }
        }
    }
    verdict.counts.insert("apologies while Redis was away", evidence.shown.apologies);
    verdict.counts.insert("pictures", evidence.shown.pictures.len() as u64);
    // whoever posts a message and is killed, or is never told its number, leaves it there for ever
    let lost = |left: &Left| {
        let unanswered =
            |seen: &&Seen| seen.lane() == Some("send") && seen.chat == Some(left.chat) && seen.status.is_none();
        let near = |at_ms: i64| (0..UNRECORDED_MS).contains(&(at_ms - left.posted_ms));
        evidence.mishaps.iter().any(|mishap| near(mishap.at_ms))
            || evidence
                .requests
                .iter()
                .filter(unanswered)
                .any(|seen| (seen.at_ms - left.posted_ms).abs() < UNRECORDED_MS)
    };
    for left in &evidence.shown.left {
        if lost(left) {
            *verdict.counts.entry("messages left by the killed and the unanswered").or_default() += 1;
        } else {
            verdict.broke("nothing left hanging", format!("{left:?}"));
        }
    }
}

/// No result kept waiting by other traffic.
fn waits(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let kept: Vec<i64> = evidence.results.iter().filter_map(|result| result.kept_ms).collect();
    let waited: Vec<i64> = evidence.results.iter().filter_map(|result| result.waited_ms).collect();
    for result in evidence.results.iter().filter(|result| result.kept_ms.is_some_and(|kept| kept > KEPT_MS)) {
        let what = format!(
            "picture {} of chat {}: {:?} ms of {:?}; edits there {}",
            result.number,
            result.chat,
            result.kept_ms,
            result.waited_ms,
            edits_of(evidence, result.chat)
        );
        verdict.broke("results kept waiting by other traffic for at most 2 s", what);
    }
    let figures = |values: &[i64]| [50, 99, 100].map(|per_cent| percentile(values, per_cent));
    (verdict.kept, verdict.waited) = (figures(&kept), figures(&waited));
    verdict.took = [false, true].map(|group| {
        let took: Vec<i64> = evidence
            .results
            .iter()
            .filter(|result| (result.chat < 0) == group)
            .filter_map(|result| result.took_ms)
            .collect();
        figures(&took)
    });
    verdict.counts.insert("results whose wait was measured", kept.len() as u64);
    verdict.ends = ends(evidence.results);
}
