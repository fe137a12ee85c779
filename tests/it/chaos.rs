//! The slice of chaos that every change must live through: 10,000 jobs while workers, Redis and connections break 200
//! times, and a history that the checker finds good. Longer ones: `cargo xtask chaos --jobs N --faults M --seed S`.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
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
