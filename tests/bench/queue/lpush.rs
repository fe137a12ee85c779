//! `LPUSH` as fast as a server takes it one by one: the measure of a submit that travels between machines.
//!
//! Plain sockets and a request prepared once, without pipelining: the client costs next to nothing, as that of
//! `redis-benchmark` does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::sample::rate;

/// How many a second over so many connections, for so long.
pub(crate) async fn per_s(port: u16, connections: usize, payload: &str, period: Duration) -> f64 {
    let list = format!("lpush-{connections}");
    let request: Arc<[u8]> = Arc::from(
        format!("*3\r\n$5\r\nLPUSH\r\n${}\r\n{list}\r\n${}\r\n{payload}\r\n", list.len(), payload.len()).into_bytes(),
    );
    let mut links = Vec::new();
    for _ in 0..connections {
        let link = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        link.set_nodelay(true).expect("a socket");
        links.push(link);
    }
    let begun = Instant::now();
    let mut pushing = JoinSet::new();
    for link in links {
        pushing.spawn(push(link, request.clone(), begun + period));
    }
    let counts = pushing.join_all().await;
    rate(counts.into_iter().sum(), begun.elapsed())
}

async fn push(mut link: TcpStream, request: Arc<[u8]>, until: Instant) -> usize {
    let (mut count, mut answer) = (0, [0; 64]);
    while Instant::now() < until {
        link.write_all(&request).await.expect("it is sent");
        let mut got = 0;
        // a number, its line's end last
        while got == 0 || answer[got - 1] != b'\n' {
            let some = link.read(&mut answer[got..]).await.expect("it is answered");
            assert!(some > 0, "the server stays");
            got += some;
        }
        assert_eq!(answer[0], b':', "it is pushed");
        count += 1;
    }
    count
}
