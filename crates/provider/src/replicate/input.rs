//! From our words to the inputs of a model, by the catalogue.
//!
//! Invariant: what comes out depends on nothing but its arguments. A lost prediction is recognised by it.

use atelier_domain::catalogue::Keep;
use atelier_domain::request::Size;
use serde_json::{Map, Value};

use crate::Order;

/// The input of a creation.
pub(crate) fn of(order: &Order<'_>) -> Map<String, Value> {
    let (takes, request) = (&order.model.takes, order.request);
    let options = &request.options;
    let mut input = order.model.inputs.clone();
    let mut set = |name: &str, value: Value| drop(input.insert(name.to_owned(), value));
    set(takes.prompt_input(), prompt(order).into());
    if let (Some(name), Some(seed)) = (&takes.seed, request.seed) {
        set(name, seed.get().into());
    }
    if let (Some(name), Some(negative)) = (&takes.negative, &options.negative) {
        set(name, negative.as_str().into());
    }
    if let (Some(choice), Some(style)) = (&takes.style, &options.style)
        && let Some(value) = choice.values.get(style)
    {
        set(&choice.input, value.clone());
    }
    if let Some(choice) = &takes.quality
        && let Some(value) = options.quality.or(choice.default).and_then(|word| choice.values.get(&word))
    {
        set(&choice.input, value.clone());
    }
    if let Some(choice) = &takes.resolution
        && let Some(value) = options.resolution.or(choice.default).and_then(|word| choice.values.get(&word))
    {
        set(&choice.input, value.clone());
    }
    for (numbers, wish) in [(&takes.seconds, options.seconds), (&takes.fps, options.fps)] {
        if let Some(numbers) = numbers
            && let Some(number) = wish.or(numbers.default)
        {
            set(&numbers.input, number.into());
        }
    }
    if let Some(ratio) = &takes.ratio {
        match &ratio.keep {
            Some(Keep::Omit) if options.keep_shape => {}
            Some(Keep::Send(value)) if options.keep_shape => set(&ratio.input, value.as_str().into()),
            _ => {
                let text = request.ratio.to_string();
                let value = ratio.values.get(&text).cloned().unwrap_or_else(|| text.into());
                set(&ratio.input, value);
            }
        }
    }
    match (options.size, &takes.pixels, &takes.size) {
        (Some(Size::Pixels { width, height }), Some(pixels), _) => {
            set(&pixels.width, width.into());
            set(&pixels.height, height.into());
            for (name, value) in &pixels.with {
                set(name, value.clone());
            }
        }
        (wish, _, Some(choice)) => {
            if let Some(value) = wish.or(choice.default).and_then(|word| choice.values.get(&word)) {
                set(&choice.input, value.clone());
            }
        }
        _ => {}
    }
    if let Some(images) = &takes.images {
        let refs = order.images.iter().map(|image| Value::from(image.as_str()));
        if images.list {
            let refs: Vec<Value> = refs.collect();
            if !refs.is_empty() {
                set(&images.input, refs.into());
            }
        } else {
            let names = [Some(&images.input), images.second.as_ref()];
            for (name, value) in names.into_iter().flatten().zip(refs) {
                set(name, value);
            }
        }
    }
    input
}

/// The prompt, with what is said for a style that the model has no name of its own for.
fn prompt(order: &Order<'_>) -> String {
    let prompt = order.request.prompt.as_str();
    let suffix = order.request.options.style.as_ref().and_then(|style| order.model.style_suffix(style));
    suffix.map_or_else(|| prompt.to_owned(), |suffix| format!("{prompt}, {suffix}"))
}

#[cfg(test)]
mod tests {
    use atelier_domain::{Catalogue, InputImage, Options, Request};
    use serde_json::json;

    use super::*;
    use crate::ImageRef;

    fn sent(model: &str, seed: bool, options: Options, images: &[&str]) -> Value {
        let model = Catalogue::builtin().find(model).unwrap();
        let mut request = Request::new("a cat".parse().unwrap(), model.id.clone(), "9:16".parse().unwrap());
        request.options = options;
        request.seed = seed.then(|| 7.try_into().unwrap());
        request.options.images = images
            .iter()
            .map(|_| InputImage::Telegram { file_id: "A".parse().unwrap(), width: None, height: None, bytes: None })
            .collect();
        model.check(&request).unwrap();
        let images: Vec<ImageRef> = images.iter().map(|image| ImageRef::new(*image)).collect();
        Value::Object(of(&Order { model, request: &request, images: &images }))
    }

    #[test]
    fn each_model_gets_its_own_inputs() {
        let plain = Options::default;
        assert_eq!(
            sent("imagen", false, plain(), &[]),
            json!({"prompt": "a cat", "aspect_ratio": "9:16", "output_format": "png"})
        );
        assert_eq!(
            sent("recraft", false, Options { style: Some("line-art".parse().unwrap()), ..plain() }, &[]),
            json!({"prompt": "a cat", "size": "1024x1820", "style": "line_art"})
        );
        assert_eq!(
            sent("ideogram-v2", true, Options { negative: Some("text".parse().unwrap()), ..plain() }, &[]),
            json!({"prompt": "a cat", "aspect_ratio": "9:16", "negative_prompt": "text", "seed": 7})
        );
        let oil = sent("photon", false, Options { style: Some("oil".parse().unwrap()), ..plain() }, &[]);
        assert_eq!(oil["prompt"], "a cat, oil painting on canvas, thick visible brush strokes");
        assert_eq!(
            sent("flux", false, Options { size: Some("512x768".parse().unwrap()), ..plain() }, &[]),
            json!({"prompt": "a cat", "aspect_ratio": "custom", "width": 512, "height": 768, "output_format": "png"})
        );
        assert_eq!(
            sent("seedream-4", false, Options { size: Some("4k".parse().unwrap()), ..plain() }, &["u1", "u2"]),
            json!({"prompt": "a cat", "aspect_ratio": "9:16", "size": "4K", "image_input": ["u1", "u2"]})
        );
    }

    #[test]
    fn edits_keep_the_shape_and_videos_say_their_length() {
        let kept = Options { keep_shape: true, ..Options::default() };
        let edit = sent("kontext", false, kept.clone(), &["https://x/1"]);
        assert_eq!((&edit["aspect_ratio"], &edit["input_image"]), (&json!("match_input_image"), &json!("https://x/1")));
        assert_eq!(
            sent("seedance", false, kept, &["u1", "u2"]),
            json!({"prompt": "a cat", "image": "u1", "last_frame_image": "u2", "duration": 5, "resolution": "720p"})
        );
        let film = Options { seconds: Some(10), resolution: Some("1080p".parse().unwrap()), ..Options::default() };
        assert_eq!(
            sent("seedance-lite", false, film, &[]),
            json!({"prompt": "a cat", "aspect_ratio": "9:16", "duration": 10, "resolution": "1080p"})
        );
    }
}
