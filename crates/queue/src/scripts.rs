//! The Lua scripts, read into the executable once.

use redis::Script;

const PRELUDE: &str = include_str!("../lua/prelude.lua");

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $file:literal),* $(,)?) => {
        /// A verb of the protocol: one script.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Verb { $($(#[$doc])* $name),* }

        const SOURCES: &[(Verb, &str)] = &[$((Verb::$name, include_str!(concat!("../lua/", $file)))),*];
    };
}

verbs! {
    Submit = "submit.lua",
    Step = "step.lua",
    Heartbeat = "heartbeat.lua",
    Retire = "retire.lua",
    Checkpoint = "checkpoint.lua",
    Steer = "steer.lua",
    Retry = "retry.lua",
    Forget = "forget.lua",
    Told = "told.lua",
    Cancel = "cancel.lua",
    Slot = "slot.lua",
    Position = "position.lua",
    Grant = "grant.lua",
    Park = "park.lua",
    Stats = "stats.lua",
}

/// All scripts, each behind the prelude, with their hashes computed.
pub(crate) struct Scripts(Vec<Script>);

impl Scripts {
    pub(crate) fn load() -> Self {
        Self(SOURCES.iter().map(|(_, source)| Script::new(&format!("{PRELUDE}{source}"))).collect())
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
            let expected = Script::new(&format!("{PRELUDE}{source}"));
            assert_eq!(scripts.get(*verb).get_hash(), expected.get_hash());
            for word in ["-- KEYS", "-- ARGV", "-- Result", "-- Cost"] {
                assert!(source.contains(word), "{verb:?} lacks {word}");
            }
        }
    }
}
