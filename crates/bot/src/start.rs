//! The first minute: what the bot says to a newcomer, and what a link brings along.

use atelier_domain::buttons::{Label, Rows};
use atelier_domain::{JobId, Language, Press, Say, Tell};
use atelier_queue::QueueError;

use crate::Front;

/// Example prompts under the greeting.
const EXAMPLES: u8 = 3;

/// The answer to `/start`, with what came behind it: a link carries a word of at most 64 characters.
pub(crate) async fn greet(front: &Front, arguments: &str, language: Language) -> Result<(String, Rows), QueueError> {
    if let Some(code) = arguments.trim().strip_prefix("r_") {
        return recipe(front, code, language).await;
    }
    let model = front.catalogue.get(&front.default_model);
    let price = model.map(|model| language.price(model)).unwrap_or_default();
    let model = model.map_or("", |model| model.title.as_str());
    Ok((language.say(&Say::Start { model, price: &price }), examples(language)))
}

fn examples(language: Language) -> Rows {
    let example = |number: u8| {
        let text = language.tell(&Tell::Example { number: u32::from(number) });
        vec![Label { text, press: Press::Example(number) }]
    };
    (0..EXAMPLES).map(example).collect()
}

/// A shared recipe is shown with its price; drawing it is one more tap, since it may cost somebody money.
async fn recipe(front: &Front, code: &str, language: Language) -> Result<(String, Rows), QueueError> {
    let gone = || (language.tell(&Tell::RecipeGone), examples(language));
    let Ok(id) = code.parse::<JobId>() else { return Ok(gone()) };
    let Some(request) = front.queue.recipe(&id).await? else { return Ok(gone()) };
    let Some(model) = front.catalogue.get(&request.model) else { return Ok(gone()) };
    let price = language.price(model);
    let ratio = request.ratio.to_string();
    let prompt = request.prompt.as_str();
    let text = language.tell(&Tell::RecipeCard { prompt, model: &model.title, ratio: &ratio, price: &price });
    let draw = Label { text: language.tell(&Tell::ButtonCook), press: Press::Cook(id) };
    Ok((text, vec![vec![draw]]))
}
