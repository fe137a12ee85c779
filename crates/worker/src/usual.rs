//! How long a model usually takes, as this process measured it: polls are paced by it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use atelier_domain::request::Resolution;
use atelier_domain::{Model, ModelId, Request};
use atelier_provider::Usual;

/// How much the newest measurement weighs at least; the first ones weigh more.
const NEWEST: f64 = 0.2;
/// The spread that is assumed of a single measurement, as a part of it.
const ASSUMED: f64 = 0.05;
/// One run counts as no farther from the middle than so many spreads: an outlier does not spoil what is known.
const OUTLIER: f64 = 4.0;

/// What makes runs of one model comparable: a video of ten seconds takes longer than one of five.
type Kind = (ModelId, u16, Option<Resolution>);

/// Smoothed times from creation to output.
#[derive(Debug, Default)]
pub(crate) struct Times(Mutex<HashMap<Kind, Measured>>);

#[derive(Debug, Clone, Copy)]
struct Measured {
    runs: u32,
    mean: f64,
    variance: f64,
    /// So many of the newest runs in a row were over when they were first looked at.
    early: u32,
}

impl Measured {
    fn first(seconds: f64) -> Self {
        Self { runs: 1, mean: seconds, variance: (ASSUMED * seconds).powi(2), early: 0 }
    }

    /// Mean and variance, weighted exponentially.
    fn add(&mut self, seconds: f64) {
        self.runs = self.runs.saturating_add(1);
        let weight = (1.0 / f64::from(self.runs)).max(NEWEST);
        let most = OUTLIER * self.variance.sqrt().max(ASSUMED * self.mean);
        let off = (seconds - self.mean).clamp(-most, most);
        self.mean += weight * off;
        self.variance = (1.0 - weight) * (self.variance + weight * off * off);
    }
}

impl Times {
    /// What is to be expected: measured, or else what the catalogue says.
    pub(crate) fn of(&self, model: &Model, request: &Request) -> Usual {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(measured) = times.get(&kind(model, request)) else {
            return Usual { time: model.typical(), spread: None };
        };
        let spread = Duration::from_secs_f64(measured.variance.sqrt());
        Usual { time: Duration::from_secs_f64(measured.mean), spread: Some(spread) }
    }

    /// One more measurement: a run that was still going on at `running`, if it was looked at, and over at `over`.
    pub(crate) fn took(&self, model: &Model, request: &Request, running: Option<Duration>, over: Duration) {
        let (running, over) = (running.unwrap_or_default().as_secs_f64(), over.as_secs_f64());
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(measured) = times.get_mut(&kind(model, request)) else {
            times.insert(kind(model, request), Measured::first(over.clamp(0.05, 3600.0)));
            return;
        };
        // it ended between the two looks; where the first was long ago, or never, not much before the second, unless the
        // model became faster: then that happens again and again
        let spread = measured.variance.sqrt();
        let between = over - spread * 2_f64.powi(measured.early.min(16).cast_signed());
        measured.early = if running < over - 2.0 * spread { measured.early.saturating_add(1) } else { 0 };
        measured.add((running.max(between) + over).clamp(0.1, 7200.0) / 2.0);
    }
}

fn kind(model: &Model, request: &Request) -> Kind {
    (model.id.clone(), model.seconds_of(&request.options), request.options.resolution)
}

#[cfg(test)]
mod tests {
    use atelier_domain::Catalogue;
    use atelier_provider::next_poll;

    use super::*;

    fn wish(model: &str) -> (&'static Model, Request) {
        let model = Catalogue::builtin().find(model).unwrap();
        (model, Request::new("a cat".parse().unwrap(), model.id.clone(), model.default_ratio()))
    }

    #[test]
    fn measurements_replace_the_catalogue_and_are_smoothed() {
        let (model, mut request) = wish("seedance-lite");
        let times = Times::default();
        assert_eq!(times.of(model, &request), Usual { time: Duration::from_secs(38), spread: None });
        times.took(model, &request, None, Duration::from_secs(20));
        times.took(model, &request, Some(Duration::from_secs(22)), Duration::from_secs(22));
        let usual = times.of(model, &request);
        assert_eq!(usual.time, Duration::from_secs(21));
        assert!(usual.spread.is_some_and(|spread| spread > Duration::from_secs(1)), "{usual:?}");
        request.options.seconds = Some(10);
        assert_eq!(times.of(model, &request).spread, None, "another length is another matter");
    }

    #[test]
    fn one_outlier_does_not_spoil_what_is_known() {
        let (model, request) = wish("imagen");
        let times = Times::default();
        let ten = Duration::from_secs(10);
        for _ in 0..20 {
            times.took(model, &request, Some(ten), ten);
        }
        times.took(model, &request, Some(ten * 60), ten * 60);
        let usual = times.of(model, &request);
        assert!(usual.time < Duration::from_millis(10_500) && usual.spread < Some(Duration::from_secs(1)), "{usual:?}");
    }

    /// Seconds of lateness and polls of each of `runs`, learning from what the polls saw.
    fn simulate(runs: impl Iterator<Item = f64>) -> Vec<(f64, usize)> {
        let (model, request) = wish("imagen");
        let times = Times::default();
        let run = |actual: f64| {
            let (actual, mut elapsed, mut running, mut polls) =
                (Duration::from_secs_f64(actual), Duration::ZERO, None, 0);
            loop {
                elapsed += next_poll(elapsed, times.of(model, &request));
                polls += 1;
                if elapsed >= actual {
                    times.took(model, &request, running, elapsed);
                    return (elapsed.saturating_sub(actual).as_secs_f64(), polls);
                }
                running = Some(elapsed);
            }
        };
        runs.map(run).collect()
    }

    /// Numbers from 0 to 1 in an order without a pattern.
    fn noise() -> impl Iterator<Item = f64> {
        (1..).map(|number| (f64::from(number) * 0.618_033_988_749_895).fract())
    }

    /// A creation and a download beside the polls: six requests on average.
    #[test]
    fn a_run_of_ten_seconds_takes_six_requests_and_is_noticed_at_once() {
        for jitter in [0.0, 0.01, 0.05, 0.1] {
            // the first runs are the ones that are learned from
            let runs = simulate(noise().take(220).map(|noise| 10.0 + jitter * (2.0 * noise - 1.0))).split_off(20);
            let polls = runs.iter().map(|(_, polls)| polls).sum::<usize>() as f64 / runs.len() as f64;
            let mut late: Vec<f64> = runs.iter().map(|(late, _)| *late).collect();
            late.sort_unstable_by(f64::total_cmp);
            let (p50, p99) = (late[late.len() / 2], late[late.len() * 99 / 100]);
            assert!(polls <= 4.0 && p50 <= 0.03 && p99 <= 0.1, "±{jitter}: {polls} polls, {p50} s, {p99} s");
        }
    }

    #[test]
    fn a_run_of_any_length_takes_no_more_requests() {
        let runs = simulate(noise().take(220).map(|noise| 8.0 + 4.0 * noise)).split_off(20);
        let polls = runs.iter().map(|(_, polls)| polls).sum::<usize>() as f64 / runs.len() as f64;
        let late = runs.iter().map(|(late, _)| late).sum::<f64>() / runs.len() as f64;
        assert!(polls <= 4.0 && late <= 0.5, "{polls} polls, {late} s");
    }

    #[test]
    fn a_model_that_became_faster_or_slower_is_learned_anew() {
        for (before, after) in [(10.0, 4.0), (4.0, 10.0)] {
            let pace = [before; 20].into_iter().chain([after; 40]);
            let runs = simulate(pace);
            let (late, polls) = runs[59];
            assert!(late <= 0.1 && polls <= 6, "{before} to {after}: {runs:?}");
        }
    }
}
