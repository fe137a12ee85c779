//! What a button asks for. Its text form is the button's data, at most 64 bytes, and all the state a button has: it is as
//! good after a restart, and a month later, as it was when it was posted.
//!
//! Anybody can forge such data. Reading it yields ids and words that are well formed, nothing more: whether the job
//! exists and whose it is, is asked when it is pressed.

use std::fmt;
use std::str::FromStr;

use crate::catalogue::ModelId;
use crate::ids::JobId;
use crate::prefs::Field;
use crate::story::{Format, Tone};

/// Most bytes of a button's data (Bot API, `InlineKeyboardButton`).
pub const DATA_BYTES: usize = 64;

/// What a button of ours asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Something about one job.
    Job(JobWish, JobId),
    /// A job's wish again, with this model.
    With(JobId, ModelId),
    /// Something about all jobs of a message, named by the first.
    Batch(BatchWish, JobId),
    /// Draw what a shared recipe says.
    Cook(JobId),
    /// Draw one of the example prompts of the greeting.
    Example(u8),
    /// Something about a story that has not been drawn.
    Story(StoryWish, JobId),
    /// Delete all that is on record about the person.
    Forget,
    /// Something about the picture that the message answers.
    Picture(PictureWish),
    /// Show the values of one of the chat's choices; none shows all choices.
    Choose(Option<Field>),
    /// Make one of the chat's choices; no value takes it back.
    Set(Field, Option<String>),
}

/// What can be asked about a story that has not been drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoryWish {
    /// Make it for this format.
    Format(Format),
    /// Tell it in this tone.
    Tone(Tone),
    /// Draw all scenes.
    Draw,
}

/// What can be done with a picture that somebody sent without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureWish {
    /// Say how to change it.
    Edit,
    /// Make a video of it.
    Animate,
    /// Another one like it.
    Vary,
    /// The same as a watercolour.
    Watercolour,
    /// The same as an oil painting.
    Oil,
    /// The same as pixel art.
    Pixels,
}

const PICTURE: [(PictureWish, &str); 6] = [
    (PictureWish::Edit, "edit"),
    (PictureWish::Animate, "animate"),
    (PictureWish::Vary, "vary"),
    (PictureWish::Watercolour, "watercolour"),
    (PictureWish::Oil, "oil"),
    (PictureWish::Pixels, "pixels"),
];

/// What can be asked about one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobWish {
    /// Stop it.
    Cancel,
    /// The same words, another seed.
    Again,
    /// Four variants.
    Vary,
    /// Try it once more, in its place: it failed.
    Retry,
    /// Show the models that could do it.
    Models,
    /// Show the usual buttons again.
    Back,
    /// Say how to change the picture.
    Edit,
    /// Make a video of the picture.
    Animate,
    /// A link by which others draw the same.
    Recipe,
    /// Send the file that the picture was made from.
    Original,
}

/// What can be asked about the jobs of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchWish {
    /// Stop those that have not ended.
    Cancel,
    /// The same words, other seeds.
    Again,
    /// Try those once more that failed.
    Retry,
    /// Choose one to be varied.
    Choose,
    /// Choose one to make a video of.
    Film,
    /// Send the files that the pictures were made from.
    Originals,
    /// Show the usual buttons again.
    Back,
}

const JOB: [(JobWish, &str); 10] = [
    (JobWish::Cancel, "cancel"),
    (JobWish::Again, "again"),
    (JobWish::Vary, "vary"),
    (JobWish::Retry, "retry"),
    (JobWish::Models, "models"),
    (JobWish::Back, "back"),
    (JobWish::Edit, "edit"),
    (JobWish::Animate, "animate"),
    (JobWish::Recipe, "recipe"),
    (JobWish::Original, "original"),
];

const BATCH: [(BatchWish, &str); 7] = [
    (BatchWish::Cancel, "cancel"),
    (BatchWish::Again, "again"),
    (BatchWish::Retry, "retry"),
    (BatchWish::Choose, "choose"),
    (BatchWish::Film, "film"),
    (BatchWish::Originals, "originals"),
    (BatchWish::Back, "back"),
];

/// The data is not that of any button of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no button of ours carries this")]
pub struct BadPress;

impl fmt::Display for Press {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(wish, id) => write!(formatter, "{}:{id}", word(&JOB, *wish)),
            Self::With(id, model) => write!(formatter, "with:{id}:{model}"),
            Self::Batch(wish, id) => write!(formatter, "all-{}:{id}", word(&BATCH, *wish)),
            Self::Cook(id) => write!(formatter, "cook:{id}"),
            Self::Example(number) => write!(formatter, "example:{number}"),
            Self::Story(StoryWish::Draw, id) => write!(formatter, "story:draw:{id}"),
            Self::Story(StoryWish::Format(format), id) => write!(formatter, "story:{}:{id}", format.name()),
            Self::Story(StoryWish::Tone(tone), id) => write!(formatter, "tone:{}:{id}", tone.name()),
            Self::Forget => formatter.write_str("forget:"),
            Self::Picture(wish) => write!(formatter, "picture:{}", word(&PICTURE, *wish)),
            Self::Choose(field) => write!(formatter, "choose:{}", field.map_or("", Field::name)),
            Self::Set(field, value) => {
                write!(formatter, "set:{}:{}", field.name(), value.as_deref().unwrap_or_default())
            }
        }
    }
}

impl FromStr for Press {
    type Err = BadPress;

    fn from_str(data: &str) -> Result<Self, BadPress> {
        let (verb, rest) = data.split_once(':').ok_or(BadPress)?;
        let id = |text: &str| text.parse::<JobId>().map_err(|_| BadPress);
        match verb {
            "with" => {
                let (job, model) = rest.split_once(':').ok_or(BadPress)?;
                Ok(Self::With(id(job)?, model.parse().map_err(|_| BadPress)?))
            }
            "cook" => Ok(Self::Cook(id(rest)?)),
            "story" => {
                let (wish, story) = rest.split_once(':').ok_or(BadPress)?;
                let wish = match wish {
                    "draw" => StoryWish::Draw,
                    format => StoryWish::Format(Format::named(format).ok_or(BadPress)?),
                };
                Ok(Self::Story(wish, id(story)?))
            }
            "tone" => {
                let (tone, story) = rest.split_once(':').ok_or(BadPress)?;
                Ok(Self::Story(StoryWish::Tone(Tone::named(tone).ok_or(BadPress)?), id(story)?))
            }
            "forget" if rest.is_empty() => Ok(Self::Forget),
            "picture" => Ok(Self::Picture(meant(&PICTURE, rest)?)),
            "choose" if rest.is_empty() => Ok(Self::Choose(None)),
            "choose" => Field::named(rest).map(|field| Self::Choose(Some(field))).ok_or(BadPress),
            "set" => {
                let (field, value) = rest.split_once(':').ok_or(BadPress)?;
                let field = Field::named(field).ok_or(BadPress)?;
                Ok(Self::Set(field, Some(value.to_owned()).filter(|value| !value.is_empty())))
            }
            "example" => rest.parse().map(Self::Example).map_err(|_| BadPress),
            _ => match verb.strip_prefix("all-") {
                Some(verb) => Ok(Self::Batch(meant(&BATCH, verb)?, id(rest)?)),
                None => Ok(Self::Job(meant(&JOB, verb)?, id(rest)?)),
            },
        }
    }
}

fn word<W: PartialEq + Copy>(words: &[(W, &'static str)], wish: W) -> &'static str {
    // a test writes and reads every wish
    words.iter().find(|(known, _)| *known == wish).map_or("", |(_, word)| word)
}

fn meant<W: Copy>(words: &[(W, &'static str)], word: &str) -> Result<W, BadPress> {
    words.iter().find(|(_, known)| *known == word).map(|(wish, _)| *wish).ok_or(BadPress)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_press_fits_a_button_and_is_read_back() {
        let id = JobId::new(1_795_000_000_000, 7);
        let mut presses = vec![Press::With(id.clone(), "m".repeat(32).parse().unwrap()), Press::Cook(id.clone())];
        presses.extend([Press::Example(2), Press::Forget]);
        let stories = [StoryWish::Tone(Tone::Informative), StoryWish::Draw, StoryWish::Format(Format::TikTok)];
        presses.extend(stories.map(|wish| Press::Story(wish, id.clone())));
        presses.extend([Press::Choose(None), Press::Choose(Some(Field::Style)), Press::Set(Field::Quality, None)]);
        presses.push(Press::Set(Field::Model, Some("m".repeat(32))));
        presses.extend(PICTURE.map(|(wish, _)| Press::Picture(wish)));
        presses.extend(JOB.map(|(wish, _)| Press::Job(wish, id.clone())));
        presses.extend(BATCH.map(|(wish, _)| Press::Batch(wish, id.clone())));
        for press in presses {
            let data = press.to_string();
            assert!(data.len() <= DATA_BYTES, "{data}");
            assert_eq!(data.parse(), Ok(press));
        }
    }

    proptest! {
        #[test]
        fn forged_data_is_refused_or_well_formed(data in "\\PC{0,64}|(all-)?(cancel|with|cook|example):[0-9a-z:]{0,40}") {
            if let Ok(press) = data.parse::<Press>() {
                prop_assert_eq!(press.to_string().parse(), Ok(press));
            }
        }
    }
}
