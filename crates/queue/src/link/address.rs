//! Where Redis is: the address as people write it, parsed once into what the driver needs.
//!
//! Invariant: neither `Display` nor `Debug` shows a user name or a password. Certificates are read when the address is
//! parsed, so that a wrong path is found at the start and not in the first outage.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates};

use crate::error::ConnectError;

/// A peer whose kernel says nothing any more is given up after about ten seconds, even by a connection that only
/// listens.
const IDLE: Duration = Duration::from_secs(5);
const PROBE: Duration = Duration::from_secs(2);
const UNHEARD: Duration = Duration::from_secs(10);

/// The address of Redis, Valkey, or a cluster of either; `Display` and `Debug` hide user name and password.
///
/// | form | what it names |
/// |---|---|
/// | `redis://host:6379/0` | a server, or any node of a cluster: a cluster is recognised by itself |
/// | `redis://one:6379,two:6379` | nodes of one cluster, any of which may be away at the start |
/// | `redis://user:password@…` | with the credentials of an ACL user; `redis://:password@…` for the default user |
/// | `rediss://…` | over TLS, trusting the public certificate authorities |
/// | `rediss://…?ca=/etc/ca.pem` | over TLS, trusting only the authorities in this PEM file |
/// | `rediss://…?ca=…&cert=/etc/me.pem&key=/etc/me.key` | the same, showing a certificate of our own |
/// | `unix:///run/redis.sock?db=0&user=…&pass=…` | a Unix socket on this machine |
///
/// Characters such as `@`, `/` or `,` in a password are written percent-encoded. A cluster has only database 0, and its
/// nodes' certificates must name the addresses by which the nodes know each other (`cluster-announce-hostname`).
#[derive(Clone)]
pub struct RedisUrl {
    seeds: Arc<[ConnectionInfo]>,
    shown: String,
}

impl RedisUrl {
    /// The servers named; never empty.
    pub(super) fn seeds(&self) -> &[ConnectionInfo] {
        &self.seeds
    }

    /// Another node of the same cluster: same credentials, same trust.
    pub(super) fn node(&self, host: &str, port: u16) -> ConnectionInfo {
        let like = &self.seeds[0];
        let host = host.to_owned();
        let address = match like.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        like.clone().set_addr(address)
    }

    /// Whether what is said travels encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.seeds[0].addr(), ConnectionAddr::TcpTls { .. })
    }

    /// The user named, or the one that servers have by themselves.
    pub(crate) fn user(&self) -> &str {
        self.seeds[0].redis_settings().username().unwrap_or("default")
    }
}

impl FromStr for RedisUrl {
    type Err = ConnectError;

    fn from_str(text: &str) -> Result<Self, ConnectError> {
        let parts = Parts::of(text);
        let trust = parts.trust.read()?;
        let mut seeds = Vec::new();
        for host in parts.hosts.split(',') {
            let info = parts.with_host(host).into_connection_info().map_err(ConnectError::Address)?;
            let info = match &trust {
                Some(trust) => {
                    Client::build_with_tls(info, trust.clone()).map(|client| client.get_connection_info().clone())
                }
                None => Ok(info),
            };
            let settings = info.map_err(ConnectError::Address)?;
            let redis = settings.redis_settings().clone();
            // Signing in shows whether the connection stands; without that, saying our name does. To a user with the
            // least permissions the latter is denied, and noted in the server's log.
            let redis = match redis.password() {
                Some(_) => redis.set_skip_set_lib_name(),
                None => redis.set_lib_name("atelier", env!("CARGO_PKG_VERSION")),
            };
            seeds.push(settings.set_tcp_settings(tcp()).set_redis_settings(redis));
        }
        let shown = format!(
            "{}://{}",
            parts.scheme,
            seeds.iter().map(|seed| seed.addr().to_string()).collect::<Vec<_>>().join(",")
        );
        Ok(Self { seeds: seeds.into(), shown })
    }
}

fn tcp() -> TcpSettings {
    let settings = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(TcpKeepalive::new().with_time(IDLE).with_interval(PROBE));
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(UNHEARD);
    settings
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// An address taken apart only as far as the driver cannot do it: its hosts, and the files of its certificates.
struct Parts<'a> {
    scheme: &'a str,
    /// `user:password@`, or nothing.
    credentials: &'a str,
    hosts: &'a str,
    /// From the `/` of the database on, without what `trust` took.
    rest: String,
    trust: Trust,
}

#[derive(Default)]
struct Trust {
    authorities: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (scheme, after) = text.split_once("://").unwrap_or(("", text));
        let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
        let (credentials, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (query, fragment) = query.split_at(query.find('#').unwrap_or(query.len()));
        let mut trust = Trust::default();
        let mut others = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "ca" => trust.authorities = Some(PathBuf::from(value.as_ref())),
                "cert" => trust.certificate = Some(PathBuf::from(value.as_ref())),
                "key" => trust.key = Some(PathBuf::from(value.as_ref())),
                _ => drop(others.append_pair(&name, &value)),
            }
        }
        let others = others.finish();
        let query = if others.is_empty() { others } else { format!("?{others}") };
        Self { scheme, credentials, hosts, rest: format!("{path}{query}{fragment}"), trust }
    }

    fn with_host(&self, host: &str) -> String {
        let separator = if self.scheme.is_empty() { "" } else { "://" };
        format!("{}{separator}{}{host}{}", self.scheme, self.credentials, self.rest)
    }
}

impl Trust {
    fn read(&self) -> Result<Option<TlsCertificates>, ConnectError> {
        let client_tls = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                Some(ClientTlsConfig { client_cert: read(certificate)?, client_key: read(key)? })
            }
            (None, None) => None,
            _ => return Err(ConnectError::HalfCertificate),
        };
        let root_cert = self.authorities.as_deref().map(read).transpose()?;
        Ok((client_tls.is_some() || root_cert.is_some()).then_some(TlsCertificates { client_tls, root_cert }))
    }
}

/// A few kilobytes, once, before anything runs.
fn read(path: &Path) -> Result<Vec<u8>, ConnectError> {
    std::fs::read(path).map_err(|source| ConnectError::Certificate { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> RedisUrl {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_never_shows_its_password() {
        for text in ["redis://bob:hunter2@example.org:6380/3", "rediss://:hunter2@a:1,b:2", "redis://x:hunter2%2C@a:1"]
        {
            let url = parse(text);
            assert!(!format!("{url} {url:?}").contains("hunter2"));
        }
        for wrong in
            ["http://example.org", "", "redis://", "redis://a:1,", "redis://a:x", "a:6379,b:6379", "redis://a/x"]
        {
            assert!(wrong.parse::<RedisUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_form_means_what_the_table_says() {
        let one = parse("redis://example.org/3");
        assert_eq!(one.to_string(), "redis://example.org:6379");
        assert_eq!((one.seeds()[0].redis_settings().db(), one.user(), one.is_encrypted()), (3, "default", false));
        let several = parse("rediss://bob:p%40ss@one:7001,two:7002");
        assert_eq!(several.to_string(), "rediss://one:7001,two:7002");
        assert_eq!((several.user(), several.is_encrypted(), several.seeds().len()), ("bob", true, 2));
        let node = several.node("::1", 7003);
        assert_eq!(node.redis_settings().password(), Some("p@ss"));
        assert!(
            matches!(node.addr(), ConnectionAddr::TcpTls { host, port: 7003, insecure: false, .. } if host == "::1")
        );
        assert_eq!(parse("redis://[::1]:7000/").seeds()[0].addr(), &ConnectionAddr::Tcp("::1".to_owned(), 7000));
        let socket = parse("unix:///run/redis.sock?db=2&user=bob&pass=hunter2");
        assert_eq!(socket.seeds()[0].addr(), &ConnectionAddr::Unix("/run/redis.sock".into()));
        assert_eq!((socket.seeds()[0].redis_settings().db(), socket.user()), (2, "bob"));
        assert_eq!(socket.to_string(), "unix:///run/redis.sock");
    }

    #[test]
    fn wrong_certificates_are_found_at_once() {
        let missing = "rediss://a:1?ca=/nowhere/ca.pem".parse::<RedisUrl>().unwrap_err();
        assert!(missing.to_string().contains("/nowhere/ca.pem"), "{missing}");
        let half = "rediss://a:1?cert=/nowhere/me.pem".parse::<RedisUrl>().unwrap_err();
        assert!(matches!(half, ConnectError::HalfCertificate), "{half}");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n").unwrap();
        let nonsense = format!("rediss://a:1?ca={}", path.display()).parse::<RedisUrl>().unwrap_err();
        assert!(matches!(nonsense, ConnectError::Address(_)), "{nonsense}");
        // certificates without TLS would be a false sense of safety
        let plain = format!("redis://a:1?ca={}", path.display());
        assert!(plain.parse::<RedisUrl>().is_err());
    }
}
