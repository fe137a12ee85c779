//! Standard output: answers only, whole lines. Logs, and the lines of child processes, go to standard error.
//!
//! A reader that went away (`| head`) is no fault and no panic.

use std::io::Write;

/// Writes an answer.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes a line beside the logs, under a name.
pub(crate) fn aside(name: &str, line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{name:<8} | {line}");
}

/// Writes a line beside the answer: progress, for a person who waits.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
