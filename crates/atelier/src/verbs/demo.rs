//! `atelier demo`: the whole line on this machine, with simulated services.
//!
//! One Redis, the simulators, one bot process, two worker processes: the very processes of a real installation, told by
//! their environment to talk to the simulators. With `--prompt` there is no browser: the prompts go in as one user's
//! messages, and the pictures that arrive in the chat are written to files.

mod batch;
mod child;
mod control;
mod line;
mod report;
mod tricks;

use std::path::{Path, PathBuf};

use atelier_domain::{AspectRatio, Count, ModelId};
use tokio_util::sync::CancellationToken;

use self::line::{Line, Port, Settings};
use crate::config::{Common, ServerArguments, ViewArguments, model, whole};
use crate::failure::Failure;
use crate::output::say;
use crate::queue_of::{DATA, DEMO};
use crate::verbs::simulate::factor;

/// The chat's port, where it is free.
const CHAT_PORT: u16 = 4280;
/// Where the processes of the demo write their logs, below the data directory.
const LOGS: &str = "logs";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Sends this prompt without a browser, waits for the pictures and ends; may be given several times.
    #[arg(long = "prompt", value_name = "TEXT", requires = "out", allow_hyphen_values = true)]
    prompts: Vec<String>,
    /// The model for the prompts.
    #[arg(long, value_name = "MODEL", requires = "prompts", value_parser = model)]
    model: Option<ModelId>,
    /// The aspect ratio for the prompts, such as 3:2.
    #[arg(long = "ar", value_name = "RATIO", requires = "prompts")]
    ratio: Option<AspectRatio>,
    /// How many pictures of each prompt, 1 to 10.
    #[arg(long = "n", value_name = "N", requires = "prompts")]
    count: Option<Count>,
    /// Where the pictures are written.
    #[arg(long, value_name = "DIR", requires = "prompts")]
    out: Option<PathBuf>,
    /// Seconds to wait for all pictures.
    #[arg(long, value_name = "SECONDS", default_value = "180", requires = "prompts", value_parser = whole::<1, 86400>)]
    timeout: u64,
    #[command(flatten)]
    view: ViewArguments,
    /// The port of the chat [default: 4280, or a free one].
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Where chats, queue and predictions are kept [default: .atelier; with --prompt a temporary directory].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Worker processes.
    #[arg(long, value_name = "N", default_value = "2", value_parser = whole::<1, 16>)]
    workers: u64,
    /// Multiplies the simulated latencies of the models: 1 is realistic, 0 instant.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    time_scale: f64,
    #[command(flatten)]
    server: ServerArguments,
}

impl Arguments {
    fn settings(&self, data: &Path, port: Port, echo: bool) -> Settings {
        Settings {
            data: data.join(DEMO),
            logs: data.join(LOGS),
            port: self.port.map_or(port, Port::Exactly),
            workers: self.workers,
            time_scale: self.time_scale,
            redis_server: self.server.redis_server.clone(),
            echo,
        }
    }
}

pub(crate) async fn run(common: Common, arguments: Arguments) -> Result<(), Failure> {
    let stop = common.stop_token()?;
    if let Some(out) = arguments.out.clone() {
        return batch::run(arguments, &out, stop).await;
    }
    let data = arguments.data.clone().unwrap_or_else(|| PathBuf::from(DATA));
    let settings = arguments.settings(&data, Port::Preferably(CHAT_PORT), true);
    let Some(line) = unless_stopped(&stop, Line::start(settings)).await? else { return Ok(()) };
    say(&welcome(&line, &data));
    stop.cancelled().await;
    line.stop().await
}

/// `None` when the stop signal came first: what was started so far ends with this process.
async fn unless_stopped<T>(
    stop: &CancellationToken,
    starting: impl Future<Output = Result<T, Failure>>,
) -> Result<Option<T>, Failure> {
    tokio::select! {
        () = stop.cancelled() => Ok(None),
        started = starting => started.map(Some),
    }
}

fn welcome(line: &Line, data: &Path) -> String {
    let program = std::env::args_os().next().map_or_else(|| "atelier".into(), PathBuf::from);
    let program = program.strip_prefix(std::env::current_dir().unwrap_or_default()).unwrap_or(&program).display();
    let processes: Vec<String> = line.processes().map(|(name, pid)| format!("  {name:<10}pid {pid}")).collect();
    let processes = processes.join("\n");
    let victim = line.processes().last().map_or(0, |(_, pid)| pid);
    format!(
        "\nThe chat is at  {chat}\n\n{processes}\n  {redis_label:<10}{redis}\n  {logs_label:<10}{logs}\n
Type in the chat:
  a red fox in the snow
  a lighthouse at dusk --model imagen --ar 16:9 --n 3

Type in another terminal:
  kill -9 {victim}   (or “Try to break it” in the chat)
      a worker dies at work; another one takes over, and the picture still comes, once
  {program} queue stats
      the numbers; there are also queue ls, queue show JOB and why JOB

Ctrl-C stops everything; the next start goes on with the same chats, queue and pictures.\n",
        chat = line.chat(),
        redis_label = "redis",
        redis = line.redis(),
        logs_label = "logs",
        logs = data.join(LOGS).display(),
    )
}
