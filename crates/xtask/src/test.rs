//! Everything that must hold, in the order in which it is cheapest to fail.

use std::process::{Command, ExitCode};

use crate::setup::{CHROMIUM, REDIS};
use crate::step::{announce, cargo, succeeds};

/// What to leave out.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leaves out the docs and the end-to-end tests.
    #[arg(long)]
    quick: bool,
}

/// `cargo xtask test`. Ends with the exit code of the first step that failed.
pub(crate) fn run(options: &Options) -> ExitCode {
    if REDIS.ensure().is_none() {
        return ExitCode::FAILURE;
    }
    let browser = if options.quick { None } else { CHROMIUM.ensure() };
    if browser.is_none() && !options.quick {
        return ExitCode::FAILURE;
    }
    ensure_components();
    match checks(options).and_then(|()| tests(options, browser.as_deref())) {
        Ok(()) => {
            eprintln!("\n== all good");
            ExitCode::SUCCESS
        }
        Err(code) => code,
    }
}

/// `cargo xtask walls`.
pub(crate) fn walls() -> ExitCode {
    announce_walls().err().unwrap_or(ExitCode::SUCCESS)
}

fn announce_walls() -> Result<(), ExitCode> {
    announce("walls", cargo().args(["test", "--locked", "--quiet", "--package", "xtask", "--test", "walls"]))
}

fn checks(options: &Options) -> Result<(), ExitCode> {
    announce("format", cargo().args(["fmt", "--all", "--check"]))?;
    announce("lints", cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    if !options.quick {
        let mut doc = cargo();
        doc.args(["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"]);
        announce("docs", doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    }
    announce_walls()
}

fn tests(options: &Options, browser: Option<&std::path::Path>) -> Result<(), ExitCode> {
    // tests in a package of their own do not build the executables they start; `--tests` keeps the features of the
    // dependencies what the next step needs, so that nothing is built twice
    announce("build", cargo().args(["build", "--locked", "--workspace", "--bins", "--tests"]))?;
    let nextest = succeeds(cargo().args(["nextest", "--version"]));
    let mut tests = cargo();
    tests.args(if nextest { &["nextest", "run"][..] } else { &["test"][..] }).args(["--locked", "--workspace"]);
    if options.quick {
        tests.args(["--exclude", "e2e"]);
    }
    if let Some(browser) = browser {
        tests.env("ATELIER_TEST_BROWSER", browser);
    }
    announce("tests", &mut tests)?;
    if nextest && !options.quick {
        // nextest does not run the examples in docs
        announce("doc tests", cargo().args(["test", "--locked", "--workspace", "--doc", "--quiet"]))?;
    }
    Ok(())
}

/// A toolchain of the minimal profile has neither rustfmt nor clippy.
fn ensure_components() {
    for (verb, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !succeeds(cargo().args([verb, "--version"])) {
            // without rustup the step itself says what is missing
            let _ = announce("install", Command::new("rustup").args(["component", "add", component]));
        }
    }
}
