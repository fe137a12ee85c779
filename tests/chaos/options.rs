//! What was asked for: a run, or one of the processes that a run starts from this executable.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What this process is.
pub(crate) enum Mode {
    /// The driver of a run.
    Drive(Options),
    /// A worker process of a run.
    Worker(Box<WorkerSettings>),
    /// About to become the Redis server of a run.
    Redis { data: PathBuf, port: u16 },
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// Jobs to submit.
    pub(crate) jobs: u32,
    /// Faults to inject meanwhile.
    pub(crate) faults: u32,
    /// What the plan is drawn from.
    pub(crate) seed: u64,
    /// End with one JSON object on the last line.
    pub(crate) json: bool,
    /// Show the whole plan and do nothing.
    pub(crate) plan: bool,
    /// Where the run's files are kept; a temporary directory otherwise.
    pub(crate) keep: Option<PathBuf>,
}

/// A worker process of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkerSettings {
    /// Its name, unique to this start.
    pub(crate) name: String,
    /// The run's seed: how jobs behave follows from it.
    pub(crate) seed: u64,
    /// The Redis server, through a proxy.
    pub(crate) redis: String,
    /// The socket of the effect service.
    pub(crate) effects: PathBuf,
    /// Where it writes down what it does.
    pub(crate) journal: PathBuf,
    /// Models served; none = all.
    pub(crate) models: Vec<String>,
}

/// How long a claim holds without renewal: short, so that a run sees many jobs change hands.
pub(crate) const LEASE: Duration = Duration::from_secs(1);
/// Jobs at once in each worker.
pub(crate) const SLOTS: usize = 8;

const HELP: &str = "usage: chaos [--jobs N] [--faults M] [--seed S] [--json] [--plan] [--keep DIRECTORY]";

impl Mode {
    /// Reads the command line; the error is what to show instead.
    pub(crate) fn from_words(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let words: Vec<String> = words.collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["worker", name, seed, redis, effects, journal, models] => Ok(Self::Worker(Box::new(WorkerSettings {
                name: (*name).to_owned(),
                seed: number(Some(seed))?,
                redis: (*redis).to_owned(),
                effects: effects.into(),
                journal: journal.into(),
                models: models.split(',').filter(|model| !model.is_empty()).map(str::to_owned).collect(),
            }))),
            ["redis", data, port] => Ok(Self::Redis { data: data.into(), port: number(Some(port))? }),
            words => Options::from_words(words.iter().copied()).map(Self::Drive),
        }
    }
}

impl Options {
    fn from_words<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut options = Self { jobs: 10_000, faults: 200, seed: 1, json: false, plan: false, keep: None };
        while let Some(word) = words.next() {
            match word {
                "--jobs" => options.jobs = number(words.next())?,
                "--faults" => options.faults = number(words.next())?,
                "--seed" => options.seed = number(words.next())?,
                "--json" => options.json = true,
                "--plan" => options.plan = true,
                "--keep" => options.keep = Some(words.next().ok_or(HELP)?.into()),
                _ => return Err(HELP.to_owned()),
            }
        }
        if options.jobs == 0 { Err(HELP.to_owned()) } else { Ok(options) }
    }
}

impl WorkerSettings {
    /// The words that start this worker.
    pub(crate) fn words(&self) -> Vec<String> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        vec![
            "worker".to_owned(),
            self.name.clone(),
            self.seed.to_string(),
            self.redis.clone(),
            path(&self.effects),
            path(&self.journal),
            self.models.join(","),
        ]
    }
}

fn number<T: FromStr>(word: Option<&str>) -> Result<T, String> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| HELP.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<Mode, String> {
        Mode::from_words(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_run_has_numbers_and_nothing_else() {
        assert!(matches!(read("--jobs 5 --faults 0 --seed 9 --json"), Ok(Mode::Drive(options))
            if (options.jobs, options.faults, options.seed, options.json) == (5, 0, 9, true)));
        for wrong in ["--jobs", "--jobs x", "--jobs 0", "--jobs -1", "--what", "worker w"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_worker_reads_what_its_driver_wrote() {
        let settings = WorkerSettings {
            name: "w0-1".to_owned(),
            seed: 7,
            redis: "redis://127.0.0.1:1/".to_owned(),
            effects: "/tmp/e".into(),
            journal: "/tmp/j".into(),
            models: Vec::new(),
        };
        let read = Mode::from_words(settings.words().into_iter());
        assert!(matches!(read, Ok(Mode::Worker(same)) if *same == settings));
    }
}
