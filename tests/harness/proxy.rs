//! A proxy in front of Redis for each party, so that connections can be cut, fall silent, or be kept away.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, copy, copy_bidirectional, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A party's way to Redis.
pub struct Proxy {
    port: u16,
    wires: Arc<Wires>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Wires {
    /// No connection is let through.
    away: AtomicBool,
    /// For the connections that are open now.
    open: Mutex<Switches>,
}

#[derive(Clone, Default)]
struct Switches {
    cut: CancellationToken,
    silence: CancellationToken,
}

impl Wires {
    fn renew(&self) -> Switches {
        std::mem::take(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn current(&self) -> Switches {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Proxy {
    /// Listens on a free port and leads to `target`.
    pub async fn start(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound listener").port();
        let wires = Arc::new(Wires::default());
        let shared = wires.clone();
        let serving = AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                if !shared.away.load(Ordering::Relaxed) {
                    tokio::spawn(lead(client, target, shared.current()));
                }
            }
        }));
        Self { port, wires, _serving: serving }
    }

    /// The address to connect to instead of the server's.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Closes the connections that are open now.
    pub fn cut(&self) {
        self.wires.renew().cut.cancel();
    }

    /// Lets the connections that are open now carry nothing more; neither side is told.
    pub fn silence(&self) {
        self.wires.renew().silence.cancel();
    }

    /// Closes all connections and lets no new ones through, or lets them through again.
    pub fn part(&self, away: bool) {
        self.wires.away.store(away, Ordering::Relaxed);
        if away {
            self.cut();
        }
    }
}

async fn lead(mut client: TcpStream, target: u16, switches: Switches) {
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
    // a request of a hundred bytes must not wait for the next
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => return,
        () = switches.cut.cancelled() => return,
        () = switches.silence.cancelled() => {}
    }
    // what either side says from now on is lost; the server keeps its end as long as the client does
    let (mut lost, mut unheard) = (sink(), sink());
    let mut server = server.take(u64::MAX);
    let deaf = async {
        let _ = copy(&mut server, &mut unheard).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = copy(&mut client, &mut lost) => {}
        () = deaf => {}
    }
}
