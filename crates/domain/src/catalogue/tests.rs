use super::*;
use crate::money::Usd;
use crate::request::{InputImage, Options, Request};

fn wish(model: &str, options: Options) -> Request {
    let model = Catalogue::builtin().find(model).unwrap();
    Request { options, ..Request::new("a cat".parse().unwrap(), model.id.clone(), model.default_ratio()) }
}

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn image() -> InputImage {
    InputImage::Telegram { file_id: "AgAC".parse().unwrap(), width: Some(900), height: Some(1600), bytes: None }
}

#[test]
fn the_data_file_is_whole() {
    let catalogue = Catalogue::read(DATA).unwrap();
    for slug in [
        "ideogram-ai/ideogram-v3-turbo",
        "ideogram-ai/ideogram-v3-balanced",
        "ideogram-ai/ideogram-v3-quality",
        "ideogram-ai/ideogram-v2",
        "bytedance/seedream-3",
        "bytedance/seedream-4",
        "google/imagen-4-ultra",
        "google/imagen-4",
        "google/imagen-4-fast",
        "luma/photon",
        "recraft-ai/recraft-v3-svg",
        "black-forest-labs/flux-1.1-pro",
        "black-forest-labs/flux-schnell",
        "black-forest-labs/flux-kontext-pro",
        "bytedance/seedance-1-pro",
        "bytedance/seedance-1-lite",
        "minimax/video-01",
        "sketch",
    ] {
        assert!(catalogue.models().iter().any(|model| model.slug == slug), "{slug}");
    }
    for model in catalogue.models() {
        let plain = if model.makes_from_words() {
            wish(model.id.as_str(), Options::default())
        } else {
            wish(model.id.as_str(), Options { images: vec![image()], keep_shape: true, ..Options::default() })
        };
        assert_eq!(catalogue.check(&plain).unwrap().id, model.id);
        for other in &model.fallback.models {
            let other = catalogue.get(other).unwrap_or_else(|| panic!("{}: {other} is unknown", model.id));
            other.adapt(&plain).unwrap_or_else(|misfit| panic!("{} for {}: {misfit}", other.id, model.id));
        }
    }
}

#[test]
fn a_price_that_nobody_compared_is_an_estimate() {
    for model in Catalogue::builtin().models() {
        let sure = model.checked.is_some() || model.price == Price::Free;
        assert_eq!(model.estimated, !sure, "{}: checked on {:?}", model.id, model.checked);
    }
}

#[test]
fn models_are_found_as_people_write_them() {
    let catalogue = Catalogue::builtin();
    for wish in ["Imagen", "imagen-4-ultra", "google/imagen-4-ultra", "IMAGEN 4 ULTRA", "imag"] {
        assert_eq!(catalogue.find(wish).unwrap().id.as_str(), "imagen", "{wish}");
    }
    assert_eq!(catalogue.find("konte").unwrap().id.as_str(), "kontext");
    assert!(catalogue.find("midjourney").is_none() && catalogue.find("").is_none());
    assert!(catalogue.find("see").is_none(), "seedream or seedance");
}

#[test]
fn an_impossible_ratio_gets_its_nearest() {
    let imagen = Catalogue::builtin().find("imagen").unwrap();
    assert_eq!(imagen.nearest_ratio("21:9".parse().unwrap()).to_string(), "16:9");
    assert_eq!(imagen.nearest_ratio("4:5".parse().unwrap()).to_string(), "3:4");
}

#[test]
fn what_a_model_cannot_serve_is_said_with_what_can() {
    let catalogue = Catalogue::builtin();
    let refusal = |model: &str, options: Options| catalogue.check(&wish(model, options)).unwrap_err();
    match refusal("seedance", Options { resolution: Some(of("950p")), ..Options::default() }) {
        Misfit::Value { word: Word::Resolution, nearest, allowed, .. } => {
            assert_eq!((nearest.as_deref(), allowed.join(" ").as_str()), (Some("1080p"), "480p 720p 1080p"));
        }
        other => panic!("{other:?}"),
    }
    match refusal("imagen", Options { negative: Some(of("text")), ..Options::default() }) {
        Misfit::Untaken { word: Word::Negative, others, .. } => assert_eq!(others, ["ideogram-v2"]),
        other => panic!("{other:?}"),
    }
    match refusal("kontext", Options::default()) {
        Misfit::NeedsImage { others, .. } => assert!(others.contains(&"seedance".to_owned()), "{others:?}"),
        other => panic!("{other:?}"),
    }
    let images = vec![image(), image()];
    assert!(matches!(
        refusal("kontext", Options { images: images.clone(), keep_shape: true, ..Options::default() }),
        Misfit::TooManyImages { most: 1, .. }
    ));
    assert!(matches!(
        refusal("imagen", Options { images, ..Options::default() }),
        Misfit::Untaken { word: Word::Images, .. }
    ));
    match refusal("flux", Options { size: Some(of("1000x1000")), ..Options::default() }) {
        Misfit::Value { word: Word::Size, nearest, .. } => assert_eq!(nearest.as_deref(), Some("992x992")),
        other => panic!("{other:?}"),
    }
    for seconds in [1, 13] {
        let refused = refusal("seedance", Options { seconds: Some(seconds), ..Options::default() });
        assert!(matches!(refused, Misfit::Value { word: Word::Seconds, .. }), "{refused}");
    }
    assert!(matches!(
        refusal("sketch", Options { style: Some(of("cubism")), ..Options::default() }),
        Misfit::Value { word: Word::Style, allowed, .. } if allowed.len() == catalogue.styles().len()
    ));
}

#[test]
fn a_wish_is_adapted_by_leaving_out_what_is_not_taken() {
    let catalogue = Catalogue::builtin();
    let mut request = wish(
        "ideogram-v2",
        Options {
            negative: Some("text".parse().unwrap()),
            style: Some("realistic".parse().unwrap()),
            seconds: Some(11),
            ..Options::default()
        },
    );
    (request.ratio, request.seed) = ("3:2".parse().unwrap(), Some(7.try_into().unwrap()));
    let adapted = catalogue.find("imagen").unwrap().adapt(&request).unwrap();
    assert_eq!(adapted, Request { ratio: "4:3".parse().unwrap(), ..wish("imagen", Options::default()) });
    let film = catalogue.find("seedance").unwrap().adapt(&request).unwrap();
    assert_eq!(film.options, Options { seconds: Some(11), ..Options::default() });
    let edit = wish("kontext", Options { images: vec![image()], keep_shape: true, ..Options::default() });
    assert!(catalogue.find("imagen").unwrap().adapt(&edit).is_err(), "a picture is never left out");
    assert!(catalogue.find("seedream-4").unwrap().adapt(&edit).unwrap().options.keep_shape);
}

#[test]
fn a_quality_chooses_among_the_models_of_a_family() {
    let catalogue = Catalogue::builtin();
    let graded = |model: &str, quality| catalogue.graded(catalogue.find(model).unwrap(), quality).id.to_string();
    let picture = |model: &&Model| model.kind == ModelKind::Image;
    assert_eq!(graded("ideogram", Some(Quality::High)), "ideogram-quality");
    assert_eq!(graded("imagen", Some(Quality::Low)), "imagen-fast");
    assert_eq!((graded("imagen", None), graded("sketch", Some(Quality::High))), ("imagen".into(), "sketch".into()));
    for model in catalogue.models() {
        let known = |id: &ModelId| catalogue.get(id).filter(picture).is_some_and(|other| other.grades == model.grades);
        assert!(model.grades.values().all(known), "{}: {:?}", model.id, model.grades);
    }
}

#[test]
fn prices_follow_the_wish() {
    let catalogue = Catalogue::builtin();
    let costs = |model: &str, options: Options| catalogue.find(model).unwrap().estimate(&wish(model, options));
    assert_eq!(costs("ideogram", Options::default()), Usd::from_micros(30_000));
    assert_eq!(costs("seedance-lite", Options::default()), Usd::from_micros(5 * 36_000));
    let long = Options { seconds: Some(10), resolution: Some("1080p".parse().unwrap()), ..Options::default() };
    assert_eq!(costs("seedance-lite", long), Usd::from_micros(10 * 72_000));
    assert_eq!(costs("video-01", Options::default()), Usd::from_micros(500_000));
    assert_eq!(costs("sketch", Options::default()), Usd::ZERO);
}

#[test]
fn an_operators_file_changes_adds_and_hides() {
    let changes = r#"
        [[model]]
        id = "ideogram"
        price = { run = 25_000 }
        takes = { prompt_chars = 300 }

        [[model]]
        id = "schnell"
        hidden = true

        [[model]]
        id = "house"
        title = "House"
        provider = "replicate"
        slug = "we/house"
        kind = "image"
        ratios = ["1:1"]
        price = "free"
        seconds = 5
        deadline_seconds = 60
    "#;
    let catalogue = Catalogue::with(changes).unwrap();
    let ideogram = catalogue.find("ideogram").unwrap();
    assert!(ideogram.price == Price::Run(Usd::from_micros(25_000)) && ideogram.takes_seed());
    let long = Request { prompt: "x".repeat(301).parse().unwrap(), ..wish("ideogram", Options::default()) };
    assert!(matches!(catalogue.check(&long), Err(Misfit::PromptTooLong { most: 300, .. })));
    assert!(catalogue.find("schnell").is_none() && catalogue.find("house").is_some());
}

#[test]
fn a_wrong_file_is_refused_with_a_reason() {
    let refused = |changes: &str| Catalogue::with(changes).unwrap_err().to_string();
    for (changes, reason) in [
        ("[[model]]\nid = 7", "needs an id"),
        ("[[model]]\nid = \"ideogram\"\nratios = []", "model ideogram of the catalogue: `ratios` is empty"),
        ("[[model]]\nid = \"ideogram\"\nratios = [\"16:0\"]", "a ratio is written like 16:9"),
        ("[[model]]\nid = \"ideogram\"\ncolour = \"red\"", "unknown field `colour`"),
        ("[[model]]\nid = \"ideogram\"\naliases = [\"svg\"]", "the name svg stands twice"),
        ("[[model]]\nid = \"nobody\"\nhidden = true", "it is hidden, but there is none"),
        ("[[model]]\nid = \"seedance\"\nprice = { second = { 480p = 1 } }", "names no price for every resolution"),
        ("[[model]]\nid = \"ideogram\"\nfallback = { models = [\"ideogram\"] }", "cannot stand in for itself"),
        ("model = 7", "write [[model]]"),
        ("[[model]", "cannot be read"),
    ] {
        let said = refused(changes);
        assert!(said.contains(reason), "{changes}: {said}");
    }
}
