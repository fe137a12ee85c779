//! Fits text into Telegram's limits, which count UTF-16 units, not bytes and not characters.

use crate::catalogue::Model;
use crate::job::Job;
use crate::texts::Say;

/// Longest caption of a photo, video or document (Bot API, `sendPhoto`).
pub const CAPTION_UNITS: usize = 1024;
/// Longest message text (Bot API, `sendMessage`).
pub const TEXT_UNITS: usize = 4096;

/// Length in UTF-16 units.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The longest beginning of `text` that fits into `limit` UTF-16 units; when something is cut, it ends with `…`.
pub fn cut(text: &str, limit: usize) -> String {
    if units(text) <= limit {
        return text.to_owned();
    }
    let mut left = limit.saturating_sub(1);
    let mut end = 0;
    for (start, character) in text.char_indices() {
        let Some(rest) = left.checked_sub(character.len_utf16()) else { break };
        left = rest;
        end = start + character.len_utf8();
    }
    let kept = text[..end].trim_end_matches(is_joiner).trim_end();
    if limit == 0 { String::new() } else { format!("{kept}…") }
}

/// A text in parts that fit into `limit` UTF-16 units each: broken between lines or words where there are any. Nothing but
/// the blanks at the breaks is lost. `limit` is at least two.
pub fn parts(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(2);
    let (mut parts, mut rest) = (Vec::new(), text.trim_end());
    while units(rest) > limit {
        let mut left = limit;
        let fits = rest.char_indices().take_while(|(_, character)| {
            let fits = left >= character.len_utf16();
            left = left.saturating_sub(character.len_utf16());
            fits
        });
        let end = fits.last().map_or(rest.len(), |(start, character)| start + character.len_utf8());
        let whole = &rest[..end];
        // half a part is better than a word in two, but not a tenth of one
        let at = |mark| whole.rfind(mark).filter(|at| at * 2 > end);
        let end = at('\n').or_else(|| at(' ')).unwrap_or(end);
        parts.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest.to_owned());
    }
    parts
}

/// Whether the caption of a job's result holds the whole prompt; else it belongs into an answer to it.
pub fn is_whole(caption: &str, job: &Job) -> bool {
    caption.starts_with(job.request.prompt.as_str())
}

/// Characters that make no sense at the end of a cut text: joiners and half-built emoji would show as boxes.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200d}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// A prompt above a fixed line of facts, the prompt cut so that the whole fits into `limit` units.
pub fn over(prompt: &str, facts: &str, limit: usize) -> String {
    let fixed = units(facts) + 2;
    if fixed >= limit {
        return cut(facts, limit);
    }
    format!("{}\n\n{facts}", cut(prompt, limit - fixed))
}

/// The text of a slot: what is going on, under the beginning of the prompt when a message asked for several pictures
/// (a single one answers its prompt, which the chat quotes).
pub fn slot(job: &Job, line: &str) -> String {
    if job.of < 2 {
        return cut(line, TEXT_UNITS);
    }
    let which = job.language.say(&Say::OfMany { index: job.index, of: job.of });
    let prompt = job.request.prompt.as_str().lines().next().unwrap_or_default();
    format!("{which} · {}\n{line}", cut(prompt, 80))
}

/// The card that holds a job's place in an album: which of how many, as `3/10`, and its size in pixels.
pub fn card(job: &Job) -> (String, (u32, u32)) {
    let which = job.language.say(&Say::OfMany { index: job.index, of: job.of });
    (which, job.request.ratio.size(CARD_PIXELS))
}

/// Pixels of a card: sharp on a phone, and far below the 100 kB from which Telegram spaces uploads out.
const CARD_PIXELS: u32 = 180_000;

/// The caption of a result: the prompt, and below it model, seed, seconds, and a note when there is one.
pub fn result(job: &Job, model: &Model, seconds: f64, note: Option<&Say<'_>>) -> String {
    let language = job.language;
    let mut facts = vec![language.say(&Say::CaptionModel { model })];
    facts.extend(job.request.seed.map(|seed| language.say(&Say::CaptionSeed { seed })));
    facts.push(language.say(&Say::CaptionSeconds { seconds }));
    let mut facts = facts.join(" · ");
    if let Some(note) = note {
        facts = format!("{facts}\n{}", language.say(note));
    }
    over(job.request.prompt.as_str(), &facts, CAPTION_UNITS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_texts_break_between_lines_and_words() {
        assert_eq!(parts("one two three", 8), ["one two", "three"]);
        assert_eq!(parts("one\ntwo three", 8), ["one two".replace(' ', "\n"), "three".to_owned()]);
        assert_eq!(parts("onetwothree", 4), ["onet", "woth", "ree"]);
        assert_eq!((parts("", 4), parts("🐈🐈🐈", 3)), (vec![String::new()], vec!["🐈".to_owned(); 3]));
    }

    #[test]
    fn emoji_count_twice_and_are_never_halved() {
        assert_eq!(cut("🐈🐈🐈", 5), "🐈🐈…");
        assert_eq!(cut("🐈🐈🐈", 4), "🐈…");
        assert_eq!(cut("🐈", 2), "🐈");
        assert_eq!(cut("👩\u{200d}🚀 in space", 4), "👩…");
    }

    proptest! {
        #[test]
        fn the_result_always_fits(text in "\\PC{0,60}", facts in "\\PC{0,20}", limit in 0_usize..80) {
            prop_assert!(units(&cut(&text, limit)) <= limit);
            prop_assert!(units(&over(&text, &facts, limit)) <= limit);
        }

        #[test]
        fn parts_fit_and_lose_nothing_but_blanks(text in "[a-zщ🐈 \n]{0,200}", limit in 2_usize..40) {
            let parts = parts(&text, limit);
            prop_assert!(parts.iter().all(|part| units(part) <= limit), "{parts:?}");
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&parts.concat()), bare(&text));
        }

        #[test]
        fn what_fits_stays_as_it_is(text in "\\PC{0,60}") {
            prop_assert_eq!(cut(&text, units(&text)), text);
        }
    }
}
