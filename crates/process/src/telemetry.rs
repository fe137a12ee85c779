//! Logs: one subscriber per process, on standard error, as text for people or as JSON for machines.
//!
//! Standard output stays free for answers (`--json`). Records of the `log` crate (teloxide writes those) arrive too.
//! Deliberately absent: reading the environment; the command line hands the settings in.

use std::io::IsTerminal;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people, coloured on a terminal.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// The word names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a log format is text or json")]
pub struct BadFormat;

impl FromStr for LogFormat {
    type Err = BadFormat;

    fn from_str(text: &str) -> Result<Self, BadFormat> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(BadFormat),
        }
    }
}

/// Which records are written: a level (`info`), or levels per module (`info,atelier_worker=debug`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The filter as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

/// The text is no filter.
#[derive(Debug, thiserror::Error)]
#[error("a log filter is a level (error, warn, info, debug, trace), or levels like info,atelier_worker=debug")]
pub struct BadFilter(#[source] tracing_subscriber::filter::ParseError);

impl FromStr for LogFilter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        EnvFilter::builder().parse(text).map_err(BadFilter)?;
        Ok(Self(text.to_owned()))
    }
}

/// How a process logs.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How lines look.
    pub format: LogFormat,
    /// Which records are written.
    pub filter: LogFilter,
}

/// The process has a subscriber already.
#[derive(Debug, thiserror::Error)]
#[error("logging was set up twice")]
pub struct AlreadySet(#[source] TryInitError);

/// Sets the process's logging up. Call it once, before anything is logged.
pub fn init(settings: &Settings) -> Result<(), AlreadySet> {
    let filter = EnvFilter::builder().parse_lossy(settings.filter.as_str());
    // a reader that went away costs the log, not the process: the complaint about it would go to the same place and panic
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match settings.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    }
    .map_err(AlreadySet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_formats_are_checked_before_they_are_used() {
        assert!("info,atelier_worker=debug".parse::<LogFilter>().is_ok());
        assert!("atelier_worker=loud".parse::<LogFilter>().is_err());
        assert_eq!("yaml".parse::<LogFormat>(), Err(BadFormat));
    }
}
