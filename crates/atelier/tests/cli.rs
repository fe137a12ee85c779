//! The executable as a person or a script meets it: exit codes, one-line refusals, the demo without a browser.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use atelier_queue::{PrivateRedis, PrivateSettings};
use serde_json::Value;

/// The executable in a directory, with nothing in its environment but the search path.
fn command(directory: &Path, words: &[&str]) -> Command {
    let path = std::env::var_os("PATH").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    command.args(words).current_dir(directory).env_clear().env("PATH", path);
    command
}

fn atelier(directory: &Path, words: &[&str]) -> Output {
    command(directory, words).output().unwrap()
}

/// A verb of the operator on a queue: exit code and answer.
fn operate(redis: &str, words: &[&str]) -> (Option<i32>, Value) {
    let directory = tempfile::tempdir().unwrap();
    let output = command(directory.path(), words).arg("--json").env("REDIS_URL", redis).output().unwrap();
    let answer = if output.stdout.is_empty() {
        Value::String(String::from_utf8(output.stderr).unwrap())
    } else {
        serde_json::from_slice(&output.stdout).unwrap()
    };
    (output.status.code(), answer)
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
        (&["queue", "cancel"], "which jobs"),
        (&["queue", "cancel", "--model", "imagen"], "say --all to cancel every job that fits"),
        (&["queue", "cancel", "--all", "06ak78xc31yft"], "one of these"),
        (&["queue", "retry", "--state", "done", "--all"], "dead, cancelled, delayed"),
        (&["queue", "purge", "--yes"], "--state done"),
        (&["queue", "purge", "--state", "waiting"], "done, dead, cancelled"),
        (&["queue", "pause", "--model", "imagen", "--user", "1:2"], "cannot be used with"),
        (&["queue", "pause", "--as", "two words"], "without spaces"),
        (&["queue", "limit", "--model", "imagen", "0"], "from 1 to 1000000, or none"),
        (&["queue", "limit", "--keep", "5s"], "at least 10m, or none"),
        (&["queue", "ls", "--older", "yesterday"], "1h30m"),
        (&["queue", "ls", "--user", "9"], "bot and user id"),
        (&["metrics", "--listen", "9464"], "ATELIER_METRICS"),
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

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_looked_at_and_steered() {
    let data = tempfile::tempdir().unwrap();
    let settings = PrivateSettings { data: data.path().to_owned(), port: None, program: None };
    let server = PrivateRedis::start(settings).await.unwrap();
    let redis = server.address();
    let done = |words: &[&str]| {
        let (code, answer) = operate(&redis, words);
        assert_eq!(code, Some(0), "{words:?}: {answer}");
        answer
    };
    assert_eq!(done(&["queue", "stats"])["waiting"], 0);
    let paused = done(&["queue", "pause", "--model", "imagen", "--why", "a bill", "--as", "tester"]);
    assert_eq!((&paused["what"]["model"], &paused["changed"]), (&"imagen".into(), &true.into()));
    assert_eq!(done(&["queue", "stats"])["models"][0]["paused"]["why"], "a bill");
    assert_eq!(done(&["queue", "limit", "--model", "imagen", "4", "--keep", "2d"])["limits"]["keep_ms"], 172_800_000);
    assert_eq!(done(&["queue", "limit"])["limits"]["models"]["imagen"], 4);
    assert_eq!(done(&["queue", "drain"])["empty"], true);
    assert_eq!(done(&["queue", "reopen"])["changed"], true);
    for words in [&["ls"][..], &["workers"], &["cancel", "--all"], &["retry", "--all"], &["purge", "--state", "done"]] {
        done(&[&["queue"], words].concat());
    }
    let actions = done(&["queue", "actions"]);
    let actors: Vec<&str> =
        actions["actions"].as_array().unwrap().iter().map(|a| a["actor"].as_str().unwrap()).collect();
    assert_eq!((actors.len(), actors[0]), (5, "operator:tester"));
    assert!(actors[1].starts_with("operator:") && actors[1].contains('@'), "{actors:?}");
    for words in [["queue", "show"], ["queue", "batch"], ["queue", "cancel"], ["queue", "retry"]] {
        let (code, answer) = operate(&redis, &[&words[..], &["06ak78xc31yft"]].concat());
        assert_eq!(code, Some(1), "{words:?}: {answer}");
    }
    server.kill().await;
    let (code, said) = operate(&redis, &["queue", "stats"]);
    assert_eq!(code, Some(69), "{said}");
    assert!(said.as_str().is_some_and(|said| said.lines().count() == 1 && said.contains("no connection")), "{said}");
}

/// A process that ends with its guard.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_are_served_until_the_signal() {
    let data = tempfile::tempdir().unwrap();
    let settings = PrivateSettings { data: data.path().to_owned(), port: None, program: None };
    let server = PrivateRedis::start(settings).await.unwrap();
    let words = ["metrics", "--listen", "127.0.0.1:0"];
    let mut metrics = command(data.path(), &words);
    let metrics = metrics.env("REDIS_URL", server.address()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut metrics = Served(metrics.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(metrics.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(port).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(get("/healthz").starts_with("HTTP/1.1 200"));
    assert!(get("/metrics").contains("\natelier_queue_accepted_total 0\n"));
    server.kill().await;
    assert!(get("/stats").starts_with("HTTP/1.1 503"));
    let pid = rustix::process::Pid::from_child(&metrics.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(metrics.0.wait().unwrap().success());
}
