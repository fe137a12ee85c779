//! What the README tells people to type and to write is read by what reads it from them.

use atelier_domain::{Catalogue, JobId};
use atelier_provider::{Providers, Surroundings};
use clap::Command;
use clap::error::ErrorKind;
use secrecy::SecretString;

use super::command;

const README: &str = include_str!("../../../../README.md");

/// What stands between back-ticks, line by line.
fn code() -> impl Iterator<Item = &'static str> {
    README.split('`').skip(1).step_by(2).flat_map(str::lines).map(str::trim)
}

/// The verb that a line begins with.
fn verb<'a>(command: &'a Command, words: &[String]) -> &'a Command {
    let next = words.first().and_then(|word| command.find_subcommand(word));
    next.map_or(command, |next| verb(next, &words[1..]))
}

#[test]
fn every_command_of_the_readme_is_understood() {
    let job = JobId::new(1_795_000_000_000, 7).to_string();
    let example = |word: &str| match word {
        "JOB" | "JOB…" | "ID" => job.clone(),
        "BOT:USER" => "77:9".to_owned(),
        word => word.to_owned(),
    };
    let command = command();
    let (mut lines, mut flags) = (0, 0);
    for line in code().filter_map(|line| line.strip_prefix("atelier ")) {
        let (typed, said) = line.split_once(" #").unwrap_or((line, ""));
        let words: Vec<String> = typed.split_whitespace().map(example).collect();
        let result = command.clone().try_get_matches_from([vec!["atelier".to_owned()], words.clone()].concat());
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::DisplayHelp, "{line}: {error}");
        }
        lines += 1;
        let verb = verb(&command, &words);
        for flag in said.split([' ', ',', ';']).filter_map(|word| word.strip_prefix("--")) {
            let known = verb.get_arguments().any(|argument| argument.get_long() == Some(flag));
            assert!(known, "{line}: there is no --{flag}");
            flags += 1;
        }
    }
    assert!(lines > 15 && flags > 10, "{lines} lines and {flags} flags were found");
}

#[test]
fn the_readmes_example_of_accounts_and_models_can_be_used_as_it_stands() {
    let (_, rest) = README.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let graph = r#"{"1": {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%"}}}"#;
    let around = Surroundings {
        variable: &|name| (name == "OPENAI_API_KEY").then(|| SecretString::from("key")),
        file: &|_| Ok(graph.to_owned()),
    };
    let providers = Providers::none().and_accounts(example, &around).unwrap();
    let catalogue = Catalogue::with(example).unwrap();
    let model = catalogue.find("flux-local").unwrap();
    assert!(providers.serves(model));
    assert_eq!((providers.iter().count(), providers.at_once(model)), (3, Some(2)));
}
