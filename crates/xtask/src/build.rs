//! Chores that build a program and become it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use crate::setup::{CHROMIUM, REDIS};
use crate::step::{cargo, code};

/// Flags handed through word for word.
#[derive(clap::Args)]
pub(crate) struct Passed {
    /// Flags of the executable's verb.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<OsString>,
}

/// What the demo needs.
const EXECUTABLE: &[&str] = &["--package", "atelier", "--bin", "atelier"];
/// What the benchmark needs: itself, and the executable that it starts. Features are those of the two together.
const MEASURED: &[&str] =
    &["--profile", "measure", "--package", "atelier", "--bin", "atelier", "--package", "e2e", "--bin", "bench"];
/// What chaos needs: itself.
const BROKEN: &[&str] = &["--profile", "measure", "--package", "e2e", "--bin", "chaos"];
/// What the soak needs: itself, and the executable that it starts.
const SOAKED: &[&str] =
    &["--profile", "measure", "--package", "atelier", "--bin", "atelier", "--package", "e2e", "--bin", "soak"];
/// What the README's pictures need: themselves, and the executable that they show.
const DRAWN: &[&str] = &["--package", "atelier", "--bin", "atelier", "--package", "e2e", "--bin", "pictures"];
/// What the bench's word `queue` needs: no executable, no simulators, so that a cold build takes minutes less.
const MEASURED_QUEUE: &[&str] =
    &["--profile", "measure", "--package", "e2e", "--bin", "bench", "--no-default-features"];
/// What the other queues need, which nothing else builds.
const RIVALS: &[&str] = &["--features", "rivals"];

/// `cargo xtask demo`.
pub(crate) fn demo(passed: &Passed) -> ExitCode {
    if REDIS.ensure().is_none() {
        return ExitCode::FAILURE;
    }
    become_program(EXECUTABLE, "atelier", &["demo"], passed)
}

/// `cargo xtask bench`: figures beside floors measured in the same run.
pub(crate) fn bench(passed: &Passed) -> ExitCode {
    if REDIS.ensure().is_none() {
        return ExitCode::FAILURE;
    }
    let has = |word: &str| passed.flags.iter().any(|flag| flag == word);
    let what = match passed.flags.first() {
        Some(word) if word == "queue" && has("--rivals") => [MEASURED_QUEUE, RIVALS].concat(),
        Some(word) if word == "queue" => MEASURED_QUEUE.to_vec(),
        _ => MEASURED.to_vec(),
    };
    become_program(&what, "bench", &[], passed)
}

/// `cargo xtask chaos`: the queue under faults, and a checker of what happened.
pub(crate) fn chaos(passed: &Passed) -> ExitCode {
    if REDIS.ensure().is_none() {
        return ExitCode::FAILURE;
    }
    become_program(BROKEN, "chaos", &[], passed)
}

/// `cargo xtask soak`: thousands of chats under Telegram's limits and faults, and a judge of what they show.
pub(crate) fn soak(passed: &Passed) -> ExitCode {
    if REDIS.ensure().is_none() {
        return ExitCode::FAILURE;
    }
    become_program(SOAKED, "soak", &[], passed)
}

/// `cargo xtask pictures`: the pictures in the README, drawn anew.
pub(crate) fn pictures() -> ExitCode {
    if REDIS.ensure().is_none() || CHROMIUM.ensure().is_none() {
        return ExitCode::FAILURE;
    }
    become_program(DRAWN, "pictures", &[], &Passed { flags: Vec::new() })
}

fn become_program(what: &[&str], name: &str, first: &[&str], passed: &Passed) -> ExitCode {
    eprintln!("building (the first time takes some minutes)");
    let program = match build(what, name) {
        Ok(program) => program,
        Err(code) => return code,
    };
    // replaces this process: signals and the exit code are the program's own
    let error = Command::new(&program).args(first).args(&passed.flags).exec();
    eprintln!("{} cannot be run: {error}", program.display());
    ExitCode::FAILURE
}

/// Builds and asks cargo where it put the program: target directory and triple are the person's to choose.
fn build(what: &[&str], name: &str) -> Result<PathBuf, ExitCode> {
    let mut command = cargo();
    command.args(["build", "--locked"]).args(what);
    command.arg("--message-format=json-render-diagnostics").stdin(Stdio::null()).stdout(Stdio::piped());
    let failed = |error: std::io::Error| {
        eprintln!("cargo cannot be run: {error}");
        ExitCode::FAILURE
    };
    let mut child = command.spawn().map_err(failed)?;
    let mut program = None;
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok) {
        let message: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if message["target"]["name"] == name && message["executable"].is_string() {
            program = message["executable"].as_str().map(PathBuf::from);
        }
    }
    let status = child.wait().map_err(failed)?;
    match program {
        Some(program) if status.success() => Ok(program),
        _ => Err(code(status)),
    }
}
