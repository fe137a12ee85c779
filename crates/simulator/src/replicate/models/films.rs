//! The models of films.

use super::Default as D;
use super::Kind::{Choice, Flag, Integer, Uri, Uris};
use super::inputs::{PROMPT, SEED, input};
use super::{Input, Media, Model, Output, Price};

const SEEDANCE: &[Input] = &[
    PROMPT,
    input("image", Uri, D::None),
    input("last_frame_image", Uri, D::None),
    input("reference_images", Uris(4), D::None),
    input("duration", Integer(2, 12), D::Integer(5)),
    input("resolution", Choice(&["480p", "720p", "1080p"]), D::Text("720p")),
    input("aspect_ratio", Choice(&["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21"]), D::Text("16:9")),
    input("fps", Integer(24, 24), D::Integer(24)),
    input("camera_fixed", Flag, D::Flag(false)),
    SEED,
];

const SEEDANCE_PRO: &[Input] = &[
    PROMPT,
    input("image", Uri, D::None),
    input("last_frame_image", Uri, D::None),
    input("duration", Integer(2, 12), D::Integer(5)),
    input("resolution", Choice(&["480p", "720p", "1080p"]), D::Text("1080p")),
    input("aspect_ratio", Choice(&["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21"]), D::Text("16:9")),
    input("fps", Integer(24, 24), D::Integer(24)),
    input("camera_fixed", Flag, D::Flag(false)),
    SEED,
];

pub(super) const FILMS: &[Model] = &[
    Model {
        slug: "bytedance/seedance-1-lite",
        description: "A video generation model that offers text-to-video and image-to-video support.",
        inputs: SEEDANCE,
        output: Output::One,
        media: Media::Video,
        seconds: 38.0,
        price: Price::Second(&[("480p", 0.018), ("720p", 0.036), ("1080p", 0.072)]),
        run_count: 1_100_000,
    },
    Model {
        slug: "bytedance/seedance-1-pro",
        description: "A video generation model that offers text-to-video and image-to-video support.",
        inputs: SEEDANCE_PRO,
        output: Output::One,
        media: Media::Video,
        seconds: 60.0,
        price: Price::Second(&[("480p", 0.03), ("720p", 0.06), ("1080p", 0.15)]),
        run_count: 1_000_000,
    },
    Model {
        slug: "bytedance/seedance-1-pro-fast",
        description: "A faster and cheaper version of Seedance 1 Pro.",
        inputs: SEEDANCE_PRO,
        output: Output::One,
        media: Media::Video,
        seconds: 47.0,
        price: Price::Second(&[("480p", 0.015), ("720p", 0.025), ("1080p", 0.06)]),
        run_count: 300_000,
    },
    Model {
        slug: "minimax/video-01",
        description: "Generate 6s videos with prompts or images.",
        inputs: &[PROMPT, input("first_frame_image", Uri, D::None), input("prompt_optimizer", Flag, D::Flag(true))],
        output: Output::One,
        media: Media::Video,
        seconds: 289.0,
        price: Price::Output(0.5),
        run_count: 600_000,
    },
];
