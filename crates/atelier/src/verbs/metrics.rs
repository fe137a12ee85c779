//! `atelier metrics`: the queue's numbers for machines.

use std::net::SocketAddr;

use atelier_console::Console;
use atelier_domain::Catalogue;
use atelier_process::Exit;
use tokio::net::TcpListener;

use crate::config::{Common, whole};
use crate::failure::{Failure, OrExit};
use crate::output::say;
use crate::queue_of::RedisArguments;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    redis: RedisArguments,
    /// Where to listen; port 0 takes a free one. Nothing here changes the queue or shows a prompt, and there is no
    /// access control.
    #[arg(long, env = "ATELIER_METRICS", value_name = "ADDRESS", default_value = "127.0.0.1:9464", value_parser = address)]
    listen: SocketAddr,
    /// The wait, in seconds, that the desired slots aim at.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = whole::<1, 86400>)]
    target_wait: u64,
}

pub(crate) async fn run(common: Common, arguments: Arguments) -> Result<(), Failure> {
    let stop = common.stop_token()?;
    // not connected yet: a Redis that is away is for those who ask to hear, and comes back without a new start
    let console = Console::new(arguments.redis.open()?, Catalogue::builtin().clone());
    let listener = TcpListener::bind(arguments.listen).await.or_exit(Exit::Unavailable);
    let listener = listener.map_err(|failure| failure.about(format!("cannot listen on {}", arguments.listen)))?;
    let at = listener.local_addr().or_exit(Exit::Software)?;
    say(&format!("http://{at}/metrics   http://{at}/stats   http://{at}/healthz"));
    atelier_console::serve(console, arguments.target_wait * 1000, listener, stop).await.or_exit(Exit::Software)
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| "an address and a port like 127.0.0.1:9464 or 0.0.0.0:9464".to_owned())
}
