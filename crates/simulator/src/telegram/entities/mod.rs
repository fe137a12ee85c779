//! Formatted text: from markup or entities to the plain text that Telegram counts and stores.
//!
//! Invariant: lengths and offsets are UTF-16 code units, counted after parsing. Deliberately absent: the legacy
//! `Markdown` mode and custom emoji lookups.

mod detect;
mod html;
mod markdown;

use serde_json::{Value, json};

use super::reply::ApiError;

pub(crate) use detect::detect;

/// Telegram keeps about this many entities of a message and drops the rest.
const MAX_ENTITIES: usize = 100;

/// Plain text with its formatting.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
}

/// Length in UTF-16 code units.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Reads text with an optional parse mode or explicit entities (which the parse mode overrides).
pub(crate) fn read(text: &str, parse_mode: Option<&str>, entities: Option<Value>) -> Result<Formatted, ApiError> {
    let markup = |error: String| ApiError::bad(format!("can't parse entities: {error}"));
    let parsed = match parse_mode.map(str::to_ascii_lowercase).as_deref() {
        Some("html") => html::parse(text).map_err(markup)?,
        Some("markdownv2") => markdown::parse(text).map_err(markup)?,
        Some("none") | None => Formatted { text: text.to_owned(), entities: explicit(text, entities)? },
        Some(_) => return Err(ApiError::bad("unsupported parse_mode")),
    };
    let mut trimmed = trim(parsed);
    let found = detect(&trimmed.text);
    let taken: Vec<(usize, usize)> = trimmed.entities.iter().filter_map(range).collect();
    // what the server finds by itself yields to what the sender marked
    trimmed.entities.extend(found.into_iter().filter(|entity| {
        range(entity).is_some_and(|(start, end)| taken.iter().all(|(from, to)| end <= *from || start >= *to))
    }));
    trimmed.entities.sort_by_key(|entity| range(entity).map(|(start, end)| (start, usize::MAX - end)));
    trimmed.entities.truncate(MAX_ENTITIES);
    Ok(trimmed)
}

fn range(entity: &Value) -> Option<(usize, usize)> {
    let number = |name| entity.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let start = number("offset")?;
    Some((start, start + number("length")?))
}

fn explicit(text: &str, entities: Option<Value>) -> Result<Vec<Value>, ApiError> {
    let list = match entities {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(ApiError::bad("can't parse MessageEntity: expected an Array of MessageEntity")),
    };
    let length = utf16_len(text);
    let mut kept = Vec::new();
    for mut entity in list {
        let known = entity.get("type").and_then(Value::as_str).is_some();
        let Some((start, end)) = range(&entity).filter(|_| known) else {
            return Err(ApiError::bad("can't parse MessageEntity: an Object with type, offset and length expected"));
        };
        let end = end.min(length);
        if start < end {
            entity["length"] = json!(end - start);
            kept.push(entity);
        }
    }
    Ok(kept)
}

/// Cuts white space at both ends, as Telegram does, and shifts the entities along.
fn trim(formatted: Formatted) -> Formatted {
    let without_tail = formatted.text.trim_end();
    let text = without_tail.trim_start().to_owned();
    let shift = utf16_len(without_tail) - utf16_len(&text);
    let length = utf16_len(&text);
    let entities = formatted
        .entities
        .into_iter()
        .filter_map(|mut entity| {
            let (start, end) = range(&entity)?;
            let start = start.saturating_sub(shift);
            let end = end.saturating_sub(shift).min(length);
            (start < end).then(|| {
                entity["offset"] = json!(start);
                entity["length"] = json!(end - start);
                entity
            })
        })
        .collect();
    Formatted { text, entities }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> Result<Formatted, String> {
        read(text, Some("HTML"), None).map_err(|error| error.description)
    }

    fn markdown(text: &str) -> Result<Formatted, String> {
        read(text, Some("MarkdownV2"), None).map_err(|error| error.description)
    }

    #[test]
    fn html_counts_after_parsing_in_utf16() {
        let parsed = html("🏔 <b>bold <i>both</i></b> &lt;x&gt; &#128512;").unwrap();
        assert_eq!(parsed.text, "🏔 bold both <x> 😀");
        assert_eq!(parsed.entities[0], json!({"type": "bold", "offset": 3, "length": 9}));
        assert_eq!(parsed.entities[1], json!({"type": "italic", "offset": 8, "length": 4}));
    }

    #[test]
    fn html_errors_are_worded_as_telegram_words_them() {
        for (text, error) in [
            ("a <b>", "Can't find end tag corresponding to start tag \"b\""),
            ("a </b>", "Unexpected end tag at byte offset 2"),
            ("<b>x</i>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
            ("<think>", "Unsupported start tag \"think\" at byte offset 0"),
            ("1 <2", "Unclosed start tag at byte offset 2"),
            ("<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
        ] {
            assert_eq!(html(text).unwrap_err(), format!("Bad Request: can't parse entities: {error}"), "{text}");
        }
    }

    #[test]
    fn html_links_quotes_and_code_keep_their_arguments() {
        let parsed =
            html("<a href=\"https://example.org/?a=1&amp;b\">x</a> <pre><code class=\"language-rust\">y</code></pre>")
                .unwrap();
        assert_eq!(parsed.entities[0]["url"], "https://example.org/?a=1&b");
        assert_eq!(parsed.entities[1]["language"], "rust");
    }

    #[test]
    fn markdown_parses_and_rejects() {
        let parsed = markdown("*b* _i_ __u__ ~s~ ||p|| `c` [t](https://example.org) \\.").unwrap();
        assert_eq!(parsed.text, "b i u s p c t .");
        let kinds: Vec<_> = parsed.entities.iter().map(|entity| entity["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["bold", "italic", "underline", "strikethrough", "spoiler", "code", "text_link"]);
        for (text, error) in [
            ("end.", "Character '.' is reserved and must be escaped with the preceding '\\'"),
            ("🏟 _abc", "Can't find end of Italic entity at byte offset 5"),
            ("a `b", "Can't find end of Code entity at byte offset 2"),
            ("```a", "Can't find end of Pre entity at byte offset 0"),
        ] {
            assert_eq!(markdown(text).unwrap_err(), format!("Bad Request: can't parse entities: {error}"), "{text}");
        }
    }

    #[test]
    fn plain_text_is_trimmed_and_its_commands_are_found() {
        let parsed = read("  /start@atelier_bot see https://example.org. ", None, None).unwrap();
        assert_eq!(parsed.text, "/start@atelier_bot see https://example.org.");
        assert_eq!(parsed.entities[0], json!({"type": "bot_command", "offset": 0, "length": 18}));
        assert_eq!(parsed.entities[1], json!({"type": "url", "offset": 23, "length": 19}));
    }
}
