//! The figures for people: ours, the floor, the ratio, the target.

use std::fmt::Write as _;

use crate::sample::{Sample, median};
use crate::whole::answers::Answers;
use crate::whole::basics::{self, Queues};
use crate::whole::figures::Figures;
use crate::whole::footprint::Footprint;
use crate::whole::together;

/// The whole table.
pub(crate) fn render(figures: &Figures) -> String {
    let mut lines = Lines::default();
    lines.row("", "ours", "floor", "ratio", "target");
    if let Some(queues) = &figures.queues {
        queue_lines(&mut lines, queues);
    }
    if let Some(answers) = &figures.answers {
        answer_lines(&mut lines, answers);
    }
    if let Some(walls) = &figures.together {
        let wall = median(walls.clone());
        let ideal = f64::from(together::SECONDS);
        lines.figure("3 prompts in one message, s", wall, Some(ideal), "ratio <= 1.02");
        let rounds: Vec<String> = walls.iter().map(|wall| format!("{:.4}", wall / ideal)).collect();
        lines.row("  each round's ratio", &rounds.join(" "), "", "", "");
    }
    if let Some(footprint) = &figures.footprint {
        footprint_lines(&mut lines, footprint);
    }
    lines.0
}

fn queue_lines(lines: &mut Lines, queues: &Queues) {
    let (ours, floor) = (&queues.ours, &queues.floor);
    for (per_cent, target) in [(50, "<= 2 ms"), (99, "")] {
        let name = format!("idle pickup p{per_cent}, ms ({} each)", ours.pickup.len());
        lines.figure(&name, ours.pickup.percentile(per_cent), Some(floor.pickup.percentile(per_cent)), target);
    }
    for (name, ours, floor) in [
        ("submit, jobs/s, one a call", &ours.single, &floor.single),
        ("submit, jobs/s, ten a call", &ours.batched, &floor.batched),
        ("drain of 10,000 no-ops, jobs/s", &ours.drain, &floor.drain),
    ] {
        let ratio = format!("{:.3}", basics::ratio(ours, floor));
        lines.row(name, &short(median(ours.clone())), &short(median(floor.clone())), &ratio, "");
        lines.row("  rounds", &spread(ours), &spread(floor), "", "");
    }
    let ideal = basics::ideal_fan_out();
    let (ours, floor) = (median(ours.fan_out.clone()) / ideal, median(floor.fan_out.clone()) / ideal);
    lines.figure("400 x 250 ms, 100 at once, of ideal", ours, Some(floor), "<= 1.05");
}

fn answer_lines(lines: &mut Lines, answers: &Answers) {
    let row = |lines: &mut Lines, name: &str, sample: &Sample| {
        let name = format!("{name} ({})", sample.len());
        let figures = [50, 90, 99, 100].map(|per_cent| short(sample.percentile(per_cent)));
        lines.row(&name, &figures.join(" / "), "", "", "");
    };
    row(lines, "answer, idle, ms p50/p90/p99/max", &answers.idle);
    row(lines, "answer, 200 jobs running, ms", &answers.busy);
    let (busy, idle) = (answers.busy.percentile(99), answers.idle.percentile(99));
    lines.row("  p99 busy to idle", "", "", &format!("{:.3}", busy / idle), "<= 2");
}

fn footprint_lines(lines: &mut Lines, footprint: &Footprint) {
    lines.figure("worker idle, MB", footprint.idle_mb, None, "");
    lines.figure("worker with 100 jobs in flight, MB", footprint.held_mb, None, "<= 60 MB");
    lines.figure("  highest while 100 pictures arrive, MB", footprint.peak_mb, None, "");
    lines.figure("worker idle, % of one processor", footprint.idle_processor_per_cent, None, "");
    lines.figure("worker idle, Redis commands/s", footprint.idle_commands_per_s, None, "<= 5");
    lines.figure("  calls/s (a script is one)", footprint.idle_calls_per_s, None, "");
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn row(&mut self, name: &str, ours: &str, floor: &str, ratio: &str, target: &str) {
        // writing to a string cannot fail
        let _ = writeln!(self.0, "{name:<40} {ours:>27} {floor:>17} {ratio:>7}  {target}");
    }

    fn figure(&mut self, name: &str, ours: f64, floor: Option<f64>, target: &str) {
        let ratio = floor.map(|floor| format!("{:.3}", ours / floor)).unwrap_or_default();
        self.row(name, &short(ours), &floor.map(short).unwrap_or_default(), &ratio, target);
    }
}

fn short(value: f64) -> String {
    let digits = if value >= 1000.0 {
        0
    } else if value >= 20.0 {
        1
    } else {
        3
    };
    format!("{value:.digits$}")
}

/// The lowest and the highest of the rounds.
fn spread(rounds: &[f64]) -> String {
    let lowest = rounds.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{}..{}", short(lowest), short(highest))
}
