//! How facts are shown: text or JSON, times, durations, tables.

use std::time::{SystemTime, UNIX_EPOCH};

use atelier_domain::{JobId, JobState};
use atelier_queue::{QueueError, Record};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

/// For whom an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// For people.
    Text,
    /// For programs: one JSON value, without line breaks.
    Json,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The queue did not answer.
    #[error("the queue cannot be read")]
    Queue(#[from] QueueError),
    /// There is no such job, or its record is gone.
    #[error("job {0} is not on record (records of ended jobs are kept for seven days)")]
    Unknown(JobId),
    /// An answer that is no JSON: a fault of this program.
    #[error("the answer cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// How long a job took, part by part, in milliseconds. `None` for parts that have not begun or were not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timings {
    /// From acceptance to the first claim.
    pub waiting_ms: Option<u64>,
    /// From the first claim to the picture at the provider, retries included. A model that answers with the picture
    /// itself leaves no such moment: its whole time with the worker is here.
    pub generating_ms: Option<u64>,
    /// From there to the picture in the chat: download, fitting, upload.
    pub posting_ms: Option<u64>,
}

impl Timings {
    /// Reads them off a record.
    pub fn of(record: &Record) -> Self {
        let between = |from: Option<u64>, to: Option<u64>| Some(to?.saturating_sub(from?));
        let whole = record.ended_ms.filter(|_| record.state == JobState::Done);
        Self {
            waiting_ms: between(record.accepted_ms, record.started_ms),
            generating_ms: between(record.started_ms, record.outputs_ms.or(whole)),
            posting_ms: between(record.outputs_ms, record.ended_ms),
        }
    }
}

/// The present, in Unix milliseconds.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A duration for people: `0.25 s`, `12.3 s`, `4 min 5 s`, `2 h 3 min`, `3 d 4 h`.
pub fn seconds(milliseconds: u64) -> String {
    let whole = milliseconds / 1000;
    let (minutes, hours, days) = (whole / 60, whole / 3600, whole / 86_400);
    match milliseconds {
        0..10_000 => format!("{:.2} s", milliseconds as f64 / 1000.0),
        10_000..60_000 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        60_000..3_600_000 => format!("{minutes} min {} s", whole % 60),
        3_600_000..86_400_000 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// A moment for people, in UTC.
pub(crate) fn moment(milliseconds: u64) -> String {
    let known = i64::try_from(milliseconds).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    known.map_or_else(|| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, ConsoleError> {
    Ok(serde_json::to_string(value)?)
}

pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

/// `1 job`, `2 jobs`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_exact_as_people_need_them() {
        let shown: Vec<String> =
            [0, 250, 9_990, 12_340, 245_000, 7_380_000, 273_600_000].into_iter().map(seconds).collect();
        assert_eq!(shown, ["0.00 s", "0.25 s", "9.99 s", "12.3 s", "4 min 5 s", "2 h 3 min", "3 d 4 h"]);
        assert_eq!(moment(1_795_000_000_000), "2026-11-18 11:06:40 UTC");
        assert_eq!(moment(u64::MAX), "?");
    }
}
