//! Provider bytes in, Telegram-sized bytes out: probe, verify, resize, transcode, rasterise SVG.
//!
//! Invariants: what a file is follows from its content alone; every picture is decoded once before it is passed on, so
//! nothing broken reaches a chat; sizes are read from headers and refused before memory is spent on them; all work
//! runs on blocking threads, as many at a time as there are permits, within one memory budget.
//! Deliberately absent: network, files, fonts, and any reading of file names or claimed content types.

mod fitted;
mod gif;
mod jpeg;
mod mp4;
mod raster;
mod sniff;
mod studio;
mod vector;

pub use fitted::{File, Fitted, Kind, Limits, MediaError, OnDisk, Size, Why};
pub use sniff::{extension, is_film, picture_type};
pub use studio::{Settings, Studio};
