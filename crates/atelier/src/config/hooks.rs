//! Settings of Replicate's webhooks.

use std::net::SocketAddr;

use atelier_provider::replicate::{BadHooks, Hooks};
use atelier_worker::Doorbell;
use clap::Args;
use secrecy::SecretString;
use url::Url;

use super::{secret, web_address};
use crate::failure::Failure;

/// Whether Replicate tells when a prediction has ended; it is asked in any case.
#[derive(Debug, Args)]
pub(crate) struct HookArguments {
    /// The public address, such as `https://bot.example.com/replicate`, at which Replicate tells that a prediction has ended.
    /// It may lead to any worker.
    #[arg(
        long = "replicate-webhook-url",
        env = "REPLICATE_WEBHOOK_URL",
        value_name = "URL",
        value_parser = web_address,
        requires = "secret"
    )]
    public: Option<Url>,
    /// Where a worker listens for that, behind whatever ends TLS.
    #[arg(
        long = "replicate-webhook-listen",
        env = "REPLICATE_WEBHOOK_LISTEN",
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8082"
    )]
    listen: SocketAddr,
    /// The secret of the account's webhooks, `whsec_…`.
    #[arg(
        long = "replicate-webhook-secret",
        env = "REPLICATE_WEBHOOK_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        value_parser = secret
    )]
    secret: Option<SecretString>,
}

impl HookArguments {
    /// Where Replicate posts to, if it does; `own_service`: another address than Replicate's own is asked.
    pub(crate) fn hooks(&self, own_service: bool) -> Result<Option<Hooks>, Failure> {
        let (Some(url), Some(secret)) = (&self.public, &self.secret) else {
            return Ok(None);
        };
        let hooks = Hooks::new(url.clone(), secret, own_service);
        hooks.map(Some).map_err(|error: BadHooks| {
            let name = match error {
                BadHooks::Secret => "REPLICATE_WEBHOOK_SECRET",
                BadHooks::Url => "REPLICATE_WEBHOOK_URL",
            };
            Failure::usage(format!("{name}: {error}"))
        })
    }

    /// Opens the port, when there are posts to come.
    pub(crate) async fn open(&self, hooks: Option<Hooks>) -> Result<Option<Doorbell>, Failure> {
        let Some(hooks) = hooks else { return Ok(None) };
        let listen = self.listen;
        let opened = Doorbell::open(hooks, listen).await;
        opened
            .map(Some)
            .map_err(|error| Failure::usage(format!("REPLICATE_WEBHOOK_LISTEN: {listen} cannot be opened: {error}")))
    }
}
