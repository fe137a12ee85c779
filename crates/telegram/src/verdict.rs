//! Reads Telegram's refusals: code, description and parameters in, decision out. Pure, and the only place that knows
//! the texts.
//!
//! Invariant: an unknown text falls to the safe side: a 4xx was not carried out and is [`DeliveryError::Fatal`] (or
//! unreachable, for a 403); an answer that is not the Bot API's own says nothing, so the outcome is unknown.
//!
//! The texts are matched by parts and in any case, not whole: they name the kind of chat ("group", "supergroup",
//! "channel") and change their tails and capitals between versions of the server. Telegram's internal upper-case names
//! reach bots as well, so both forms are listed. Source: `fail_query_with_error` of the official server
//! (github.com/tdlib/telegram-bot-api) and the replies seen in the wild. teloxide's `ApiError` matches whole texts, leaves
//! about half of these to `Unknown` and drops the code, so it would only be a second table.

use std::time::Duration;

use atelier_domain::ChatId;

use crate::error::{DeliveryError, Hindrance, MediaReason, Rival, Scope, UnreachableReason};

/// A refusal as Telegram words it.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// `error_code` of the reply.
    pub(crate) code: u16,
    /// `description` of the reply.
    pub(crate) description: String,
    /// `parameters.retry_after`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// `parameters.migrate_to_chat_id`.
    pub(crate) migrate_to: Option<i64>,
}

/// What a refusal comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Things already are as the call wants them.
    AlreadySo,
    /// The call failed.
    Failed(DeliveryError),
}

/// Decides. `scope` says whether the call was about one chat.
pub(crate) fn judge(refusal: Refusal, scope: Scope) -> Verdict {
    let text = refusal.description.to_lowercase();
    let not_posted = |hindrance, retry_after, scope| DeliveryError::NotPosted { hindrance, retry_after, scope };
    Verdict::Failed(if let Some(chat) = refusal.migrate_to {
        DeliveryError::Migrated(ChatId(chat))
    } else if refusal.code == 429 || refusal.retry_after.is_some() {
        let seconds = refusal.retry_after.or_else(|| wait_in(&text));
        not_posted(Hindrance::Flood, seconds.map(Duration::from_secs), scope)
    } else {
        match refusal.code {
            // An unknown method is 404 as well, but says so; a bare "Not Found" means the token names no bot.
            404 if text.contains("method not found") => DeliveryError::fatal(refusal.description),
            401 | 404 => DeliveryError::Unauthorised,
            409 if text.contains("webhook") => DeliveryError::Conflict(Rival::Webhook),
            409 => DeliveryError::Conflict(Rival::Poller),
            413 => DeliveryError::MediaRefused(MediaReason::TooBig),
            // The server was shut down while the call was on its way to Telegram.
            500.. if text.contains("request aborted") => DeliveryError::unknown(refusal.description),
            500.. => not_posted(Hindrance::Server, None, Scope::Unknown),
            _ => match TABLE.iter().find(|(part, _)| text.contains(part)) {
                Some((_, Row::AlreadySo)) => return Verdict::AlreadySo,
                Some((_, row)) => row.error(refusal.description),
                None if refusal.code == 403 => DeliveryError::Unreachable(UnreachableReason::Other),
                None => DeliveryError::fatal(refusal.description),
            },
        }
    })
}

/// The wait in "Too Many Requests: retry after 17", for replies without parameters.
fn wait_in(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("retry after ")?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    digits.parse().ok()
}

/// What a text means.
#[derive(Debug, Clone, Copy)]
enum Row {
    AlreadySo,
    SlotGone,
    OtherKind,
    ReplyGone,
    ThreadGone,
    Media(MediaReason),
    Unreachable(UnreachableReason),
    NoRights,
    TooLong,
    LateQuery,
    Unknown,
}

impl Row {
    fn error(self, description: String) -> DeliveryError {
        match self {
            Self::SlotGone => DeliveryError::SlotGone,
            Self::OtherKind => DeliveryError::OtherKind,
            Self::ReplyGone => DeliveryError::ReplyGone,
            Self::ThreadGone => DeliveryError::ThreadGone,
            Self::Media(reason) => DeliveryError::MediaRefused(reason),
            Self::Unreachable(reason) => DeliveryError::Unreachable(reason),
            Self::NoRights => DeliveryError::NoRights,
            Self::TooLong => DeliveryError::TooLong,
            Self::LateQuery => DeliveryError::LateQuery,
            Self::Unknown | Self::AlreadySo => DeliveryError::unknown(description),
        }
    }
}

/// Lower-case parts of descriptions; the first that fits decides.
const TABLE: &[(&str, Row)] = &[
    // Of an album nothing is reported on failure, not even the items that did arrive; the quoted cause is one item's.
    ("group send failed", Row::Unknown),
    ("failed to send message #", Row::Unknown),
    ("message is not modified", Row::AlreadySo),
    ("message_not_modified", Row::AlreadySo),
    ("message to delete not found", Row::AlreadySo),
    ("message to edit not found", Row::SlotGone),
    ("message can't be edited", Row::SlotGone),
    ("message to react not found", Row::SlotGone),
    ("reply_message_id_invalid", Row::ReplyGone),
    ("message_id_invalid", Row::SlotGone),
    ("message_edit_time_expired", Row::SlotGone),
    ("message_author_required", Row::SlotGone),
    ("there is no text in the message to edit", Row::OtherKind),
    ("there is no caption in the message to edit", Row::OtherKind),
    ("message to be replied not found", Row::ReplyGone),
    ("replied message not found", Row::ReplyGone),
    ("reply message not found", Row::ReplyGone),
    ("message thread not found", Row::ThreadGone),
    ("topic_closed", Row::ThreadGone),
    ("topic_deleted", Row::ThreadGone),
    ("topic_id_invalid", Row::ThreadGone),
    ("query is too old", Row::LateQuery),
    ("query id is invalid", Row::LateQuery),
    ("query_id_invalid", Row::LateQuery),
    ("message is too long", Row::TooLong),
    ("message_too_long", Row::TooLong),
    ("caption is too long", Row::TooLong),
    ("caption_too_long", Row::TooLong),
    ("photo_invalid_dimensions", Row::Media(MediaReason::Dimensions)),
    ("file is too big", Row::Media(MediaReason::TooBig)),
    ("too big for a", Row::Media(MediaReason::TooBig)),
    ("entity too large", Row::Media(MediaReason::TooBig)),
    ("file_parts_invalid", Row::Media(MediaReason::TooBig)),
    ("image_process_failed", Row::Media(MediaReason::Unreadable)),
    ("file must be non-empty", Row::Media(MediaReason::Unreadable)),
    ("photo_ext_invalid", Row::Media(MediaReason::Unreadable)),
    ("photo_save_file_invalid", Row::Media(MediaReason::Unreadable)),
    ("photo_content_type_invalid", Row::Media(MediaReason::Unreadable)),
    ("video_content_type_invalid", Row::Media(MediaReason::Unreadable)),
    ("media_invalid", Row::Media(MediaReason::Unreadable)),
    ("wrong file identifier", Row::Media(MediaReason::Reference)),
    ("wrong remote file", Row::Media(MediaReason::Reference)),
    ("wrong file id", Row::Media(MediaReason::Reference)),
    ("wrong file_id", Row::Media(MediaReason::Reference)),
    ("invalid file id", Row::Media(MediaReason::Reference)),
    ("media_empty", Row::Media(MediaReason::Reference)),
    ("failed to get http url content", Row::Media(MediaReason::Reference)),
    ("wrong http url", Row::Media(MediaReason::Reference)),
    ("wrong type of the web page content", Row::Media(MediaReason::Reference)),
    ("webpage_curl_failed", Row::Media(MediaReason::Reference)),
    ("file_reference_", Row::Media(MediaReason::Reference)),
    ("media of the specified type in the album", Row::Media(MediaReason::OtherFamily)),
    ("media_grouped_invalid", Row::Media(MediaReason::OtherFamily)),
    ("not enough rights", Row::NoRights),
    ("have no rights", Row::NoRights),
    ("need administrator rights", Row::NoRights),
    ("message can't be deleted", Row::NoRights),
    ("chat_write_forbidden", Row::NoRights),
    ("chat_send_", Row::NoRights),
    ("chat_restricted", Row::NoRights),
    ("chat_guest_send_forbidden", Row::NoRights),
    ("chat_admin_required", Row::NoRights),
    ("bot was blocked by the user", Row::Unreachable(UnreachableReason::Blocked)),
    ("user_is_blocked", Row::Unreachable(UnreachableReason::Blocked)),
    ("user is deactivated", Row::Unreachable(UnreachableReason::Deactivated)),
    ("input_user_deactivated", Row::Unreachable(UnreachableReason::Deactivated)),
    ("bot was kicked", Row::Unreachable(UnreachableReason::Kicked)),
    ("bot is not a member", Row::Unreachable(UnreachableReason::NotMember)),
    ("channel_private", Row::Unreachable(UnreachableReason::NotMember)),
    ("can't initiate conversation", Row::Unreachable(UnreachableReason::CannotInitiate)),
    ("group chat was deleted", Row::Unreachable(UnreachableReason::GroupDeleted)),
    ("group chat was deactivated", Row::Unreachable(UnreachableReason::GroupDeleted)),
    ("group is deactivated", Row::Unreachable(UnreachableReason::GroupDeleted)),
    ("send messages to bots", Row::Unreachable(UnreachableReason::Bot)),
    ("send messages to the bot", Row::Unreachable(UnreachableReason::Bot)),
    ("chat not found", Row::Unreachable(UnreachableReason::ChatNotFound)),
    ("user not found", Row::Unreachable(UnreachableReason::ChatNotFound)),
    ("peer_id_invalid", Row::Unreachable(UnreachableReason::ChatNotFound)),
    ("chat_id_invalid", Row::Unreachable(UnreachableReason::ChatNotFound)),
];

#[cfg(test)]
mod tests;
