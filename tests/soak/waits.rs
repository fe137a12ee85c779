//! How long results waited between being ready and being posted, and how long they would have waited alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use atelier_domain::{BotId, JobState, UserId};
use atelier_queue::{Event, Record};

use crate::budget::{Ready, alone};
use crate::chats::Chats;
use crate::drive::Typed;
use crate::log::Seen;
use crate::stage::Stage;
use crate::traffic::number_in;

/// What happened so long before a result was ready may still delay it.
const BEFORE_MS: i64 = 5000;

/// A job and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) number: u32,
    pub(crate) state: JobState,
    /// Where it was asked for.
    pub(crate) chat: i64,
    /// Milliseconds from acceptance to the end.
    pub(crate) took_ms: Option<i64>,
    /// Milliseconds that other traffic kept it waiting; `None` when a fault met its chat, or when nothing was posted.
    pub(crate) kept_ms: Option<i64>,
    /// Milliseconds from being ready to being posted.
    pub(crate) waited_ms: Option<i64>,
    /// How a job that did not end well came to that, an event a line.
    pub(crate) story: Vec<String>,
}

/// When a result was ready and when its post came to Telegram.
struct Post {
    number: u32,
    record: Record,
    times: Option<(Ready, i64)>,
    met: bool,
    story: Vec<String>,
}

/// The outcomes of all jobs.
pub(crate) async fn of(stage: &Stage, typed: &[Typed], shown: &Chats, requests: &[Seen]) -> Vec<Outcome> {
    let users: BTreeSet<(i64, i64)> = typed.iter().map(|typed| (typed.wish.place.bot, typed.wish.place.user)).collect();
    let edits = edits(requests);
    let floods: Vec<&Seen> = requests.iter().filter(|seen| seen.status == Some(429)).collect();
    let mut posts = Vec::new();
    for (bot, user) in users {
        for record in stage.queue.jobs_of(BotId(bot), UserId(user), 200).await.expect("the queue answers") {
            posts.extend(post(stage, shown, &edits, &floods, record).await);
        }
    }
    let ends = requests.iter().filter(|seen| seen.ends_batch && seen.lane() == Some("edit"));
    let ends = ends.filter_map(|seen| Some(Ready { bot: seen.bot, chat: seen.chat?, at_ms: seen.at_ms }));
    kept(posts, ends.collect())
}

/// Compares, chat by chat, the first result that came with the first that could have come, the second with the second,
/// and so on: which of several goes first is nobody's delay. A chat that a fault met is left out.
///
/// `ends` are the words under albums that say that all is there: they are results, and use up budget when they go.
fn kept(posts: Vec<Post>, ends: Vec<Ready>) -> Vec<Outcome> {
    let key = |post: &Post| post.times.map(|(ready, _)| (ready.bot, ready.chat));
    let met: BTreeSet<(i64, i64)> = posts.iter().filter(|post| post.met).filter_map(key).collect();
    let ready: Vec<Ready> = posts.iter().filter_map(|post| Some(post.times?.0)).collect();
    let mut possible: BTreeMap<(i64, i64), Vec<i64>> = BTreeMap::new();
    let all: Vec<Ready> = ready.iter().copied().chain(ends).collect();
    for (ready, at_ms) in ready.iter().zip(alone(&all)) {
        possible.entry((ready.bot, ready.chat)).or_default().push(at_ms);
    }
    for times in possible.values_mut() {
        times.sort_unstable_by(|one, other| other.cmp(one));
    }
    let mut in_order = posts;
    in_order.sort_by_key(|post| post.times.map(|(_, came)| came));
    let outcome = |post: Post| {
        let chat = key(&post);
        let first = chat.and_then(|chat| possible.get_mut(&chat)?.pop());
        let times = post.times.filter(|_| chat.is_some_and(|chat| !met.contains(&chat)));
        Outcome {
            number: post.number,
            state: post.record.state,
            chat: post.record.job.as_ref().map_or(0, |job| job.place.chat.0),
            took_ms: took(&post.record),
            kept_ms: times.zip(first).map(|((_, came), first)| (came - first).max(0)),
            waited_ms: times.map(|(ready, came)| came - ready.at_ms),
            story: post.story,
        }
    };
    in_order.into_iter().map(outcome).collect()
}

/// The edits of each message that could make it a picture.
fn edits(requests: &[Seen]) -> HashMap<(i64, i64, i64), Vec<&Seen>> {
    let mut edits: HashMap<_, Vec<&Seen>> = HashMap::new();
    for seen in requests.iter().filter(|seen| seen.method == "editmessagemedia") {
        if let (Some(chat), Some(message)) = (seen.chat, seen.message) {
            edits.entry((seen.bot, chat, message)).or_default().push(seen);
        }
    }
    edits
}

async fn post(
    stage: &Stage,
    shown: &Chats,
    edits: &HashMap<(i64, i64, i64), Vec<&Seen>>,
    floods: &[&Seen],
    record: Record,
) -> Option<Post> {
    let number = record.job.as_ref().and_then(|job| number_in(job.request.prompt.as_str()))?;
    let measured = measure(stage, shown, edits, floods, &record, number).await;
    let (times, met) = measured.map_or((None, false), |(ready, came, met)| (Some((ready, came)), met));
    let story = if record.state == JobState::Done { Vec::new() } else { story(stage, &record).await };
    Some(Post { number, record, times, met, story })
}

/// The job's trail, in milliseconds since it was accepted.
async fn story(stage: &Stage, record: &Record) -> Vec<String> {
    let trail = stage.queue.trail(&record.id).await.expect("the queue answers");
    let since = |at_ms: u64| at_ms.saturating_sub(record.accepted_ms.unwrap_or_default());
    let line = |event: Event| format!("{} {} {} {}", since(event.at_ms), event.kind, event.actor, event.detail);
    trail.into_iter().map(line).collect()
}

/// When the result was ready, when its post came, and whether a fault met it.
async fn measure(
    stage: &Stage,
    shown: &Chats,
    edits: &HashMap<(i64, i64, i64), Vec<&Seen>>,
    floods: &[&Seen],
    record: &Record,
    number: u32,
) -> Option<(Ready, i64, bool)> {
    let message = shown.pictures.get(&number)?.iter().find(|it| it.now)?;
    let trail = stage.queue.trail(&record.id).await.expect("the queue answers");
    let claims = trail.iter().filter(|event| event.kind == "claimed").count();
    let sending = trail.iter().rfind(|event| event.kind == "sending")?;
    let tries = edits.get(&(message.bot, message.chat, message.message))?;
    let sent_ms = i64::try_from(sending.at_ms).unwrap_or_default();
    let first = tries.iter().find(|seen| seen.at_ms + 50 >= sent_ms)?;
    let ready = Ready { bot: message.bot, chat: message.chat, at_ms: sent_ms.max(message.posted_ms) };
    let (from, to) = (ready.at_ms - BEFORE_MS, first.at_ms);
    let flooded = floods
        .iter()
        .any(|seen| seen.bot == message.bot && seen.chat == Some(message.chat) && (from..=to).contains(&seen.at_ms));
    let hit = stage
        .mishaps
        .iter()
        .any(|mishap| sending.actor.contains(&format!("-{}-", mishap.process)) && (from..=to).contains(&mishap.at_ms));
    let spoilt = tries.iter().any(|seen| seen.scripted || seen.status.is_none());
    let met = claims > 1 || flooded || hit || spoilt;
    Some((ready, first.at_ms, met))
}

fn took(record: &Record) -> Option<i64> {
    i64::try_from(record.ended_ms?.checked_sub(record.accepted_ms?)?).ok()
}

/// Milliseconds that so many per cent do not exceed; 0 when there are none.
pub(crate) fn percentile(values: &[i64], per_cent: usize) -> i64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// How many jobs ended how.
pub(crate) fn ends(outcomes: &[Outcome]) -> BTreeMap<String, u64> {
    let mut ends = BTreeMap::new();
    for outcome in outcomes {
        *ends.entry(outcome.state.to_string()).or_default() += 1;
    }
    ends
}
