//! The Lua library: all verbs of the protocol as functions of one Redis library, loaded once into the server.
//!
//! Functions instead of scripts of their own, because the server makes whatever a script defines anew at every call:
//! that was about a tenth of a step's time. The library's name carries a hash of its text, so that builds of different versions
//! work side by side, each with its own.

use redis::Script;

/// The prelude in its order: what all verbs share.
pub(crate) const PRELUDE: &str = concat!(
    include_str!("../lua/base.lua"),
    include_str!("../lua/ledger/book.lua"),
    include_str!("../lua/prelude/lines.lua"),
    include_str!("../lua/prelude/limits.lua"),
    include_str!("../lua/prelude/ends.lua"),
    include_str!("../lua/prelude/begin.lua"),
);
/// Keeps a call from running when its caller has given it up: one that lay in a stalled server's buffer would claim
/// jobs for nobody, and take the leases for expired that nobody could renew.
const IN_TIME: &str = "\
local deadline = tonumber(match(KEYS[2] or '', '%d+$'))
if deadline and now() > deadline then
  return redis.error_reply('LATE ' .. int(now()))
end
";

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $file:literal $(with $($part:literal)+)?),* $(,)?) => {
        /// A verb of the protocol: one function of the library.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Verb { $($(#[$doc])* $name),* }

        pub(crate) const SOURCES: &[Source] = &[
            $(Source {
                verb: Verb::$name,
                parts: concat!($($(include_str!(concat!("../lua/", $part))),+)?),
                body: include_str!(concat!("../lua/", $file)),
            }),*
        ];
    };
}

/// The text of a verb.
pub(crate) struct Source {
    pub(crate) verb: Verb,
    /// Functions of its own.
    pub(crate) parts: &'static str,
    /// What a call does.
    pub(crate) body: &'static str,
}

verbs! {
    Submit = "submit.lua" with "step/call.lua" "step/lanes.lua" "step/rings.lua" "step/claims.lua" "hand.lua",
    Step = "step.lua" with "step/call.lua" "step/lanes.lua" "step/ends.lua" "step/due.lua" "step/rings.lua" "step/claims.lua",
    Heartbeat = "heartbeat.lua",
    Retire = "retire.lua",
    Checkpoint = "checkpoint.lua",
    Steer = "steer.lua",
    Retry = "retry.lua",
    Forget = "forget.lua",
    Sweep = "sweep.lua",
    Told = "told.lua",
    Cancel = "cancel.lua",
    Slot = "slot.lua",
    Position = "position.lua",
    Grant = "grant.lua",
    Park = "park.lua",
    Album = "album.lua",
    Tap = "tap.lua",
    Seat = "seat.lua",
    Place = "place.lua",
    Breaker = "breaker.lua",
    Unmark = "unmark.lua",
    Own = "own.lua",
    Move = "move.lua",
    Stats = "stats.lua",
    Charge = "ledger/charge.lua",
    Credit = "ledger/credit.lua",
    Nameless = "ledger/nameless.lua",
}

impl Verb {
    /// What follows the library's name in the function's.
    pub(crate) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// With its memory full Redis takes no more jobs, but those it has are kept, ended and steered: their leases must
    /// not run out, and their ends are what frees memory. What only reads, a replica answers, too.
    fn flags(self) -> &'static str {
        match self {
            Self::Submit => "",
            Self::Position | Self::Stats => "'no-writes'",
            _ => "'allow-oom'",
        }
    }

    /// Whether it must not run after its caller has given it up. The others are fenced, or may as well run late.
    pub(crate) fn expires(self) -> bool {
        self == Self::Step
    }
}

impl Source {
    /// Registers the verb's function. Its parts are out of sight for the other verbs.
    pub(crate) fn registration(&self) -> String {
        let Self { verb, parts, body } = self;
        let (name, flags) = (verb.name(), verb.flags());
        let check = if verb.expires() { IN_TIME } else { "" };
        format!("do\n{parts}verb('{name}', {{ {flags} }}, function(KEYS, ARGV)\n{check}{body}end)\nend\n")
    }
}

/// The library's text with this name, as Redis takes it.
pub(crate) fn library(name: &str, text: &str) -> String {
    format!("#!lua name={name}\nlocal LIBRARY = '{name}'\n{text}")
}

/// The library as this build has it.
pub(crate) struct Scripts {
    name: String,
    text: String,
    functions: Vec<String>,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        let verbs: String = SOURCES.iter().map(Source::registration).collect();
        let text = format!("{PRELUDE}{verbs}");
        let name = format!("{}{}", Self::FAMILY, &Script::new(&text).get_hash()[..12]);
        let functions = SOURCES.iter().map(|source| format!("{name}_{}", source.verb.name())).collect();
        Self { text: library(&name, &text), name, functions }
    }

    /// What the names of all builds' libraries begin with.
    const FAMILY: &str = "atelier_";

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The name of a verb's function.
    pub(crate) fn function(&self, verb: Verb) -> &str {
        // the list is made from the enum, in its order
        &self.functions[verb as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_finds_its_own_function_and_every_script_says_its_contract() {
        let scripts = Scripts::new();
        for (index, source) in SOURCES.iter().enumerate() {
            assert_eq!(source.verb as usize, index);
            let function = scripts.function(source.verb);
            assert_eq!(function, format!("{}_{}", scripts.name(), source.verb.name()));
            assert!(scripts.text().contains(&format!("verb('{}', ", source.verb.name())));
            for word in ["-- KEYS", "-- ARGV", "-- Result", "-- Cost"] {
                assert!(source.body.contains(word), "{:?} lacks {word}", source.verb);
            }
        }
    }
}
