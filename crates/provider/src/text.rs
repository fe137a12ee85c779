//! What providers write, made fit for an operator's eye: one line, short, no secrets.

use secrecy::{ExposeSecret, SecretString};

/// The longest detail, in characters.
const DETAIL_CHARS: usize = 300;

/// `text` on one line, cut at [`DETAIL_CHARS`], with every occurrence of `secret` blotted out.
pub(crate) fn detail(text: &str, secret: Option<&SecretString>) -> String {
    let secret = secret.map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty());
    let clean = secret.map_or_else(|| text.to_owned(), |secret| text.replace(secret, "***"));
    let words = clean.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= DETAIL_CHARS {
        return line;
    }
    line.chars().take(DETAIL_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_short_lines_without_secrets() {
        let secret = SecretString::from("r8_secret");
        assert_eq!(detail("a\n\u{7}  b r8_secret!\r\n", Some(&secret)), "a b ***!");
        let long = detail(&"ж".repeat(5_000), None);
        assert!(long.ends_with('…') && long.chars().count() <= DETAIL_CHARS, "{}", long.chars().count());
        let words = detail(&"word ".repeat(500), None);
        assert!(words.chars().count() <= DETAIL_CHARS, "{}", words.chars().count());
        assert_eq!(detail("", None), "");
    }
}
