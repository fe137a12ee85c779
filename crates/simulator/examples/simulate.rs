//! Runs the simulators on given ports until Ctrl-C ends the process: `simulate [TELEGRAM_ADDR [REPLICATE_ADDR]]`.

use atelier_simulator::{Config, start};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut addresses = std::env::args().skip(1);
    let mut config = Config::default();
    if let Some(addr) = addresses.next() {
        config.telegram_addr = addr.parse()?;
    }
    if let Some(addr) = addresses.next() {
        config.replicate_addr = addr.parse()?;
    }
    start(config, CancellationToken::new()).await?.finished().await?;
    Ok(())
}
