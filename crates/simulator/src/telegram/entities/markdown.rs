//! `MarkdownV2`, with its error texts.

use serde_json::{Value, json};

use super::Formatted;

const RESERVED: &str = "_*[]()~`>#+-=|{}.!";

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Code,
    Pre,
    PreCode,
    TextUrl,
    CustomEmoji,
}

impl Kind {
    /// The word in error texts.
    fn title(self) -> &'static str {
        match self {
            Self::Bold => "Bold",
            Self::Italic => "Italic",
            Self::Underline => "Underline",
            Self::Strikethrough => "Strikethrough",
            Self::Spoiler => "Spoiler",
            Self::Code => "Code",
            Self::Pre => "Pre",
            Self::PreCode => "PreCode",
            Self::TextUrl => "TextUrl",
            Self::CustomEmoji => "CustomEmoji",
        }
    }

    /// The word on the wire.
    fn word(self) -> &'static str {
        match self {
            Self::Bold => "bold",
            Self::Italic => "italic",
            Self::Underline => "underline",
            Self::Strikethrough => "strikethrough",
            Self::Spoiler => "spoiler",
            Self::Code => "code",
            Self::Pre | Self::PreCode => "pre",
            Self::TextUrl => "text_link",
            Self::CustomEmoji => "custom_emoji",
        }
    }

    /// What ends it.
    fn end(self) -> &'static str {
        match self {
            Self::Bold => "*",
            Self::Italic => "_",
            Self::Underline => "__",
            Self::Strikethrough => "~",
            Self::Spoiler => "||",
            Self::Code => "`",
            Self::Pre | Self::PreCode => "```",
            Self::TextUrl | Self::CustomEmoji => "]",
        }
    }

    fn is_verbatim(self) -> bool {
        matches!(self, Self::Code | Self::Pre | Self::PreCode)
    }
}

struct Open {
    kind: Kind,
    at: usize,
    units: usize,
    bytes: usize,
    language: String,
}

/// Parses `source`; the error is the part after "can't parse entities: ".
pub(super) fn parse(source: &str) -> Result<Formatted, String> {
    let mut text = String::with_capacity(source.len());
    let mut units = 0;
    let mut entities: Vec<Value> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut quote: Option<usize> = None;
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let literal = match rest.chars().nth(1) {
            Some(next) if c == '\\' && next.is_ascii() => Some((next, 2)),
            _ => None,
        };
        if let Some((next, length)) = literal {
            text.push(next);
            units += 1;
            at += length;
            continue;
        }
        let verbatim = open.last().is_some_and(|open| open.kind.is_verbatim());
        let special = if verbatim { c == '`' } else { RESERVED.contains(c) };
        if let Some(top) = open.last()
            && special
            && ends(top.kind, rest)
            && let Some(top) = open.pop()
        {
            at += top.kind.end().len();
            let mut entity = json!({ "type": top.kind.word(), "offset": top.units, "length": units - top.units });
            match top.kind {
                Kind::TextUrl | Kind::CustomEmoji => {
                    let (target, end) = target(source, at, &text[top.bytes..])?;
                    at = end;
                    let field = if top.kind == Kind::TextUrl { "url" } else { "custom_emoji_id" };
                    entity[field] = json!(target);
                }
                Kind::PreCode => entity["language"] = json!(top.language),
                _ => {}
            }
            if units > top.units {
                entities.push(entity);
            }
            continue;
        }
        let line_start = at == 0 || source[..at].ends_with('\n');
        if special && !verbatim {
            if c == '>' && line_start {
                quote.get_or_insert(units);
                at += 1;
                continue;
            }
            let (kind, length, language) = start(c, rest)?;
            open.push(Open { kind, at, units, bytes: text.len(), language });
            at += length;
            continue;
        }
        text.push(c);
        units += c.len_utf16();
        at += c.len_utf8();
        if c == '\n'
            && !source[at..].starts_with('>')
            && let Some(start) = quote.take()
        {
            entities.push(json!({ "type": "blockquote", "offset": start, "length": units - 1 - start }));
        }
    }
    if let Some(top) = open.last() {
        return Err(format!("Can't find end of {} entity at byte offset {}", top.kind.title(), top.at));
    }
    if let Some(start) = quote.filter(|start| units > *start) {
        entities.push(json!({ "type": "blockquote", "offset": start, "length": units - start }));
    }
    entities.sort_by_key(|entity| entity["offset"].as_u64());
    Ok(Formatted { text, entities })
}

fn ends(kind: Kind, rest: &str) -> bool {
    match kind {
        // two underscores belong to underline
        Kind::Italic => rest.starts_with('_') && !rest.starts_with("__"),
        kind => rest.starts_with(kind.end()),
    }
}

fn start(c: char, rest: &str) -> Result<(Kind, usize, String), String> {
    let plain = |kind, length| Ok((kind, length, String::new()));
    match c {
        '_' if rest.starts_with("__") => plain(Kind::Underline, 2),
        '_' => plain(Kind::Italic, 1),
        '*' => plain(Kind::Bold, 1),
        '~' => plain(Kind::Strikethrough, 1),
        '|' if rest.starts_with("||") => plain(Kind::Spoiler, 2),
        '[' => plain(Kind::TextUrl, 1),
        '!' if rest.starts_with("![") => plain(Kind::CustomEmoji, 2),
        '`' if rest.starts_with("```") => {
            let body = &rest[3..];
            let language_end = body.find(|c: char| c.is_whitespace() || c == '`').unwrap_or(body.len());
            let follows = &body[language_end..];
            if language_end == 0 || follows.is_empty() || follows.starts_with('`') {
                let newline = usize::from(body.starts_with('\n'));
                return plain(Kind::Pre, 3 + newline);
            }
            let newline = usize::from(follows.starts_with('\n'));
            Ok((Kind::PreCode, 3 + language_end + newline, body[..language_end].to_owned()))
        }
        '`' => plain(Kind::Code, 1),
        c => Err(format!("Character '{c}' is reserved and must be escaped with the preceding '\\'")),
    }
}

/// Reads `(address)` after a link's text; without it the text is the address.
fn target(source: &str, at: usize, text: &str) -> Result<(String, usize), String> {
    let Some(body) = source[at..].strip_prefix('(') else { return Ok((text.to_owned(), at)) };
    let mut target = String::new();
    let mut escaped = false;
    for (index, c) in body.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            ')' if !escaped => return Ok((target, at + 1 + index + 1)),
            c => {
                escaped = false;
                target.push(c);
            }
        }
    }
    Err(format!("Can't find end of a URL at byte offset {at}"))
}
