//! A prediction in simulated time.

use super::*;

fn prediction() -> Prediction {
    Prediction {
        id: new_id(),
        model: "google/imagen-4-ultra".to_owned(),
        input: json!({ "prompt": "a cat" }).as_object().unwrap().clone(),
        status: Status::Starting,
        created_at: 1000,
        started_at: None,
        completed_at: None,
        deadline: None,
        starts_at: 1500,
        finishes_at: 5000,
        outcome: Outcome::Succeeds,
        seed: 3,
        error: None,
        largest_side: 128,
        charged: 0.0,
        hook: None,
        seen: Seen::default(),
        was_held: false,
        released: false,
        wake: Arc::default(),
    }
}

#[test]
fn time_moves_it_from_starting_to_succeeded() {
    let mut it = prediction();
    assert_eq!(it.advance(1400, false), Next::At(1500));
    assert_eq!(it.advance(1600, false), Next::At(5000));
    assert_eq!(it.status, Status::Processing);
    assert_eq!(it.advance(5000, false), Next::Over);
    assert_eq!((it.status, it.completed_at), (Status::Succeeded, Some(5000)));
}

#[test]
fn a_server_that_was_down_finds_it_finished_on_time() {
    let mut it = prediction();
    assert_eq!(it.advance(900_000, false), Next::Over);
    assert_eq!((it.started_at, it.completed_at), (Some(1500), Some(5000)));
}

#[test]
fn a_hold_keeps_it_processing() {
    let mut it = prediction();
    assert_eq!(it.advance(2000, true), Next::At(5000));
    assert_eq!(it.advance(9000, true), Next::Unknown);
    assert_eq!(it.status, Status::Processing);
    assert_eq!(it.advance(9500, false), Next::Over);
    assert_eq!(it.completed_at, Some(9500));
}

#[test]
fn a_deadline_aborts_before_the_start_and_cancels_after_it() {
    let mut early = Prediction { deadline: Some(1200), ..prediction() };
    early.advance(2000, false);
    assert_eq!((early.status, early.started_at), (Status::Aborted, None));
    let mut late = Prediction { deadline: Some(4000), ..prediction() };
    late.advance(9000, false);
    assert_eq!((late.status, late.completed_at), (Status::Canceled, Some(4000)));
    let mut endless = Prediction { deadline: Some(6000), outcome: Outcome::NeverEnds, ..prediction() };
    assert_eq!(endless.advance(5500, false), Next::At(6000));
    endless.advance(6000, false);
    assert_eq!(endless.status, Status::Canceled);
}

#[test]
fn a_failure_says_why_and_an_expired_one_says_nothing() {
    let mut it = Prediction { outcome: Outcome::Flagged, ..prediction() };
    it.advance(6000, false);
    let wire = it.wire("http://sim", 6000, 3_600_000);
    assert!(wire["error"].as_str().unwrap().contains("(E005)") && wire["output"].is_null());
    let later = it.wire("http://sim", 6000 + 3_600_000, 3_600_000);
    assert_eq!((&later["data_removed"], &later["input"]), (&json!(true), &json!({})));
}

#[test]
fn a_starting_prediction_has_no_output_and_progress_shows_in_the_logs() {
    let mut it = prediction();
    assert!(it.wire("http://sim", 1000, 1).get("output").is_none());
    it.advance(3250, false);
    assert!(it.wire("http://sim", 3250, 1)["logs"].as_str().unwrap().contains(" 50%|█████     | 14/28"));
}
