//! Telegram's HTML subset, with its error texts.

use serde_json::{Map, Value, json};

use super::{Formatted, utf16_len};

struct Open {
    tag: String,
    start: usize,
    kind: Option<&'static str>,
    fields: Map<String, Value>,
}

/// Parses `source`; the error is the part after "can't parse entities: ".
pub(super) fn parse(source: &str) -> Result<Formatted, String> {
    let mut text = String::with_capacity(source.len());
    let mut entities: Vec<Value> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut units = 0;
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        match c {
            '&' => {
                let (decoded, length) = decode(&source[at..]).unwrap_or(('&', 1));
                text.push(decoded);
                units += decoded.len_utf16();
                at += length;
            }
            '<' if source[at + 1..].starts_with('/') => {
                at = close(source, at, units, &mut open, &mut entities)?;
            }
            '<' => {
                let (tag, end) = start_tag(source, at, units, open.last())?;
                open.push(tag);
                at = end;
            }
            c => {
                text.push(c);
                units += c.len_utf16();
                at += c.len_utf8();
            }
        }
    }
    if let Some(tag) = open.last() {
        return Err(format!("Can't find end tag corresponding to start tag \"{}\"", tag.tag));
    }
    debug_assert_eq!(units, utf16_len(&text));
    Ok(Formatted { text, entities })
}

fn close(
    source: &str,
    at: usize,
    units: usize,
    open: &mut Vec<Open>,
    entities: &mut Vec<Value>,
) -> Result<usize, String> {
    let Some(tag) = open.pop() else { return Err(format!("Unexpected end tag at byte offset {at}")) };
    let rest = &source[at + 2..];
    let name_end = rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(rest.len());
    let name = rest[..name_end].to_lowercase();
    let tail = rest[name_end..].trim_start();
    if !tail.starts_with('>') {
        return Err(format!("Unclosed end tag at byte offset {at}"));
    }
    if !name.is_empty() && name != tag.tag {
        return Err(format!("Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"", tag.tag));
    }
    if let Some(kind) = tag.kind.filter(|_| units > tag.start) {
        let mut entity = json!({ "type": kind, "offset": tag.start, "length": units - tag.start });
        if let Some(fields) = entity.as_object_mut() {
            fields.extend(tag.fields);
        }
        // <pre><code class="language-x"> is one entity
        let inner = entities.last().filter(|last| kind == "pre" && last["type"] == "code");
        let same = inner.is_some_and(|last| last["offset"] == entity["offset"] && last["length"] == entity["length"]);
        if same && let Some(language) = entities.pop().and_then(|last| last.get("language").cloned()) {
            entity["language"] = language;
        }
        entities.push(entity);
    }
    Ok(source.len() - tail.len() + 1)
}

fn start_tag(source: &str, at: usize, units: usize, parent: Option<&Open>) -> Result<(Open, usize), String> {
    let rest = &source[at + 1..];
    let name_end = rest
        .find(|c: char| c.is_whitespace() || c == '>')
        .ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
    let tag = rest[..name_end].to_lowercase();
    let kind = match tag.as_str() {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "span" | "tg-spoiler" => "spoiler",
        "a" => "text_link",
        "code" => "code",
        "pre" => "pre",
        "blockquote" => "blockquote",
        "tg-emoji" => "custom_emoji",
        _ => return Err(format!("Unsupported start tag \"{tag}\" at byte offset {at}")),
    };
    let (attributes, end) = attributes(source, at, &tag, at + 1 + name_end)?;
    let attribute = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut open = Open { tag, start: units, kind: Some(kind), fields: Map::new() };
    match open.tag.as_str() {
        "span" if attribute("class") != Some("tg-spoiler") => {
            return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}"));
        }
        "a" => match attribute("href").filter(|href| !href.is_empty()) {
            Some(href) => {
                open.fields.insert("url".to_owned(), json!(href));
            }
            None => open.kind = None,
        },
        "code" => {
            let language = attribute("class").and_then(|class| class.strip_prefix("language-"));
            if let Some(language) = language.filter(|_| parent.is_some_and(|parent| parent.tag == "pre")) {
                open.fields.insert("language".to_owned(), json!(language));
            }
        }
        "blockquote" if attribute("expandable").is_some() => open.kind = Some("expandable_blockquote"),
        "tg-emoji" => {
            let id = attribute("emoji-id").ok_or("Invalid custom emoji identifier specified")?;
            open.fields.insert("custom_emoji_id".to_owned(), json!(id));
        }
        _ => {}
    }
    Ok((open, end))
}

/// Attributes in lower case with decoded values, and the position after `>`.
fn attributes(source: &str, tag_at: usize, tag: &str, mut at: usize) -> Result<(Vec<(String, String)>, usize), String> {
    let mut list = Vec::new();
    loop {
        at += source[at..].len() - source[at..].trim_start().len();
        let rest = &source[at..];
        if rest.is_empty() {
            return Err(format!("Unclosed start tag \"{tag}\" at byte offset {tag_at}"));
        }
        if rest.starts_with('>') {
            return Ok((list, at + 1));
        }
        let name_end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '>').unwrap_or(rest.len());
        if name_end == 0 {
            return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {tag_at}"));
        }
        let name = rest[..name_end].to_lowercase();
        let tail = rest[name_end..].trim_start();
        let Some(tail) = tail.strip_prefix('=').map(str::trim_start) else {
            list.push((name, String::new()));
            at += name_end;
            continue;
        };
        let (value, left) = if let Some(quote @ ('"' | '\'')) = tail.chars().next() {
            tail[1..].split_once(quote).ok_or_else(|| format!("Unclosed start tag at byte offset {tag_at}"))?
        } else {
            let end = tail.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(tail.len());
            tail.split_at(end)
        };
        list.push((name, decode_all(value)));
        at = source.len() - left.len();
    }
}

fn decode_all(value: &str) -> String {
    let mut decoded = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let (c, length) = if c == '&' { decode(rest).unwrap_or(('&', 1)) } else { (c, c.len_utf8()) };
        decoded.push(c);
        rest = &rest[length..];
    }
    decoded
}

/// Decodes the entity at the start of `source`: the four names and numbers, as Telegram does.
fn decode(source: &str) -> Option<(char, usize)> {
    for (name, c) in [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')] {
        if source.starts_with(name) {
            return Some((c, name.len()));
        }
    }
    let digits = source.strip_prefix("&#")?;
    let end = digits.find(';').filter(|end| *end <= 8)?;
    let number = match digits[..end].strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits[..end].parse().ok()?,
    };
    char::from_u32(number).filter(|c| *c != '\0').map(|c| (c, 2 + end + 1))
}
