//! `atelier simulate`: the simulated services alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use atelier_process::Exit;
use atelier_simulator::Config;

use crate::config::{Common, ViewArguments};
use crate::failure::{Failure, OrExit};
use crate::output::say;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Port of the Bot API server and the web chat; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 4280)]
    port: u16,
    /// Port of the Replicate server; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 4281)]
    replicate_port: u16,
    /// Keeps chats, files and predictions here; without it they end with the process.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Multiplies the simulated latencies of the models: 1 is realistic, 0 instant.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    time_scale: f64,
    /// Listens for other machines, too. There is no access control.
    #[arg(long)]
    allow_remote: bool,
    /// Never answers 429.
    #[arg(long)]
    no_rate_limits: bool,
    #[command(flatten)]
    view: ViewArguments,
}

pub(crate) async fn run(common: Common, arguments: Arguments) -> Result<(), Failure> {
    let stop = common.stop_token()?;
    let host = if arguments.allow_remote { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let config = Config {
        telegram_addr: SocketAddr::from((host, arguments.port)),
        replicate_addr: SocketAddr::from((host, arguments.replicate_port)),
        data_dir: arguments.data,
        time_scale: arguments.time_scale,
        allow_remote: arguments.allow_remote,
        rate_limits: !arguments.no_rate_limits,
        directives: true,
        ..Config::default()
    };
    let running = atelier_simulator::start(config, stop).await.or_exit(Exit::Unavailable)?;
    let (telegram, replicate) = (running.telegram_addr, running.replicate_addr);
    if arguments.view.json {
        let addresses = serde_json::json!({
            "telegram": format!("http://{telegram}"),
            "replicate": format!("http://{replicate}/v1"),
        });
        say(&addresses.to_string());
    } else {
        say(&format!(
            "chat and Bot API   http://{telegram}   (TELEGRAM_API_URL)\nReplicate          http://{replicate}/v1   (REPLICATE_BASE_URL)"
        ));
    }
    running.finished().await.or_exit(Exit::Software)
}

/// A factor for latencies.
pub(crate) fn factor(text: &str) -> Result<f64, String> {
    let factor = text.trim().parse::<f64>().ok().filter(|factor| (0.0..=100.0).contains(factor));
    factor.ok_or_else(|| "a number from 0 to 100".to_owned())
}
