//! Words from words: what a text model is asked to do with a prompt or a script, and what comes of it.

use serde::{Deserialize, Serialize};

use crate::catalogue::ModelId;
use crate::request::{AspectRatio, Prompt, Request};
use crate::scenes::{SceneCount, Scenes, split};
use crate::story::{Format, Manner};
use crate::texts::Language;

/// What is to be done with a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextTask {
    /// Say the same prompt in another language.
    Translate {
        /// The language wanted.
        to: Language,
    },
    /// Say the same prompt with more of what models like.
    Enhance,
    /// Write a script on the topic.
    Script {
        /// How many scenes, when a number is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scenes: Option<SceneCount>,
    },
    /// Split the script into scenes.
    Scenes {
        /// How many, when a number is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<SceneCount>,
    },
    /// Write the scenes of a story on a topic; a whole text is split. The message becomes the story, to be changed and drawn.
    Story {
        /// How it is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tone: Option<Manner>,
        /// Where its pictures will be shown.
        #[serde(default)]
        format: Format,
        /// What its pictures are drawn with unless the chat chooses otherwise: it says what they will cost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<ModelId>,
    },
}

impl TextTask {
    /// What can be done without a model, honestly: only scenes can be split; the rest needs somebody who understands.
    pub fn plain(&self, text: &str) -> Option<Written> {
        match self {
            Self::Scenes { count } => split(text, *count).map(Written::Scenes),
            Self::Story { .. } => split(text, None).map(Written::Scenes),
            Self::Translate { .. } | Self::Enhance | Self::Script { .. } => None,
        }
    }

    /// Words of the person's own beside the text, which the safety rules are about as well.
    pub fn own_words(&self) -> Option<&str> {
        match self {
            Self::Story { tone, .. } => tone.as_ref()?.own(),
            _ => None,
        }
    }

    /// The wish for a text model to do this with a text.
    pub fn request(self, text: Prompt, model: ModelId) -> Request {
        let mut request = Request::new(text, model, AspectRatio::SQUARE);
        request.options.task = Some(self);
        request
    }

    /// The name used in records and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Translate { .. } => "translate",
            Self::Enhance => "enhance",
            Self::Script { .. } => "script",
            Self::Scenes { .. } => "scenes",
            Self::Story { .. } => "story",
        }
    }
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// A prompt, translated or enhanced.
    Prompt(Prompt),
    /// A script.
    Script(Prompt),
    /// Scenes, by a model or, as [`Scenes::found`] then says, without one.
    Scenes(Scenes),
}

impl Written {
    /// All of it as text, for a look at what it says.
    pub fn text(&self) -> String {
        match self {
            Self::Prompt(text) | Self::Script(text) => text.as_str().to_owned(),
            Self::Scenes(scenes) => {
                let look = scenes.look.iter().cloned();
                look.chain(scenes.scenes.iter().cloned()).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_words_survives_its_record_and_older_workers_do_not_take_it_for_a_picture() {
        let task = TextTask::Scenes { count: Some(3.try_into().unwrap()) };
        let request = task.request("a tale".parse().unwrap(), "writer".parse().unwrap());
        let record = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&record).unwrap(), request);
        assert!(!request.options.is_empty(), "it is written as a version that older workers refuse");
    }

    #[test]
    fn without_a_model_only_scenes_can_be_had() {
        assert!(
            matches!(TextTask::Scenes { count: None }.plain("One. Two."), Some(Written::Scenes(scenes)) if scenes.scenes.len() == 2)
        );
        assert_eq!(TextTask::Enhance.plain("a fox"), None);
        assert_eq!(TextTask::Translate { to: Language::English }.plain("лиса"), None);
    }
}
