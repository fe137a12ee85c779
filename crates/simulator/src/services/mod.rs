//! The services besides Replicate, on one port: OpenAI's pictures, chat and moderation, `ComfyUI`, and `sdapi`, over
//! pictures drawn by `sketch`, plus a control API under `/_sim/` (documented in `CONTROL.md`).
//!
//! Invariant: the wire formats are the public ones; whatever would cost money or time at the real service is counted when
//! it happens there, whether or not anybody hears of it. Deliberately absent: streaming, and any
//! understanding of a text: chat answers are made of the question's own sentences, or scripted.

mod comfy;
mod control;
mod openai;
mod picture;
mod rules;
mod sdapi;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::replicate::cut::{Cuttable, Line};
use world::World;

/// How the services behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seconds that a picture takes; 0 is at once.
    pub seconds: f64,
    /// Tokens that OpenAI's routes accept; empty asks for none.
    pub tokens: Vec<String>,
    /// Pictures are drawn no larger than this a side, in pixels.
    pub largest_side: u32,
    /// What a picture of OpenAI's costs, in millionths of a dollar.
    pub picture_micros: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { seconds: 0.0, tokens: Vec::new(), largest_side: 256, picture_micros: 40_000 }
    }
}

/// Serves on a free port of the loopback until `shutdown`.
pub async fn start(options: Options, shutdown: CancellationToken) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let world = Arc::new(World::new(options, address));
    comfy::run(world.clone(), shutdown.clone());
    let router = Router::new()
        .merge(openai::routes())
        .merge(comfy::routes())
        .merge(sdapi::routes())
        .merge(control::routes())
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state(world);
    let service = router.into_make_service_with_connect_info::<Line>();
    tokio::spawn(async move {
        let server = axum::serve(Cuttable(listener), service);
        tokio::select! {
            served = std::future::IntoFuture::into_future(server) => {
                if let Err(error) = served {
                    tracing::error!(%error, "the simulated services stopped listening");
                }
            }
            () = shutdown.cancelled() => {}
        }
    });
    Ok(address)
}
