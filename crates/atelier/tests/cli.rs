//! The executable as a person or a script meets it: exit codes, one-line refusals, the demo without a browser.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the executable in a directory, with nothing in its environment but the search path.
fn atelier(directory: &Path, words: &[&str]) -> Output {
    let path = std::env::var_os("PATH").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    command.args(words).current_dir(directory).env_clear().env("PATH", path).output().unwrap()
}

fn refusal(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(64), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn wrong_and_missing_settings_end_with_64_and_one_line() {
    let directory = tempfile::tempdir().unwrap();
    for (words, part) in [
        (&["worker", "--lease", "0"][..], "ATELIER_LEASE"),
        (&["up"], "@BotFather"),
        (&["bot", "--telegram-token", "12:secretsecretsecret!"], "TELEGRAM_BOT_TOKEN"),
        (&["queue", "stats"], "REDIS_URL"),
        (&["queue", "stats", "--redis", "https://:secret@host"], "REDIS_URL"),
        (&["demo", "--out", "x"], "--prompt <TEXT>"),
        (&["frobnicate"], "atelier --help"),
    ] {
        let said = refusal(&atelier(directory.path(), words));
        assert!(said.contains(part) && !said.contains("secret"), "{said}");
    }
}

#[test]
fn settings_come_from_a_file_and_empty_ones_count_as_none() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(".env");
    std::fs::write(&file, "ATELIER_CONCURRENCY=many\n").unwrap();
    assert!(refusal(&atelier(directory.path(), &["worker"])).contains("'many' for '--concurrency <N>'"));
    std::fs::write(&file, "ATELIER_CONCURRENCY=\nREDIS_URL=\nTELEGRAM_API_URL=\nATELIER_LOG=\n").unwrap();
    assert!(refusal(&atelier(directory.path(), &["worker"])).contains("@BotFather"));
    std::fs::write(&file, "TELEGRAM_BOT_TOKEN=a\nhunter2 is my password\n").unwrap();
    let said = refusal(&atelier(directory.path(), &["worker"]));
    assert!(said.contains(".env") && !said.contains("hunter2"), "{said}");
}

#[test]
fn doctor_says_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let output = atelier(directory.path(), &["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let diagnosis: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(diagnosis["ok"], false);
    let token = &diagnosis["findings"][0];
    assert_eq!((&token["name"], &token["verdict"]), (&"telegram token".into(), &"fail".into()));
    assert!(token["fix"].as_str().unwrap().contains("@BotFather"));
}

#[test]
fn the_demo_turns_prompts_into_files() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["demo", "--prompt", "a red fox", "--prompt", "two boats", "--model", "sketch", "--n", "2"];
    let output = atelier(directory.path(), &[&words[..], &["--ar", "3:2", "--out", "pictures", "--json"]].concat());
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{log}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["wanted"], &report["arrived"]), (&4.into(), &4.into()));
    for job in report["jobs"].as_array().unwrap() {
        let file = directory.path().join(job["file"].as_str().unwrap());
        assert!(std::fs::metadata(&file).unwrap().len() > 1000, "{}", file.display());
        assert_eq!(job["state"], "done");
    }
    assert!(!directory.path().join(".atelier").exists(), "it leaves nothing but pictures behind");
}

#[test]
fn the_demo_fails_when_a_picture_does_not_come() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["demo", "--prompt", "--n 11 a crowd", "--out", "pictures", "--data", "data"];
    let output = atelier(directory.path(), &words);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("refused") && said.contains("0 of 1 pictures arrived"), "{said}");
}
