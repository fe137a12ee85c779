//! Every kind of file a provider may hand over, fair or hostile, and what the chat gets of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot make its input has failed")]

use std::io::Cursor;

use atelier_media::{Fitted, Kind, Limits, MediaError, Settings, Size, Studio, Why};
use bytes::Bytes;
use image::codecs::gif::GifEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, Frame, ImageFormat, RgbImage, RgbaImage};

async fn fit(bytes: impl Into<Bytes>) -> Result<Fitted, MediaError> {
    Studio::new(Settings { threads: 2, memory_mib: 1280 }).fit(bytes.into(), Limits::default()).await
}

fn is_unreadable(outcome: &Result<Fitted, MediaError>) -> bool {
    matches!(outcome, Err(MediaError::Unreadable { .. }))
}

fn is_too_large(outcome: &Result<Fitted, MediaError>) -> bool {
    matches!(outcome, Err(MediaError::TooLarge { .. }))
}

/// A smooth picture, which every format makes small.
fn smooth(width: u32, height: u32) -> RgbImage {
    let shade = |at: u32, of: u32| u8::try_from(u64::from(at) * 255 / u64::from(of)).unwrap();
    RgbImage::from_fn(width, height, |x, y| image::Rgb([shade(x, width), shade(y, height), 90]))
}

/// A picture that no format makes small.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = state.to_le_bytes();
        image::Rgb([red, green, blue])
    })
}

fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn fast_png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up);
    picture.write_with_encoder(encoder).unwrap();
    bytes
}

fn moving_gif() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for shade in [0, 120, 240] {
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(40, 30, image::Rgba([shade, 0, 0, 255])))).unwrap();
    }
    drop(encoder);
    bytes
}

fn svg(content: &str) -> Vec<u8> {
    format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">{content}</svg>"#).into_bytes()
}

fn part(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&length[..], &kind, content].concat()
}

fn film(width: u16, height: u16) -> Vec<u8> {
    let mut header = vec![0; 76];
    for side in [width, height] {
        header.extend(side.to_be_bytes());
        header.extend([0, 0]);
    }
    let moov = part(*b"moov", &part(*b"trak", &part(*b"tkhd", &header)));
    [part(*b"ftyp", b"isom\0\0\x02\0isommp42"), moov, part(*b"mdat", &[7; 500])].concat()
}

#[tokio::test]
async fn photos_pass_byte_for_byte() {
    for (format, mime) in [(ImageFormat::Png, "image/png"), (ImageFormat::Jpeg, "image/jpeg")] {
        let bytes = encode(smooth(320, 200), format);
        let fitted = fit(bytes.clone()).await.unwrap();
        let shown = fitted.shown.unwrap();
        assert_eq!((shown.bytes, shown.kind, shown.mime), (Bytes::from(bytes), Kind::Photo, mime));
        assert_eq!((fitted.document, fitted.reason), (None, None));
        assert_eq!(fitted.size, Some(Size { width: 320, height: 200 }));
    }
}

#[tokio::test]
async fn webp_and_still_gifs_become_photos_of_another_format() {
    let mut glass = RgbaImage::from_pixel(64, 64, image::Rgba([10, 20, 30, 255]));
    glass.put_pixel(3, 3, image::Rgba([0, 0, 0, 0]));
    let files = [
        (encode(smooth(64, 64), ImageFormat::WebP), "image/jpeg"),
        (encode(glass, ImageFormat::WebP), "image/png"),
        (encode(DynamicImage::from(smooth(64, 64)).to_rgba8(), ImageFormat::Gif), "image/png"),
    ];
    for (bytes, mime) in files {
        let fitted = fit(bytes).await.unwrap();
        let shown = fitted.shown.unwrap();
        assert_eq!((shown.kind, shown.mime), (Kind::Photo, mime));
        assert!(Some(image::guess_format(&shown.bytes).unwrap()) == ImageFormat::from_extension(shown.extension));
        assert_eq!((fitted.document, fitted.reason), (None, None));
    }
}

#[tokio::test]
async fn sixty_megapixels_get_a_preview_and_a_document() {
    let bytes = fast_png(&smooth(10_000, 6_000));
    let fitted = fit(bytes.clone()).await.unwrap();
    let (shown, document) = (fitted.shown.unwrap(), fitted.document.unwrap());
    assert_eq!(fitted.reason, Some(Why::TooManyPixels));
    assert_eq!((shown.kind, shown.size), (Kind::Photo, Some(Size { width: 2560, height: 1536 })));
    assert_eq!((document.kind, document.bytes), (Kind::Document, Bytes::from(bytes)));
    let preview = image::load_from_memory(&shown.bytes).unwrap().to_rgb8();
    let corner = preview.get_pixel(2559, 1535).0;
    assert!(corner[0] > 250 && corner[1] > 250, "{corner:?}");
}

#[tokio::test]
async fn twelve_megabytes_become_a_jpeg_and_a_document() {
    let bytes = encode(noise(2_100, 2_000), ImageFormat::Png);
    assert!(bytes.len() > 12_000_000);
    let fitted = fit(bytes.clone()).await.unwrap();
    let (shown, document) = (fitted.shown.unwrap(), fitted.document.unwrap());
    assert_eq!(fitted.reason, Some(Why::TooManyBytes));
    assert_eq!((shown.kind, shown.mime), (Kind::Photo, "image/jpeg"));
    assert_eq!(shown.size, Some(Size { width: 2_100, height: 2_000 }), "no pixel is given up for bytes alone");
    assert!(shown.bytes.len() <= 10_000_000 && document.bytes == bytes);
}

#[tokio::test]
async fn a_ribbon_goes_out_as_a_document() {
    let fitted = fit(encode(smooth(2_101, 100), ImageFormat::Png)).await.unwrap();
    assert_eq!((fitted.shown, fitted.reason), (None, Some(Why::TooNarrow)));
    assert_eq!(fitted.document.unwrap().kind, Kind::Document);
    let allowed = fit(encode(smooth(100, 2_000), ImageFormat::Png)).await.unwrap();
    assert_eq!((allowed.document, allowed.reason), (None, None));
}

#[tokio::test]
async fn what_moves_stays_as_it_is() {
    let fitted = fit(moving_gif()).await.unwrap();
    let shown = fitted.shown.unwrap();
    assert_eq!(
        (shown.kind, shown.extension, shown.size),
        (Kind::Animation, "gif", Some(Size { width: 40, height: 30 }))
    );
    let fitted = fit(film(1280, 720)).await.unwrap();
    let shown = fitted.shown.unwrap();
    assert_eq!(
        (shown.kind, shown.mime, shown.size),
        (Kind::Video, "video/mp4", Some(Size { width: 1280, height: 720 }))
    );
}

#[tokio::test]
async fn a_file_beyond_a_documents_size_is_shown_if_it_can_be() {
    let limits = Limits { photo_bytes: 20_000, document_bytes: 30_000, ..Limits::default() };
    let studio = Studio::default();
    let fitted = studio.fit(encode(noise(120, 100), ImageFormat::Png).into(), limits).await.unwrap();
    assert_eq!((fitted.document, fitted.reason), (None, Some(Why::TooManyBytes)));
    assert!(fitted.shown.unwrap().bytes.len() <= 20_000);
    let ribbon = studio.fit(encode(noise(2_100, 10), ImageFormat::Png).into(), limits).await;
    assert!(is_too_large(&ribbon), "{ribbon:?}");
    let film = studio.fit(film(64, 64).into(), Limits { document_bytes: 400, ..limits }).await;
    assert!(is_too_large(&film), "{film:?}");
}

#[tokio::test]
async fn svg_gets_a_drawn_preview() {
    let bytes = svg(r##"<rect width="100" height="100" fill="#ff0000"/><text x="5" y="50">words</text>"##);
    let fitted = fit(bytes.clone()).await.unwrap();
    assert_eq!((fitted.reason, fitted.size), (Some(Why::Vector), Some(Size { width: 200, height: 100 })));
    let (shown, document) = (fitted.shown.unwrap(), fitted.document.unwrap());
    assert_eq!((document.extension, document.mime, document.bytes), ("svg", "image/svg+xml", Bytes::from(bytes)));
    assert_eq!((shown.kind, shown.size), (Kind::Photo, Some(Size { width: 1536, height: 768 })));
    let preview = image::load_from_memory(&shown.bytes).unwrap().to_rgb8();
    assert_eq!((preview.get_pixel(400, 200).0, preview.get_pixel(1_200, 200).0), ([255, 0, 0], [255, 255, 255]));
}

#[tokio::test]
async fn svg_that_costs_without_bound_is_not_drawn() {
    let bottomless = format!("{}{}", "<g>".repeat(90_000), "</g>".repeat(90_000));
    let nested = format!("{}{}", r#"<g opacity="0.5">"#.repeat(900), "</g>".repeat(900));
    let costly = [
        r#"<pattern id="p" width="9999999" height="9999999"/><rect width="9" height="9" fill="url(#p)"/>"#,
        r#"<filter id="f"><feTurbulence numOctaves="99999999"/></filter><rect width="9" height="9" filter="url(#f)"/>"#,
        r##"<g id="a"><rect width="9" height="9"/></g><use href="#a"/>"##,
        r#"<image href="/etc/hostname" width="9" height="9"/>"#,
        r#"<clipPath id="c" clip-path="url(#c)"><rect width="9" height="9"/></clipPath>"#,
        &nested,
        &bottomless,
    ];
    for content in costly {
        let fitted = fit(svg(content)).await.unwrap();
        assert_eq!((fitted.shown, fitted.reason), (None, Some(Why::Vector)), "{content:.60}");
        assert!(fitted.document.is_some());
    }
}

#[tokio::test]
async fn broken_svg_is_unreadable() {
    let laugh = |n: u32| format!(r#"<!ENTITY l{n} "{}">"#, format!("&l{};", n - 1).repeat(9));
    let laughs = (1..=9).map(laugh).collect::<String>();
    let broken = [
        svg("<rect"),
        svg("")[..40].to_vec(),
        b"<?xml version=\"1.0\"?><html/>".to_vec(),
        format!(r#"<!DOCTYPE svg [<!ENTITY l0 "<g/>">{laughs}]><svg xmlns="http://www.w3.org/2000/svg">&l9;</svg>"#)
            .into(),
        svg(&"<g/>".repeat(300_000)),
        [b"<svg xmlns='http://www.w3.org/2000/svg'>", &[0xff, 0xfe][..], b"</svg>"].concat(),
    ];
    for bytes in broken {
        let outcome = fit(bytes.clone()).await;
        assert!(is_unreadable(&outcome), "{:.80}: {outcome:?}", String::from_utf8_lossy(&bytes));
    }
    assert!(is_too_large(&fit(svg(&" ".repeat(9_000_000))).await));
}

#[tokio::test]
async fn nothing_cut_short_gets_through() {
    let files = [
        encode(noise(80, 60), ImageFormat::Png),
        encode(noise(80, 60), ImageFormat::Jpeg),
        encode(noise(80, 60), ImageFormat::WebP),
        encode(DynamicImage::from(noise(80, 60)).to_rgba8(), ImageFormat::Gif),
        moving_gif(),
        film(64, 64),
        svg("<rect width='9' height='9'/>"),
    ];
    for whole in files {
        assert!(fit(whole.clone()).await.is_ok());
        for part in [1, 2, 3, 10, 19] {
            let cut = whole[..whole.len() * part / 20].to_vec();
            let outcome = fit(cut).await;
            assert!(is_unreadable(&outcome), "{part}/20 of {:?}: {outcome:?}", &whole[..8]);
        }
    }
}

/// Files with a few bytes changed at places that a fixed sequence picks: whatever they are taken for, no decoder fails.
#[tokio::test]
async fn damage_anywhere_has_a_plain_outcome() {
    let files = [
        encode(noise(40, 30), ImageFormat::Png),
        encode(smooth(40, 30), ImageFormat::Jpeg),
        encode(smooth(40, 30), ImageFormat::WebP),
        moving_gif(),
        film(64, 64),
        svg(r#"<linearGradient id="l"><stop/></linearGradient><path d="M0 0L9 9Z" fill="url(#l)"/>"#),
    ];
    let studio = Studio::default();
    let mut state = 7_u64;
    let mut pick = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for whole in files {
        for _ in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..=pick(4) {
                let at = pick(bytes.len());
                bytes[at] = u8::try_from(pick(256)).unwrap();
            }
            let outcome = studio.fit(bytes.into(), Limits::default()).await;
            assert!(!matches!(outcome, Err(MediaError::Crashed | MediaError::TooSlow(_))), "{:?}", &whole[..8]);
        }
    }
}

#[tokio::test]
async fn foreign_and_damaged_files_are_unreadable() {
    let mut damaged = encode(noise(80, 60), ImageFormat::Png);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    let files: [Vec<u8>; 7] = [
        Vec::new(),
        b"hello".to_vec(),
        b"<html><body>502</body></html>".to_vec(),
        b"\x1f\x8b\x08 svgz or anything".to_vec(),
        encode(smooth(8, 8), ImageFormat::Png)[..8].to_vec(),
        part(*b"ftyp", b"avif\0\0\0\0avif"),
        damaged,
    ];
    for bytes in files {
        let outcome = fit(bytes.clone()).await;
        assert!(is_unreadable(&outcome), "{:?}: {outcome:?}", &bytes[..bytes.len().min(20)]);
    }
}

#[tokio::test]
async fn bombs_are_refused_by_their_headers() {
    let mut png = encode(smooth(8, 8), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    let mut gif = moving_gif();
    gif[6..10].copy_from_slice(&[0xff; 4]);
    let mut jpeg = encode(smooth(8, 8), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    for bomb in [png, gif, jpeg] {
        let outcome = fit(bomb.clone()).await;
        assert!(is_too_large(&outcome), "{:?}: {outcome:?}", &bomb[..4]);
    }
}

#[tokio::test]
async fn what_needs_more_memory_than_there_is_is_refused() {
    let studio = Studio::new(Settings { threads: 1, memory_mib: 8 });
    let outcome = studio.fit(encode(smooth(2_000, 1_000), ImageFormat::Png).into(), Limits::default()).await;
    assert!(is_too_large(&outcome), "{outcome:?}");
    assert!(studio.fit(encode(smooth(200, 100), ImageFormat::Png).into(), Limits::default()).await.is_ok());
}

#[tokio::test]
async fn many_at_once_share_the_threads() {
    let studio = Studio::new(Settings { threads: 2, memory_mib: 4 });
    let bytes = Bytes::from(encode(smooth(800, 600), ImageFormat::Png));
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (studio, bytes) = (studio.clone(), bytes.clone());
        running.spawn(async move { studio.fit(bytes, Limits::default()).await });
    }
    assert!(running.join_all().await.iter().all(Result::is_ok));
}

/// The check sum of PNG chunks.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    })
}
