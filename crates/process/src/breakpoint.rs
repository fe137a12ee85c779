//! Named places at which a test may stop a process, look around, and kill it.
//!
//! A test hook: at most one breakpoint is set per process, from a hidden flag; without one, [`reach`] costs an atomic
//! load. The test listens on loopback; a process that comes by says `name subject pid` and waits for a line (or for
//! the end of the connection) before it goes on. Deliberately absent: any way to set one from outside the machine.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::OnceLock;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tracing::warn;

/// Where to stop and whom to tell, written `name@127.0.0.1:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakpointSettings {
    /// The place's name.
    pub name: String,
    /// Where the test listens: an address of this machine.
    pub address: SocketAddr,
}

/// The text is no breakpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a breakpoint is written name@127.0.0.1:port")]
pub struct BadBreakpoint;

impl FromStr for BreakpointSettings {
    type Err = BadBreakpoint;

    fn from_str(text: &str) -> Result<Self, BadBreakpoint> {
        let (name, address) = text.split_once('@').ok_or(BadBreakpoint)?;
        let address: SocketAddr = address.parse().map_err(|_| BadBreakpoint)?;
        let usable = !name.is_empty() && !name.contains(char::is_whitespace) && address.ip().is_loopback();
        if usable { Ok(Self { name: name.to_owned(), address }) } else { Err(BadBreakpoint) }
    }
}

static INSTALLED: OnceLock<BreakpointSettings> = OnceLock::new();

/// Sets the process's breakpoint. The first call wins.
pub fn install(settings: Option<BreakpointSettings>) {
    if let Some(settings) = settings {
        // a second call is a fault of the caller, harmless to everybody else
        let _ = INSTALLED.set(settings);
    }
}

/// Stops here when the breakpoint of this name is set, until the test lets go. `subject` tells the test what the
/// process was about to touch, a job's id for instance.
pub async fn reach(name: &str, subject: &str) {
    let Some(settings) = INSTALLED.get().filter(|settings| settings.name == name) else { return };
    if let Err(error) = stop(settings, subject).await {
        warn!(breakpoint = name, subject, %error, "nobody listens at the breakpoint");
    }
}

async fn stop(settings: &BreakpointSettings, subject: &str) -> std::io::Result<()> {
    let mut peer = BufReader::new(TcpStream::connect(settings.address).await?);
    let line = format!("{} {subject} {}\n", settings.name, std::process::id());
    peer.write_all(line.as_bytes()).await?;
    peer.flush().await?;
    peer.read_line(&mut String::new()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_this_machine_may_be_told() {
        assert!("claimed@127.0.0.1:4000".parse::<BreakpointSettings>().is_ok());
        for text in ["", "claimed", "@127.0.0.1:1", "a b@127.0.0.1:1", "x@10.0.0.1:1", "x@localhost:1"] {
            assert_eq!(text.parse::<BreakpointSettings>(), Err(BadBreakpoint), "{text}");
        }
    }

    // one test for all of it: the breakpoint is one per process
    #[tokio::test]
    async fn a_process_waits_where_it_was_told_to() {
        reach("claimed", "before it is set").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        install(Some(BreakpointSettings { name: "claimed".to_owned(), address }));
        reach("another", "job").await;
        let passing = tokio::spawn(reach("claimed", "job7"));
        let (peer, _) = listener.accept().await.unwrap();
        let mut peer = BufReader::new(peer);
        let mut line = String::new();
        peer.read_line(&mut line).await.unwrap();
        assert_eq!(line, format!("claimed job7 {}\n", std::process::id()));
        assert!(!passing.is_finished());
        peer.write_all(b"go\n").await.unwrap();
        passing.await.unwrap();
        // a test that went away does not hold the process up
        drop(listener);
        reach("claimed", "job8").await;
    }
}
