//! The ways in: TLS with and without a certificate of our own, a Unix socket, and what kind of server opens.

use std::path::Path;

use atelier_domain::JobState;
use atelier_queue::{Fault, Queue, QueueError, Refusal};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::server::Server;
use crate::work::{Worker, submit, try_submit, until};

/// An authority of the test's own, and what it signed, as files.
struct Papers(TempDir);

impl Papers {
    fn issue(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "an authority");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(directory.path().join("ca.pem"), authority.pem()).unwrap();
        for (file, name) in [("server", name), ("client", "atelier")] {
            let key = KeyPair::generate().unwrap();
            let mut signed = CertificateParams::new([name.to_owned()]).unwrap();
            signed.distinguished_name.push(DnType::CommonName, file);
            let signed = signed.signed_by(&key, &authority).unwrap();
            std::fs::write(directory.path().join(format!("{file}.pem")), signed.pem()).unwrap();
            std::fs::write(directory.path().join(format!("{file}.key")), key.serialize_pem()).unwrap();
        }
        Self(directory)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// A server that speaks TLS on another port.
    fn arguments(&self, port: u16, asking: &str) -> Vec<String> {
        [
            ["--tls-port", &port.to_string()],
            ["--tls-cert-file", &self.path("server.pem")],
            ["--tls-key-file", &self.path("server.key")],
            ["--tls-ca-cert-file", &self.path("ca.pem")],
            ["--tls-auth-clients", asking],
        ]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(arguments: &[String]) -> Server {
    Server::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn open(url: &str) -> Queue {
    Queue::open(&url.parse().unwrap()).unwrap()
}

async fn refused(url: &str) -> String {
    let error = try_submit(&open(url), 1).await.unwrap_err();
    assert!(matches!(error, QueueError::Refused { refusal: Refusal::Encryption, .. }), "{error:?}");
    error.to_string()
}

async fn works(queue: &Queue) {
    let mut worker = Worker::start(queue, "w1");
    let id = submit(queue, 1).await;
    worker.next().await.done();
    until(queue, &id, JobState::Done).await;
    worker.end().await;
}

#[tokio::test]
async fn an_encrypted_connection_trusts_whom_it_is_told_to() {
    let (papers, port) = (Papers::issue("127.0.0.1"), free_port());
    let _server = start(&papers.arguments(port, "no"));
    let trusted = open(&format!("rediss://127.0.0.1:{port}/?ca={}", papers.path("ca.pem")));
    works(&trusted).await;
    let health = trusted.health().await.unwrap();
    assert!(health.is_good(), "{health:?}");
    assert!(health.findings.iter().any(|finding| finding.found == "encrypted, as user default"), "{health:?}");

    let said = refused(&format!("rediss://127.0.0.1:{port}/")).await;
    assert!(said.contains("?ca=FILE"), "{said}");
    let stranger = Papers::issue("127.0.0.1");
    refused(&format!("rediss://127.0.0.1:{port}/?ca={}", stranger.path("ca.pem"))).await;
    refused(&format!("rediss://localhost:{port}/?ca={}", papers.path("ca.pem"))).await;
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_ours() {
    let (papers, port) = (Papers::issue("localhost"), free_port());
    let server = start(&papers.arguments(port, "yes"));
    let trust = format!("rediss://localhost:{port}/?ca={}", papers.path("ca.pem"));
    works(&open(&format!("{trust}&cert={}&key={}", papers.path("client.pem"), papers.path("client.key")))).await;
    refused(&trust).await;
    // the right server by the wrong door
    let error = try_submit(&open(&format!("rediss://localhost:{}/", server.port)), 1).await.unwrap_err();
    assert!(matches!(error, QueueError::Refused { refusal: Refusal::Address, .. }), "{error:?}");
    let error = try_submit(&open(&format!("redis://localhost:{port}/")), 1).await.unwrap_err();
    assert!(matches!(error, QueueError::Unreachable { fault: Fault::Away, .. }), "{error:?}");
}

#[tokio::test]
async fn a_cluster_is_followed_over_encrypted_connections() {
    let papers = Papers::issue("127.0.0.1");
    let cluster = Cluster::start_encrypted(|port| papers.arguments(port, "no")).await;
    let port = cluster.nodes[cluster.stranger()].port + 1;
    let queue = open(&format!("rediss://127.0.0.1:{port}/?ca={}", papers.path("ca.pem")));
    works(&queue).await;
    assert!(queue.health().await.unwrap().is_good());
}

#[tokio::test]
async fn a_unix_socket_is_as_good_as_a_port() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("redis.sock");
    let _server = Server::start_with(&["--unixsocket", socket.to_str().unwrap()]);
    let url = |path: &Path| format!("unix://{}?db=1", path.display());
    works(&open(&url(&socket))).await;
    let error = try_submit(&open(&url(&directory.path().join("nothing"))), 1).await.unwrap_err();
    assert!(matches!(error, QueueError::Unreachable { fault: Fault::Away, .. }), "{error:?}");
}

#[tokio::test]
async fn the_doctor_names_the_server_it_found() {
    let server = Server::start();
    let health = server.queue().await.health().await.unwrap();
    let valkey = server.field(&["INFO", "server"], "valkey_version").await;
    let redis = server.field(&["INFO", "server"], "redis_version").await;
    let (kind, version) = if valkey.is_empty() { ("Redis", redis) } else { ("Valkey", valkey) };
    assert_eq!((health.server.as_str(), &health.version), (kind, &version));
    println!("these tests ran on {kind} {version}");
}
