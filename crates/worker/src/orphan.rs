//! A prediction that was created while its job went to another worker.
//!
//! The other one looks for it for a while, and adopts it if it finds it. If it went on without, this is one too many: it is
//! stopped, and counts in the ledger if it cost something. Invariant: every handle that a creation answered with is put on
//! record, or comes here.

use atelier_provider::Handle;
use tokio::runtime;
use tracing::warn;

use crate::generate::{IN_FLIGHT, LATE};
use crate::money::Bill;

/// A handle that nobody owns yet; one that is dropped like that is looked after.
pub(crate) struct Orphan(Option<(Bill, Handle)>);

impl Orphan {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) fn new(bill: Bill, handle: Option<Handle>) -> Self {
        Self(handle.map(|handle| (bill, handle)))
    }

    /// It is on some job's record.
    pub(crate) fn adopted(mut self) {
        self.0 = None;
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        if let (Some((bill, handle)), Ok(runtime)) = (self.0.take(), runtime::Handle::try_current()) {
            runtime.spawn(look_after(bill, handle));
        }
    }
}

async fn look_after(bill: Bill, handle: Handle) {
    tokio::time::sleep(LATE + IN_FLIGHT).await;
    let Ok(Some(record)) = bill.shop.queue.record(&bill.job.id).await else { return };
    let other = record.handle.as_deref().is_some_and(|other| other != handle.as_str());
    if other || (record.handle.is_none() && record.state.is_final()) {
        warn!(job.id = %bill.job.id, %handle, "created for a job that went to another worker; it is stopped");
        bill.stop(&handle).await;
    }
}
