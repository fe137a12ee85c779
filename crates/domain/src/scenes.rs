//! A script becomes scenes, without a model: by its marks, its lines or its sentences.
//!
//! Invariant: nothing is invented and nothing is dropped but marks and labels; the same text gives the same scenes. That
//! is the honest fallback: it cannot know who "she" is, so a look is kept only if the text states one on a line of its own
//! (`Character: …`, `Герой: …`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number of scenes: 1 to [`SceneCount::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct SceneCount(u8);

/// The number is not from 1 to [`SceneCount::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number of scenes is from 1 to {}", SceneCount::MAX)]
pub struct BadSceneCount;

impl SceneCount {
    /// The most scenes of one script.
    pub const MAX: u8 = 20;

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for SceneCount {
    type Error = BadSceneCount;

    fn try_from(number: u8) -> Result<Self, BadSceneCount> {
        if (1..=Self::MAX).contains(&number) { Ok(Self(number)) } else { Err(BadSceneCount) }
    }
}

impl From<SceneCount> for u8 {
    fn from(count: SceneCount) -> Self {
        count.0
    }
}

impl FromStr for SceneCount {
    type Err = BadSceneCount;

    fn from_str(text: &str) -> Result<Self, BadSceneCount> {
        text.trim().parse::<u8>().map_err(|_| BadSceneCount)?.try_into()
    }
}

impl fmt::Display for SceneCount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// How the scenes were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// By a text model that read the script.
    Model,
    /// By marks: `[Frame 1: …]`, `Scene 2:`, `3.`.
    Marks,
    /// By lines.
    Lines,
    /// By sentences.
    Sentences,
}

/// A script in scenes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenes {
    /// What the main character looks like, when the script (or the model that read it) says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<String>,
    /// The scenes, in order: at least one, at most [`SceneCount::MAX`], none of them empty.
    pub scenes: Vec<String>,
    /// How they were found.
    pub found: Found,
}

impl Scenes {
    /// Scenes as a model gave them; `None` when nothing usable is among them. Too many are cut off at `most`.
    pub fn from_model(
        look: Option<&str>,
        scenes: impl IntoIterator<Item = String>,
        most: Option<SceneCount>,
    ) -> Option<Self> {
        let most = usize::from(most.map_or(SceneCount::MAX, SceneCount::get));
        let scenes = scenes.into_iter().map(|scene| tidy(&scene)).filter(|scene| !scene.is_empty());
        let scenes: Vec<String> = scenes.take(most).collect();
        let look = look.map(tidy).filter(|look| !look.is_empty());
        (!scenes.is_empty()).then_some(Self { look, scenes, found: Found::Model })
    }

    /// The prompts of all scenes: each says what the main character looks like, so that it is the same one everywhere.
    pub fn prompts(&self) -> Vec<String> {
        let prompt = |scene: &String| match &self.look {
            Some(look) if !scene.contains(look.as_str()) => format!("{scene}\n{look}"),
            _ => scene.clone(),
        };
        self.scenes.iter().map(prompt).collect()
    }
}

/// Splits a script: into `wish` scenes when a number is asked for (fewer, if there is not so much to split), else into as
/// many as it names (`make 5 scenes`), marks or has lines. `None` when the text is empty.
pub fn split(script: &str, wish: Option<SceneCount>) -> Option<Scenes> {
    let (look, lines) = look(script);
    let rest = lines.join("\n");
    let wish = wish.or_else(|| named(&rest));
    let wanted = wish.map(|count| usize::from(count.get()));
    let marked = marked(&rest);
    if marked.len() >= 2 || (marked.len() == 1 && wanted == Some(1)) {
        return Some(fit(marked, wanted, look, Found::Marks));
    }
    let lines: Vec<String> = lines.iter().map(|line| tidy(line)).filter(|line| !line.is_empty()).collect();
    if lines.len() >= 2 && wanted.is_none_or(|wanted| lines.len() >= wanted) {
        return Some(fit(lines, wanted, look, Found::Lines));
    }
    let sentences = sentences(&rest);
    if sentences.is_empty() {
        return look.map(|look| Scenes { look: None, scenes: vec![look], found: Found::Lines });
    }
    Some(fit(sentences, wanted, look, Found::Sentences))
}

/// As many scenes as wanted, or as allowed: neighbours are put together, evenly and in order.
fn fit(parts: Vec<String>, wanted: Option<usize>, look: Option<String>, found: Found) -> Scenes {
    let count = wanted.unwrap_or(parts.len()).min(parts.len()).clamp(1, usize::from(SceneCount::MAX));
    let total = parts.len();
    let mut scenes = vec![String::new(); count];
    for (index, part) in parts.into_iter().enumerate() {
        if let Some(scene) = scenes.get_mut(index * count / total) {
            if !scene.is_empty() {
                scene.push(' ');
            }
            scene.push_str(&part);
        }
    }
    Scenes { look, scenes, found }
}

/// Words before the colon of a line that states the main character's look.
const LOOK_LABELS: [&str; 9] =
    ["character", "main character", "hero", "heroine", "look", "герой", "героиня", "главный герой", "персонаж"];

/// The stated look, and the lines without it.
fn look(script: &str) -> (Option<String>, Vec<&str>) {
    let mut look = None;
    let lines = script.lines().filter(|line| {
        let Some((label, text)) = line.split_once(':') else { return true };
        let label = label.trim().trim_matches(['*', '#', '-', ' ']).to_lowercase();
        if look.is_none() && LOOK_LABELS.contains(&label.as_str()) && !text.trim().is_empty() {
            look = Some(tidy(text));
            return false;
        }
        true
    });
    let lines = lines.collect();
    (look, lines)
}

/// Stems of the word for a scene, in both languages.
const SCENE_WORDS: [&str; 10] =
    ["scene", "frame", "shot", "image", "picture", "photo", "сцен", "кадр", "картин", "изображен"];

fn is_scene_word(word: &str) -> bool {
    let word = word.to_lowercase();
    SCENE_WORDS.iter().any(|stem| word.starts_with(stem))
}

/// The number of scenes that the text names in words, before its first scene: `5 scenes`, `в 7 кадрах`.
fn named(text: &str) -> Option<SceneCount> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    let words: Vec<&str> = first.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.windows(2).find_map(|pair| {
        let number = pair[0].parse::<u8>().ok()?;
        if is_scene_word(pair[1]) { SceneCount::try_from(number.min(SceneCount::MAX)).ok() } else { None }
    })
}

/// The blocks behind marks, with what continues them on unmarked lines; what stands before the first mark is an
/// introduction and belongs to the first block only if there is nothing else in it.
fn marked(text: &str) -> Vec<String> {
    let bracketed = bracketed(text);
    if bracketed.len() >= 2 {
        return bracketed;
    }
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match after_mark(line) {
            Some(rest) => blocks.push(tidy(rest)),
            None => {
                if let Some(block) = blocks.last_mut() {
                    let line = tidy(line);
                    let gap = if block.is_empty() || line.is_empty() { "" } else { " " };
                    block.push_str(gap);
                    block.push_str(&line);
                }
            }
        }
    }
    if blocks.len() < 2 {
        let running = numbered(text.trim());
        blocks = if running.len() < 2 { blocks } else { running };
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// Blocks in a running text, numbered from one on (so that a number in a sentence is none): `1. a fox 2. an owl`.
fn numbered(text: &str) -> Vec<String> {
    let mut rest = text.strip_prefix("1. ").or_else(|| text.strip_prefix("1) "));
    let mut blocks = Vec::new();
    while let Some(text) = rest {
        let marks = [". ", ") "].map(|sign| format!(" {}{sign}", blocks.len() + 2));
        let next = marks.iter().filter_map(|mark| text.split_once(mark)).min_by_key(|(block, _)| block.len());
        blocks.push(tidy(next.map_or(text, |(block, _)| block)));
        rest = next.map(|(_, rest)| rest);
    }
    blocks
}

/// The content of `[Frame 1: …]` blocks, which may stand anywhere and run over lines.
fn bracketed(text: &str) -> Vec<String> {
    let blocks = text.split('[').skip(1).filter_map(|rest| {
        let inside = rest.split(']').next()?;
        let (label, content) = inside.split_once(':')?;
        let first = label.split_whitespace().next()?;
        let content = tidy(content);
        (is_scene_word(first) && !content.is_empty()).then_some(content)
    });
    blocks.collect()
}

/// What follows the mark of a line: `3.`, `3)`, `Scene 3:`, `Кадр 3 —`, `**Scene 3**`. `None` without one.
fn after_mark(line: &str) -> Option<&str> {
    let bare = line.trim_start_matches(['#', '*', '-', '•', ' ', '_']);
    let digits = bare.find(|c: char| !c.is_ascii_digit()).unwrap_or(bare.len());
    if (1..=2).contains(&digits) {
        let rest = bare.get(digits..)?;
        return rest.strip_prefix(['.', ')', ':']).filter(|rest| rest.starts_with([' ', '\t', '*', '_']));
    }
    let word = bare.split(|c: char| !c.is_alphabetic()).next().filter(|word| is_scene_word(word))?;
    let rest = bare.get(word.len()..)?.trim_start_matches([' ', '№', '#']);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let rest = rest.get(digits..)?.trim_start_matches(['*', '_', ' ']);
    if digits == 0 {
        return None;
    }
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix([':', '.', ')', '—', '–', '-']) }
}

/// Sentences, each with its full stop. A full stop inside a number or after one letter ends none.
fn sentences(text: &str) -> Vec<String> {
    let (mut sentences, mut current) = (Vec::new(), String::new());
    let letters: Vec<char> = text.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    for (index, letter) in letters.iter().enumerate() {
        current.push(*letter);
        let next = letters.get(index + 1).copied();
        let ends = match letter {
            '!' | '?' | '…' => next.is_none_or(char::is_whitespace),
            '.' => next.is_none_or(char::is_whitespace) && !is_initial(&current),
            '。' | '！' | '？' => true,
            _ => false,
        };
        if ends {
            sentences.push(tidy(&current));
            current.clear();
        }
    }
    sentences.push(tidy(&current));
    sentences.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    sentences
}

/// Whether the full stop at the end follows a single letter (`J. Smith`).
fn is_initial(text: &str) -> bool {
    let word = text.trim_end_matches('.').rsplit(char::is_whitespace).next().unwrap_or_default();
    word.chars().count() == 1 && word.chars().all(char::is_uppercase)
}

/// One line, without the marks of formatting around it.
fn tidy(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_matches(['*', '_', '#', '[', ']', ' ', '—', '–', '•', '"', '«', '»'])
        .trim_start_matches(['-', ' ', ':'])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(number: u8) -> SceneCount {
        number.try_into().unwrap()
    }

    fn scenes(text: &str, wish: Option<SceneCount>) -> Vec<String> {
        split(text, wish).unwrap().scenes
    }

    #[test]
    fn marks_are_found_as_people_and_models_write_them() {
        for text in [
            "[Frame 1: a fox wakes] narrator speaks [Frame 2: the fox runs]",
            "[Кадр 1: a fox wakes]\nтекст\n[Кадр 2: the fox runs]",
            "1. a fox wakes\n2. the fox runs",
            "1) a fox wakes\n\n2) the fox runs",
            "1. a fox wakes 2. the fox runs",
            "Scene 1: a fox wakes\nScene 2: the fox runs",
            "**Scene 1:** a fox wakes\n**Scene 2:** the fox runs",
            "Сцена 1 — a fox wakes\nСцена 2 — the fox runs",
            "### Scene 1\na fox wakes\n### Scene 2\nthe fox runs",
            "A tale of a fox.\n- Scene 1: a fox\nwakes\n- Scene 2: the fox runs",
        ] {
            let split = split(text, None).unwrap();
            assert_eq!(
                (split.scenes, split.found),
                (vec!["a fox wakes".to_owned(), "the fox runs".to_owned()], Found::Marks),
                "{text}"
            );
        }
    }

    #[test]
    fn without_marks_lines_count_and_then_sentences() {
        let by_lines = split("dawn over a bay\n\na boat leaves\nnight", None).unwrap();
        assert_eq!((by_lines.scenes.len(), by_lines.found), (3, Found::Lines));
        let by_sentences =
            split("Dawn over a bay. A boat leaves! Where to? Mr. J. Smith paid 3.5 dollars.", None).unwrap();
        assert_eq!(by_sentences.found, Found::Sentences);
        assert_eq!(by_sentences.scenes[1..], ["A boat leaves!", "Where to?", "Mr.", "J. Smith paid 3.5 dollars."]);
    }

    #[test]
    fn a_number_asked_for_is_kept_where_it_can_be() {
        let text = "One. Two. Three. Four. Five.";
        assert_eq!(scenes(text, Some(count(2))), ["One. Two. Three.", "Four. Five."]);
        assert_eq!(scenes(text, Some(count(5))).len(), 5);
        assert_eq!(scenes(text, Some(count(20))).len(), 5, "nothing is invented");
        assert_eq!(scenes("two lines. of text.\nhere. and here.", Some(count(4))).len(), 4, "lines are too few");
        assert_eq!(scenes("1. a\n2. b\n3. c\n4. d", Some(count(2))), ["a b", "c d"]);
        assert_eq!(scenes("a single thought", None), ["a single thought"]);
    }

    #[test]
    fn a_number_in_the_text_counts() {
        assert_eq!(scenes("A story in 2 scenes. Dawn. Noon. Night.", None).len(), 2);
        assert_eq!(scenes("Сказка на 3 кадра. Утро. День. Вечер. Ночь.", None).len(), 3);
        assert_eq!(scenes("The year 1999. A cat.", None).len(), 2);
        assert_eq!(scenes(&"A line.\n".repeat(50), None).len(), usize::from(SceneCount::MAX));
    }

    #[test]
    fn a_stated_look_goes_along_with_every_scene() {
        let split = split("Герой: рыжий кот в шляпе\n1. кот спит\n2. рыжий кот в шляпе бежит", None).unwrap();
        assert_eq!(split.look.as_deref(), Some("рыжий кот в шляпе"));
        assert_eq!(split.prompts(), ["кот спит\nрыжий кот в шляпе", "рыжий кот в шляпе бежит"]);
    }

    #[test]
    fn what_a_model_gives_is_cleaned_and_bounded() {
        let many = (0..30).map(|number| format!(" - scene {number} "));
        let scenes = Scenes::from_model(Some("  a tall\nwoman "), many, None).unwrap();
        assert_eq!((scenes.scenes.len(), scenes.scenes[0].as_str()), (20, "scene 0"));
        assert_eq!(scenes.look.as_deref(), Some("a tall woman"));
        assert_eq!(Scenes::from_model(None, ["  ".to_owned()], None), None);
    }

    #[test]
    fn an_empty_script_has_no_scenes() {
        assert_eq!(split("", None), None);
        assert_eq!(split(" \n ... \n", None), None);
    }

    proptest! {
        #[test]
        fn any_text_gives_some_scenes_within_bounds(text in "(?s).{0,400}", wish in proptest::option::of(1_u8..=20)) {
            let wish = wish.map(|number| SceneCount::try_from(number).unwrap());
            if let Some(split) = split(&text, wish) {
                prop_assert!(!split.scenes.is_empty() && split.scenes.len() <= 20);
                prop_assert!(wish.is_none_or(|wish| split.scenes.len() <= usize::from(wish.get())));
                prop_assert!(split.scenes.iter().all(|scene| !scene.trim().is_empty()));
            }
        }
    }
}
