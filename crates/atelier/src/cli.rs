//! The command line: verbs, and how a wrong value is said.
//!
//! Invariant: a wrong value ends the process with code 64 and one line that names the value, the flag, its variable in
//! the environment, and what would be right. An empty variable counts as none, so that a template of settings can be
//! used as it is. A `.env` file in the working directory is read first; it never overrides the environment.
#![expect(clippy::print_stderr, reason = "wrong values are said before logging exists")]

#[cfg(test)]
mod readme;

use std::ffi::OsString;

use atelier_process::Exit;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::Common;
use crate::verbs::{bot, demo, doctor, ledger, metrics, queue, simulate, up, why, worker};

/// A Telegram bot that turns prompts into pictures: one durable job per prompt, worker processes, results in the chat.
#[derive(Parser)]
#[command(name = "atelier", version, disable_help_subcommand = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Try it: the whole line on this machine with simulated services, and a chat in the browser.
    Demo(demo::Arguments),
    /// Run it: bot and workers in one process, with a Redis of its own unless `REDIS_URL` is set.
    Up(up::Arguments),
    /// The bot alone: messages in, jobs into the queue.
    Bot(bot::Arguments),
    /// A worker alone: jobs from the queue, pictures into the chats. Start as many as you like.
    Worker(worker::Arguments),
    /// The simulated services alone: a Bot API server with a web chat, and a Replicate server.
    Simulate(simulate::Arguments),
    /// Look at the queue and steer it.
    Queue(queue::Arguments),
    /// Tell a job's story: where it stands, why, and what happened to it.
    Why(why::Arguments),
    /// A user's money, entry by entry, and the budgets of a day.
    Ledger(ledger::Arguments),
    /// Serve the queue's numbers: /metrics for Prometheus, /stats for scalers, /healthz.
    Metrics(metrics::Arguments),
    /// Check tokens, webhook, Redis and clock, and say how to put right what is wrong.
    Doctor(doctor::Arguments),
    /// Completions for a shell.
    #[command(hide = true)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

impl Verb {
    /// The level of its logs: a verb that answers and ends shows its answer, and what is wrong.
    pub(crate) fn level(&self) -> &'static str {
        match self {
            Self::Queue(_) | Self::Why(_) | Self::Ledger(_) | Self::Doctor(_) | Self::Completions { .. } => "warn",
            Self::Demo(_) | Self::Up(_) | Self::Bot(_) | Self::Worker(_) | Self::Simulate(_) | Self::Metrics(_) => {
                "info"
            }
        }
    }
}

/// The definition of the command line.
pub(crate) fn command() -> Command {
    Cli::command()
}

/// Reads `.env`, environment and command line. What is wrong has been said when this returns an error.
pub(crate) fn read() -> Result<Cli, Exit> {
    if let Err(message) = read_env_file() {
        eprintln!("atelier: {message}");
        return Err(Exit::Usage);
    }
    let command = without_empty(command());
    let error = match command.clone().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => return Ok(cli),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            Err(Exit::Success)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Err(Exit::Usage)
        }
        _ => {
            let words: Vec<OsString> = std::env::args_os().collect();
            eprintln!("atelier: {}", one_line(&command, &words, &error));
            Err(Exit::Usage)
        }
    }
}

fn read_env_file() -> Result<(), &'static str> {
    match dotenvy::from_path(".env") {
        Ok(()) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        // the line is not shown: it may hold a secret
        Err(dotenvy::Error::LineParse(..)) => Err("the file .env has a line that is not NAME=value"),
        Err(_) => Err("the file .env cannot be read"),
    }
}

/// Makes arguments forget variables that are set to nothing.
fn without_empty(command: Command) -> Command {
    let is_empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    command
        // there is no way to take a variable away from an argument, only to name another
        .mut_args(|arg| if is_empty(&arg) { arg.env("ATELIER_NOTHING") } else { arg })
        .mut_subcommands(without_empty)
}

/// clap's report without usage and hints, with the variable that may have brought the value.
fn one_line(command: &Command, words: &[OsString], error: &Error) -> String {
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let said: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("For more information")).collect();
    let said = said.join(" ").trim_start_matches("error: ").to_owned();
    if matches!(error.kind(), ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument) {
        return format!("{said} (`atelier --help` lists what there is)");
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return said };
    let long = flag.trim_start_matches('-').split([' ', '=']).next().unwrap_or_default();
    match variable(command, words, long) {
        Some(name) => said.replacen(&format!("'{flag}'"), &format!("'{flag}' (or {name} in the environment)"), 1),
        None => said,
    }
}

/// The variable of a flag of the verb in use, or of all verbs.
fn variable(command: &Command, words: &[OsString], long: &str) -> Option<String> {
    let below = |index: usize| Some((index, command.find_subcommand(words.get(index)?)?));
    let verb = (0..words.len()).find_map(below);
    let here = || {
        let arg = command.get_arguments().find(|arg| arg.get_long() == Some(long))?;
        Some(arg.get_env()?.to_string_lossy().into_owned())
    };
    verb.and_then(|(index, verb)| variable(verb, words.get(index + 1..)?, long)).or_else(here)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn a_wrong_value_is_one_line_with_flag_variable_and_fix() {
        let said = |words: &[&str]| {
            let command = command();
            let given: Vec<OsString> = words.iter().map(OsString::from).collect();
            one_line(&command, &given, &command.clone().try_get_matches_from(words).unwrap_err())
        };
        assert_eq!(
            said(&["atelier", "worker", "--concurrency", "many"]),
            "invalid value 'many' for '--concurrency <N>' (or ATELIER_CONCURRENCY in the environment): a whole number \
             from 1 to 1000"
        );
        for (words, part) in [
            (&["atelier", "bot", "--log", "a=loud"][..], "ATELIER_LOG in the environment"),
            (&["atelier", "queue", "ls", "--state", "lost"], "waiting, delayed, active, done, dead, cancelled"),
            (&["atelier", "queue", "ls", "--model", "dall-e"], "'--model <MODEL>': the models are ideogram, "),
            (&["atelier", "why", "nonsense"], "13 characters"),
            (&["atelier", "demo", "--prompt", "x"], "--out <DIR>"),
            (&["atelier", "worker", "--concurency", "3"], "--concurrency"),
        ] {
            let line = said(words);
            assert!(line.contains(part) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn the_template_of_settings_names_every_variable_and_no_other() {
        fn collect(command: &Command, names: &mut BTreeSet<String>) {
            let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
            names.extend(shown.filter_map(Arg::get_env).map(|name| name.to_string_lossy().into_owned()));
            command.get_subcommands().for_each(|command| collect(command, names));
        }
        let mut defined = BTreeSet::new();
        collect(&command(), &mut defined);
        let template = include_str!("../../../.env.example");
        let name = |line: &str| line.trim_start_matches(['#', ' ']).split_once('=').map(|(name, _)| name.to_owned());
        let is_name = |name: &String| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let listed: BTreeSet<String> = template.lines().filter_map(name).filter(is_name).collect();
        assert_eq!(listed, defined);
    }
}
