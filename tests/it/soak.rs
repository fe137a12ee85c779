//! The slice of the soak that every change must live through: chats, bots and workers under Telegram's limits, with
//! kills and cut connections. The full size: `cargo xtask soak`.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

#[tokio::test]
async fn chats_stay_whole_under_telegrams_limits_while_processes_die() {
    // the driver stands beside the executable
    let mut driver = Command::new(harness::executable().with_file_name("soak"));
    driver.args(["--jobs", "180", "--chats", "90", "--workers", "30", "--faults", "20", "--rate", "15", "--json"]);
    driver.stdin(Stdio::null()).kill_on_drop(true);
    let output = driver.output().await.expect("the driver is built: cargo build --bins makes it");
    let (said, steps) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}:\n{steps}\n{said}", output.status);
    let report: Value = serde_json::from_str(said.lines().last().expect("a last line")).expect("a report");
    assert_eq!((&report["counts"]["pictures"], &report["ends"]["done"]), (&180.into(), &180.into()), "{said}");
    // a run in which nothing went wrong has shown nothing
    for count in ["scripted 429", "requests without an answer", "results whose wait was measured"] {
        assert!(report["counts"][count].as_u64() > Some(0), "{count}: {said}");
    }
    println!("{said}");
}
