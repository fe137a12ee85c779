//! The Lua scripts, read into the executable once.

use redis::Script;

pub(crate) const BASE: &str = include_str!("../lua/base.lua");
/// What stands behind the base is a function of its own: it reaches the base's many names without a search among all
/// of a script's variables for each function that names them.
pub(crate) const INSIDE: &str = "return (function()\n";
pub(crate) const OUTSIDE: &str = "\nend)()";
/// Of the scripts that move money.
pub(crate) const BOOK: &str = include_str!("../lua/ledger/book.lua");
/// Of the scripts that look at lines or add to them.
pub(crate) const LINES: &str = include_str!("../lua/prelude/lines.lua");
/// Of those that end jobs, too.
pub(crate) const ENDS: &str =
    concat!(include_str!("../lua/prelude/limits.lua"), include_str!("../lua/prelude/ends.lua"));
/// Lets a script write although Redis' memory is full: that is refused only to a script that has not written yet, and
/// this first write needs no memory and changes nothing. (`#!lua flags=allow-oom` says the same from Redis 7 on.)
const THOUGH_FULL: &str = "redis.call('DEL', KEYS[2])\n";
/// Keeps a call from running when its caller has given it up: one that lay in a stalled server's buffer would claim
/// jobs for nobody, and take the leases for expired that nobody could renew.
const IN_TIME: &str = "\
local deadline = tonumber(string.match(KEYS[2], '%d+$'))
if deadline and now() > deadline then
  return redis.error_reply('LATE ' .. int(now()))
end
";

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $($file:literal)+),* $(,)?) => {
        /// A verb of the protocol: one script, of one file or of parts that follow one another.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Verb { $($(#[$doc])* $name),* }

        pub(crate) const SOURCES: &[(Verb, &str)] = &[
            $((Verb::$name, concat!($(include_str!(concat!("../lua/", $file))),+))),*
        ];
    };
}

verbs! {
    Submit = "submit.lua",
    Step = "step.lua" "step/lanes.lua" "step/ends.lua" "step/due.lua" "step/rings.lua" "step/claims.lua" "step/answer.lua",
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
    /// The script with what it needs in front: every function that stands there is made anew at every call.
    ///
    /// With its memory full Redis takes no more jobs, but those it has are kept, ended and steered: their leases must
    /// not run out, and their ends are what frees memory. What only reads writes nothing, so that a replica can answer.
    fn whole(self, source: &str) -> String {
        let (book, lines, ends) = match self {
            Self::Heartbeat
            | Self::Retire
            | Self::Checkpoint
            | Self::Slot
            | Self::Told
            | Self::Grant
            | Self::Park
            | Self::Album
            | Self::Tap
            | Self::Seat
            | Self::Place
            | Self::Breaker
            | Self::Unmark
            | Self::Own
            | Self::Move
            | Self::Nameless => ("", "", ""),
            Self::Charge | Self::Credit => (BOOK, "", ""),
            Self::Position | Self::Stats => ("", LINES, ""),
            Self::Submit => (BOOK, LINES, ""),
            Self::Step | Self::Steer | Self::Retry | Self::Forget | Self::Sweep | Self::Cancel => (BOOK, LINES, ENDS),
        };
        let start = if matches!(self, Self::Submit | Self::Position | Self::Stats) { "" } else { THOUGH_FULL };
        let check = if self.expires() { IN_TIME } else { "" };
        format!("{BASE}{INSIDE}{check}{book}{lines}{ends}{start}{source}{OUTSIDE}")
    }

    /// Whether it must not run after its caller has given it up. The others are fenced, or may as well run late.
    pub(crate) fn expires(self) -> bool {
        self == Self::Step
    }
}

/// All scripts, each behind the prelude, with their hashes computed.
pub(crate) struct Scripts(Vec<Script>);

impl Scripts {
    pub(crate) fn load() -> Self {
        Self(SOURCES.iter().map(|(verb, source)| Script::new(&verb.whole(source))).collect())
    }

    pub(crate) fn get(&self, verb: Verb) -> &Script {
        // the list is made from the enum, in its order
        &self.0[verb as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_finds_its_own_script_and_every_script_says_its_contract() {
        let scripts = Scripts::load();
        for (index, (verb, source)) in SOURCES.iter().enumerate() {
            assert_eq!(*verb as usize, index);
            let expected = Script::new(&verb.whole(source));
            assert_eq!(scripts.get(*verb).get_hash(), expected.get_hash());
            for word in ["-- KEYS", "-- ARGV", "-- Result", "-- Cost"] {
                assert!(source.contains(word), "{verb:?} lacks {word}");
            }
        }
    }
}
