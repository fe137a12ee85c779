//! What a bot says of itself: commands per scope and language, descriptions, menu button.

use serde_json::{Value, json};

use crate::telegram::model::CommandSet;
use crate::telegram::reply::{ApiError, Outcome};
use crate::telegram::server::Server;
use crate::telegram::wire::Call;

use super::done;

/// Scope and language of a call.
fn address(call: &Call) -> Result<(Value, String), ApiError> {
    let scope = call.params.json("scope", "BotCommandScope")?.unwrap_or(json!({ "type": "default" }));
    if scope.get("type").and_then(Value::as_str).is_none() {
        return Err(ApiError::bad("can't parse BotCommandScope: Can't find field \"type\""));
    }
    Ok((scope, call.params.text("language_code").unwrap_or_default()))
}

fn check_command(command: &Value) -> Result<(), ApiError> {
    let field = |name: &str| {
        let missing = || ApiError::bad(format!("can't parse BotCommand: Can't find field \"{name}\""));
        command.get(name).and_then(Value::as_str).ok_or_else(missing)
    };
    let name = field("command")?.trim_start_matches('/');
    let well_formed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !(1..=32).contains(&name.len()) || !name.chars().all(well_formed) {
        return Err(ApiError::bad("BOT_COMMAND_INVALID"));
    }
    match field("description")?.chars().count() {
        1..=256 => Ok(()),
        _ => Err(ApiError::bad("BOT_COMMAND_DESCRIPTION_INVALID")),
    }
}

/// `setMyCommands`.
pub(super) fn set_my_commands(server: &Server, call: &Call) -> Outcome {
    let (scope, language) = address(call)?;
    let commands = call.params.json("commands", "commands")?.unwrap_or(json!([]));
    let list = commands.as_array().ok_or_else(|| ApiError::bad("expected an Array of BotCommand"))?;
    if list.len() > 100 {
        return Err(ApiError::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    list.iter().try_for_each(check_command)?;
    replace(server, call.bot, scope, language, Some(commands));
    done()
}

/// `deleteMyCommands`.
pub(super) fn delete_my_commands(server: &Server, call: &Call) -> Outcome {
    let (scope, language) = address(call)?;
    replace(server, call.bot, scope, language, None);
    done()
}

fn replace(server: &Server, bot: i64, scope: Value, language: String, commands: Option<Value>) {
    server.write(|world, _| {
        let Some(profile) = world.bots.get_mut(&bot) else { return };
        profile.commands.retain(|set| set.scope != scope || set.language != language);
        if let Some(commands) = commands {
            profile.commands.push(CommandSet { scope, language, commands });
        }
        world.save_bot(bot);
    });
}

/// `getMyCommands`.
pub(super) fn get_my_commands(server: &Server, call: &Call) -> Outcome {
    let (scope, language) = address(call)?;
    Ok(server.read(|world| {
        let sets = world.bots.get(&call.bot).map(|bot| bot.commands.as_slice()).unwrap_or_default();
        let found = sets.iter().find(|set| set.scope == scope && set.language == language);
        found.map_or(json!([]), |set| set.commands.clone())
    }))
}

/// `setMyDescription` and its kin; the limit counts characters.
pub(super) fn set_text(server: &Server, call: &Call, field: &str, limit: usize) -> Outcome {
    let text = call.params.text(field).unwrap_or_default();
    if text.chars().count() > limit {
        return Err(ApiError::bad(format!("bot {} is too long", field.replace('_', " "))));
    }
    let language = call.params.text("language_code").unwrap_or_default();
    server.write(|world, _| {
        let Some(profile) = world.bots.get_mut(&call.bot) else { return };
        if field == "name" && language.is_empty() && !text.is_empty() {
            profile.name.clone_from(&text);
        }
        profile.texts.insert(format!("{field}:{language}"), text);
        world.save_bot(call.bot);
    });
    done()
}

/// `getMyDescription` and its kin.
#[expect(clippy::unnecessary_wraps, reason = "the shape all methods share")]
pub(super) fn get_text(server: &Server, call: &Call, field: &str) -> Outcome {
    let language = call.params.text("language_code").unwrap_or_default();
    Ok(server.read(|world| {
        let profile = world.bots.get(&call.bot);
        let text = profile.and_then(|bot| {
            let texts = &bot.texts;
            texts.get(&format!("{field}:{language}")).or_else(|| texts.get(&format!("{field}:")))
        });
        let fallback = profile.filter(|_| field == "name").map(|bot| &bot.name);
        json!({ field: text.or(fallback).map_or("", |text| text) })
    }))
}

/// `setChatMenuButton`; one button for all chats.
pub(super) fn set_chat_menu_button(server: &Server, call: &Call) -> Outcome {
    let button = call.params.json("menu_button", "menu button")?;
    server.write(|world, _| {
        let Some(profile) = world.bots.get_mut(&call.bot) else { return };
        profile.menu_button = button;
        world.save_bot(call.bot);
    });
    done()
}

/// `getChatMenuButton`.
#[expect(clippy::unnecessary_wraps, reason = "the shape all methods share")]
pub(super) fn get_chat_menu_button(server: &Server, call: &Call) -> Outcome {
    let button = server.read(|world| world.bots.get(&call.bot).and_then(|bot| bot.menu_button.clone()));
    Ok(button.unwrap_or(json!({ "type": "default" })))
}
