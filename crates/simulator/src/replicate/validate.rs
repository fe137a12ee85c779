//! Checks a prediction's input against its model, with the messages of the real service.
//!
//! An input the model does not know is ignored by the real service. Here it is refused: it is a mistake of the client.

use serde_json::{Map, Value};

use super::models::{Default, Input, Kind, Model};
use super::problem::InvalidField;

/// Refuses an input with the list of what is wrong.
pub(super) fn check(model: &Model, input: &Map<String, Value>) -> Result<(), Vec<InvalidField>> {
    let mut wrong = Vec::new();
    for known in model.inputs {
        match input.get(known.name) {
            None if matches!(known.default, Default::Required) => wrong.push(InvalidField {
                kind: "required",
                field: "input".to_owned(),
                description: format!("{} is required", known.name),
            }),
            None => {}
            Some(Value::Null) if matches!(known.default, Default::None) => {}
            Some(value) => wrong.extend(problem(known, value)),
        }
    }
    let known = |name: &String| model.inputs.iter().any(|input| input.name == name);
    wrong.extend(input.keys().filter(|name| !known(name)).map(|name| InvalidField {
        kind: "additional_property_not_allowed",
        field: "input".to_owned(),
        description: format!("Additional property {name} is not allowed"),
    }));
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn problem(input: &Input, value: &Value) -> Option<InvalidField> {
    let (kind, description) = match (&input.kind, value) {
        (Kind::Text, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => return None,
        (Kind::Choice(allowed), Value::String(text)) => {
            if allowed.contains(&text.as_str()) {
                return None;
            }
            let listed: Vec<String> = allowed.iter().map(|value| format!("\"{value}\"")).collect();
            ("enum", format!("{} must be one of the following: {}", input.name, listed.join(", ")))
        }
        (Kind::Integer(low, high), Value::Number(number)) => match number.as_i64() {
            Some(number) if number < *low => ("number_gte", format!("Must be greater than or equal to {low}")),
            Some(number) if number > *high => ("number_lte", format!("Must be less than or equal to {high}")),
            Some(_) => return None,
            None => ("invalid_type", "Invalid type. Expected: integer, given: number".to_owned()),
        },
        (Kind::Number(low, high), Value::Number(number)) => match number.as_f64() {
            Some(number) if number < *low => ("number_gte", format!("Must be greater than or equal to {low}")),
            Some(number) if number > *high => ("number_lte", format!("Must be less than or equal to {high}")),
            _ => return None,
        },
        (Kind::Uri, Value::String(text)) => return format_problem(input.name, text),
        (Kind::Uris(most), Value::Array(items)) => {
            if items.len() > *most {
                ("array_max_items", format!("Array must have at most {most} items"))
            } else {
                return items.iter().find_map(|item| match item {
                    Value::String(text) => format_problem(input.name, text),
                    other => Some(wrong_type(input.name, "string", other)),
                });
            }
        }
        (Kind::Text | Kind::Choice(_) | Kind::Uri, other) => return Some(wrong_type(input.name, "string", other)),
        (Kind::Integer(..), other) => return Some(wrong_type(input.name, "integer", other)),
        (Kind::Number(..), other) => return Some(wrong_type(input.name, "number", other)),
        (Kind::Flag, other) => return Some(wrong_type(input.name, "boolean", other)),
        (Kind::Uris(_), other) => return Some(wrong_type(input.name, "array", other)),
    };
    Some(InvalidField { kind, field: format!("input.{}", input.name), description })
}

fn format_problem(name: &str, text: &str) -> Option<InvalidField> {
    let is_uri = ["http://", "https://", "data:"].iter().any(|scheme| text.starts_with(scheme));
    (!is_uri).then(|| InvalidField {
        kind: "format",
        field: format!("input.{name}"),
        description: "Does not match format 'uri'".to_owned(),
    })
}

fn wrong_type(name: &str, expected: &str, given: &Value) -> InvalidField {
    let given = match given {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    InvalidField {
        kind: "invalid_type",
        field: format!("input.{name}"),
        description: format!("Invalid type. Expected: {expected}, given: {given}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(slug: &str, input: &str) -> Result<(), Vec<InvalidField>> {
        let input: Map<String, Value> = serde_json::from_str(input).unwrap();
        check(Model::find(slug).unwrap(), &input)
    }

    #[test]
    fn wrong_values_are_named() {
        let wrong = verdict("bytedance/seedream-3", r#"{"aspect_ratio":"5:1","width":5000,"seed":"x"}"#).unwrap_err();
        let lines: Vec<(&str, &str)> = wrong.iter().map(|field| (field.kind, field.field.as_str())).collect();
        assert_eq!(
            lines,
            [
                ("required", "input"),
                ("enum", "input.aspect_ratio"),
                ("number_lte", "input.width"),
                ("invalid_type", "input.seed")
            ]
        );
        assert!(wrong[1].description.starts_with("aspect_ratio must be one of the following: \"1:1\", \"3:4\""));
    }

    #[test]
    fn unknown_inputs_are_refused() {
        let unknown = verdict("google/imagen-4-ultra", r#"{"prompt":"x","seed":5}"#).unwrap_err();
        assert_eq!(unknown[0].description, "Additional property seed is not allowed");
        assert_eq!(verdict("google/imagen-4-ultra", r#"{"prompt":"x"}"#), Ok(()));
    }
}
