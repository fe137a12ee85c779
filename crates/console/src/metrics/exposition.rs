//! Prometheus' text format, version 0.0.4: families with help and type, samples with escaped labels.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>: a help text escapes backslash and line feed, a label's
//! value the double quote, too. Invariant: a family is written once, with all its samples behind it.

use std::fmt::Write;

/// What `Content-Type` says of it.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family's values are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only rises, but for a queue that was emptied by hand.
    Counter,
}

/// A text under construction.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

/// A family's samples.
pub(super) struct Family<'a> {
    out: &'a mut String,
    name: &'a str,
}

impl Exposition {
    /// Begins a family.
    pub(super) fn family<'a>(&'a mut self, kind: Kind, name: &'a str, help: &str) -> Family<'a> {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { out: &mut self.0, name }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// A sample that is a whole number.
    pub(super) fn count(&mut self, labels: &[(&str, &str)], value: u64) {
        self.sample(labels, &value.to_string());
    }

    /// A sample in seconds, given in milliseconds: exact to the last of them.
    pub(super) fn seconds(&mut self, labels: &[(&str, &str)], milliseconds: u64) {
        self.sample(labels, &format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000));
    }

    /// A sample that is 1 or 0.
    pub(super) fn flag(&mut self, labels: &[(&str, &str)], on: bool) {
        self.count(labels, u64::from(on));
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: &str) {
        self.out.push_str(self.name);
        for (index, (name, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.out, "{}{name}=\"{text}\"", if index == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.out, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_labels_and_values_are_written_as_the_format_wants_them() {
        let mut text = Exposition::default();
        let mut family = text.family(Kind::Gauge, "a_seconds", "Back\\slash and\nline.");
        family.seconds(&[("model", "a\"b\\c\nd"), ("lane", "x")], 61_005);
        family.flag(&[], true);
        text.family(Kind::Counter, "b_total", "B.").count(&[], u64::MAX);
        assert_eq!(
            text.finish(),
            "# HELP a_seconds Back\\\\slash and\\nline.\n# TYPE a_seconds gauge\n\
             a_seconds{model=\"a\\\"b\\\\c\\nd\",lane=\"x\"} 61.005\na_seconds 1\n\
             # HELP b_total B.\n# TYPE b_total counter\nb_total 18446744073709551615\n"
        );
    }
}
