//! The worker processes: each seat holds one at a time, each start has a name of its own.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex as Plain, PoisonError};
use std::time::Duration;

use harness::Proxy;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Mutex, MutexGuard};

use crate::options::WorkerSettings;
use crate::plan::{NARROW, WORKERS};

/// All seats.
pub(crate) struct Crew {
    seats: Vec<Mutex<Seat>>,
    proxies: Vec<Proxy>,
    directory: PathBuf,
    seed: u64,
    effects: PathBuf,
    oddities: Plain<Vec<String>>,
}

struct Seat {
    number: usize,
    starts: u32,
    child: Option<Child>,
    /// Held open: a worker ends with the driver that holds it. Waiting for a child would close it.
    input: Option<ChildStdin>,
}

/// How long an end on request may take: the grace, the last call, and a busy machine.
const END: Duration = Duration::from_secs(20);
/// The number of `SIGTERM` everywhere.
const TERM: i32 = 15;

impl Crew {
    /// Starts a worker in every seat.
    pub(crate) async fn start(directory: &Path, seed: u64, redis: u16, effects: &Path) -> Self {
        let mut proxies = Vec::new();
        for _ in 0..WORKERS {
            proxies.push(Proxy::start(redis).await);
        }
        let seats =
            (0..WORKERS).map(|number| Mutex::new(Seat { number, starts: 0, child: None, input: None })).collect();
        let (directory, effects) = (directory.to_owned(), effects.to_owned());
        let crew = Self { seats, proxies, directory, seed, effects, oddities: Plain::default() };
        for seat in &crew.seats {
            crew.fill(&mut *seat.lock().await);
        }
        crew
    }

    /// The way to Redis of the worker in that seat.
    pub(crate) fn proxy(&self, seat: usize) -> &Proxy {
        &self.proxies[seat]
    }

    /// `kill -9`, and after a while another one.
    pub(crate) async fn kill(&self, seat: usize, rest: Duration) {
        let mut seat = self.sitting(seat).await;
        signal(&seat, Signal::KILL);
        if let Some(mut child) = seat.child.take() {
            child.wait().await.expect("the end of a child");
        }
        tokio::time::sleep(rest).await;
        self.fill(&mut seat);
    }

    /// `kill -STOP` for a while.
    pub(crate) async fn stop(&self, seat: usize, rest: Duration) {
        let seat = self.sitting(seat).await;
        signal(&seat, Signal::STOP);
        tokio::time::sleep(rest).await;
        signal(&seat, Signal::CONT);
    }

    /// `kill -TERM`, and then another one.
    pub(crate) async fn replace(&self, seat: usize) {
        let mut seat = self.sitting(seat).await;
        self.end(&mut seat).await;
        self.fill(&mut seat);
    }

    /// Ends all workers but those in the first `left` seats.
    pub(crate) async fn dismiss(&self, left: usize) {
        for number in left..self.seats.len() {
            let mut seat = self.sitting(number).await;
            self.end(&mut seat).await;
        }
    }

    /// What workers did that nobody asked for.
    pub(crate) fn oddities(&self) -> Vec<String> {
        self.oddities.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn odd(&self, text: String) {
        eprintln!("! {text}");
        self.oddities.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// The seat to oneself. A worker that ended by itself is an oddity, and is replaced.
    async fn sitting(&self, number: usize) -> MutexGuard<'_, Seat> {
        let mut seat = self.seats[number].lock().await;
        if let Some(child) = &mut seat.child
            && let Ok(Some(status)) = child.try_wait()
        {
            let name = seat.name();
            self.odd(format!("worker {name} ended by itself: {status}; {}", self.last_words(&name)));
            self.fill(&mut seat);
        }
        seat
    }

    async fn end(&self, seat: &mut Seat) {
        signal(seat, Signal::TERM);
        let name = seat.name();
        let Some(mut child) = seat.child.take() else { return };
        match tokio::time::timeout(END, child.wait()).await {
            Ok(Ok(status)) if status.success() => {}
            // the signal was faster than its handler: it had not begun
            Ok(Ok(status)) if status.signal() == Some(TERM) && !self.journal(&name).exists() => {}
            Ok(status) => self.odd(format!("worker {name} ended badly: {status:?}; {}", self.last_words(&name))),
            Err(_) => self.odd(format!("worker {name} does not end when asked to")),
        }
        // dropping a child that still runs kills it
    }

    fn fill(&self, seat: &mut Seat) {
        seat.starts += 1;
        let name = seat.name();
        let narrow = seat.number + 1 == WORKERS;
        let settings = WorkerSettings {
            seed: self.seed,
            redis: self.proxies[seat.number].address(),
            effects: self.effects.clone(),
            journal: self.journal(&name),
            models: if narrow { NARROW.map(str::to_owned).to_vec() } else { Vec::new() },
            name,
        };
        let errors = std::fs::File::create(self.errors(&settings.name)).expect("a log file");
        let mut command = Command::new(std::env::current_exe().expect("the own path"));
        // its input closes with the driver, and then it ends
        command.args(settings.words()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(errors).kill_on_drop(true);
        let mut child = command.spawn().expect("this executable starts again");
        seat.input = child.stdin.take();
        seat.child = Some(child);
    }

    fn journal(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.journal"))
    }

    fn errors(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.log"))
    }

    fn last_words(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.errors(name)).unwrap_or_default();
        text.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
    }
}

impl Seat {
    fn name(&self) -> String {
        format!("w{}-{}", self.number, self.starts)
    }
}

fn signal(seat: &Seat, signal: Signal) {
    let id = seat.child.as_ref().and_then(Child::id);
    if let Some(pid) = id.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        kill_process(pid, signal).expect("a signal can be sent to a child");
    }
}
