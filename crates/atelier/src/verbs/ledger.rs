//! `atelier ledger`: a user's money entry by entry, and the budgets of a day.

use atelier_console::MoneyChange;
use atelier_domain::Usd;
use atelier_queue::{Budget, Owner};

use crate::amounts::{money, or_none};
use crate::failure::Failure;
use crate::verbs::queue::{Acting, tell};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The user, as BOT:USER; without one the budgets are shown.
    user: Option<Owner>,
    /// How many entries are listed; older ones are summed up.
    #[arg(long, value_name = "N", default_value = "50", value_parser = crate::config::whole::<0, 2000>)]
    last: u64,
    /// Grants the user money beyond the day's budget, such as 5.00; it needs --reference.
    #[arg(long, value_name = "AMOUNT", value_parser = money, requires = "user", requires = "reference")]
    grant: Option<Usd>,
    /// What tells this grant from all others, such as a payment's number: said twice it counts once.
    #[arg(long, value_name = "TEXT", requires = "grant")]
    reference: Option<String>,
    /// The user's own budget of a day.
    #[arg(long, value_name = "AMOUNT|none", value_parser = amount, requires = "user")]
    budget: Option<Bound>,
    /// The budget of a day of each user without one of its own.
    #[arg(long, value_name = "AMOUNT|none", value_parser = amount)]
    each_user: Option<Bound>,
    /// The budget of a day of each group chat.
    #[arg(long, value_name = "AMOUNT|none", value_parser = amount)]
    each_chat: Option<Bound>,
    /// What everybody together may spend on a day.
    #[arg(long, value_name = "AMOUNT|none", value_parser = amount)]
    ceiling: Option<Bound>,
    #[command(flatten)]
    acting: Acting,
}

/// A bound, or none.
#[derive(Debug, Clone, Copy)]
struct Bound(Option<Usd>);

fn amount(text: &str) -> Result<Bound, String> {
    or_none(text, money).map(Bound)
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let (console, view) = (arguments.acting.console()?, arguments.acting.view());
    let changes = arguments.changes();
    if let Err(error) = console.change_money(&changes, &arguments.acting.actor()).await {
        return tell::<atelier_console::BudgetsShown>(Err(error), view);
    }
    match arguments.user {
        Some(owner) => tell(console.ledger(owner, usize::try_from(arguments.last).unwrap_or(50)).await, view),
        None => tell(console.budgets().await, view),
    }
}

impl Arguments {
    fn changes(&self) -> Vec<MoneyChange> {
        let budgets = [(Budget::User, self.each_user), (Budget::Chat, self.each_chat), (Budget::All, self.ceiling)];
        let budgets = budgets.into_iter().filter_map(|(budget, bound)| Some(MoneyChange::Budget(budget, bound?.0)));
        let mut changes: Vec<MoneyChange> = budgets.collect();
        if let Some(owner) = self.user {
            changes.extend(self.budget.map(|bound| MoneyChange::Own(owner, bound.0)));
            if let (Some(amount), Some(reference)) = (self.grant, self.reference.clone()) {
                changes.push(MoneyChange::Grant { owner, amount, reference });
            }
        }
        changes
    }
}
