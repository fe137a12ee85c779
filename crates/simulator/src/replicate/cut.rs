//! Connections that a handler can cut without an answer, before or after doing the work.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A TCP listener whose connections carry a [`Line`].
pub(crate) struct Cuttable(pub(crate) TcpListener);

/// The handle on one client connection.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    cut: Arc<AtomicBool>,
    peer: SocketAddr,
}

impl Line {
    /// Nothing more is sent on this connection: the answer under way is lost and the socket closes.
    pub(crate) fn cut(&self) {
        tracing::debug!(peer = %self.peer, "connection cut on purpose");
        self.cut.store(true, Ordering::SeqCst);
    }
}

pub(crate) struct Stream {
    inner: TcpStream,
    cut: Arc<AtomicBool>,
}

impl Stream {
    fn check(&self) -> io::Result<()> {
        if self.cut.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Listener for Cuttable {
    type Io = Stream;
    type Addr = Line;

    async fn accept(&mut self) -> (Stream, Line) {
        let (inner, peer) = Listener::accept(&mut self.0).await;
        // small answers on a loopback link: waiting to fill packets only adds delay
        if let Err(error) = inner.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let cut = Arc::new(AtomicBool::new(false));
        (Stream { inner, cut: cut.clone() }, Line { cut, peer })
    }

    fn local_addr(&self) -> io::Result<Line> {
        Ok(Line { cut: Arc::default(), peer: self.0.local_addr()? })
    }
}

impl Connected<IncomingStream<'_, Cuttable>> for Line {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        stream.remote_addr().clone()
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
