//! What a process is called in the queue and in the logs.

use std::hash::{BuildHasher, RandomState};

/// A name for one start of a worker: `host-pid-random`.
///
/// Leases belong to it, so it must never be used twice: a process number comes round again, in containers at once
/// (every one of them is process 1), hence the random part.
pub fn worker_name() -> String {
    // seeded by the operating system; 32 bits are plenty beside host and process number
    let random = RandomState::new().hash_one(std::process::id()) & 0xffff_ffff;
    format!("{}-{}-{random:08x}", host_name(), std::process::id())
}

/// The machine's name, reduced to what is safe in keys, logs and tables: letters, digits, `.`, `-`, at most 40.
pub fn host_name() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    let kept: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).take(40).collect();
    if kept.is_empty() { "host".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_starts_share_a_name() {
        let (one, other) = (worker_name(), worker_name());
        assert_ne!(one, other);
        assert!(one.contains(&format!("-{}-", std::process::id())), "{one}");
    }
}
