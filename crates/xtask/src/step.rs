//! One command at a time, announced, with its output passed through.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Instant;

/// The cargo that runs this, so that a toolchain chosen on the command line is kept.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// Says what is about to run, runs it, and says how long it took. The error is the exit code to end with.
pub(crate) fn announce(title: &str, command: &mut Command) -> Result<(), ExitCode> {
    eprintln!("\n== {title}: {}", shown(command));
    let started = Instant::now();
    let status = command.stdin(Stdio::null()).status();
    let seconds = started.elapsed().as_secs_f64();
    match status {
        Ok(status) if status.success() => {
            eprintln!("== {title}: ok ({seconds:.1} s)");
            Ok(())
        }
        Ok(status) => {
            eprintln!("== {title}: FAILED ({status}, {seconds:.1} s)");
            Err(code(status))
        }
        Err(error) => {
            eprintln!("== {title}: FAILED, {} cannot be run: {error}", command.get_program().display());
            Err(ExitCode::FAILURE)
        }
    }
}

/// Whether a command is there and ends well, without a word.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The exit code of a command that ended; a signal counts as a failure.
pub(crate) fn code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or_default();
    let words: Vec<_> = std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}
