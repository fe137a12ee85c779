//! Checks reply markup: what kinds there are and what an inline button may carry.

use serde_json::Value;

use super::params::Params;
use super::reply::ApiError;

/// More buttons are refused.
const MAX_BUTTONS: usize = 100;
/// The longest callback data, bytes.
const MAX_CALLBACK_DATA: usize = 64;
/// The longest text of a copy button, characters.
const MAX_COPY_TEXT: usize = 256;
/// Fields of which a button has exactly one, besides its looks.
const ACTIONS: [&str; 11] = [
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "suggested_post",
];

/// Reads `reply_markup`; an empty inline keyboard is none.
pub(crate) fn read(params: &Params) -> Result<Option<Value>, ApiError> {
    let Some(markup) = params.json("reply_markup", "reply keyboard markup")? else { return Ok(None) };
    if !markup.is_object() {
        return Err(ApiError::bad("object expected as reply markup"));
    }
    let Some(keyboard) = markup.get("inline_keyboard") else {
        let known = ["keyboard", "remove_keyboard", "force_reply"].iter().any(|kind| markup.get(kind).is_some());
        return Ok(Some(markup).filter(|_| known));
    };
    let rows = keyboard.as_array().ok_or_else(|| field_error("inline_keyboard", "an Array of Arrays"))?;
    let mut buttons = 0;
    for row in rows {
        let row = row.as_array().ok_or_else(|| field_error("inline_keyboard", "an Array of Arrays"))?;
        for button in row {
            check(button)?;
            buttons += 1;
        }
    }
    match buttons {
        0 => Ok(None),
        1..=MAX_BUTTONS => Ok(Some(markup)),
        _ => Err(ApiError::bad("reply markup is too long")),
    }
}

/// As [`read`], where only an inline keyboard can be.
pub(crate) fn read_inline(params: &Params) -> Result<Option<Value>, ApiError> {
    match read(params)? {
        Some(markup) if markup.get("inline_keyboard").is_none() => Err(ApiError::bad("inline keyboard expected")),
        markup => Ok(markup),
    }
}

fn field_error(field: &str, expected: &str) -> ApiError {
    ApiError::bad(format!("field \"{field}\" must be {expected}"))
}

fn check(button: &Value) -> Result<(), ApiError> {
    let refuse = |reason: &str| ApiError::bad(format!("can't parse inline keyboard button: {reason}"));
    let fields = button.as_object().ok_or_else(|| refuse("InlineKeyboardButton must be an Object"))?;
    let text = fields.get("text").ok_or_else(|| refuse("Can't find field \"text\""))?;
    let text = text.as_str().ok_or_else(|| refuse("Field \"text\" must be of type String"))?;
    if text.trim().is_empty() {
        return Err(ApiError::bad("inline keyboard button text must be non-empty"));
    }
    if !ACTIONS.iter().any(|action| fields.contains_key(*action)) {
        return Err(refuse("Text buttons are unallowed in the inline keyboard"));
    }
    if let Some(data) = fields.get("callback_data") {
        let data = data.as_str().ok_or_else(|| refuse("Field \"callback_data\" must be of type String"))?;
        if !(1..=MAX_CALLBACK_DATA).contains(&data.len()) {
            return Err(ApiError::bad("BUTTON_DATA_INVALID"));
        }
    }
    if let Some(copied) = fields.get("copy_text") {
        let text = copied.get("text").and_then(Value::as_str).unwrap_or_default();
        if text.is_empty() || text.chars().count() > MAX_COPY_TEXT {
            return Err(ApiError::bad("BUTTON_COPY_TEXT_INVALID"));
        }
    }
    if let Some(address) = fields.get("url").and_then(Value::as_str)
        && !["http://", "https://", "tg://"].iter().any(|scheme| address.starts_with(scheme))
    {
        return Err(ApiError::bad(format!("inline keyboard button URL '{address}' is invalid: Wrong HTTP URL")));
    }
    if let Some(style) = fields.get("style")
        && !matches!(style.as_str(), Some("danger" | "success" | "primary"))
    {
        return Err(refuse("invalid button style specified"));
    }
    Ok(())
}
