//! Who does it: every change of the queue names its actor.

use std::fmt;
use std::str::FromStr;

/// The operator behind an action, written `operator:name` wherever it is recorded: nobody can act under the name of a
/// user or of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

/// The text is no name of an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name of 1 to 64 characters without spaces")]
pub struct BadActor;

/// Longest name, in bytes.
const LONGEST: usize = 64;

impl FromStr for Actor {
    type Err = BadActor;

    fn from_str(name: &str) -> Result<Self, BadActor> {
        let name = name.trim().trim_start_matches("operator:");
        let bad = |c: char| c.is_whitespace() || c.is_control();
        // spaces and control characters separate the parts of what is recorded
        if name.is_empty() || name.len() > LONGEST || name.contains(bad) {
            Err(BadActor)
        } else {
            Ok(Self::named(name))
        }
    }
}

impl Actor {
    /// Makes a name of whatever is there: characters that cannot be recorded are left out.
    pub fn of(login: &str, host: &str) -> Self {
        let kept = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || "._-".contains(*c)).take(30).collect();
        let (login, host): (String, String) = (kept(login), kept(host));
        let login = if login.is_empty() { "somebody".to_owned() } else { login };
        if host.is_empty() { Self::named(&login) } else { Self::named(&format!("{login}@{host}")) }
    }

    fn named(name: &str) -> Self {
        Self(format!("operator:{name}"))
    }

    /// As it is recorded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_an_operator_whatever_it_is_called() {
        assert_eq!(Actor::of("jo", "box").as_str(), "operator:jo@box");
        assert_eq!(Actor::of("j o\u{1f}\n", "").as_str(), "operator:jo");
        assert_eq!(Actor::of("", "box").as_str(), "operator:somebody@box");
        let given = |text: &str| text.parse::<Actor>().map(|actor| actor.to_string());
        assert_eq!(given("deploy-bot"), Ok("operator:deploy-bot".to_owned()));
        assert_eq!(given("operator:jo@box"), Ok("operator:jo@box".to_owned()));
        assert_eq!(given("user:9"), Ok("operator:user:9".to_owned()));
        for text in ["", " ", "two words", "a\u{1f}b", &"x".repeat(65)] {
            assert_eq!(given(text), Err(BadActor), "{text:?}");
        }
    }
}
