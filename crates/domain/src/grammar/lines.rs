//! Whether a message is one prompt or a list of them.

use super::Unclear;
use super::flags::{Wish, wish};

/// The prompts of a message, in order, each with its own and the common flags.
pub(super) fn wishes(text: &str) -> Result<Vec<Wish>, Unclear> {
    let whole = wish(text)?;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // `/imagine` alone on its line: the arguments begin with the line break
    let command_alone = text.starts_with('\n') || text.starts_with("\r\n");

    if let Some((heading, items)) = marked(&lines) {
        return list(heading, &items);
    }
    if whole.each || (command_alone && lines.len() >= 2) {
        return list(None, &lines);
    }
    Ok(if whole.prompt.is_empty() { Vec::new() } else { vec![whole] })
}

/// One wish per line; a line of flags only, and the heading's flags, hold for all.
fn list(heading: Option<&str>, items: &[&str]) -> Result<Vec<Wish>, Unclear> {
    let mut common = heading.map(wish).transpose()?.unwrap_or_default();
    let mut wishes = Vec::new();
    for item in items {
        let read = wish(item)?;
        if read.prompt.is_empty() {
            common = read.inherit(&common);
        } else {
            wishes.push(read);
        }
    }
    Ok(wishes.into_iter().map(|wish| wish.inherit(&common)).collect())
}

/// Splits a marked list into its heading and its items without their marks. At least two lines must be marked, and
/// none but the first and lines of flags only may be unmarked.
fn marked<'a>(lines: &[&'a str]) -> Option<(Option<&'a str>, Vec<&'a str>)> {
    let (heading, rest) = match lines {
        [first, rest @ ..] if unmarked(first).is_none() => (Some(*first), rest),
        all => (None, all),
    };
    let flags_only = |line: &str| wish(line).is_ok_and(|wish| wish.prompt.is_empty());
    let mut items = Vec::with_capacity(rest.len());
    let mut marks = 0;
    for line in rest {
        match unmarked(line) {
            Some(item) => {
                marks += 1;
                items.push(item);
            }
            None if flags_only(line) => items.push(*line),
            None => return None,
        }
    }
    (marks >= 2).then_some((heading, items))
}

/// The line without its list mark, if it has one and something follows.
fn unmarked(line: &str) -> Option<&str> {
    let rest = if let Some(rest) = line.strip_prefix(['-', '*', '•', '–', '—', '·']) {
        rest
    } else {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 2 {
            return None;
        }
        line[digits..].strip_prefix(['.', ')'])?
    };
    let item = rest.trim_start();
    (item.len() < rest.len() && !item.is_empty()).then_some(item)
}
