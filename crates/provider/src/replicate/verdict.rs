//! What the `error` text of a failed prediction means.
//!
//! Texts end in a random tag and change; the code in brackets is what lasts. Words are looked at only where there is no
//! known code: models pass on the texts of the services behind them.

use atelier_domain::FailureClass;

/// Codes and what they mean. Source: replicate.com/docs (error codes) and texts seen in public reports.
const CODES: [(&str, FailureClass); 8] = [
    ("E005", FailureClass::Filtered),   // input or output flagged as sensitive
    ("E003", FailureClass::Transient),  // high demand
    ("PA", FailureClass::Transient),    // prediction interrupted
    ("E9828", FailureClass::Transient), // the director stumbled
    ("E1000", FailureClass::Transient), // unknown
    ("E1001", FailureClass::Transient), // out of memory
    ("E6716", FailureClass::Transient), // timeout at the start
    ("E4875", FailureClass::Fatal),     // webhook URL empty
];

const FILTERED: [&str; 10] = [
    "nsfw",
    "flagged",
    "sensitive",
    "safety",
    "content policy",
    "content_policy",
    "moderat",
    "prohibited",
    "inappropriate",
    "violat",
];

/// Words by which a filter says that it looked at what was made.
const OUTPUT: [&str; 4] = ["generated image", "output", "nsfw content detected", "generated video"];

const STUMBLED: [&str; 13] = [
    "unavailable",
    "high demand",
    "overloaded",
    "try again later",
    "please retry",
    "interrupted",
    "timeout",
    "timed out",
    "temporar",
    "rate limit",
    "too many requests",
    "internal server error",
    "out of memory",
];

const INVALID: [&str; 7] =
    ["valueerror", "validation", "invalid", "must be ", "is not allowed", "unsupported", "is required"];

/// The class of a failed prediction's text. A text that says nothing known counts as a stumble: the tries are bounded,
/// and what failed is, as far as known, not charged for.
pub(super) fn of(error: &str) -> FailureClass {
    let coded = codes(error).find_map(|code| CODES.iter().find(|(known, _)| *known == code));
    if let Some((_, class)) = coded {
        return *class;
    }
    let lower = error.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&FILTERED) && says(&OUTPUT) && !lower.contains("input") {
        FailureClass::FilteredOutput
    } else if says(&FILTERED) {
        FailureClass::Filtered
    } else if says(&STUMBLED) {
        FailureClass::Transient
    } else if says(&INVALID) {
        FailureClass::InvalidInput
    } else {
        FailureClass::Transient
    }
}

/// What stands in round brackets: `(E005)`, `(code: PA)`.
fn codes(error: &str) -> impl Iterator<Item = &str> {
    error.split('(').skip(1).filter_map(|rest| {
        let (inside, _) = rest.split_once(')')?;
        Some(inside.trim().trim_start_matches("code:").trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_have_their_classes() {
        use FailureClass::{Fatal, Filtered, FilteredOutput, InvalidInput, Transient};
        let table = [
            (
                "The input or output was flagged as sensitive. Please try again with different inputs. (E005) (uIJ6l3ruRD)",
                Filtered,
            ),
            ("Service is currently unavailable due to high demand. Please try again later. (E003) (abc123)", Transient),
            ("Prediction interrupted; please retry (code: PA)", Transient),
            ("Director: unexpected error handling prediction (E9828)", Transient),
            ("NSFW content detected. Try running it again, or try a different prompt.", FilteredOutput),
            (
                "All generated images contained NSFW content. Try running it again with a different prompt.",
                FilteredOutput,
            ),
            ("Something (E1000)", Transient),
            ("Out of memory (E1001) (x)", Transient),
            ("Timed out starting (E6716)", Transient),
            ("Webhook URL is empty (E4875)", Fatal),
            ("ValueError: height must be a multiple of 32", InvalidInput),
            ("", Transient),
            ("zork", Transient),
        ];
        for (error, class) in table {
            assert_eq!(of(error), class, "{error}");
        }
    }

    #[test]
    fn a_known_code_outweighs_words() {
        assert_eq!(of("invalid and unavailable (E005)"), FailureClass::Filtered);
        assert_eq!(of("safety checker is unavailable (E003) (PA"), FailureClass::Transient);
        assert_eq!(of("the word PA alone is invalid"), FailureClass::InvalidInput);
    }
}
