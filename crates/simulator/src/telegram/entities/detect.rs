//! Entities that Telegram finds in plain text: commands, mentions and web addresses.

use serde_json::{Value, json};

use super::utf16_len;

/// Finds them, in order.
pub(crate) fn detect(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut offset = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if let Some((kind, length)) = classify(word) {
            found.push(json!({ "type": kind, "offset": offset, "length": utf16_len(&word[..length]) }));
        }
        offset += utf16_len(piece);
    }
    found
}

/// The kind of a word and how many of its bytes belong to it.
fn classify(word: &str) -> Option<(&'static str, usize)> {
    let name_end = |from: usize| {
        word[from..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(word.len(), |end| from + end)
    };
    if word.starts_with('/') {
        let mut end = name_end(1);
        if !(2..=65).contains(&end) {
            return None;
        }
        if word[end..].starts_with('@') {
            let with_bot = name_end(end + 1);
            end = if with_bot > end + 1 { with_bot } else { end };
        }
        return Some(("bot_command", end));
    }
    if word.starts_with('@') {
        let end = name_end(1);
        return (end > 3).then_some(("mention", end));
    }
    let is_address = word.starts_with("https://") || word.starts_with("http://");
    let end = word.trim_end_matches(['.', ',', '!', '?', ';', ':', ')']).len();
    (is_address && end > 8).then_some(("url", end))
}
