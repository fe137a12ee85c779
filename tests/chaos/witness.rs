//! Whether a killed Redis lost writes that it had acknowledged, and from when on.
//!
//! `appendfsync everysec` writes to the file before it answers, except while a sync of the file is under way: then the
//! write may wait, and a server killed in that moment forgets it. The witness counts in Redis all the time; after a
//! restart the count says where the file ended. Writes are in one order, so all others before that point are there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::task::AbortOnDropHandle;

use crate::server::connect;
use crate::time::now_ms;

/// Outside of the queue's prefix.
const KEY: &str = "chaos:witness";
/// Between two counts.
const TICK: Duration = Duration::from_millis(10);
/// Counts remembered: more than the two seconds for which a write may wait.
const REMEMBERED: usize = 1000;

/// Counts until dropped.
pub(crate) struct Witness {
    counted: Arc<Mutex<VecDeque<(u64, u64)>>>,
    _counting: AbortOnDropHandle<()>,
}

impl Witness {
    /// Begins to count in the server on that port.
    pub(crate) fn start(port: u16) -> Self {
        let counted = Arc::new(Mutex::new(VecDeque::new()));
        let shared = counted.clone();
        let counting = AbortOnDropHandle::new(tokio::spawn(async move {
            let mut link: Option<MultiplexedConnection> = None;
            loop {
                tokio::time::sleep(TICK).await;
                let mut counted = shared.lock().await;
                if link.is_none() {
                    link = connect(port).await.ok();
                }
                let Some(open) = link.as_mut() else { continue };
                let sent_ms = now_ms();
                match redis::cmd("INCR").arg(KEY).query_async::<u64>(open).await {
                    Ok(value) => {
                        counted.push_back((value, sent_ms));
                        if counted.len() > REMEMBERED {
                            counted.pop_front();
                        }
                    }
                    Err(_) => link = None,
                }
            }
        }));
        Self { counted, _counting: counting }
    }

    /// Stops counting. To be called after the server was killed and before it is started again: a count under way
    /// fails by itself.
    pub(crate) async fn stand_aside(&self) -> Aside<'_> {
        Aside { counted: self.counted.lock().await, killed_ms: now_ms() }
    }
}

/// A witness that does not count for now.
pub(crate) struct Aside<'a> {
    counted: MutexGuard<'a, VecDeque<(u64, u64)>>,
    killed_ms: u64,
}

impl Aside<'_> {
    /// The times between which acknowledged writes were lost, if any were.
    pub(crate) async fn compare(mut self, link: &mut MultiplexedConnection) -> Option<(u64, u64)> {
        let kept: Option<u64> = redis::cmd("GET").arg(KEY).query_async(link).await.expect("the count");
        gap(self.counted.make_contiguous(), kept.unwrap_or(0), self.killed_ms)
    }
}

/// From the sending of the last count that was kept to the kill.
fn gap(counted: &[(u64, u64)], kept: u64, killed_ms: u64) -> Option<(u64, u64)> {
    let last = counted.last().map_or(0, |(value, _)| *value);
    if last <= kept {
        return None;
    }
    let from = counted.iter().rev().find(|(value, _)| *value <= kept);
    Some((from.map_or(0, |(_, sent)| *sent), killed_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_and_is_gone_makes_a_gap() {
        let counted = [(1, 100), (2, 105), (3, 110)];
        assert_eq!(gap(&counted, 3, 112), None);
        assert_eq!(gap(&counted, 4, 112), None, "its answer was under way");
        assert_eq!(gap(&counted, 2, 112), Some((105, 112)));
        assert_eq!(gap(&counted, 0, 112), Some((0, 112)));
    }
}
