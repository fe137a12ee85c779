//! Predictions survive a restart of the server.

use super::*;

#[tokio::test]
async fn predictions_survive_and_finish_on_time() {
    let directory = tempfile::tempdir().unwrap();
    let options = || Options { data_dir: Some(directory.path().to_owned()), ..quick() };
    let sim = Sim::start(options()).await;
    sim.control("/_sim/hold", json!({ "prompt": "held" })).await;
    sim.control("/_sim/rules", json!({ "prompt": "endless", "do": { "outcome": "never_ends" } })).await;
    let done = sim.finished(IMAGEN, json!({ "prompt": "done" })).await;
    let held = sim.created(IMAGEN, "held").await;
    let endless = sim.created(IMAGEN, "endless").await;
    sim.wait("held=1&running=2").await;
    let picture = sim.download(&done["output"]).await.1;
    sim.stop().await;

    let sim = Sim::start(options()).await;
    let state = sim.wait("succeeded=2&running=1").await;
    assert_eq!(state["predictions"].as_array().unwrap().len(), 3);
    let get = async |created: &Value| sim.get(&format!("/v1/predictions/{}", created["id"].as_str().unwrap())).await;
    let again = get(&done).await;
    assert_eq!((&again["completed_at"], &again["metrics"]), (&done["completed_at"], &done["metrics"]));
    assert!(again["output"].as_str().unwrap().starts_with(&sim.base));
    assert_eq!(sim.download(&again["output"]).await.1, picture);
    assert_eq!(get(&held).await["status"], "succeeded");
    assert_eq!(get(&endless).await["status"], "processing");
    sim.stop().await;
}

#[tokio::test]
async fn an_unusable_data_directory_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options { data_dir: Some(file.path().to_owned()), ..quick() };
    let error = serve(listener, options, CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, ServeError::DataDir { .. }), "{error}");
}
