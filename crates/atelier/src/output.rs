//! Standard output: answers only, whole lines. Logs go to standard error.

use std::io::Write;

/// Writes an answer. A reader that went away (`| head`) is no fault.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
