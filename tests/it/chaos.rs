//! The slice of chaos that every change must live through: 10,000 jobs while workers, Redis and connections break 200
//! times, and a history that the checker finds good. Longer ones: `cargo xtask chaos --jobs N --faults M --seed S`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// The driver stands beside the executable.
fn driver() -> PathBuf {
    harness::executable().with_file_name("chaos")
}

#[tokio::test]
async fn ten_thousand_jobs_live_through_two_hundred_faults() {
    let mut driver = Command::new(driver());
    driver.args(["--jobs", "10000", "--faults", "200", "--seed", "1", "--json"]);
    driver.stdin(Stdio::null()).kill_on_drop(true);
    let output = driver.output().await.expect("the driver is built: cargo build --bins makes it");
    let (said, faults) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}:\n{faults}\n{said}", output.status);
    let report: Value = serde_json::from_str(said.lines().last().expect("a last line")).expect("a report");
    assert_eq!((&report["jobs"], &report["violations"]), (&10_000.into(), &0.into()), "{said}");
    let faults: u64 = report["faults"].as_object().expect("faults").values().filter_map(Value::as_u64).sum();
    assert_eq!(faults, 200, "{said}");
    // a run in which nobody was lost has shown nothing
    for count in ["recoveries", "stale_refused", "retried_after_end"] {
        assert!(report["counted"][count].as_u64() > Some(0), "{count}: {said}");
    }
    println!("{said}");
}

/// The children of a process that still run.
fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("a system with /proc");
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|number| field_of(*number, "PPid:") == Some(parent.to_string())).collect()
}

fn field_of(process: u32, field: &str) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| Some(line.strip_prefix(field)?.trim().to_owned()))
}

/// Even a driver that is killed takes its processes with it, stopped ones included.
#[tokio::test]
async fn a_killed_driver_leaves_no_process_behind() {
    let mut driver = Command::new(driver());
    driver.args(["--jobs", "5000", "--faults", "500"]).stdin(Stdio::null()).stdout(Stdio::null());
    let mut driver = driver.stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("the driver is built");
    let mut faults = BufReader::new(driver.stderr.take().expect("its errors")).lines();
    while let Some(line) = faults.next_line().await.expect("a line") {
        // from here on one of its workers does not run
        if line.contains("stop_worker") {
            break;
        }
    }
    let children = children_of(driver.id().expect("a running driver"));
    assert!(children.len() >= 4, "{children:?}");
    driver.kill().await.expect("a kill");
    let gone = async {
        // a process that nobody waits for stays as a zombie until the system's first process does
        let runs = |child: &u32| field_of(*child, "State:").is_some_and(|state| !state.starts_with('Z'));
        while children.iter().any(runs) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("no process is left");
}
