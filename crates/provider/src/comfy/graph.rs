//! A graph of nodes with placeholders: an operator's template, as `ComfyUI` exports it ("API format").
//!
//! Invariant: placeholders are replaced in strings of parsed JSON, so that a value never becomes structure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What placeholders stand for, by their names.
pub type Values = BTreeMap<String, Value>;

/// A template.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph(Map<String, Value>);

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadGraph {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    Json(String),
    /// It is not in the format of the API.
    #[error("it is not in API format (nodes by number, each with class_type): use Export (API) in ComfyUI's menu")]
    Format,
    /// The prompt would go nowhere.
    #[error("it has no %prompt% placeholder")]
    NoPrompt,
}

impl Graph {
    /// Reads a template.
    pub fn read(text: &str) -> Result<Self, BadGraph> {
        let graph: Value = serde_json::from_str(text).map_err(|error| BadGraph::Json(error.to_string()))?;
        let Value::Object(nodes) = graph else { return Err(BadGraph::Format) };
        if nodes.is_empty() || !nodes.values().all(|node| node["class_type"].is_string()) {
            return Err(BadGraph::Format);
        }
        let graph = Self(nodes);
        if graph.asks_for("prompt") { Ok(graph) } else { Err(BadGraph::NoPrompt) }
    }

    /// Whether a placeholder stands in it.
    pub fn asks_for(&self, name: &str) -> bool {
        fn within(value: &Value, mark: &str) -> bool {
            match value {
                Value::String(text) => text.contains(mark),
                Value::Array(list) => list.iter().any(|value| within(value, mark)),
                Value::Object(map) => map.values().any(|value| within(value, mark)),
                _ => false,
            }
        }
        let mark = format!("%{name}%");
        self.0.values().any(|node| within(node, &mark))
    }

    /// The graph with values for its placeholders; `Err` names one that has none. A string that is nothing but a
    /// placeholder becomes the value itself, a number for one.
    pub(super) fn fill(&self, values: &Values) -> Result<Value, String> {
        let mut graph = Value::Object(self.0.clone());
        fill(&mut graph, values)?;
        Ok(graph)
    }
}

fn fill(value: &mut Value, values: &Values) -> Result<(), String> {
    match value {
        Value::String(text) => *value = filled(text, values)?,
        Value::Array(list) => list.iter_mut().try_for_each(|value| fill(value, values))?,
        Value::Object(map) => map.values_mut().try_for_each(|value| fill(value, values))?,
        _ => {}
    }
    Ok(())
}

fn filled(text: &str, values: &Values) -> Result<Value, String> {
    let (mut result, mut rest) = (String::new(), text);
    while let Some((before, name, after)) = next(rest) {
        let value = values.get(name).ok_or_else(|| name.to_owned())?;
        if name.len() + 2 == text.len() {
            return Ok(value.clone());
        }
        result.push_str(before);
        match value {
            Value::String(text) => result.push_str(text),
            other => result.push_str(&other.to_string()),
        }
        rest = after;
    }
    result.push_str(rest);
    Ok(result.into())
}

/// The next placeholder: what stands before it, its name, what stands behind. A lone per cent sign is none.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('%')?;
        let inside = text.get(open + 1..)?;
        let end = inside.find(|c: char| !(c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()))?;
        if end > 0 && inside.get(end..)?.starts_with('%') {
            return Some((text.get(..open)?, inside.get(..end)?, inside.get(end + 1..)?));
        }
        from = open + 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(list: &[(&str, Value)]) -> Values {
        list.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn placeholders_are_filled_and_stay_values() {
        let graph = json!({
            "3": { "class_type": "KSampler", "inputs": { "seed": "%seed%", "steps": 20, "model": ["4", 0] } },
            "6": { "class_type": "CLIPTextEncode", "inputs": { "text": "masterpiece, %prompt%, 100% good" } },
        });
        let graph = Graph::read(&graph.to_string()).unwrap();
        let hostile = "\"}}, %seed% {\"class_type\":\"x\"";
        let filled = graph.fill(&values(&[("seed", 7.into()), ("prompt", hostile.into())])).unwrap();
        assert_eq!(filled["3"]["inputs"], json!({ "seed": 7, "steps": 20, "model": ["4", 0] }));
        assert_eq!(
            filled["6"]["inputs"]["text"],
            format!("masterpiece, {hostile}, 100% good"),
            "filled once, and a text"
        );
        assert_eq!(graph.fill(&values(&[("prompt", "x".into())])), Err("seed".to_owned()));
        assert!(graph.asks_for("seed") && !graph.asks_for("image"));
    }

    #[test]
    fn a_file_that_is_no_template_says_what_to_do() {
        assert!(matches!(Graph::read("{"), Err(BadGraph::Json(_))));
        assert_eq!(Graph::read(r#"{"nodes":[],"links":[]}"#), Err(BadGraph::Format));
        assert_eq!(Graph::read("{}"), Err(BadGraph::Format));
        assert_eq!(Graph::read(r#"{"1":{"class_type":"x"}}"#), Err(BadGraph::NoPrompt));
    }
}
