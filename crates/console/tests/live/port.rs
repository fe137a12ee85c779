//! The port for machines, with Redis there, full, and away.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use atelier_console::serve;
use atelier_queue::{PrivateRedis, Steering};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::line::{Line, jo};

/// Status and body of an answer.
async fn get(port: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(port).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Tells a server something in its inline protocol.
async fn tell(server: &PrivateRedis, words: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    stream.write_all(format!("{words}\r\n").as_bytes()).await.unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+OK\r\n", "{words}");
}

/// Reads the text format as strictly as it is defined: every sample belongs to the family above it, no series twice.
fn samples(text: &str) -> HashMap<String, f64> {
    let (mut samples, mut family, mut families) = (HashMap::new(), String::new(), HashSet::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(families.insert(name.to_owned()) && help.ends_with('.'), "{line}");
            name.clone_into(&mut family);
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let kind = kind.strip_prefix(&format!("{family} ")).unwrap();
            assert_eq!(kind == "counter", family.ends_with("_total"), "{line}");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            assert!(name == family && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
            assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "{line}");
        }
    }
    samples
}

#[tokio::test]
async fn the_numbers_are_served_and_an_absent_redis_is_said() {
    let line = Line::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let serving = tokio::spawn(serve(line.console.clone(), 30_000, listener, stop.clone()));

    let mut painter = line.work(2, &[]);
    let first = line.submit_all(1, 9, "imagen", &["a secret"; 10]).await;
    let (hand, _answer) = painter.next().await;
    let _other = painter.next().await;
    line.console.pause(Steering::Model("seedream".parse().unwrap()), &jo(), "").await.unwrap();
    line.queue.cancel(&first[9], "test", None).await.unwrap();

    let (status, text) = get(port, "/metrics").await;
    assert_eq!(status, 200, "{text}");
    let samples = samples(&text);
    for (series, value) in [
        ("atelier_queue_waiting{model=\"imagen\"}", 7.0),
        ("atelier_queue_running{model=\"imagen\"}", 2.0),
        ("atelier_queue_queued_seconds{model=\"imagen\"}", 7.0),
        ("atelier_queue_slots{model=\"imagen\"}", 2.0),
        ("atelier_queue_desired_slots{model=\"imagen\"}", 1.0),
        ("atelier_queue_paused{model=\"seedream\"}", 1.0),
        ("atelier_queue_lane_closed{lane=\"imagen\"}", 0.0),
        ("atelier_queue_worker_slots", 2.0),
        ("atelier_queue_accepted_total", 10.0),
        ("atelier_queue_ended_total{state=\"cancelled\"}", 1.0),
        ("atelier_queue_ended_total{state=\"dead\"}", 0.0),
        ("atelier_queue_closed", 0.0),
        ("atelier_queue_target_wait_seconds", 30.0),
    ] {
        assert_eq!(samples.get(series), Some(&value), "{series} in\n{text}");
    }
    assert!(
        samples["atelier_queue_kept_bytes"] > 0.0
            && samples["atelier_queue_oldest_waiting_seconds{model=\"imagen\"}"] >= 0.0
    );

    let (status, text) = get(port, "/stats?target_wait=1").await;
    let stats: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &stats["desired_slots"], &stats["models"][0]["waiting"]), (200, &7.into(), &7.into()));
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(get(port, "/stats?target_wait=soon").await.0, 400);
    assert_eq!(get(port, "/nothing").await.0, 404);
    assert_eq!(get(port, "/healthz").await, (200, "ok\n".to_owned()));
    drop(hand);

    // it answers every question and takes no write: not healthy, although the numbers are there
    tell(&line.server, "CONFIG SET min-replicas-to-write 1").await;
    let (status, text) = get(port, "/healthz").await;
    assert!(status == 503 && text.starts_with("redis writes: redis lost the replicas"), "{status} {text}");
    assert_eq!(get(port, "/metrics").await.0, 200);
    tell(&line.server, "CONFIG SET min-replicas-to-write 0").await;
    tell(&line.server, "CONFIG SET maxmemory-policy allkeys-lru").await;
    let (status, text) = get(port, "/healthz").await;
    assert!(status == 200 && text.contains("warning: redis eviction: allkeys-lru"), "{status} {text}");

    let Line { server, settings, data, .. } = line;
    server.kill().await;
    for path in ["/metrics", "/stats", "/healthz"] {
        let (status, text) = get(port, path).await;
        assert_eq!((status, text.lines().count()), (503, 1), "{path}: {text}");
    }
    let server = PrivateRedis::start(settings).await.unwrap();
    let mut status = 503;
    while status == 503 {
        // the link comes back by itself, and each request waits for it
        status = get(port, "/healthz").await.0;
    }
    assert_eq!(status, 200);
    stop.cancel();
    serving.await.unwrap().unwrap();
    drop((painter, server, data));
}
