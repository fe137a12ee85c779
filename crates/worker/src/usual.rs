//! How long a model usually takes, as this process measured it: polls are paced by it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use atelier_domain::request::Resolution;
use atelier_domain::{Model, ModelId, Request};

/// How much the newest measurement weighs.
const NEWEST: f64 = 0.25;

/// What makes runs of one model comparable: a video of ten seconds takes longer than one of five.
type Kind = (ModelId, u16, Option<Resolution>);

/// Smoothed times from creation to output.
#[derive(Debug, Default)]
pub(crate) struct Usual(Mutex<HashMap<Kind, f64>>);

impl Usual {
    /// What is to be expected: measured, or else what the catalogue says.
    pub(crate) fn of(&self, model: &Model, request: &Request) -> Duration {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.get(&kind(model, request)).map_or_else(|| model.typical(), |seconds| Duration::from_secs_f64(*seconds))
    }

    /// One more measurement.
    pub(crate) fn took(&self, model: &Model, request: &Request, time: Duration) {
        let seconds = time.as_secs_f64().clamp(0.05, 3600.0);
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = times.entry(kind(model, request)).or_insert(seconds);
        *known += NEWEST * (seconds - *known);
    }
}

fn kind(model: &Model, request: &Request) -> Kind {
    (model.id.clone(), model.seconds_of(&request.options), request.options.resolution)
}

#[cfg(test)]
mod tests {
    use atelier_domain::Catalogue;

    use super::*;

    #[test]
    fn measurements_replace_the_catalogue_and_are_smoothed() {
        let model = Catalogue::builtin().find("seedance-lite").unwrap();
        let mut request = Request::new("a cat".parse().unwrap(), model.id.clone(), model.default_ratio());
        let usual = Usual::default();
        assert_eq!(usual.of(model, &request), Duration::from_secs(38));
        usual.took(model, &request, Duration::from_secs(20));
        usual.took(model, &request, Duration::from_secs(40));
        assert_eq!(usual.of(model, &request), Duration::from_secs(25));
        request.options.seconds = Some(10);
        assert_eq!(usual.of(model, &request), Duration::from_secs(38), "another length is another matter");
    }
}
