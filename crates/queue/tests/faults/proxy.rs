//! A wire that can be cut: a TCP proxy whose connections can be closed, silenced without a word to either side, or made
//! slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use atelier_queue::{Queue, RedisUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

#[derive(Clone, Copy, Default)]
struct Orders {
    /// Connections with a lower number are closed.
    cut: u64,
    /// Connections with a lower number carry nothing any more, and stay open.
    silent: u64,
    /// How long what is carried is under way, either way.
    lag: Duration,
}

pub(crate) struct Proxy {
    port: u16,
    target: Arc<AtomicU16>,
    accepted: Arc<AtomicU64>,
    orders: watch::Sender<Orders>,
    _listening: AbortOnDropHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (target, accepted) = (Arc::new(AtomicU16::new(port)), Arc::new(AtomicU64::new(0)));
        let (orders, obeyed) = watch::channel(Orders::default());
        let (to, count) = (target.clone(), accepted.clone());
        let listening = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(carry(near, to.load(Ordering::Relaxed), number, obeyed.clone()));
            }
        });
        Self { port: own, target, accepted, orders, _listening: AbortOnDropHandle::new(listening) }
    }

    pub(crate) fn queue(&self) -> Queue {
        let url: RedisUrl = format!("redis://127.0.0.1:{}/", self.port).parse().unwrap();
        Queue::open(&url).unwrap()
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Closes every connection; new ones are carried.
    pub(crate) fn cut(&self) {
        let number = self.accepted();
        self.orders.send_modify(|orders| orders.cut = number);
    }

    /// Every connection stays open and carries nothing; new ones are carried.
    pub(crate) fn silence(&self) {
        let number = self.accepted();
        self.orders.send_modify(|orders| orders.silent = number);
    }

    /// What new connections carry is under way for so long, as to a server that is far away or has too much to do.
    pub(crate) fn slow(&self, lag: Duration) {
        self.orders.send_modify(|orders| orders.lag = lag);
        self.cut();
    }

    /// From now on connections lead to another server, as when a name or a floating address moves.
    pub(crate) fn point_to(&self, port: u16) {
        self.target.store(port, Ordering::Relaxed);
        self.cut();
    }
}

async fn carry(mut near: TcpStream, port: u16, number: u64, mut orders: watch::Receiver<Orders>) {
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let lag = orders.borrow().lag;
    let told = |orders: &mut watch::Receiver<Orders>| {
        let orders = *orders.borrow_and_update();
        (number < orders.cut, number < orders.silent)
    };
    loop {
        let (cut, silent) = told(&mut orders);
        if cut {
            return;
        }
        tokio::select! {
            () = both_ways(&mut near, &mut far, lag), if !silent => return,
            changed = orders.changed() => if changed.is_err() { return },
        }
    }
}

/// Carries what comes, each piece `lag` after it was sent.
async fn both_ways(near: &mut TcpStream, far: &mut TcpStream, lag: Duration) {
    if lag.is_zero() {
        let _ = copy_bidirectional(near, far).await;
        return;
    }
    let (near_read, near_write) = near.split();
    let (far_read, far_write) = far.split();
    tokio::select! {
        () = one_way(near_read, far_write, lag) => {}
        () = one_way(far_read, near_write, lag) => {}
    }
}

async fn one_way(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, lag: Duration) {
    let (sender, mut under_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let receiving = async {
        let mut piece = vec![0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut piece).await {
            let _ = sender.send((Instant::now() + lag, piece[..read].to_vec()));
        }
    };
    let delivering = async {
        while let Some((at, piece)) = under_way.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = receiving => {}
        () = delivering => {}
    }
}
