//! Buttons under a message. What a button carries is checked when it is made, not when it is sent.
//!
//! Absent: URL, web-app and payment buttons, which nothing here needs.

use std::str::FromStr;

use atelier_domain::buttons::Rows;
use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup};

/// Bytes of callback data: Telegram's limit.
const DATA_BYTES: usize = 64;

/// Rows of buttons; no rows is no keyboard, and editing a message with it removes the buttons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keyboard(Vec<Vec<Button>>);

/// One button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What it shows.
    pub text: String,
    /// What comes back when it is pressed.
    pub data: ButtonData,
}

/// Callback data: 1 to 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ButtonData(String);

/// The data does not fit a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a button carries 1 to {DATA_BYTES} bytes, not {0}")]
pub struct BadButton(pub usize);

impl Keyboard {
    /// No buttons.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// These rows; empty ones are left out.
    pub fn new(rows: impl IntoIterator<Item = Vec<Button>>) -> Self {
        Self(rows.into_iter().filter(|row| !row.is_empty()).collect())
    }

    /// One row.
    pub fn row(buttons: impl IntoIterator<Item = Button>) -> Self {
        Self::new([buttons.into_iter().collect()])
    }

    /// The buttons that the domain chose. A press always fits; one that did not would be left out.
    pub fn of(rows: &Rows) -> Self {
        let button = |label: &atelier_domain::buttons::Label| {
            ButtonData::new(label.press.to_string()).ok().map(|data| Button::new(label.text.clone(), data))
        };
        Self::new(rows.iter().map(|row| row.iter().filter_map(button).collect()))
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<Button>] {
        &self.0
    }

    /// Whether there is no button at all.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The wire form; `None` for no buttons, which on an edit removes them.
    pub(crate) fn markup(&self) -> Option<InlineKeyboardMarkup> {
        let button = |button: &Button| InlineKeyboardButton::callback(button.text.clone(), button.data.0.clone());
        (!self.is_empty())
            .then(|| InlineKeyboardMarkup::new(self.0.iter().map(|row| row.iter().map(button).collect::<Vec<_>>())))
    }
}

impl Button {
    /// A button that shows `text` and sends `data` when pressed.
    pub fn new(text: impl Into<String>, data: ButtonData) -> Self {
        Self { text: text.into(), data }
    }
}

impl ButtonData {
    /// Checks the length.
    pub fn new(data: impl Into<String>) -> Result<Self, BadButton> {
        let data = data.into();
        if (1..=DATA_BYTES).contains(&data.len()) { Ok(Self(data)) } else { Err(BadButton(data.len())) }
    }

    /// The data as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ButtonData {
    type Err = BadButton;

    fn from_str(text: &str) -> Result<Self, BadButton> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_counted_in_bytes() {
        assert!(ButtonData::new("a".repeat(64)).is_ok());
        assert_eq!(ButtonData::new("é".repeat(33)), Err(BadButton(66)));
        assert_eq!(ButtonData::new(""), Err(BadButton(0)));
    }

    #[test]
    fn a_keyboard_without_buttons_is_none() {
        assert!(Keyboard::new([vec![], vec![]]).markup().is_none());
        let keyboard = Keyboard::row([Button::new("Cancel", ButtonData::new("cancel:1").unwrap())]);
        let markup = serde_json::to_value(keyboard.markup().unwrap()).unwrap();
        assert_eq!(markup, serde_json::json!({"inline_keyboard": [[{"text": "Cancel", "callback_data": "cancel:1"}]]}));
    }
}
