//! What may break, and for how long.

use std::fmt;

use rand::Rng;
use rand::rngs::StdRng;

use super::{MODELS, WORKERS};

/// Who is behind a proxy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// The worker in that seat.
    Worker(usize),
    /// All who submit, cancel and retry.
    Submitters,
    /// Everybody.
    All,
}

/// Something that breaks. Milliseconds say how long it stays broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `kill -9`, and another one started after a while.
    KillWorker { seat: usize, ms: u64 },
    /// `kill -STOP` for longer than the lease, then `kill -CONT`.
    StopWorker { seat: usize, ms: u64 },
    /// `kill -TERM`: it finishes or hands over; another one is started.
    EndWorker { seat: usize },
    /// `kill -9` of Redis, started again on its data after a while.
    KillRedis { ms: u64 },
    /// `kill -9` of Redis, and the end of what it wrote is gone: a power failure, or a failover to a replica that was
    /// behind. Only drawn when asked for, since then something acknowledged is lost for certain.
    LoseWrites { bytes: u64, ms: u64 },
    /// Redis does not run for a while.
    StopRedis { ms: u64 },
    /// Redis answers nobody for a while (`CLIENT PAUSE`).
    SlowRedis { ms: u64 },
    /// Redis forgets its functions.
    FlushFunctions,
    /// Connections are closed.
    Cut { who: Party },
    /// Connections stay open and carry nothing, for ever.
    Silence { who: Party },
    /// Connections are closed and no new ones accepted for a while.
    Partition { who: Party, ms: u64 },
    /// Operators pause everything for a while.
    PauseQueue { ms: u64 },
    /// Operators pause a model for a while.
    PauseModel { model: &'static str, ms: u64 },
    /// Operators pause a user for a while.
    PauseUser { user: u32, ms: u64 },
    /// Another limit for a model for a while.
    LimitModel { model: &'static str, to: u64, ms: u64 },
    /// Another limit for every user for a while.
    LimitUser { to: u64, ms: u64 },
    /// Another limit for every group chat for a while.
    LimitChat { to: u64, ms: u64 },
}

impl Fault {
    /// One that loses what was acknowledged in the last moments.
    pub(crate) fn draw_loss(dice: &mut StdRng) -> Self {
        Self::LoseWrites { bytes: dice.random_range(1000..150_000), ms: dice.random_range(0..1500) }
    }

    /// One of the others.
    pub(crate) fn draw(dice: &mut StdRng) -> Self {
        let seat = dice.random_range(0..WORKERS);
        let who = match dice.random_range(0..6) {
            0 => Party::Submitters,
            1 => Party::All,
            _ => Party::Worker(seat),
        };
        let model = MODELS[dice.random_range(0..MODELS.len())];
        let long = dice.random_range(500..6000);
        match dice.random_range(0..100) {
            0..20 => Self::KillWorker { seat, ms: dice.random_range(0..800) },
            20..34 => Self::StopWorker { seat, ms: dice.random_range(1100..3500) },
            34..42 => Self::EndWorker { seat },
            42..48 => Self::KillRedis { ms: dice.random_range(0..1500) },
            48..53 => Self::StopRedis { ms: dice.random_range(300..5500) },
            53..57 => Self::SlowRedis { ms: dice.random_range(100..2500) },
            57..63 => Self::FlushFunctions,
            63..73 => Self::Cut { who },
            73..80 => Self::Silence { who },
            80..85 => Self::Partition { who, ms: dice.random_range(300..2500) },
            85..87 => Self::PauseQueue { ms: dice.random_range(200..1500) },
            87..91 => Self::PauseModel { model, ms: dice.random_range(200..3000) },
            91..93 => Self::PauseUser { user: dice.random_range(0..10), ms: dice.random_range(200..3000) },
            93..96 => Self::LimitModel { model, to: dice.random_range(1..16), ms: long },
            96..98 => Self::LimitUser { to: dice.random_range(1..10), ms: long },
            _ => Self::LimitChat { to: dice.random_range(1..8), ms: long },
        }
    }

    /// What kind it is, for counting.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::KillWorker { .. } => "kill_worker",
            Self::StopWorker { .. } => "stop_worker",
            Self::EndWorker { .. } => "end_worker",
            Self::KillRedis { .. } => "kill_redis",
            Self::LoseWrites { .. } => "lose_writes",
            Self::StopRedis { .. } => "stop_redis",
            Self::SlowRedis { .. } => "slow_redis",
            Self::FlushFunctions => "flush_functions",
            Self::Cut { .. } => "cut",
            Self::Silence { .. } => "silence",
            Self::Partition { .. } => "partition",
            Self::PauseQueue { .. } => "pause_queue",
            Self::PauseModel { .. } => "pause_model",
            Self::PauseUser { .. } => "pause_user",
            Self::LimitModel { .. } => "limit_model",
            Self::LimitUser { .. } => "limit_user",
            Self::LimitChat { .. } => "limit_chat",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind())?;
        match self {
            Self::KillWorker { seat, ms } | Self::StopWorker { seat, ms } => write!(formatter, " {seat} for {ms} ms"),
            Self::EndWorker { seat } => write!(formatter, " {seat}"),
            Self::KillRedis { ms } | Self::StopRedis { ms } | Self::SlowRedis { ms } | Self::PauseQueue { ms } => {
                write!(formatter, " for {ms} ms")
            }
            Self::LoseWrites { bytes, ms } => write!(formatter, " of {bytes} bytes for {ms} ms"),
            Self::FlushFunctions => Ok(()),
            Self::Cut { who } | Self::Silence { who } => write!(formatter, " {who}"),
            Self::Partition { who, ms } => write!(formatter, " {who} for {ms} ms"),
            Self::PauseModel { model, ms } => write!(formatter, " {model} for {ms} ms"),
            Self::PauseUser { user, ms } => write!(formatter, " {user} for {ms} ms"),
            Self::LimitModel { model, to, ms } => write!(formatter, " {model} to {to} for {ms} ms"),
            Self::LimitUser { to, ms } | Self::LimitChat { to, ms } => write!(formatter, " to {to} for {ms} ms"),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Worker(seat) => write!(formatter, "worker {seat}"),
            Self::Submitters => formatter.write_str("submitters"),
            Self::All => formatter.write_str("all"),
        }
    }
}
