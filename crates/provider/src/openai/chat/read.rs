//! What a chat model's answer is worth.

use atelier_domain::request::Prompt;
use atelier_domain::scenes::{SceneCount, Scenes, split};
use atelier_domain::text::{TextTask, Written};
use serde_json::Value;

/// The result of a task, when the answer holds one.
pub(super) fn written(task: &TextTask, said: &str) -> Option<Written> {
    let said = without_thoughts(said);
    match task {
        TextTask::Translate { .. } | TextTask::Enhance => prompt(said).map(Written::Prompt),
        TextTask::Script { .. } => prompt(said).map(Written::Script),
        TextTask::Scenes { count } => scenes(said, *count).map(Written::Scenes),
        TextTask::Story { .. } => scenes(said, None).map(Written::Scenes),
    }
}

/// Models that think aloud do so in front of the answer.
fn without_thoughts(said: &str) -> &str {
    said.rsplit_once("</think>").map_or(said, |(_, answer)| answer).trim()
}

/// A prompt without the fence or the quotation marks in which models like to put it.
fn prompt(said: &str) -> Option<Prompt> {
    let fenced = said.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let said = fenced.map_or(said, |inside| inside.split_once('\n').map_or(inside, |(_, rest)| rest)).trim();
    let quoted = [('"', '"'), ('«', '»'), ('“', '”')]
        .into_iter()
        .find_map(|(open, close)| said.strip_prefix(open)?.strip_suffix(close).filter(|inside| !inside.contains(open)));
    quoted.unwrap_or(said).parse().ok()
}

/// The object of look and scenes, wherever it stands; without one, the answer is split like any script.
fn scenes(said: &str, count: Option<SceneCount>) -> Option<Scenes> {
    let object = said.find('{').zip(said.rfind('}')).and_then(|(from, to)| said.get(from..=to));
    if let Some(object) = object.and_then(|object| serde_json::from_str::<Value>(object).ok()) {
        let texts = object["scenes"].as_array()?.iter().filter_map(|scene| match scene {
            Value::String(text) => Some(text.clone()),
            other => ["prompt", "description", "text", "scene"]
                .iter()
                .find_map(|name| other[*name].as_str())
                .map(str::to_owned),
        });
        return Scenes::from_model(object["look"].as_str(), texts, count);
    }
    let found = split(said, count).filter(|found| found.scenes.len() > 1)?;
    Scenes::from_model(found.look.as_deref(), found.scenes, count)
}

#[cfg(test)]
mod tests {
    use atelier_domain::Language;

    use super::*;

    #[test]
    fn prompts_are_taken_out_of_their_wrapping() {
        let task = TextTask::Translate { to: Language::English };
        for said in [
            "a red fox",
            " \"a red fox\" ",
            "«a red fox»",
            "```\na red fox\n```",
            "```text\na red fox\n```",
            "<think>what is it\n</think>\n\na red fox",
        ] {
            let Some(Written::Prompt(prompt)) = written(&task, said) else { panic!("{said}") };
            assert_eq!(prompt.as_str(), "a red fox", "{said}");
        }
        assert_eq!(written(&task, "  "), None);
        let Some(Written::Prompt(two)) = written(&task, "\"One\" and \"two\"") else { panic!() };
        assert_eq!(two.as_str(), "\"One\" and \"two\"");
    }

    #[test]
    fn scenes_are_found_in_what_models_say() {
        let two = Some(2.try_into().unwrap());
        for said in [
            r#"{"look":"a tall woman","scenes":["a","b"]}"#,
            "Sure!\n```json\n{\"look\":\"a tall woman\",\"scenes\":[{\"prompt\":\"a\"},{\"description\":\"b\"}]}\n```",
            r#"{"look":"a tall woman","scenes":["a","b","c"]}"#,
            "Character: a tall woman\nScene 1: a\nScene 2: b",
        ] {
            let Some(Written::Scenes(found)) = written(&TextTask::Scenes { count: two }, said) else {
                panic!("{said}")
            };
            assert_eq!(
                (found.look.as_deref(), found.scenes),
                (Some("a tall woman"), vec!["a".to_owned(), "b".to_owned()])
            );
        }
        for said in ["", "{\"scenes\":[]}", "I cannot help with that.", "{\"scenes\":\"a\"}"] {
            assert_eq!(written(&TextTask::Scenes { count: None }, said), None, "{said}");
        }
    }
}
