//! `POST`, `GET` and `DELETE /v1/files`: uploads kept in memory for a day.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{ConnectInfo, Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use md5::Md5;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::faults::{Route, Subject};
use super::prediction::new_id;
use super::problem::{Problem, hex};
use super::routes::{Client, Shared, base, gate};
use super::time::{self, Millis, rfc3339};

const LARGEST: usize = 100 * 1000 * 1000;
/// Uploads beyond this many bytes push out the oldest.
const ROOM: usize = 400 * 1000 * 1000;
const KEPT: Millis = 24 * 3_600_000;

/// All uploads.
#[derive(Debug, Default)]
pub(super) struct Shelf(BTreeMap<String, Upload>);

#[derive(Debug, Clone)]
struct Upload {
    id: String,
    name: String,
    content_type: String,
    bytes: Bytes,
    metadata: Value,
    created_at: Millis,
}

impl Shelf {
    fn put(&mut self, upload: Upload) {
        let limit = upload.created_at - KEPT;
        self.0.retain(|_, known| known.created_at > limit);
        self.0.insert(upload.id.clone(), upload);
        while self.0.values().map(|known| known.bytes.len()).sum::<usize>() > ROOM {
            let oldest = self.0.values().min_by_key(|known| known.created_at).map(|known| known.id.clone());
            let Some(oldest) = oldest else { return };
            self.0.remove(&oldest);
        }
    }
}

impl Upload {
    fn wire(&self, base: &str) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "content_type": self.content_type,
            "size": self.bytes.len(),
            "etag": hex(&Md5::digest(&self.bytes)),
            "checksums": { "sha256": hex(&Sha256::digest(&self.bytes)), "md5": hex(&Md5::digest(&self.bytes)) },
            "metadata": self.metadata,
            "created_at": rfc3339(self.created_at),
            "expires_at": rfc3339(self.created_at + KEPT),
            "urls": { "get": format!("{base}/v1/files/{}", self.id) },
        })
    }
}

pub(super) async fn upload(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Files, &Subject::default(), &headers).await?;
    let read = match form {
        Ok(form) => read(form).await,
        Err(_) => Err(Problem::bad_request("The request must be multipart/form-data with a content field")),
    };
    Ok(match read {
        Ok(upload) => {
            let shown = upload.wire(&base(&headers));
            world.update(|state| state.shelf.put(upload));
            pass.answer((StatusCode::CREATED, Json(shown)))
        }
        Err(problem) => pass.answer(problem),
    })
}

async fn read(mut form: Multipart) -> Result<Upload, Problem> {
    let broken = |_| Problem::bad_request("The multipart body cannot be read");
    let (mut content, mut metadata) = (None, json!({}));
    let (mut name, mut kind) = (None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "content" => {
                name = name.or(field.file_name().map(str::to_owned));
                kind = kind.or(field.content_type().map(str::to_owned));
                content = Some(field.bytes().await.map_err(|error| match error.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
                    _ => Problem::bad_request("The multipart body cannot be read"),
                })?);
            }
            "metadata" => {
                let text = field.text().await.map_err(broken)?;
                metadata = serde_json::from_str(&text).map_err(|_| Problem::bad_request("metadata must be JSON"))?;
            }
            "filename" => name = Some(field.text().await.map_err(broken)?),
            "type" => kind = Some(field.text().await.map_err(broken)?),
            _ => {}
        }
    }
    let Some(bytes) = content else { return Err(Problem::bad_request("The content field is required")) };
    if bytes.len() > LARGEST {
        return Err(Problem::too_large());
    }
    let name = name.unwrap_or_else(|| "file".to_owned());
    if name.len() > 255 {
        return Err(Problem::bad_request("filename must be at most 255 bytes"));
    }
    let content_type = kind.unwrap_or_else(|| "application/octet-stream".to_owned());
    Ok(Upload { id: new_id(), name, content_type, bytes, metadata, created_at: time::now() })
}

pub(super) async fn list(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Files, &Subject::default(), &headers).await?;
    let base = base(&headers);
    let results: Vec<Value> = world.read(|state| state.shelf.0.values().map(|known| known.wire(&base)).collect());
    Ok(pass.answer(Json(json!({ "next": null, "previous": null, "results": results }))))
}

pub(super) async fn show(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Files, &Subject::default(), &headers).await?;
    let found = world.read(|state| state.shelf.0.get(&id).map(|known| known.wire(&base(&headers))));
    Ok(found.map_or_else(|| Problem::missing("The specified file").into_response(), |shown| pass.answer(Json(shown))))
}

pub(super) async fn remove(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Files, &Subject::default(), &headers).await?;
    let removed = world.update(|state| state.shelf.0.remove(&id));
    Ok(match removed {
        Some(_) => pass.answer(StatusCode::NO_CONTENT),
        None => pass.answer(Problem::missing("The specified file")),
    })
}

/// The bytes of an upload, for tests that want to see what arrived.
pub(super) async fn download(
    State(world): Shared,
    ConnectInfo(line): Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let pass = gate(&world, &line, Route::Files, &Subject::default(), &headers).await?;
    let found = world.read(|state| state.shelf.0.get(&id).cloned());
    Ok(match found {
        Some(known) => pass.answer(([(header::CONTENT_TYPE, known.content_type)], known.bytes)),
        None => pass.answer(Problem::missing("The specified file")),
    })
}
