//! `atelier completions`: a script for a shell, on standard output.

use clap_complete::Shell;

use crate::cli;
use crate::failure::Failure;

#[expect(clippy::unnecessary_wraps, reason = "every verb ends like this")]
pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    clap_complete::generate(shell, &mut cli::command(), "atelier", &mut std::io::stdout());
    Ok(())
}
