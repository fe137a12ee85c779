//! The two values of a job as the scripts write them (`job_of` in `lua/base.lua`): what was asked, written once with the
//! body behind it, and how it stands, written whole at every transition.

/// The fields of what was asked, in their order.
const ASKED: [&str; 8] = ["model", "owner", "cost", "seq", "at", "chat", "weight", "batch"];
/// The fields of how it stands, in their order.
const HELD: [&str; 15] = [
    "state", "fence", "cancel", "worker", "claimed", "attempt", "tag", "settled", "started", "starter", "lost", "due",
    "ended", "bytes", "class",
];
/// Between two fields.
const UNIT: char = '\u{1f}';
/// Before the body.
const RECORD: u8 = 0x1e;

/// A value of `jobs`: its head and the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    head: &'a str,
    /// The job as JSON, if nobody damaged it.
    pub(crate) body: &'a [u8],
}

impl<'a> Asked<'a> {
    /// Takes a value apart; a damaged one has an empty head.
    pub(crate) fn read(value: &'a [u8]) -> Self {
        let end = value.iter().position(|byte| *byte == RECORD).unwrap_or(value.len());
        let (head, body) = value.split_at(end);
        Self { head: std::str::from_utf8(head).unwrap_or_default(), body: body.get(1..).unwrap_or_default() }
    }

    /// Its fields, those that say nothing left out.
    pub(crate) fn fields(self) -> impl Iterator<Item = (&'static str, &'a str)> {
        named(&ASKED, self.head)
    }

    /// One of its fields.
    pub(crate) fn field(self, name: &str) -> Option<&'a str> {
        self.fields().find(|(each, _)| *each == name).map(|(_, value)| value)
    }
}

/// The fields of a value of `holds`, those that say nothing left out; a job without one waits and was never claimed.
pub(crate) fn held(value: Option<&str>) -> impl Iterator<Item = (&'static str, &str)> {
    // behind a record separator stands for scripts what was asked
    named(&HELD, value.map_or("waiting", |value| value.split('\u{1e}').next().unwrap_or_default()))
}

fn named<'a>(names: &'static [&'static str], values: &'a str) -> impl Iterator<Item = (&'static str, &'a str)> {
    names.iter().copied().zip(values.split(UNIT)).filter(|(_, value)| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_taken_apart_and_a_damaged_one_has_nothing() {
        let asked = Asked::read(b"sketch\x1f1:2\x1f300\x1f7\x1f1795\x1f\x1f1\x1f\x1e{\"v\":1}");
        assert_eq!(asked.body, b"{\"v\":1}");
        assert_eq!(asked.field("at"), Some("1795"));
        assert_eq!((asked.field("chat"), asked.field("batch")), (None, None));
        for damaged in [&b""[..], b"\xff\xfe", b"\x1e"] {
            assert_eq!(Asked::read(damaged).fields().count(), 0);
        }
        assert_eq!(held(None).collect::<Vec<_>>(), [("state", "waiting")]);
        assert_eq!(held(Some("active\u{1f}5\u{1f}\u{1f}w\u{1e}x\u{1f}1")).last(), Some(("worker", "w")));
    }

    #[test]
    fn scripts_and_this_file_name_the_same_fields() {
        let base = include_str!("../lua/base.lua");
        let listed =
            |names: &[&str]| names.iter().map(|name| format!("job.{name}")).collect::<Vec<_>>().join(" .. '\\31' .. ");
        let flat = base.split_whitespace().collect::<Vec<_>>().join(" ");
        let named = |names: &[&str]| names.join(", ");
        assert!(flat.contains(&format!("{}, behind = match(asked, UNHELD)", named(&ASKED))));
        assert!(flat.contains(&format!("{}, from, {}, behind, length = match(held", named(&HELD), named(&ASKED))));
        assert!(flat.contains(&format!("return {} .. '\\30' .. job.head", listed(&HELD))));
    }
}
