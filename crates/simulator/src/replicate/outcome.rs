//! How a prediction will end, decided at its creation by a rule, a prompt directive, or left at success.

use serde::{Deserialize, Serialize};

/// The end of a prediction. In JSON a plain name (`"nsfw"`) or an object (`{"fails":{"error":"…"}}`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    #[default]
    Succeeds,
    // failures with the texts of the real service
    Nsfw,
    AllNsfw,
    Flagged,
    HighDemand,
    Interrupted,
    Director,
    OutOfMemory,
    StartTimeout,
    Fails {
        error: String,
    },
    // ends without an output
    EmptyList,
    NullOutput,
    /// Succeeded, and its output is deleted already.
    Expired,
    Aborted,
    NeverStarts,
    NeverEnds,
    // strange outputs
    Corrupt,
    HugePixels,
    Heavy,
    Svg,
    WrongContentType,
    /// A film followed by so many bytes of nothing.
    Bulky {
        bytes: u64,
    },
    OtherHost {
        #[serde(default = "other_host")]
        url: String,
    },
}

fn other_host() -> String {
    "https://files.elsewhere.example/out-0.png".to_owned()
}

impl Outcome {
    /// The `error` text of a failed prediction; `tag` is the random trailing tag of some messages.
    pub(super) fn error(&self, tag: &str) -> Option<String> {
        Some(match self {
            Self::Nsfw => "NSFW content detected. Try running it again, or try a different prompt.".to_owned(),
            Self::AllNsfw => "All generated images contained NSFW content. Try running it again with a different \
                              prompt."
                .to_owned(),
            Self::Flagged => format!(
                "The input or output was flagged as sensitive. Please try again with different inputs. (E005) ({tag})"
            ),
            Self::HighDemand => {
                format!("Service is currently unavailable due to high demand. Please try again later. (E003) ({tag})")
            }
            Self::Interrupted => "Prediction interrupted; please retry (code: PA)".to_owned(),
            Self::Director => "Director: unexpected error handling prediction (E9828)".to_owned(),
            Self::OutOfMemory => format!("CUDA out of memory. (E1001) ({tag})"),
            Self::StartTimeout => format!("The prediction timed out while starting. (E6716) ({tag})"),
            Self::Fails { error } => error.clone(),
            _ => return None,
        })
    }

    /// Whether the prediction stays where it is until it is cancelled or its deadline passes.
    pub(super) fn never_ends(&self) -> bool {
        matches!(self, Self::NeverEnds)
    }

    /// What a directive in the prompt asks for; the second value multiplies the latency.
    pub(super) fn directive(prompt: &str) -> Option<(Self, f64)> {
        prompt.split_whitespace().find_map(|word| {
            Some(match word {
                "!nsfw" => (Self::Nsfw, 1.0),
                "!flagged" => (Self::Flagged, 1.0),
                "!fail" => (Self::Interrupted, 1.0),
                "!slow" => (Self::Succeeds, 6.0),
                _ => return None,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_from_names_and_objects() {
        let read = |text: &str| serde_json::from_str::<Outcome>(text).unwrap();
        assert_eq!(read("\"nsfw\""), Outcome::Nsfw);
        assert_eq!(read(r#"{"fails":{"error":"boom"}}"#).error(""), Some("boom".to_owned()));
        assert_eq!(read(r#"{"other_host":{}}"#), Outcome::OtherHost { url: other_host() });
        assert!(serde_json::from_str::<Outcome>("\"nonsense\"").is_err());
    }

    #[test]
    fn directives_are_whole_words() {
        assert_eq!(Outcome::directive("a cat !nsfw"), Some((Outcome::Nsfw, 1.0)));
        assert_eq!(Outcome::directive("wow!nsfw"), None);
    }
}
