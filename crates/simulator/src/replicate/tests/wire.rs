//! The public API: shapes, headers, literal errors, models, lists, files.

use image::GenericImageView;

use super::*;

#[tokio::test]
async fn a_prediction_goes_from_starting_to_a_picture() {
    let sim = Sim::quick().await;
    sim.control("/_sim/hold", json!({})).await;
    let answer = sim.create(IDEOGRAM, &json!({ "prompt": "a lighthouse" })).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["ratelimit-remaining"], "599");
    assert_eq!(answer.headers()["ratelimit-reset"], "1");
    let created: Value = answer.json().await.unwrap();
    assert_eq!(created["id"].as_str().unwrap().len(), 26);
    assert_eq!((&created["version"], &created["model"]), (&json!("hidden"), &json!(IDEOGRAM)));
    assert_eq!(created["urls"]["get"], format!("{}/v1/predictions/{}", sim.base, created["id"].as_str().unwrap()));

    sim.wait("held=1").await;
    let running = sim.get(created["urls"]["get"].as_str().unwrap()).await;
    assert_eq!((&running["status"], &running["output"]), (&json!("processing"), &Value::Null));
    sim.control("/_sim/release", json!({})).await;
    sim.wait("succeeded=1").await;
    let done = sim.get(created["urls"]["get"].as_str().unwrap()).await;
    assert_eq!(done["status"], "succeeded");
    assert!(done["logs"].as_str().unwrap().contains("100%|██████████| 28/28"));
    assert_eq!(done["metrics"]["image_count"], 1);
    let (content_type, bytes) = sim.download(&done["output"]).await;
    assert_eq!(content_type, "image/png");
    assert_eq!(image::load_from_memory(&bytes).unwrap().dimensions(), (96, 96));
    sim.stop().await;
}

#[tokio::test]
async fn every_model_gives_its_own_shape_and_format() {
    let sim = Sim::quick().await;
    for (model, extra, expected) in [
        (IDEOGRAM, json!({ "aspect_ratio": "16:9" }), "image/png"),
        (SEEDREAM, json!({}), "image/jpeg"),
        (IMAGEN, json!({ "output_format": "png" }), "image/png"),
        ("google/nano-banana", json!({}), "image/jpeg"),
        ("black-forest-labs/flux-1.1-pro", json!({}), "image/webp"),
        ("recraft-ai/recraft-v3-svg", json!({}), "image/svg+xml"),
        ("bytedance/seedance-1-lite", json!({}), "video/mp4"),
    ] {
        let mut input = extra;
        input["prompt"] = json!("a fox by the sea");
        let done = sim.finished(model, input).await;
        assert_eq!(done["status"], "succeeded", "{model}");
        let (content_type, bytes) = sim.download(&done["output"]).await;
        assert_eq!(content_type, expected, "{model}");
        if expected == "image/svg+xml" {
            assert!(bytes.starts_with(b"<svg"), "{model}");
        } else if expected == "video/mp4" {
            assert_eq!(&bytes[4..12], b"ftypisom", "{model}");
        } else {
            let format = image::guess_format(&bytes).unwrap();
            assert_eq!(format.to_mime_type(), expected, "{model}");
            image::load_from_memory(&bytes).unwrap();
        }
    }
    let many = sim.finished("black-forest-labs/flux-schnell", json!({ "prompt": "x", "num_outputs": 3 })).await;
    let urls = many["output"].as_array().unwrap();
    assert_eq!(urls.len(), 3);
    assert_ne!(sim.download(&urls[0]).await.1, sim.download(&urls[1]).await.1);
    sim.stop().await;
}

#[tokio::test]
async fn tokens_are_checked_with_the_literal_texts() {
    let sim = Sim::start(Options { tokens: vec!["r8_known".to_owned()], ..quick() }).await;
    let url = format!("{}/v1/account", sim.base);
    let none: Value = sim.client.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        none,
        json!({ "title": "Unauthenticated", "detail": "You did not pass an authentication token", "status": 401 })
    );
    let wrong = sim.client.get(&url).bearer_auth("r8_other").send().await.unwrap();
    assert_eq!(
        (wrong.status().as_u16(), wrong.headers()["content-type"].to_str().unwrap()),
        (401, "application/problem+json")
    );
    let wrong: Value = wrong.json().await.unwrap();
    assert_eq!(wrong["detail"], "You did not pass a valid authentication token");
    let right = sim.client.get(&url).bearer_auth("r8_known").send().await.unwrap();
    assert_eq!(right.headers()["ratelimit-remaining"], "2999");
    assert_eq!(right.json::<Value>().await.unwrap()["username"], "atelier");
    sim.stop().await;
}

#[tokio::test]
async fn wrong_requests_get_the_literal_errors() {
    let sim = Sim::quick().await;
    let path = format!("/v1/models/{IDEOGRAM}/predictions");
    let enumeration = sim.post(&path, json!({ "input": { "prompt": "x", "aspect_ratio": "7:5" } })).await;
    assert_eq!(enumeration.status(), 422);
    let body: Value = enumeration.json().await.unwrap();
    assert_eq!(body["title"], "Input validation failed");
    assert!(
        body["detail"]
            .as_str()
            .unwrap()
            .starts_with("- input.aspect_ratio: aspect_ratio must be one of the following: \"1:3\", ")
    );
    assert_eq!(body["invalid_fields"][0]["type"], "enum");

    let missing: Value = sim.post(&path, json!({ "input": {} })).await.json().await.unwrap();
    assert_eq!(missing["detail"], "- input: prompt is required\n");
    assert_eq!(
        (&missing["invalid_fields"][0]["type"], &missing["invalid_fields"][0]["field"]),
        (&json!("required"), &json!("input"))
    );

    let stray = sim.post(&path, json!({ "input": { "prompt": "x" }, "job": 7 })).await;
    assert_eq!(stray.status(), 422);
    assert!(stray.text().await.unwrap().contains("Additional property job is not allowed"));

    let unknown = sim.post("/v1/models/nobody/nothing/predictions", json!({ "input": { "prompt": "x" } })).await;
    assert_eq!(unknown.status(), 404);
    let unknown: Value = unknown.json().await.unwrap();
    assert!(unknown.get("title").is_none() && unknown["detail"].as_str().unwrap().ends_with("does not exist"));

    let version: Value =
        sim.post("/v1/predictions", json!({ "version": "f".repeat(64), "input": {} })).await.json().await.unwrap();
    assert_eq!(version["title"], "Invalid version or not permitted");

    let broken =
        sim.call(Method::POST, &path).body("{").header("content-type", "application/json").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    let short = sim.create(IDEOGRAM, &json!({ "prompt": "x" })).header("cancel-after", "4s").send().await.unwrap();
    assert_eq!(short.status(), 400);
    let gone = sim.call(Method::GET, "/v1/predictions/nothing").send().await.unwrap();
    assert_eq!(gone.status(), 404);
    assert_eq!(sim.get("/_sim/state").await["creates"], 0);
    sim.stop().await;
}

#[tokio::test]
async fn versions_name_models_in_three_ways() {
    let sim = Sim::quick().await;
    let document = sim.get(&format!("/v1/models/{SEEDREAM}")).await;
    let hash = document["latest_version"]["id"].as_str().unwrap();
    let schema = &document["latest_version"]["openapi_schema"]["components"]["schemas"];
    assert_eq!(schema["Input"]["required"], json!(["prompt"]));
    assert_eq!(schema["Input"]["properties"]["guidance_scale"]["maximum"], 10.0);
    assert_eq!(schema["aspect_ratio"]["enum"][8], "custom");
    for version in [SEEDREAM.to_owned(), hash.to_owned(), format!("{SEEDREAM}:{hash}")] {
        let answer = sim.post("/v1/predictions", json!({ "version": version, "input": { "prompt": "x" } })).await;
        assert_eq!(answer.status(), 201, "{version}");
        assert_eq!(answer.json::<Value>().await.unwrap()["model"], SEEDREAM);
    }
    sim.stop().await;
}

#[tokio::test]
async fn waiting_answers_201_when_done_and_202_when_not() {
    let sim = Sim::quick().await;
    let done = sim.create(IMAGEN, &json!({ "prompt": "x" })).header("prefer", "wait").send().await.unwrap();
    assert_eq!((done.status().as_u16(), done.headers()["preference-applied"].to_str().unwrap()), (201, "wait=60"));
    assert_eq!(done.json::<Value>().await.unwrap()["status"], "succeeded");
    sim.control("/_sim/hold", json!({})).await;
    let open = sim.create(IMAGEN, &json!({ "prompt": "x" })).header("prefer", "wait=1").send().await.unwrap();
    assert_eq!(open.status(), 202);
    assert!(open.headers()["location"].to_str().unwrap().contains("/v1/predictions/"));
    sim.stop().await;
}

#[tokio::test]
async fn cancelling_ends_it_once() {
    let sim = Sim::quick().await;
    sim.control("/_sim/hold", json!({})).await;
    let created = sim.created(IMAGEN, "a cat").await;
    sim.wait("held=1").await;
    for _ in 0..2 {
        let canceled = sim.post(created["urls"]["cancel"].as_str().unwrap(), json!({})).await;
        assert_eq!(canceled.status(), 200);
        assert_eq!(canceled.json::<Value>().await.unwrap()["status"], "canceled");
    }
    let state = sim.wait("canceled=1&cancels=2").await;
    assert_eq!(state["held"], 0);
    assert_eq!(sim.post("/v1/predictions/nothing/cancel", json!({})).await.status(), 404);
    sim.stop().await;
}

#[tokio::test]
async fn lists_are_newest_first_in_pages_of_a_hundred() {
    let sim = Sim::quick().await;
    sim.control("/_sim/hold", json!({})).await;
    let mut ids = Vec::new();
    for number in 0..205 {
        let created = sim.created(IMAGEN, &format!("picture {number}")).await;
        ids.push(created["id"].as_str().unwrap().to_owned());
    }
    ids.reverse();
    let mut seen: Vec<String> = Vec::new();
    let mut url = format!("{}/v1/predictions", sim.base);
    let mut sizes = Vec::new();
    let previous = loop {
        let page = sim.get(&url).await;
        let results = page["results"].as_array().unwrap().clone();
        sizes.push(results.len());
        seen.extend(results.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break page["previous"].clone(),
        }
    };
    assert_eq!((sizes, &seen), (vec![100, 100, 5], &ids));
    let back = sim.get(previous.as_str().unwrap()).await;
    assert_eq!(back["results"][0]["id"], ids[100]);

    let newest = sim.get(&format!("/v1/predictions/{}", ids[0])).await;
    let after = newest["created_at"].as_str().unwrap();
    let since = sim.get(&format!("/v1/predictions?created_after={after}")).await;
    assert!(!since["results"].as_array().unwrap().is_empty() && since["results"].as_array().unwrap().len() < 50);
    let before = sim.get("/v1/predictions?created_before=2020-01-01T00:00:00Z").await;
    assert_eq!(before["results"], json!([]));
    let wrong = sim.call(Method::GET, "/v1/predictions?created_after=soon").send().await.unwrap();
    assert_eq!(wrong.status(), 400);
    sim.stop().await;
}

#[tokio::test]
async fn outputs_and_inputs_are_gone_after_their_lifetime() {
    let sim = Sim::start(Options { lifetime: Duration::ZERO, ..quick() }).await;
    let created = sim.created(IMAGEN, "a cat").await;
    sim.wait("succeeded=1").await;
    let gone = sim.get(created["urls"]["get"].as_str().unwrap()).await;
    assert_eq!((&gone["output"], &gone["input"], &gone["data_removed"]), (&Value::Null, &json!({}), &json!(true)));
    let id = created["id"].as_str().unwrap();
    let file = sim.call(Method::GET, &format!("/delivery/{id}/out-0.jpg")).send().await.unwrap();
    assert_eq!(file.status(), 404);
    sim.stop().await;
}

#[tokio::test]
async fn files_are_taken_shown_and_removed() {
    let sim = Sim::quick().await;
    let part = reqwest::multipart::Part::bytes(b"hello".to_vec()).file_name("a.txt").mime_str("text/plain").unwrap();
    let form = reqwest::multipart::Form::new().part("content", part).text("metadata", r#"{"job":"7"}"#);
    let answer = sim.call(Method::POST, "/v1/files").multipart(form).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let file: Value = answer.json().await.unwrap();
    assert_eq!(
        (&file["size"], &file["content_type"], &file["metadata"]["job"]),
        (&json!(5), &json!("text/plain"), &json!("7"))
    );
    assert_eq!(file["checksums"]["md5"], "5d41402abc4b2a76b9719d911017c592");
    let url = file["urls"]["get"].as_str().unwrap();
    assert_eq!(sim.get(url).await["id"], file["id"]);
    assert_eq!(sim.call(Method::DELETE, url).send().await.unwrap().status(), 204);
    assert_eq!(sim.call(Method::GET, url).send().await.unwrap().status(), 404);
    let empty = sim.call(Method::POST, "/v1/files").body("x").send().await.unwrap();
    assert_eq!(empty.status(), 400);
    sim.stop().await;
}
