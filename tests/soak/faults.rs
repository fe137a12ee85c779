//! What goes wrong meanwhile.

use std::collections::BTreeMap;

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::stage::{Role, Stage};

/// Seconds that a scripted 429 asks to wait.
pub(crate) const FLOOD_S: u64 = 3;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    KillWorker,
    KillBot,
    CutWorker,
    CutBot,
    /// Requests to the Bot API are lost on their way.
    LoseRequests,
    /// Edits are done, and their answers lost.
    LoseEdits,
    /// A message is posted, and the answer lost.
    LoseSend,
    /// A chat is asked to be left alone for a while.
    FloodSend,
    FloodEdit,
    /// The Bot API server answers 502.
    Fail,
}

const ALL: [Fault; 10] = [
    Fault::KillWorker,
    Fault::KillBot,
    Fault::CutWorker,
    Fault::CutBot,
    Fault::LoseRequests,
    Fault::LoseEdits,
    Fault::LoseSend,
    Fault::FloodSend,
    Fault::FloodEdit,
    Fault::Fail,
];

impl Fault {
    /// The fault of that number: all kinds come in turn.
    pub(crate) fn of(number: u32) -> Self {
        ALL[number as usize % ALL.len()]
    }

    /// What it is called in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KillWorker => "worker killed",
            Self::KillBot => "bot killed",
            Self::CutWorker => "worker cut from Redis",
            Self::CutBot => "bot cut from Redis",
            Self::LoseRequests => "requests lost",
            Self::LoseEdits => "answers to edits lost",
            Self::LoseSend => "answer to a send lost",
            Self::FloodSend => "sends refused with 429",
            Self::FloodEdit => "edits refused with 429",
            Self::Fail => "502",
        }
    }

    /// Lets it happen.
    pub(crate) async fn strike(self, stage: &mut Stage, dice: &mut StdRng) {
        match self {
            Self::KillWorker => stage.kill(victim(stage, Role::Worker, dice)).await,
            Self::KillBot => stage.kill(victim(stage, Role::Bot, dice)).await,
            Self::CutWorker => stage.cut(victim(stage, Role::Worker, dice)),
            Self::CutBot => stage.cut(victim(stage, Role::Bot, dice)),
            Self::LoseRequests => rule(stage, "*", 5, "before", json!({ "kind": "cut" })).await,
            Self::LoseEdits => rule(stage, "edit*", 3, "after", json!({ "kind": "cut" })).await,
            Self::LoseSend => rule(stage, "send*", 1, "after", json!({ "kind": "cut" })).await,
            Self::FloodSend => rule(stage, "send*", 1, "before", flood()).await,
            Self::FloodEdit => rule(stage, "edit*", 1, "before", flood()).await,
            Self::Fail => rule(stage, "edit*", 2, "before", json!({ "kind": "reply", "status": 502 })).await,
        }
    }
}

fn flood() -> Value {
    json!({ "kind": "reply", "status": 429, "retry_after": FLOOD_S })
}

async fn rule(stage: &Stage, method: &str, times: u32, phase: &str, action: Value) {
    let rule = json!({ "method": method, "times": times, "phase": phase, "action": action });
    stage.world.telegram.fault(rule).await;
}

fn victim(stage: &Stage, role: Role, dice: &mut StdRng) -> usize {
    let able: Vec<usize> = (0..stage.crew.len()).filter(|index| stage.crew[*index].role == role).collect();
    able[dice.random_range(0..able.len())]
}

/// How many of each kind.
pub(crate) type Tally = BTreeMap<&'static str, u32>;
