//! Our own apalis backend: the jobs that the exchange claimed, and a lease layer that ends each hold with the
//! handler's outcome.
//!
//! Invariant: the backend never returns an error, since apalis would end the worker and drop its running jobs.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::error::BoxDynError;
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tower::{Layer, Service};
use tracing::{error, warn};

use crate::exchange::Exchange;
use crate::run::{Claimed, Outcome};

/// The backend that apalis polls: the receiving end of the exchange.
pub(crate) struct Source {
    jobs: mpsc::UnboundedReceiver<Claimed>,
    release: Option<BoxFuture<'static, ()>>,
}

impl Source {
    /// Receives what the exchange claims from now on.
    pub(crate) fn attach(exchange: &Arc<Exchange>) -> Self {
        Self { jobs: exchange.attach(), release: None }
    }
}

impl Backend for Source {
    type Task = Task<Claimed>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<Claimed>, Infallible>>> {
        self.jobs.poll_recv(context).map(|claimed| claimed.map(|claimed| Ok(Task::new(claimed))))
    }

    fn poll_close(&mut self, context: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        // jobs that were claimed but not begun go back at once
        let jobs = &mut self.jobs;
        let release = self.release.get_or_insert_with(|| {
            jobs.close();
            let mut left = Vec::new();
            while let Ok(claimed) = jobs.try_recv() {
                left.push(claimed.lease);
            }
            Box::pin(async move {
                for lease in left {
                    lease.settle(&Outcome::HandedOver).await;
                }
            })
        });
        release.as_mut().poll(context).map(Ok)
    }
}

impl BackendConfig for Source {
    type Args = Claimed;
    type Id = String;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = LeaseLayer;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> LeaseLayer {
        LeaseLayer
    }
}

/// The outermost layer: drops the handler when the lease is lost, settles the job when it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseLayer;

impl<S> Layer<S> for LeaseLayer {
    type Service = LeaseService<S>;

    fn layer(&self, inner: S) -> LeaseService<S> {
        LeaseService { inner }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct LeaseService<S> {
    inner: S,
}

impl<S> Service<Task<Claimed>> for LeaseService<S>
where
    S: Service<Task<Claimed>, Response = Outcome>,
    S::Error: Into<BoxDynError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = BoxFuture<'static, Result<(), BoxDynError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, task: Task<Claimed>) -> Self::Future {
        let lease = task.args.lease.clone();
        let handling = self.inner.call(task);
        Box::pin(async move {
            let ended = tokio::select! {
                biased;
                () = lease.lost() => None,
                outcome = handling => Some(outcome.map_err(|error| error.into().to_string())),
            };
            match ended {
                None => warn!(job.id = %lease.held().id, "the lease is lost: the job is dropped here"),
                Some(Ok(outcome)) => lease.settle(&outcome).await,
                Some(Err(error)) => error!(job.id = %lease.held().id, error, "the worker runtime failed the job"),
            }
            Ok(())
        })
    }
}
