//! `atelier doctor`: one line per thing that must be right, with what to do when it is not.

use std::time::Duration;

use atelier_domain::AccountId;
use atelier_process::Exit;
use atelier_queue::{PrivateRedis, Queue};
use atelier_telegram::{DeliveryError, Telegram};
use serde::Serialize;
use tokio::time::timeout;

use crate::config::{HookArguments, ProviderArguments, ServerArguments, TelegramArguments, ViewArguments};
use crate::failure::{Failure, OrExit};
use crate::output::say;
use crate::queue_of::RedisArguments;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    telegram: TelegramArguments,
    #[command(flatten)]
    redis: RedisArguments,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    provider: ProviderArguments,
    #[command(flatten)]
    hooks: HookArguments,
    #[command(flatten)]
    view: ViewArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Serialize)]
struct Finding {
    name: String,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Debug, Serialize)]
struct Diagnosis {
    ok: bool,
    findings: Vec<Finding>,
}

impl Finding {
    fn ok(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Ok, found: found.into(), fix: None }
    }

    fn warn(name: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Warn, found: found.into(), fix: Some(fix.into()) }
    }

    fn fail(name: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, ..Self::warn(name, found, fix) }
    }
}

const WEBHOOK_FIX: &str = "right when ATELIER_WEBHOOK_URL points there; else another program receives this bot's messages: stop it, \
                           then call deleteWebhook for this token";

/// Longer than any of these calls takes when all is well.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let telegrams = arguments.telegram.clients_or_none()?;
    let mut findings = Vec::new();
    if telegrams.is_empty() {
        let fix = "talk to @BotFather in Telegram (/newbot), then set TELEGRAM_BOT_TOKEN";
        findings.push(Finding::fail("telegram token", "not set", fix));
    }
    for telegram in &telegrams {
        findings.extend(look_at_bot(telegram).await);
    }
    findings.extend(look_at_redis(&arguments).await?);
    findings.extend(look_at_provider(&arguments.provider).await?);
    findings.extend(look_at_hooks(&arguments).await?);
    let well = findings.iter().all(|finding| finding.verdict != Verdict::Fail);
    if arguments.view.json {
        say(&serde_json::to_string(&Diagnosis { ok: well, findings }).or_exit(Exit::Software)?);
    } else {
        say(&findings.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
    if well { Ok(()) } else { Err(Failure::said()) }
}

fn line(finding: &Finding) -> String {
    let mark = match finding.verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!("\n      -> {fix}"));
    format!("{mark}  {}: {}{fix}", finding.name, finding.found)
}

async fn look_at_bot(telegram: &Telegram) -> Vec<Finding> {
    let name = format!("telegram token {}", telegram.bot());
    let late = Err(DeliveryError::Unknown { detail: format!("no answer within {} s", PATIENCE.as_secs()) });
    let identity = match timeout(PATIENCE, telegram.identify()).await.unwrap_or(late) {
        Ok(identity) => identity,
        Err(error @ DeliveryError::Unauthorised) => {
            let fix = "ask @BotFather for the token again (/token) and set TELEGRAM_BOT_TOKEN to it";
            return vec![Finding::fail(name, error.to_string(), fix)];
        }
        Err(error) => {
            let fix = "check the network and TELEGRAM_API_URL (unset means Telegram's own server)";
            return vec![Finding::fail(name, error.to_string(), fix)];
        }
    };
    let mut findings = vec![Finding::ok(name, format!("@{} ({})", identity.username, identity.name))];
    let name = format!("telegram webhook of @{}", identity.username);
    let late = Err(DeliveryError::Unknown { detail: format!("no answer within {} s", PATIENCE.as_secs()) });
    findings.push(match timeout(PATIENCE, telegram.webhook()).await.unwrap_or(late) {
        Ok(None) => Finding::ok(name, "none, messages come by polling"),
        Ok(Some(webhook)) => {
            let found = format!("set to {}, {} updates wait there", webhook.host, webhook.pending);
            match webhook.last_error {
                Some(error) => Finding::warn(name, format!("{found}; Telegram says: {error}"), WEBHOOK_FIX),
                None => Finding::warn(name, found, WEBHOOK_FIX),
            }
        }
        Err(error) => Finding::fail(name, error.to_string(), "run `atelier doctor` again"),
    });
    findings
}

async fn look_at_redis(arguments: &Arguments) -> Result<Vec<Finding>, Failure> {
    let Ok(url) = arguments.redis.url() else {
        // a wrong address is a wrong value; no address at all means `atelier up` with a server of its own
        arguments.redis.given()?;
        let fix = "set REDIS_URL to run bot and workers as separate processes";
        return Ok(vec![match PrivateRedis::program(arguments.server.redis_server.as_deref()) {
            Ok(program) => Finding::warn(
                "redis",
                format!("REDIS_URL is not set; `atelier up` starts its own ({})", program.display()),
                fix,
            ),
            Err(error) => Finding::fail("redis", "REDIS_URL is not set and no server is installed", error.to_string()),
        }]);
    };
    let name = "redis";
    let unreachable = |error: String| {
        let fix = "start the server, or correct REDIS_URL (redis://user:password@host:6379/0)";
        vec![Finding::fail(name, format!("{url}: {error}"), fix)]
    };
    let queue = match Queue::open(&url) {
        Ok(queue) => queue,
        Err(error) => return Ok(unreachable(error.to_string())),
    };
    let health = match timeout(PATIENCE, queue.health()).await {
        Ok(Ok(health)) => health,
        Ok(Err(error)) => return Ok(unreachable(format!("{:#}", anyhow::Error::new(error)))),
        Err(_) => return Ok(unreachable(format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    let mut findings = vec![Finding::ok(name, format!("{url} answers"))];
    findings.extend(health.findings.into_iter().map(|finding| {
        if finding.good {
            Finding::ok(finding.name, finding.found)
        } else {
            Finding::fail(finding.name, finding.found, finding.advice)
        }
    }));
    Ok(findings)
}

async fn look_at_provider(arguments: &ProviderArguments) -> Result<Vec<Finding>, Failure> {
    let providers = arguments.providers()?;
    if !arguments.has_service() {
        let fix = "get a token at replicate.com/account/api-tokens and set REPLICATE_API_TOKEN, or name accounts in ATELIER_CATALOGUE";
        return Ok(vec![Finding::warn("replicate token", "not set: only the offline model sketch is offered", fix)]);
    }
    let mut findings = Vec::new();
    for provider in providers.iter() {
        let name = format!("{} account", provider.account());
        findings.push(match timeout(PATIENCE, provider.check()).await {
            Ok(Ok(account)) => Finding::ok(name, account),
            Ok(Err(failure)) => {
                let fix = if *provider.account() == AccountId::replicate() {
                    "check REPLICATE_API_TOKEN (replicate.com/account/api-tokens), REPLICATE_BASE_URL and network"
                } else {
                    "check url and secret_env of the account in ATELIER_CATALOGUE, and that the service runs"
                };
                Finding::fail(name, format!("{}: {}", failure.class.name(), failure.detail), fix)
            }
            Err(_) => Finding::fail(name, format!("no answer within {} s", PATIENCE.as_secs()), "check the network"),
        });
    }
    Ok(findings)
}

/// Nothing when there are no webhooks of Replicate's: it is asked then.
async fn look_at_hooks(arguments: &Arguments) -> Result<Option<Finding>, Failure> {
    let name = "replicate webhooks";
    let Some(hooks) = arguments.hooks.hooks(arguments.provider.has_own_replicate())? else { return Ok(None) };
    let Some(replicate) = arguments.provider.replicate()? else {
        let fix = "unset REPLICATE_WEBHOOK_URL, or set REPLICATE_API_TOKEN";
        return Ok(Some(Finding::warn(name, "there is no account that could send any", fix)));
    };
    Ok(Some(match timeout(PATIENCE, replicate.hook_secret()).await {
        Ok(Ok(secret)) if hooks.is_secret(&secret) => {
            Finding::ok(name, format!("to {}, signed with the account's secret", hooks.public()))
        }
        Ok(Ok(_)) => {
            let fix = "set REPLICATE_WEBHOOK_SECRET to what GET /v1/webhooks/default/secret answers with this token";
            Finding::fail(name, "REPLICATE_WEBHOOK_SECRET is not this account's: every post would be refused", fix)
        }
        Ok(Err(failure)) => Finding::warn(name, failure.detail, "run `atelier doctor` again"),
        Err(_) => Finding::warn(name, format!("no answer within {} s", PATIENCE.as_secs()), "check the network"),
    }))
}
