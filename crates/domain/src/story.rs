//! A topic on its way to pictures: its scenes, shown for review before anything is paid for.

mod plan;

use serde::{Deserialize, Serialize};

use crate::buttons::{Label, Rows};
use crate::caption;
use crate::catalogue::Model;
use crate::ids::{BotId, ChatId, JobId, UserId};
use crate::money::Usd;
use crate::press::{Press, StoryWish};
use crate::request::{AspectRatio, Prompt, Request};
use crate::scenes::{Found, SceneCount};
use crate::texts::{Language, Say, Tell};

pub use plan::{BadManner, BadPlan, Manner, Plan};

/// Where the pictures will be shown, which decides their shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Instagram Reels.
    Reels,
    /// A short video of `TikTok`.
    TikTok,
    /// A short video of `YouTube`.
    Shorts,
    /// A post.
    Post,
    /// Stories.
    Stories,
    /// The model's own shape.
    #[default]
    Free,
}

impl Format {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Reels, Self::TikTok, Self::Shorts, Self::Post, Self::Stories, Self::Free];

    /// The shape of its pictures, when it has one.
    pub fn ratio(self) -> Option<AspectRatio> {
        match self {
            Self::Reels | Self::TikTok | Self::Shorts | Self::Stories => "9:16".parse().ok(),
            Self::Post => Some(AspectRatio::SQUARE),
            Self::Free => None,
        }
    }

    /// Its name in buttons.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reels => "reels",
            Self::TikTok => "tiktok",
            Self::Shorts => "shorts",
            Self::Post => "post",
            Self::Stories => "stories",
            Self::Free => "free",
        }
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// How a story is told, when a text model tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// As among friends.
    Friendly,
    /// To be laughed at.
    Funny,
    /// Sober.
    Serious,
    /// To be carried away by.
    Inspiring,
    /// Full of tension.
    Dramatic,
    /// Tender.
    Romantic,
    /// To be learned from.
    Informative,
    /// To make somebody want something.
    Selling,
}

impl Tone {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Friendly,
        Self::Funny,
        Self::Serious,
        Self::Inspiring,
        Self::Dramatic,
        Self::Romantic,
        Self::Informative,
        Self::Selling,
    ];

    /// Its name in buttons and flags; an English word, which text models understand.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Friendly => "friendly",
            Self::Funny => "funny",
            Self::Serious => "serious",
            Self::Inspiring => "inspiring",
            Self::Dramatic => "dramatic",
            Self::Romantic => "romantic",
            Self::Informative => "informative",
            Self::Selling => "selling",
        }
    }

    /// The tone of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tone| tone.name() == name)
    }
}

/// A story that has not been drawn yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Its own id, which its buttons carry.
    pub id: JobId,
    /// The bot that tells it.
    pub bot: BotId,
    /// The chat.
    pub chat: ChatId,
    /// Whose it is.
    pub user: UserId,
    /// Its scenes as prompts.
    pub scenes: Vec<String>,
    /// The format.
    pub format: Format,
    /// How it is told, when somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<Manner>,
    /// What a text model wrote it about, and may write it anew about; none when the scenes are the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Prompt>,
    /// How the scenes were found, when no text model wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

impl Story {
    /// Changes a scene as an answer says: `2: a blue fox`, `2. a blue fox`; or removes it: `2 -`. False when the answer says
    /// neither, or there is no such scene.
    pub fn change(&mut self, answer: &str) -> bool {
        let answer = answer.trim();
        let digits = answer.bytes().take_while(u8::is_ascii_digit).count();
        let Some(index) = answer[..digits].parse::<usize>().ok().and_then(|number| number.checked_sub(1)) else {
            return false;
        };
        let rest = answer[digits..].trim_start_matches([':', '.', ')', ' ']).trim();
        if rest.is_empty() || index >= usize::from(SceneCount::MAX) {
            return false;
        }
        if matches!(rest, "-" | "–" | "—") {
            if index >= self.scenes.len() || self.scenes.len() == 1 {
                return false;
            }
            self.scenes.remove(index);
            return true;
        }
        if index == self.scenes.len() {
            self.scenes.push(rest.to_owned());
            return true;
        }
        let Some(scene) = self.scenes.get_mut(index) else { return false };
        rest.clone_into(scene);
        true
    }

    /// What its pictures are expected to cost together.
    pub fn price(&self, model: &Model) -> Usd {
        let ratio = self.format.ratio().unwrap_or(AspectRatio::SQUARE);
        let prompts = self.scenes.iter().filter_map(|scene| scene.parse::<Prompt>().ok());
        prompts.map(|prompt| model.estimate(&Request::new(prompt, model.id.clone(), ratio))).sum()
    }

    /// What its message says.
    pub fn words(&self, language: Language, price: Usd) -> String {
        let each = caption::TEXT_UNITS / (self.scenes.len() + 3);
        let line = |(index, scene): (usize, &String)| format!("{}. {}", index + 1, caption::cut(scene, each.min(600)));
        let mut lines =
            vec![language.tell(&Tell::StoryScenes { count: u32::try_from(self.scenes.len()).unwrap_or(0) })];
        lines.extend(self.scenes.iter().enumerate().map(line));
        lines.push(String::new());
        lines.extend(self.found.map(|found| language.say(&Say::ScenesPlain { found })));
        lines.push(language.tell(&Tell::StoryHow { price }));
        lines.join("\n")
    }

    /// Its buttons.
    pub fn rows(&self, language: Language) -> Rows {
        let one = |text: String, wish| Label { text, press: Press::Story(wish, self.id.clone()) };
        let format = |format: &Format| {
            let name = language.tell(&Tell::FormatName { format: format.name() });
            one(if *format == self.format { format!("✓ {name}") } else { name }, StoryWish::Format(*format))
        };
        let told = self.tone.as_ref().and_then(Manner::tone);
        let tone = |tone: &Tone| {
            let name = language.tell(&Tell::ToneName { tone: tone.name() });
            one(if Some(*tone) == told { format!("✓ {name}") } else { name }, StoryWish::Tone(*tone))
        };
        let mut rows: Rows = Format::ALL.chunks(3).map(|some| some.iter().map(format).collect()).collect();
        if self.topic.is_some() {
            rows.extend(Tone::ALL.chunks(3).map(|some| some.iter().map(tone).collect()));
        }
        rows.push(vec![one(language.tell(&Tell::ButtonStoryDraw), StoryWish::Draw)]);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story() -> Story {
        Story {
            id: JobId::new(1_795_000_000_000, 7),
            bot: BotId(1),
            chat: ChatId(2),
            user: UserId(2),
            tone: None,
            topic: None,
            found: Some(Found::Sentences),
            scenes: vec!["a fox wakes".to_owned(), "it runs".to_owned()],
            format: Format::Free,
        }
    }

    #[test]
    fn an_answer_changes_adds_or_removes_a_scene() {
        let mut told = story();
        assert!(told.change("2: it flies") && told.change("3) it sleeps") && told.change("1 -"));
        assert_eq!(told.scenes, ["it flies", "it sleeps"]);
        for answer in ["", "hello", "0: x", "9: x", "1", "1:", "999999999999999999999: x"] {
            assert!(!told.clone().change(answer), "{answer}");
        }
        assert!(told.change("1 -") && !told.change("1 -"), "one scene stays");
    }

    #[test]
    fn only_what_a_model_wrote_is_told_in_another_tone() {
        let tones = |story: &Story| {
            let rows = story.rows(Language::English);
            rows.iter().flatten().filter(|label| matches!(label.press, Press::Story(StoryWish::Tone(_), _))).count()
        };
        assert_eq!(tones(&story()), 0);
        assert_eq!(tones(&Story { topic: "a fox".parse().ok(), ..story() }), 8);
    }

    #[test]
    fn the_longest_story_fits_into_a_message() {
        let scenes = vec!["щ🐈".repeat(2000); usize::from(SceneCount::MAX)];
        let words = Story { scenes, ..story() }.words(Language::Russian, Usd::ZERO);
        assert!(caption::units(&words) <= caption::TEXT_UNITS, "{}", caption::units(&words));
    }
}
