//! A model as `GET /v1/models/{owner}/{name}` shows it, with the `OpenAPI` schema of its inputs.

use serde_json::{Map, Value, json};

use super::{Default, Input, Kind, Model, Output};

/// The model object; `created_at` stands for every date of it.
pub(in super::super) fn document(model: &Model, created_at: &str) -> Value {
    let version = version(model, created_at);
    json!({
        "url": format!("https://replicate.com/{}", model.slug),
        "owner": model.owner(),
        "name": model.name(),
        "description": model.description,
        "visibility": "public",
        "is_official": true,
        "github_url": null,
        "paper_url": null,
        "license_url": null,
        "run_count": model.run_count,
        "cover_image_url": null,
        "default_example": null,
        "latest_version": version,
    })
}

/// One entry of the version list.
pub(in super::super) fn version(model: &Model, created_at: &str) -> Value {
    json!({
        "id": model.version(),
        "created_at": created_at,
        "cog_version": "0.14.1",
        "openapi_schema": openapi(model),
    })
}

fn openapi(model: &Model) -> Value {
    let mut schemas = Map::new();
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (order, input) in model.inputs.iter().enumerate() {
        let mut property = property(input);
        property["x-order"] = json!(order);
        if let Kind::Choice(values) = &input.kind {
            // the real schemas keep enums beside the inputs and refer to them
            let enumeration =
                json!({ "type": "string", "title": input.name, "enum": values, "description": "An enumeration." });
            schemas.insert(input.name.to_owned(), enumeration);
            property["allOf"] = json!([{ "$ref": format!("#/components/schemas/{}", input.name) }]);
        }
        match input.default {
            Default::Required => required.push(input.name),
            Default::None => {}
            Default::Text(value) => property["default"] = json!(value),
            Default::Integer(value) => property["default"] = json!(value),
            Default::Number(value) => property["default"] = json!(value),
            Default::Flag(value) => property["default"] = json!(value),
        }
        properties.insert(input.name.to_owned(), property);
    }
    schemas.insert(
        "Input".to_owned(),
        json!({ "type": "object", "title": "Input", "required": required, "properties": properties }),
    );
    let uri = json!({ "type": "string", "format": "uri", "title": "Output" });
    let output = match model.output {
        Output::One => uri,
        Output::Many => json!({ "type": "array", "items": { "type": "string", "format": "uri" }, "title": "Output" }),
    };
    schemas.insert("Output".to_owned(), output);
    json!({
        "openapi": "3.0.2",
        "info": { "title": "Cog", "version": "0.1.0" },
        "components": { "schemas": schemas },
    })
}

fn property(input: &Input) -> Value {
    let mut property = match &input.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Choice(_) => json!({}),
        Kind::Integer(low, high) => {
            let mut integer = json!({ "type": "integer" });
            if *low != i64::MIN {
                integer["minimum"] = json!(low);
                integer["maximum"] = json!(high);
            }
            integer
        }
        Kind::Number(low, high) => json!({ "type": "number", "minimum": low, "maximum": high }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Uri => json!({ "type": "string", "format": "uri" }),
        Kind::Uris(_) => json!({ "type": "array", "items": { "type": "string", "format": "uri" } }),
    };
    let title: String = input.name.split('_').map(capital).collect::<Vec<_>>().join(" ");
    property["title"] = json!(title);
    if matches!(input.default, Default::None) {
        property["nullable"] = json!(true);
    }
    property
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
