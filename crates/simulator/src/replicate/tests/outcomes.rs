//! How predictions can end, and what strange outputs look like.

use image::GenericImageView;

use super::*;

async fn outcome(sim: &Sim, outcome: Value) -> Value {
    sim.call(Method::DELETE, "/_sim/rules").send().await.unwrap();
    sim.control("/_sim/rules", json!({ "do": { "outcome": outcome } })).await;
    sim.finished(IDEOGRAM, json!({ "prompt": "a cat" })).await
}

#[tokio::test]
async fn failures_carry_the_texts_of_the_real_service() {
    let sim = Sim::quick().await;
    for (name, text) in [
        ("nsfw", "NSFW content detected. Try running it again, or try a different prompt."),
        ("all_nsfw", "All generated images contained NSFW content"),
        ("flagged", "(E005)"),
        ("high_demand", "(E003)"),
        ("interrupted", "Prediction interrupted; please retry (code: PA)"),
        ("director", "(E9828)"),
        ("out_of_memory", "(E1001)"),
        ("start_timeout", "(E6716)"),
    ] {
        let failed = outcome(&sim, json!(name)).await;
        assert_eq!((&failed["status"], &failed["output"]), (&json!("failed"), &Value::Null), "{name}");
        assert!(failed["error"].as_str().unwrap().contains(text), "{name}: {failed}");
    }
    let own = outcome(&sim, json!({ "fails": { "error": "boom" } })).await;
    assert_eq!(own["error"], "boom");
    assert_eq!(sim.get("/_sim/state").await["spent"], 0.0);
    sim.stop().await;
}

#[tokio::test]
async fn successes_without_a_picture_and_ends_without_a_start() {
    let sim = Sim::quick().await;
    let empty = outcome(&sim, json!("empty_list")).await;
    assert_eq!((&empty["status"], &empty["output"]), (&json!("succeeded"), &json!([])));
    let null = outcome(&sim, json!("null_output")).await;
    assert_eq!((&null["status"], &null["output"]), (&json!("succeeded"), &Value::Null));
    let aborted = outcome(&sim, json!("aborted")).await;
    assert_eq!((&aborted["status"], aborted.get("started_at")), (&json!("aborted"), None));
    let elsewhere = outcome(&sim, json!({ "other_host": { "url": "https://elsewhere.example/x.png" } })).await;
    assert_eq!(elsewhere["output"], "https://elsewhere.example/x.png");
    sim.stop().await;
}

#[tokio::test]
async fn what_never_ends_is_cancelled() {
    let sim = Sim::quick().await;
    sim.control(
        "/_sim/rules",
        json!([
            { "prompt": "endless", "do": { "outcome": "never_ends" } },
            { "prompt": "stuck", "do": { "outcome": "never_starts" } },
        ]),
    )
    .await;
    let endless = sim.created(IMAGEN, "endless").await;
    let stuck = sim.created(IMAGEN, "stuck").await;
    sim.wait("running=1&starting=1").await;
    for created in [endless, stuck] {
        sim.post(created["urls"]["cancel"].as_str().unwrap(), json!({})).await;
    }
    sim.wait("canceled=2").await;
    sim.stop().await;
}

#[tokio::test]
async fn strange_bytes_are_what_they_claim_to_be() {
    let sim = Sim::quick().await;
    let (_, corrupt) = sim.download(&outcome(&sim, json!("corrupt")).await["output"]).await;
    assert!(image::guess_format(&corrupt).is_ok() && image::load_from_memory(&corrupt).is_err());
    let (kind, honest) = sim.download(&outcome(&sim, json!("wrong_content_type")).await["output"]).await;
    assert_eq!(kind, "text/html; charset=utf-8");
    assert_eq!(image::load_from_memory(&honest).unwrap().dimensions(), (96, 96));
    let (kind, svg) = sim.download(&outcome(&sim, json!("svg")).await["output"]).await;
    assert!(kind == "image/svg+xml" && svg.starts_with(b"<svg"));
    let (_, heavy) = sim.download(&outcome(&sim, json!("heavy")).await["output"]).await;
    assert!(heavy.len() > 12_000_000);
    let (_, huge) = sim.download(&outcome(&sim, json!("huge_pixels")).await["output"]).await;
    let reader = image::ImageReader::new(std::io::Cursor::new(&huge)).with_guessed_format().unwrap();
    assert_eq!(reader.into_dimensions().unwrap(), (10_000, 6_000));
    assert!(huge.len() < 2_000_000, "{}", huge.len());
    sim.stop().await;
}

#[tokio::test]
async fn directives_work_only_where_they_are_switched_on() {
    let plain = Sim::quick().await;
    assert_eq!(plain.finished(IMAGEN, json!({ "prompt": "a cat !nsfw" })).await["status"], "succeeded");
    plain.stop().await;
    let demo = Sim::start(Options { directives: true, ..quick() }).await;
    assert_eq!(demo.finished(IMAGEN, json!({ "prompt": "a cat !nsfw" })).await["status"], "failed");
    assert_eq!(demo.finished(IMAGEN, json!({ "prompt": "a cat !slow" })).await["status"], "succeeded");
    demo.stop().await;
}
