//! Money: what jobs may cost, did cost, and gave back, as entries of their owners' ledgers.
//!
//! estimate → **reserve** (with the submit, or the jobs are refused) → **charge** (when a provider took money, once per
//! creation) → **release** (with the job's end: what was not used). Invariants: a sum is what its entries say; budgets count
//! what is reserved and charged, so jobs side by side cannot go over them together; a job that ended holds nothing back.
//! Deliberately absent: payments. Whoever takes them calls [`Queue::grant_money`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use atelier_domain::{Job, JobId, ModelId, Usd};
use serde::Serialize;

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::record::log_action;
use crate::scripts::Verb;
use crate::steer::Owner;

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A job's estimate was put aside.
    Reserve,
    /// A provider took money.
    Charge,
    /// What a job did not use was given back.
    Release,
    /// Somebody was given money beyond the day's budget.
    Grant,
}

impl EntryKind {
    const ALL: [Self; 4] = [Self::Reserve, Self::Charge, Self::Release, Self::Grant];

    /// The name used in records and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Charge => "charge",
            Self::Release => "release",
            Self::Grant => "grant",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The word names no kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entry is one of reserve, charge, release, grant")]
pub struct BadEntryKind;

impl FromStr for EntryKind {
    type Err = BadEntryKind;

    fn from_str(text: &str) -> Result<Self, BadEntryKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(BadEntryKind)
    }
}

/// One line of a ledger; never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// What it says.
    pub kind: EntryKind,
    /// How much, in millionths of a dollar.
    pub amount: Usd,
    /// The job that it is about; grants have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The model, or who granted and why.
    pub about: String,
}

/// An owner's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// All that providers took for the owner, ever.
    pub charged: Usd,
    /// What waiting and running jobs have put aside beyond what they were charged for.
    pub reserved: Usd,
    /// What was granted and is neither used nor put aside.
    pub granted: Usd,
    /// What counts against the owner's budget of today (UTC).
    pub today: Usd,
    /// The owner's budget of a day, if there is one.
    pub budget: Option<Usd>,
    /// The sums of entries that are too old to be listed, by kind.
    pub opening: BTreeMap<EntryKind, Usd>,
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
}

impl Ledger {
    /// Of one kind, all that was ever entered.
    pub fn sum(&self, kind: EntryKind) -> Usd {
        let listed: Usd = self.entries.iter().filter(|entry| entry.kind == kind).map(|entry| entry.amount).sum();
        listed + self.opening.get(&kind).copied().unwrap_or_default()
    }
}

/// Budgets of a day (UTC); `None` is no budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Budgets {
    /// Of each user, unless the user has one of its own.
    pub user: Option<Usd>,
    /// Of each group chat.
    pub chat: Option<Usd>,
    /// Of everybody together: the ceiling.
    pub all: Option<Usd>,
}

/// Which budget is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// The user's.
    User,
    /// The chat's.
    Chat,
    /// Everybody's.
    All,
}

impl Budget {
    pub(crate) fn read(text: &str) -> Self {
        match text {
            "user" => Self::User,
            "chat" => Self::Chat,
            _ => Self::All,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Chat => "chat",
            Self::All => "all",
        }
    }
}

/// Entries, sums of old ones, charged, granted, used today, budgets.
type Raw = (Vec<String>, Vec<Option<u64>>, Option<u64>, Option<u64>, Option<i64>, Vec<Option<u64>>);

impl Queue {
    /// A provider took money for a job, for what `model` made. `creation` names what it was taken for (a handle): said twice, it counts once.
    /// Whether it was news.
    pub async fn charge(&self, job: &Job, model: &ModelId, creation: &str, amount: Usd) -> Result<bool, QueueError> {
        if amount == Usd::ZERO {
            return Ok(false);
        }
        let owner = name(Owner(job.place.bot, job.user));
        let group = job.place.chat.0 != job.user.0;
        let chat = if group { format!("{}:{}", job.place.bot, job.place.chat) } else { String::new() };
        let micros = amount.micros().to_string();
        let arguments: [&[u8]; 6] = [
            job.id.as_str().as_bytes(),
            owner.as_bytes(),
            chat.as_bytes(),
            creation.as_bytes(),
            micros.as_bytes(),
            model.as_str().as_bytes(),
        ];
        let answer: String = self.call(Verb::Charge, &arguments).await?;
        Ok(answer == "charged")
    }

    /// Grants an owner money beyond the day's budget. `reference` is unique for each grant (a payment's number): said twice
    /// it counts once. What the owner has been granted and has not used.
    pub async fn grant_money(
        &self,
        owner: Owner,
        amount: Usd,
        reference: &str,
        actor: &str,
    ) -> Result<Usd, QueueError> {
        let (owner, micros) = (name(owner), amount.micros().to_string());
        let arguments: [&[u8]; 4] = [owner.as_bytes(), reference.as_bytes(), micros.as_bytes(), actor.as_bytes()];
        let (_, left): (String, u64) = self.call(Verb::Credit, &arguments).await?;
        Ok(Usd::from_micros(left))
    }

    /// The budgets of a day.
    pub async fn budgets(&self) -> Result<Budgets, QueueError> {
        let mut ask = redis::cmd("HMGET");
        ask.arg(key("budgets")).arg(&["user", "chat", "all"]);
        let (user, chat, all): (Option<u64>, Option<u64>, Option<u64>) = ask.query_async(&mut self.link()).await?;
        let usd = |micros: Option<u64>| micros.map(Usd::from_micros);
        Ok(Budgets { user: usd(user), chat: usd(chat), all: usd(all) })
    }

    /// What all jobs of today (UTC) cost and have put aside.
    pub async fn spent_today(&self) -> Result<Usd, QueueError> {
        let day = self.clock_ms().await? / 86_400_000;
        let micros: Option<i64> =
            redis::cmd("HGET").arg(key(&format!("spent:{day}"))).arg("all").query_async(&mut self.link()).await?;
        // what was put aside yesterday may be given back today
        Ok(Usd::from_micros(micros.and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0)))
    }

    /// Sets a budget of a day for every user, every chat or everybody together; `None` takes it away. A change leaves an
    /// entry with its actor.
    pub async fn set_budget(&self, budget: Budget, amount: Option<Usd>, actor: &str) -> Result<(), QueueError> {
        let name = budget.name();
        self.write_budget(name, &format!("{name} "), amount, actor).await
    }

    /// Sets one user's own budget of a day; `None` takes it away. A change leaves an entry with its actor.
    pub async fn set_own_budget(&self, owner: Owner, amount: Option<Usd>, actor: &str) -> Result<(), QueueError> {
        let owner = name(owner);
        self.write_budget(&format!("u:{owner}"), &format!("own {owner}"), amount, actor).await
    }

    async fn write_budget(&self, field: &str, whose: &str, amount: Option<Usd>, actor: &str) -> Result<(), QueueError> {
        let (budgets, micros) = (key("budgets"), amount.map(Usd::micros));
        let known: Option<u64> = redis::cmd("HGET").arg(&budgets).arg(field).query_async(&mut self.link()).await?;
        if known == micros {
            return Ok(());
        }
        let mut write = redis::pipe();
        match micros {
            Some(micros) => write.cmd("HSET").arg(&budgets).arg(field).arg(micros).ignore(),
            None => write.cmd("HDEL").arg(&budgets).arg(field).ignore(),
        };
        let amount = amount.map_or_else(|| "none".to_owned(), |amount| amount.to_string());
        log_action(&mut write, self.clock_ms().await?, actor, "budget", &format!("{whose} {amount}"));
        Ok(write.query_async(&mut self.link()).await?)
    }

    /// An owner's ledger, with its newest entries, at most `most` of them.
    pub async fn ledger(&self, owner: Owner, most: usize) -> Result<Ledger, QueueError> {
        let owner = name(owner);
        let (time, _): (u64, u64) = redis::cmd("TIME").query_async(&mut self.link()).await?;
        let kinds = EntryKind::ALL.map(|kind| format!("{owner} {kind}"));
        let mut ask = redis::pipe();
        ask.cmd("LRANGE").arg(key(&format!("ledger:{owner}"))).arg(0).arg(-1);
        ask.cmd("HMGET").arg(key("opening")).arg(&kinds);
        ask.cmd("HGET").arg(key("charged")).arg(&owner);
        ask.cmd("HGET").arg(key("granted")).arg(&owner);
        ask.cmd("HGET").arg(key(&format!("spent:{}", time / 86_400))).arg(format!("u:{owner}"));
        ask.cmd("HMGET").arg(key("budgets")).arg(&[format!("u:{owner}"), "user".to_owned()]);
        let (lines, opening, charged, granted, today, budget): Raw = ask.query_async(&mut self.link()).await?;
        let usd = |micros: Option<u64>| Usd::from_micros(micros.unwrap_or(0));
        let entries = lines.iter().map(|line| entry(line)).collect::<Result<Vec<Entry>, QueueError>>()?;
        let opening =
            EntryKind::ALL.into_iter().zip(opening).filter_map(|(kind, sum)| Some((kind, Usd::from_micros(sum?))));
        let mut ledger = Ledger {
            charged: usd(charged),
            reserved: Usd::ZERO,
            granted: usd(granted),
            today: usd(today.and_then(|micros| u64::try_from(micros).ok())),
            budget: budget.into_iter().flatten().next().map(Usd::from_micros),
            opening: opening.collect(),
            entries,
        };
        ledger.reserved = Usd::from_micros(outstanding(&ledger.entries));
        // what is not listed is summed up, so that the sums stay explained
        let hidden = ledger.entries.len().saturating_sub(most);
        for entry in ledger.entries.drain(..hidden) {
            let sum = ledger.opening.entry(entry.kind).or_default();
            *sum = *sum + entry.amount;
        }
        Ok(ledger)
    }
}

/// An owner as the scripts write it.
fn name(owner: Owner) -> String {
    format!("{}:{}", owner.0, owner.1)
}

/// What jobs that have not been closed put aside and were not charged for.
fn outstanding(entries: &[Entry]) -> u64 {
    let mut jobs: BTreeMap<&JobId, (u64, u64)> = BTreeMap::new();
    for entry in entries {
        let Some(job) = &entry.job else { continue };
        let (reserved, used) = jobs.entry(job).or_default();
        match entry.kind {
            EntryKind::Reserve => *reserved += entry.amount.micros(),
            EntryKind::Charge | EntryKind::Release => *used += entry.amount.micros(),
            EntryKind::Grant => {}
        }
    }
    jobs.values().map(|(reserved, used)| reserved.saturating_sub(*used)).sum()
}

fn entry(line: &str) -> Result<Entry, QueueError> {
    let unreadable = || QueueError::Unreadable(format!("a ledger's entry: {line}"));
    let mut parts = line.splitn(5, '\x1f');
    let mut next = || parts.next().ok_or_else(unreadable);
    let at_ms = next()?.parse().map_err(|_| unreadable())?;
    let kind = next()?.parse().map_err(|_| unreadable())?;
    let amount = Usd::from_micros(next()?.parse().map_err(|_| unreadable())?);
    let (job, about) = (next()?.parse().ok(), next()?.to_owned());
    Ok(Entry { at_ms, kind, amount, job, about })
}
