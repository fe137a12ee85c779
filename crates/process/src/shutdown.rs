//! One token for every reason to stop.
//!
//! SIGINT and SIGTERM mean the same: finish what is cheap to finish, then go. A second signal means now. Child
//! processes of the demo are also told by the end of their standard input, so that none outlives a parent that was
//! killed.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Cancels the token returned on the first SIGINT or SIGTERM; a second one ends the process at once with the code
/// that a shell expects, 130 or 143. Call it once, inside the runtime.
pub fn on_signals() -> io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        let (_, name) = next(&mut interrupt, &mut terminate).await;
        info!(signal = name, "stopping; once more stops at once");
        stop.cancel();
        let (code, name) = next(&mut interrupt, &mut terminate).await;
        warn!(signal = name, "stopped at once");
        std::process::exit(code);
    });
    Ok(token)
}

/// Cancels the token when standard input ends: the parent that holds its other end is gone.
pub fn when_parent_dies(token: CancellationToken) {
    // a plain thread: a blocking read inside the runtime would hold up the runtime's end
    std::thread::spawn(move || {
        // an error means the same as the end: nobody holds the other end
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        if !token.is_cancelled() {
            token.cancel();
            warn!("the parent process is gone; stopping");
        }
    });
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) -> (i32, &'static str) {
    tokio::select! {
        _ = interrupt.recv() => (130, "SIGINT"),
        _ = terminate.recv() => (143, "SIGTERM"),
    }
}
