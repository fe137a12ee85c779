//! What a chat has chosen, as one message that is edited: each choice a button, each value one more.

use std::sync::Arc;

use atelier_domain::buttons::{Label, Rows};
use atelier_domain::request::Style;
use atelier_domain::{ChatKind, Field, Incoming, Language, Model, ModelKind, Prefs, Press, Switch, Tell, UserId};
use atelier_queue::{QueueError, Spend, Urgency};
use atelier_telegram::{Keyboard, Place};
use tracing::warn;

use crate::Front;
use crate::answers::flood;

/// The words and buttons of the message.
pub(crate) fn page(front: &Front, prefs: &Prefs, kind: ChatKind, language: Language) -> (String, Rows) {
    let title = if kind == ChatKind::Private { Tell::SettingsTitle } else { Tell::SettingsGroup };
    let line = |field: Field| {
        let (name, value) = (name(field, language), shown(front, prefs, field, language));
        language.tell(&Tell::SettingLine { name: &name, value: &value })
    };
    let fields: Vec<Field> =
        Field::ALL.into_iter().filter(|field| kind != ChatKind::Private || !field.is_cap()).collect();
    let lines: Vec<String> = fields.iter().copied().map(line).collect();
    let button = |field: &Field| Label { text: name(*field, language), press: Press::Choose(Some(*field)) };
    let rows = fields.chunks(2).map(|pair| pair.iter().map(button).collect()).collect();
    (format!("{}\n\n{}", language.tell(&title), lines.join("\n")), rows)
}

/// The values of one choice as buttons.
fn values(front: &Front, prefs: &Prefs, field: Field, language: Language) -> Rows {
    let model = model(front, prefs);
    let usual = || language.tell(&Tell::SettingUsual);
    let plain = |text: String| (text.clone(), Some(text));
    let choices: Vec<(String, Option<String>)> = match field {
        Field::Model => {
            let models = front.catalogue.of_kind(ModelKind::Image).filter(|model| model.makes_from_words());
            models.map(|model| (model.title.clone(), Some(model.id.to_string()))).collect()
        }
        Field::Ratio => {
            let known = ["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9"];
            let fits =
                |ratio: &&'static str| ratio.parse().is_ok_and(|ratio| model.is_none_or(|model| model.allows(ratio)));
            let ratios = known.into_iter().filter(fits).map(|ratio| plain(ratio.to_owned()));
            std::iter::once((usual(), None)).chain(ratios).collect()
        }
        Field::Style => {
            let styles = model.into_iter().flat_map(Model::styles).take(30);
            let named = styles.map(|style| (style_name(style, language), Some(style.to_string())));
            std::iter::once((usual(), None)).chain(named).collect()
        }
        Field::Most | Field::Daily => {
            let caps: &[u32] = if field == Field::Most { &[1, 2, 4, 10, 20] } else { &[5, 10, 20, 50, 100] };
            let none = (language.tell(&Tell::SettingNoCap), None);
            std::iter::once(none).chain(caps.iter().map(|cap| plain(cap.to_string()))).collect()
        }
        Field::Count => [1, 2, 3, 4, 6, 10].map(|count: u8| plain(count.to_string())).into(),
        Field::Quality => {
            let qualities = model.and_then(|model| model.takes.quality.as_ref());
            let words = qualities.into_iter().flat_map(|choice| choice.values.keys());
            let known = words.chain(model.into_iter().flat_map(|model| model.grades.keys()));
            std::iter::once((usual(), None)).chain(known.map(|quality| plain(quality.to_string()))).collect()
        }
        Field::Notify | Field::Originals => {
            let switch = |switch: Switch| (switched(field, switch, language), Some(switch.name().to_owned()));
            Switch::ALL.map(switch).into()
        }
        Field::Language => {
            let name = |language: Language| language.tell(&Tell::LanguageName { code: language.code() });
            Language::ALL.map(|language| (name(language), Some(language.code().to_owned()))).into()
        }
    };
    let now = prefs.value(field).or_else(|| usual_switch(field).map(|switch| switch.name().to_owned()));
    let button = |(text, value): &(String, Option<String>)| {
        let text = if *value == now { format!("✓ {text}") } else { text.clone() };
        Label { text, press: Press::Set(field, value.clone()) }
    };
    let mut rows: Rows = choices.chunks(2).map(|pair| pair.iter().map(button).collect()).collect();
    rows.push(vec![Label { text: language.tell(&Tell::ButtonBack), press: Press::Choose(None) }]);
    rows
}

/// Shows the values of a choice, or all choices.
pub(crate) async fn choose(
    front: &Front,
    incoming: &Incoming,
    prefs: &Prefs,
    field: Option<Field>,
    language: Language,
) {
    let (text, all) = page(front, prefs, incoming.chat.kind, language);
    let rows = field.map_or(all, |field| values(front, prefs, field, language));
    show(front, incoming, &text, &rows).await;
}

/// Makes a choice and shows all of them.
pub(crate) async fn set(
    front: &Arc<Front>,
    incoming: &Incoming,
    field: Field,
    value: Option<&str>,
) -> Result<(), QueueError> {
    let place = (incoming.bot, incoming.chat.id);
    front.queue.prefer(place, field, value).await?;
    let prefs = front.queue.prefs(incoming.bot, incoming.chat.id).await?;
    let language = prefs.language.unwrap_or_else(|| crate::intake::language(incoming));
    let (this, incoming) = (front.clone(), incoming.clone());
    front.tasks.spawn(async move { choose(&this, &incoming, &prefs, None, language).await });
    Ok(())
}

/// Whether this user may change what the chat has chosen: in a group its administrators, and the one who hides behind the
/// group itself.
pub(crate) async fn may_change(front: &Front, incoming: &Incoming) -> bool {
    incoming.chat.kind == ChatKind::Private
        || front.is_admin(incoming.user.id)
        || incoming.user.id.0 == incoming.chat.id.0
        || is_group_admin(front, incoming).await
}

/// Whether this user may act on what `owner` asked for: its owner, whoever runs the bots, and where an administrator asked
/// in the group's name, every administrator of the group (who presses a button does so in their own).
pub(crate) async fn may_touch(front: &Front, incoming: &Incoming, owner: UserId) -> bool {
    owner == incoming.user.id
        || front.is_admin(incoming.user.id)
        || (owner.0 == incoming.chat.id.0 && is_group_admin(front, incoming).await)
}

/// Asks Telegram; while it does not say so, nobody is.
async fn is_group_admin(front: &Front, incoming: &Incoming) -> bool {
    let spend = Spend::free(incoming.bot, incoming.chat.id, "member");
    let ask = || front.telegram.is_chat_admin(incoming.chat.id, incoming.user.id);
    // held up by a flood wait, the question is not worth the wait: the button may be pressed again
    let asked = front.queue.paced(spend, Urgency::Progress, flood, ask).await;
    asked.ok().flatten().unwrap_or(false)
}

async fn show(front: &Front, incoming: &Incoming, text: &str, rows: &Rows) {
    let (place, keyboard) = (Place::from(incoming.chat), Keyboard::of(rows));
    let spend = Spend::edit(incoming.bot, incoming.chat.id);
    let edit = || front.telegram.edit_text(place, incoming.message, text, &keyboard);
    if let Err(error) = front.queue.paced(spend, Urgency::Answer, flood, edit).await {
        warn!(update = incoming.update.0, outcome = error.name(), %error, "settings could not be shown");
    }
}

/// The model that prompts of the chat use.
fn model<'a>(front: &'a Front, prefs: &Prefs) -> Option<&'a Model> {
    let chosen = prefs.model.as_ref().and_then(|id| front.catalogue.get(id));
    chosen.or_else(|| front.catalogue.get(&front.default_model))
}

fn name(field: Field, language: Language) -> String {
    language.tell(&match field {
        Field::Model => Tell::SettingModel,
        Field::Ratio => Tell::SettingRatio,
        Field::Style => Tell::SettingStyle,
        Field::Count => Tell::SettingCount,
        Field::Quality => Tell::SettingQuality,
        Field::Language => Tell::SettingLanguage,
        Field::Notify => Tell::SettingNotify,
        Field::Originals => Tell::SettingOriginals,
        Field::Most => Tell::SettingMost,
        Field::Daily => Tell::SettingDaily,
    })
}

/// A common style by the name that people know, one of a model's own by that.
fn style_name(style: &Style, language: Language) -> String {
    language.tell(&Tell::StyleName { style: style.as_str() }).replace('-', " ")
}

/// What holds when a chat has not chosen.
const fn usual_switch(field: Field) -> Option<Switch> {
    match field {
        Field::Notify => Some(Switch::On),
        Field::Originals => Some(Switch::Off),
        _ => None,
    }
}

fn switched(field: Field, switch: Switch, language: Language) -> String {
    let value = switch.name();
    language.tell(&if field == Field::Notify {
        Tell::SettingNotifyValue { value }
    } else {
        Tell::SettingOriginalsValue { value }
    })
}

fn shown(front: &Front, prefs: &Prefs, field: Field, language: Language) -> String {
    match field {
        Field::Model => model(front, prefs).map_or_else(|| "?".to_owned(), |model| model.title.clone()),
        Field::Language => language.tell(&Tell::LanguageName { code: language.code() }),
        Field::Count => prefs.value(field).unwrap_or_else(|| "1".to_owned()),
        Field::Notify => switched(field, prefs.notify.unwrap_or(Switch::On), language),
        Field::Originals => switched(field, prefs.originals.unwrap_or(Switch::Off), language),
        Field::Most | Field::Daily => prefs.value(field).unwrap_or_else(|| language.tell(&Tell::SettingNoCap)),
        Field::Style => {
            prefs.style.as_ref().map_or_else(|| language.tell(&Tell::SettingUsual), |style| style_name(style, language))
        }
        Field::Ratio | Field::Quality => prefs.value(field).unwrap_or_else(|| language.tell(&Tell::SettingUsual)),
    }
}
