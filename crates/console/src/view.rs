//! How facts are shown: text or JSON, times, durations, sizes, tables.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use atelier_domain::JobState;
use atelier_queue::Record;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table, TableComponent};
use serde::Serialize;

use crate::error::ConsoleError;

/// For whom an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// For people.
    Text,
    /// For programs: one JSON value, without line breaks.
    Json,
}

/// What a verb answers: the same facts for programs, by its fields, and for people.
pub trait Answer: Serialize {
    /// For people: lines without a line break at the end.
    fn text(&self) -> String;

    /// Whether what was asked for is so, or was done. A script sees the difference by the exit code.
    fn is_yes(&self) -> bool {
        true
    }

    /// As wished.
    fn shown(&self, view: View) -> Result<String, ConsoleError> {
        match view {
            View::Json => Ok(serde_json::to_string(self)?),
            View::Text => Ok(self.text()),
        }
    }
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

/// The present on this machine, in Unix milliseconds.
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

/// A duration that somebody set: whole units where they suffice, `7 d`, `90 min`, `30 s`.
pub(crate) fn set_duration(milliseconds: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")];
    let fit = units.iter().find(|(unit, _)| milliseconds >= *unit && milliseconds.is_multiple_of(*unit));
    fit.map_or_else(|| seconds(milliseconds), |(unit, name)| format!("{} {name}", milliseconds / unit))
}

/// A number of bytes for people: `812 B`, `1.2 MiB`, `256 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let power = (0..units.len() - 1).take_while(|power| number >> (10 * (power + 1)) > 0).count();
    let value = number as f64 / (1_u64 << (10 * power)) as f64;
    let digits = usize::from(power > 0 && value < 100.0 && !number.is_multiple_of(1 << (10 * power)));
    format!("{value:.digits$} {}", units[power])
}

/// A moment for people, in UTC.
pub(crate) fn moment(milliseconds: u64) -> String {
    let known = i64::try_from(milliseconds).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    known.map_or_else(|| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// `4.20 s ago`.
pub(crate) fn ago(at_ms: u64, now_ms: u64) -> String {
    format!("{} ago", seconds(now_ms.saturating_sub(at_ms)))
}

/// A table with a line below its header and none elsewhere.
pub(crate) struct Rows(Table);

pub(crate) fn table<const N: usize>(header: [&str; N]) -> Rows {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    for part in [
        TableComponent::HeaderLines,
        TableComponent::MiddleHeaderIntersections,
        TableComponent::LeftHeaderIntersection,
        TableComponent::RightHeaderIntersection,
    ] {
        table.set_style(part, '─');
    }
    Rows(table)
}

impl Rows {
    pub(crate) fn add<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(cells);
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.lines().map(|line| line.trim_end().to_owned()).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

/// `1 job`, `2 jobs`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Who asked, as it is typed back: `bot:user`.
pub(crate) fn owner(record: &Record) -> String {
    record.bot.zip(record.user).map_or_else(String::new, |(bot, user)| format!("{bot}:{user}"))
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

    #[test]
    fn what_was_set_is_shown_as_it_was_meant() {
        let shown: Vec<String> = [604_800_000, 5_400_000, 30_000, 1_500, 0].into_iter().map(set_duration).collect();
        assert_eq!(shown, ["7 d", "90 min", "30 s", "1.50 s", "0.00 s"]);
        let shown: Vec<String> =
            [0, 812, 1024, 1_258_291, 268_435_456, 5 << 40, u64::MAX].into_iter().map(bytes).collect();
        assert_eq!(shown, ["0 B", "812 B", "1 KiB", "1.2 MiB", "256 MiB", "5 TiB", "16777216 TiB"]);
    }
}
