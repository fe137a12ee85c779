//! Chores that build the executable and become it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use crate::setup::REDIS;
use crate::step::{cargo, code};

/// Flags handed through word for word.
#[derive(clap::Args)]
pub(crate) struct Passed {
    /// Flags of the executable's verb.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<OsString>,
}

/// `cargo xtask demo`.
pub(crate) fn demo(passed: &Passed) -> ExitCode {
    if REDIS.ensure().is_none() {
        return ExitCode::FAILURE;
    }
    become_executable(&[], "demo", passed)
}

/// `cargo xtask bench`: the executable measures itself, against floors measured in the same run.
pub(crate) fn bench(passed: &Passed) -> ExitCode {
    if REDIS.ensure().is_none() {
        return ExitCode::FAILURE;
    }
    become_executable(&["--release"], "bench", passed)
}

fn become_executable(profile: &[&str], verb: &str, passed: &Passed) -> ExitCode {
    eprintln!("building (the first time takes some minutes)");
    let executable = match build(profile) {
        Ok(executable) => executable,
        Err(code) => return code,
    };
    // replaces this process: signals and the exit code are the executable's own
    let error = Command::new(&executable).arg(verb).args(&passed.flags).exec();
    eprintln!("{} cannot be run: {error}", executable.display());
    ExitCode::FAILURE
}

/// Builds the executable and asks cargo where it put it: target directory and triple are the person's to choose.
fn build(profile: &[&str]) -> Result<PathBuf, ExitCode> {
    let mut command = cargo();
    command.args(["build", "--locked", "--package", "atelier", "--bin", "atelier"]).args(profile);
    command.arg("--message-format=json-render-diagnostics").stdin(Stdio::null()).stdout(Stdio::piped());
    let failed = |error: std::io::Error| {
        eprintln!("cargo cannot be run: {error}");
        ExitCode::FAILURE
    };
    let mut child = command.spawn().map_err(failed)?;
    let mut executable = None;
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok) {
        let message: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if message["target"]["name"] == "atelier" && message["executable"].is_string() {
            executable = message["executable"].as_str().map(PathBuf::from);
        }
    }
    let status = child.wait().map_err(failed)?;
    match executable {
        Some(executable) if status.success() => Ok(executable),
        _ => Err(code(status)),
    }
}
