//! Is a text a command, and for whom.

use atelier_domain::Content;

/// Reads a message's text. `None` if it is a command addressed to another bot.
///
/// A command is `/` and a name of `A-Za-z0-9_`, then optionally `@bot`, then white space or the end; anything else that
/// starts with a slash (a path, a date) is text. The spaces between the name and its arguments belong to neither; a line
/// break there belongs to the arguments.
pub(super) fn content(text: String, username: &str) -> Option<Content> {
    let Some(rest) = text.strip_prefix('/') else { return Some(Content::Text(text)) };
    let (name, rest) = word(rest);
    let (bot, rest) = match rest.strip_prefix('@').map(word) {
        Some((bot, rest)) => (Some(bot), rest),
        None => (None, rest),
    };
    let ends = rest.chars().next().is_none_or(char::is_whitespace);
    if name.is_empty() || bot == Some("") || !ends {
        return Some(Content::Text(text));
    }
    if bot.is_some_and(|bot| !bot.eq_ignore_ascii_case(username)) {
        return None;
    }
    let between = |letter: char| letter.is_whitespace() && letter != '\n' && letter != '\r';
    let arguments = rest.trim_start_matches(between).trim_end().to_owned();
    Some(Content::Command { name: name.to_ascii_lowercase(), arguments })
}

/// The leading `A-Za-z0-9_` and what follows.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, name: &str, arguments: &str) {
        let command = Content::Command { name: name.to_owned(), arguments: arguments.to_owned() };
        assert_eq!(read(text), Some(command));
    }

    fn read(text: &str) -> Option<Content> {
        content(text.to_owned(), "atelier_bot")
    }

    #[test]
    fn commands_are_split_into_name_and_arguments() {
        reads("/start", "start", "");
        reads("/Imagine@Atelier_Bot  a red fox \n", "imagine", "a red fox");
        reads("/imagine\na fox\n\na hare", "imagine", "\na fox\n\na hare");
        reads("/imagine \n a fox", "imagine", "\n a fox");
        reads("/start m_flux", "start", "m_flux");
        reads("/imagine   ", "imagine", "");
        reads("/imagine\u{a0}a fox", "imagine", "a fox");
    }

    #[test]
    fn commands_of_other_bots_are_nothing() {
        assert_eq!(read("/imagine@other_bot a fox"), None);
    }

    #[test]
    fn what_only_starts_with_a_slash_is_text() {
        for text in ["/", "//", "/ imagine", "/usr/bin", "/imagine@", "/imagine@ fox", "/été", "/a-b", "a /start", ""]
        {
            assert_eq!(read(text), Some(Content::Text(text.to_owned())), "{text:?}");
        }
    }
}
