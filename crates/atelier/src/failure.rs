//! How a verb fails: one line for the person, one exit code for the script.
#![expect(clippy::print_stderr, reason = "the last word of a process goes to standard error, logging or not")]

use std::fmt::Display;
use std::process::ExitCode;

use atelier_process::Exit;

/// Why a verb did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    /// A failure in words of our own.
    pub(crate) fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, error: anyhow::anyhow!("{message}") }
    }

    /// A wrong value on the command line or in the environment.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The same failure, with what it is about in front.
    pub(crate) fn about(self, context: impl Display) -> Self {
        Self { error: self.error.context(context.to_string()), ..self }
    }

    /// The answer is no, and it has been said already.
    pub(crate) fn said() -> Self {
        Self::new(Exit::Failure, "")
    }
}

/// Gives an error its exit code.
pub(crate) trait OrExit<T> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure { exit, error: error.into() })
    }
}

/// Says what went wrong, with its causes, in one line.
pub(crate) fn exit(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => Exit::Success.into(),
        Err(Failure { exit, error }) => {
            let line = format!("{error:#}").replace('\n', " ");
            if !line.is_empty() {
                eprintln!("atelier: {line}");
            }
            exit.into()
        }
    }
}
