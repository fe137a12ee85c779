//! What users may spend, did spend, and why: budgets, and a ledger entry by entry.

use atelier_domain::Usd;
use atelier_queue::{Budget, Budgets, EntryKind, Ledger, Owner};
use serde::Serialize;

use crate::Console;
use crate::actor::Actor;
use crate::error::ConsoleError;
use crate::view::{Answer, moment, table};

/// A change of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyChange {
    /// A budget of a day for each user, each chat or everybody together; `None` takes it away.
    Budget(Budget, Option<Usd>),
    /// One user's own budget of a day.
    Own(Owner, Option<Usd>),
    /// Money beyond the day's budget, once for each reference.
    Grant {
        /// For whom.
        owner: Owner,
        /// How much.
        amount: Usd,
        /// What tells this grant from all others, such as a payment's number.
        reference: String,
    },
}

/// One user's money.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerShown {
    /// The user, `bot:user`.
    pub owner: String,
    /// The ledger.
    #[serde(flatten)]
    pub ledger: Ledger,
}

/// The budgets of a day.
#[derive(Debug, Clone, Serialize)]
pub struct BudgetsShown {
    /// The budgets.
    #[serde(flatten)]
    pub budgets: Budgets,
}

impl Console {
    /// A user's ledger with its newest entries.
    pub async fn ledger(&self, owner: Owner, most: usize) -> Result<LedgerShown, ConsoleError> {
        let ledger = self.queue.ledger(owner, most).await?;
        Ok(LedgerShown { owner: format!("{}:{}", owner.0, owner.1), ledger })
    }

    /// The budgets of a day.
    pub async fn budgets(&self) -> Result<BudgetsShown, ConsoleError> {
        Ok(BudgetsShown { budgets: self.queue.budgets().await? })
    }

    /// Makes these changes.
    pub async fn change_money(&self, changes: &[MoneyChange], actor: &Actor) -> Result<(), ConsoleError> {
        for change in changes {
            match change {
                MoneyChange::Budget(budget, amount) => self.queue.set_budget(*budget, *amount, actor.as_str()).await?,
                MoneyChange::Own(owner, amount) => self.queue.set_own_budget(*owner, *amount, actor.as_str()).await?,
                MoneyChange::Grant { owner, amount, reference } => {
                    self.queue.grant_money(*owner, *amount, reference, actor.as_str()).await?;
                }
            }
        }
        Ok(())
    }
}

impl Answer for LedgerShown {
    fn text(&self) -> String {
        let ledger = &self.ledger;
        let budget =
            ledger.budget.map_or_else(|| "no budget".to_owned(), |budget| format!("a budget of {budget} a day"));
        let mut lines = vec![
            format!(
                "user {}: {} charged in all, {} put aside for jobs under way",
                self.owner, ledger.charged, ledger.reserved
            ),
            format!("today {} of {budget}; {} granted beyond it", ledger.today, ledger.granted),
        ];
        let sums = [EntryKind::Reserve, EntryKind::Charge, EntryKind::Release, EntryKind::Grant];
        let sums = sums.map(|kind| format!("{kind} {}", ledger.sum(kind)));
        lines.push(format!("sums of all entries: {}", sums.join(", ")));
        let mut rows = table(["when", "entry", "amount", "job", "about"]);
        for (kind, sum) in &ledger.opening {
            rows.add([
                "before".to_owned(),
                kind.to_string(),
                sum.to_string(),
                String::new(),
                "entries not listed".to_owned(),
            ]);
        }
        for entry in &ledger.entries {
            let job = entry.job.as_ref().map_or_else(String::new, ToString::to_string);
            rows.add([moment(entry.at_ms), entry.kind.to_string(), entry.amount.to_string(), job, entry.about.clone()]);
        }
        lines.push(rows.to_string());
        lines.join("\n")
    }
}

impl Answer for BudgetsShown {
    fn text(&self) -> String {
        let said = |budget: Option<Usd>| budget.map_or_else(|| "none".to_owned(), |budget| budget.to_string());
        let Budgets { user, chat, all } = self.budgets;
        format!(
            "budgets of a day (UTC): each user {}, each group chat {}, everybody together {}",
            said(user),
            said(chat),
            said(all)
        )
    }
}
