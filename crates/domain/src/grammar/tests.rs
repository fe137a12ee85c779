use proptest::prelude::*;

use super::*;
use crate::catalogue::Word;
use crate::request::{AspectRatio, FileId};

fn read(text: &str) -> Result<Vec<Request>, Unclear> {
    let catalogue = Catalogue::builtin();
    let default_model = catalogue.find("ideogram").unwrap();
    parse(text, catalogue, &Limits { pictures: 10, default_model, images: &[] })
}

fn prompts(text: &str) -> Vec<String> {
    read(text).unwrap().into_iter().map(|request| request.prompt.into()).collect()
}

/// `model ratio seed prompt` of every request, to compare whole results.
fn shown(text: &str) -> Vec<String> {
    let line = |request: Request| {
        let seed = request.seed.map_or("-".to_owned(), |seed| seed.get().to_string());
        format!("{} {} {seed} {}", request.model, request.ratio, request.prompt.as_str())
    };
    read(text).unwrap().into_iter().map(line).collect()
}

#[test]
fn flags_are_tolerant() {
    for text in [
        "a cat --ar 16:9 --model imagen",
        "a cat —ar 16:9 —model imagen",
        "--ar=16x9 --MODEL:Imagen a cat",
        "a --aspect-ratio 16/9 cat --m imagen-4-ultra",
        "a cat\n--model \"imagen\" --ratio wide",
    ] {
        let expected = if text.contains("--aspect") { "imagen 16:9 - a  cat" } else { "imagen 16:9 - a cat" };
        assert_eq!(shown(text), [expected], "{text}");
    }
}

#[test]
fn dashes_in_prose_are_prose() {
    for text in ["a well-lit room", "rain — and then sun", "sun —and moon", "-5 degrees", "a -- b --- c", "1920--1930"]
    {
        let expected = text.replace("a -- b", "a  b");
        assert_eq!(prompts(text), [expected], "{text}");
    }
    assert_eq!(prompts("draw -- --ar is text here"), ["draw  --ar is text here"]);
}

#[test]
fn a_message_of_several_lines_is_one_prompt_unless_it_says_otherwise() {
    assert_eq!(prompts("a cat\non a mat"), ["a cat\non a mat"]);
    assert_eq!(prompts("- a cat"), ["- a cat"]);
    assert_eq!(prompts("a cat\n- on a mat"), ["a cat\n- on a mat"]);
    assert_eq!(prompts("- a cat\n- a dog"), ["a cat", "a dog"]);
    assert_eq!(prompts("1. a cat\n2) a dog\n\n3. 1984"), ["a cat", "a dog", "1984"]);
    assert_eq!(prompts("--each\na cat\na dog"), ["a cat", "a dog"]);
    assert_eq!(prompts("a cat --each\na dog"), ["a cat", "a dog"]);
    assert_eq!(prompts("\na cat\na dog"), ["a cat", "a dog"]);
    assert_eq!(prompts("\na cat"), ["a cat"]);
    assert_eq!(prompts("- a cat\nand a mat\n- a dog"), ["- a cat\nand a mat\n- a dog"]);
}

#[test]
fn common_flags_hold_for_items_that_do_not_say_their_own() {
    assert_eq!(
        shown("three animals --ar 3:4 --model imagen\n- a cat\n- a dog --ar 1:1\n- a fox --model seedream --seed 7"),
        ["imagen 3:4 - a cat", "imagen 1:1 - a dog", "seedream 3:4 7 a fox"]
    );
    assert_eq!(shown("- a cat\n- a dog\n--ar 3:4"), ["ideogram 3:4 - a cat", "ideogram 3:4 - a dog"]);
}

#[test]
fn a_count_multiplies_and_seeds_follow_each_other() {
    assert_eq!(
        shown("a cat --n 3 --seed 2147483647"),
        ["ideogram 1:1 2147483647 a cat", "ideogram 1:1 0 a cat", "ideogram 1:1 1 a cat"]
    );
    assert_eq!(read("- a cat --n 6\n- a dog --n 5"), Err(Unclear::TooMany { wish: 11, most: 10 }));
}

#[test]
fn what_cannot_be_is_said_with_what_would_work() {
    assert_eq!(read(""), Err(Unclear::NoPrompt));
    assert_eq!(read("--ar 1:1"), Err(Unclear::NoPrompt));
    assert_eq!(read("cat --sed 5"), Err(Unclear::UnknownFlag { flag: "--sed".into(), nearest: Some("--seed") }));
    assert_eq!(read("cat --chaos"), Err(Unclear::UnknownFlag { flag: "--chaos".into(), nearest: None }));
    assert_eq!(read("cat --quality"), Err(Unclear::MissingValue { flag: "--quality" }));
    assert_eq!(read("cat --ar"), Err(Unclear::MissingValue { flag: "--ar" }));
    assert_eq!(read("cat --n --seed 5"), Err(Unclear::MissingValue { flag: "--n" }));
    assert_eq!(read("cat --n 11"), Err(Unclear::BadValue { flag: "--n", value: "11".into() }));
    assert_eq!(read("cat --seed -1"), Err(Unclear::BadValue { flag: "--seed", value: "-1".into() }));
    assert!(
        matches!(read("cat --model dalle"), Err(Unclear::UnknownModel { known, .. }) if known.len() == Catalogue::builtin().models().len())
    );
    assert!(matches!(
        read("cat --model imagen --ar 21:9"),
        Err(Unclear::Misfit(Misfit::Value { nearest, .. })) if nearest.as_deref() == Some("16:9")
    ));
    assert!(matches!(
        read("cat --model imagen --seed 5"),
        Err(Unclear::Misfit(Misfit::Untaken { word: Word::Seed, others, .. })) if others.contains(&"sketch".to_owned())
    ));
    assert_eq!(read(&"🐈".repeat(4097)), Err(Unclear::TooLong));
}

#[test]
fn finer_points_are_read_as_people_write_them() {
    let options = |text: &str| read(text).unwrap().remove(0).options;
    let read = options(
        "a cat --model ideogram-v2 --no text, blur, people --style аниме --n 2".replace("аниме", "Anime").as_str(),
    );
    assert_eq!(read.negative.unwrap().as_str(), "text, blur, people");
    assert_eq!(read.style.unwrap().as_str(), "anime");
    let quoted = options("--no \"two heads\" a cat --m ideogram-v2 --style «акварель»");
    assert_eq!((quoted.negative.unwrap().as_str(), quoted.style.unwrap().as_str()), ("two heads", "watercolour"));
    let film = options("a cat --model seedance --duration 10s --res 1080 --fps=24");
    assert_eq!((film.seconds, film.fps), (Some(10), Some(24)));
    assert_eq!(film.resolution.unwrap().to_string(), "1080p");
    assert_eq!(options("a cat --model seedream-4 --size 4K").size, Some(Size::K4));
    assert_eq!(prompts("--model \"Imagen 4 Ultra\" a cat"), ["a cat"]);
    assert_eq!(prompts("a \"cat\" --style oil and a dog"), ["a \"cat\"  and a dog"]);
    assert_eq!(prompts("a cat --style \"oil and a dog"), ["a cat  and a dog"], "a mark that is never closed");
}

#[test]
fn pictures_go_to_every_request_and_give_it_their_shape() {
    let file_id: FileId = "AgAC".parse().unwrap();
    let tall = [InputImage::Telegram { file_id, width: Some(900), height: Some(1600), bytes: None }];
    let catalogue = Catalogue::builtin();
    let ask = |text: &str| {
        let default_model = catalogue.find("kontext").unwrap();
        parse(text, catalogue, &Limits { pictures: 10, default_model, images: &tall })
    };
    let requests = ask("make it night --n 2").unwrap();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.options.images == tall && request.options.keep_shape));
    assert_eq!(requests[0].ratio.to_string(), "9:16");
    let wide = ask("make it night --ar 16:9").unwrap().remove(0);
    assert!(!wide.options.keep_shape && wide.ratio == "16:9".parse::<AspectRatio>().unwrap());
    let sized = ask("night --model seedream-4 --size 2048x1024").unwrap().remove(0);
    assert!(!sized.options.keep_shape && sized.ratio.to_string() == "16:9", "{}", sized.ratio);
    assert!(matches!(ask("night --model imagen"), Err(Unclear::Misfit(Misfit::Untaken { word: Word::Images, .. }))));
    assert!(ask("the tree sways --model seedance").unwrap()[0].options.keep_shape);
}

proptest! {
    #[test]
    fn nothing_panics(text in "(\\PC|[-—=:\n ]|--ar|--n|--seed|--model|--each|--no|--style|--res|\"|,|16:9|5){0,40}") {
        let _ = read(&text);
    }

    #[test]
    fn a_text_without_dashes_and_marks_is_its_own_prompt(text in "[a-zA-Zа-я🐈,!? ][a-zA-Zа-я0-9🐈,.!? \n]{0,80}") {
        prop_assume!(!text.trim().is_empty());
        let expected = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        prop_assert_eq!(prompts(&text), vec![expected.trim().to_owned()]);
    }

    #[test]
    fn flags_may_stand_anywhere(
        words in prop::collection::vec("[a-z]{1,8}", 1..6), at in 0_usize..6, seed in 0_u32..=Seed::MAX,
        spelling in prop::sample::select(vec!["--seed ", "--seed=", "--SEED:", "—seed ", "--s "]),
    ) {
        let mut with_flag = words.clone();
        with_flag.insert(at.min(words.len()), format!("{spelling}{seed}"));
        let read = read(&with_flag.join(" ")).unwrap();
        prop_assert_eq!(read[0].seed.map(Seed::get), Some(seed));
        let said: Vec<&str> = read[0].prompt.as_str().split_whitespace().collect();
        prop_assert_eq!(said, words);
    }

    #[test]
    fn a_list_gives_as_many_requests_as_items(
        items in prop::collection::vec("[a-zа-я][a-zа-я ]{0,20}", 2..10),
        mark in prop::sample::select(vec!["- ", "* ", "• ", "1. ", "2) "]),
    ) {
        let text: Vec<String> = items.iter().map(|item| format!("{mark}{item}")).collect();
        let expected: Vec<String> = items.iter().map(|item| item.trim().to_owned()).collect();
        prop_assert_eq!(prompts(&text.join("\n")), expected);
    }
}
