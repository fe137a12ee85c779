//! One test per row of the table of outcomes.

use super::*;

/// What a plain refusal of a call in a chat comes to.
fn verdict(code: u16, description: &str) -> Verdict {
    judge(Refusal { code, description: description.to_owned(), ..Refusal::default() }, Scope::Chat)
}

#[track_caller]
fn all(code: u16, expected: &DeliveryError, descriptions: &[&str]) {
    for description in descriptions {
        assert_eq!(verdict(code, description), Verdict::Failed(expected.clone()), "{code} {description}");
    }
}

fn flood(seconds: Option<u64>, scope: Scope) -> Verdict {
    let retry_after = seconds.map(Duration::from_secs);
    Verdict::Failed(DeliveryError::NotPosted { hindrance: Hindrance::Flood, retry_after, scope })
}

#[test]
fn a_flood_is_not_posted_and_names_the_wait() {
    let text = "Too Many Requests: retry after 13938";
    let refusal = |retry_after| Refusal { code: 429, description: text.to_owned(), retry_after, ..Refusal::default() };
    assert_eq!(judge(refusal(Some(17)), Scope::Chat), flood(Some(17), Scope::Chat));
    assert_eq!(judge(refusal(None), Scope::Unknown), flood(Some(13938), Scope::Unknown));
    assert_eq!(verdict(429, "Too Many Requests"), flood(None, Scope::Chat));
}

#[test]
fn a_migration_names_the_new_chat() {
    let refusal = Refusal {
        code: 400,
        description: "Bad Request: group chat was upgraded to a supergroup chat".to_owned(),
        migrate_to: Some(-1_001_234_567_890),
        ..Refusal::default()
    };
    let expected = DeliveryError::Migrated(ChatId(-1_001_234_567_890));
    assert_eq!(judge(refusal, Scope::Chat), Verdict::Failed(expected));
}

#[test]
fn unreachable_chats_are_told_apart() {
    use UnreachableReason as Reason;
    let forbidden = [
        (Reason::Blocked, "Forbidden: bot was blocked by the user"),
        (Reason::Deactivated, "Forbidden: user is deactivated"),
        (Reason::Kicked, "Forbidden: bot was kicked from the group chat"),
        (Reason::Kicked, "Forbidden: bot was kicked from the supergroup chat"),
        (Reason::Kicked, "Forbidden: bot was kicked from the channel chat"),
        (Reason::NotMember, "Forbidden: bot is not a member of the supergroup chat"),
        (Reason::NotMember, "Forbidden: bot is not a member of the channel chat"),
        (Reason::CannotInitiate, "Forbidden: bot can't initiate conversation with a user"),
        (Reason::GroupDeleted, "Forbidden: the group chat was deleted"),
        (Reason::Bot, "Forbidden: bots can't send messages to bots"),
        (Reason::Bot, "Forbidden: the bot can't send messages to the bot"),
        (Reason::Other, "Forbidden: something nobody has seen yet"),
    ];
    for (reason, description) in forbidden {
        all(403, &DeliveryError::Unreachable(reason), &[description]);
    }
    all(
        400,
        &DeliveryError::Unreachable(Reason::ChatNotFound),
        &["Bad Request: chat not found", "Bad Request: PEER_ID_INVALID"],
    );
    all(400, &DeliveryError::Unreachable(Reason::NotMember), &["Bad Request: CHANNEL_PRIVATE"]);
    all(400, &DeliveryError::Unreachable(Reason::GroupDeleted), &["Bad Request: group chat was deactivated"]);
}

#[test]
fn what_already_is_so_is_no_failure() {
    for description in [
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the \
         same as a current content and reply markup of the message",
        "Bad Request: message is not modified",
        "Bad Request: message to delete not found",
    ] {
        assert_eq!(verdict(400, description), Verdict::AlreadySo, "{description}");
    }
}

#[test]
fn a_gone_slot_is_told_from_a_stale_edit() {
    all(
        400,
        &DeliveryError::SlotGone,
        &[
            "Bad Request: message to edit not found",
            "Bad Request: message can't be edited",
            "Bad Request: MESSAGE_ID_INVALID",
        ],
    );
    all(
        400,
        &DeliveryError::OtherKind,
        &[
            "Bad Request: there is no text in the message to edit",
            "Bad Request: there is no caption in the message to edit",
        ],
    );
}

#[test]
fn gone_replies_and_topics_are_named() {
    let texts = ["Bad Request: message to be replied not found", "Bad Request: REPLY_MESSAGE_ID_INVALID"];
    all(400, &DeliveryError::ReplyGone, &texts);
    all(
        400,
        &DeliveryError::ThreadGone,
        &["Bad Request: message thread not found", "Bad Request: TOPIC_CLOSED", "Bad Request: TOPIC_DELETED"],
    );
}

#[test]
fn missing_rights_are_told_from_lost_chats() {
    let texts = ["Bad Request: CHAT_WRITE_FORBIDDEN", "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN"];
    all(400, &DeliveryError::NoRights, &texts);
    let rights = "not enough rights to send photos to the chat";
    all(400, &DeliveryError::NoRights, &[&format!("Bad Request: {rights}")]);
    all(403, &DeliveryError::NoRights, &[&format!("Forbidden: {rights}")]);
}

#[test]
fn refused_media_names_the_broken_rule() {
    use MediaReason as Reason;
    let rows = [
        (Reason::Dimensions, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (Reason::TooBig, "Bad Request: file is too big"),
        (Reason::TooBig, "Bad Request: file of size 12000000 bytes is too big for a photo; the maximum size is …"),
        (Reason::Unreadable, "Bad Request: IMAGE_PROCESS_FAILED"),
        (Reason::Unreadable, "Bad Request: file must be non-empty"),
        (Reason::Reference, "Bad Request: wrong file identifier/HTTP URL specified"),
        (Reason::Reference, "Bad Request: failed to get HTTP URL content"),
        (Reason::OtherFamily, "Bad Request: can't use the media of the specified type in the album"),
    ];
    for (reason, description) in rows {
        all(400, &DeliveryError::MediaRefused(reason), &[description]);
    }
    all(413, &DeliveryError::MediaRefused(Reason::TooBig), &["Request Entity Too Large"]);
}

#[test]
fn long_texts_and_late_queries_are_named() {
    all(
        400,
        &DeliveryError::TooLong,
        &[
            "Bad Request: message caption is too long",
            "Bad Request: message is too long",
            "Bad Request: MESSAGE_TOO_LONG",
            "Bad Request: MEDIA_CAPTION_TOO_LONG",
        ],
    );
    let late = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    all(400, &DeliveryError::LateQuery, &[late]);
}

#[test]
fn a_failed_album_may_be_posted_in_part() {
    for description in [
        "Bad Request: group send failed",
        "Bad Request: failed to send message #2 with the error message \"PHOTO_INVALID_DIMENSIONS\"",
    ] {
        all(400, &DeliveryError::unknown(description), &[description]);
    }
}

#[test]
fn rivals_are_told_apart() {
    let other = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    all(409, &DeliveryError::Conflict(Rival::Poller), &[other]);
    let webhook = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the \
                   webhook first";
    all(409, &DeliveryError::Conflict(Rival::Webhook), &[webhook]);
}

#[test]
fn a_refused_token_is_told_from_an_unknown_method() {
    all(401, &DeliveryError::Unauthorised, &["Unauthorized", "Unauthorized: invalid token specified"]);
    all(404, &DeliveryError::Unauthorised, &["Not Found"]);
    let unknown = "Not Found: method not found";
    all(404, &DeliveryError::fatal(unknown), &[unknown]);
}

#[test]
fn the_servers_own_failure_is_not_posted_unless_it_was_under_way() {
    let (hindrance, scope) = (Hindrance::Server, Scope::Unknown);
    let failed = DeliveryError::NotPosted { hindrance, retry_after: None, scope };
    all(500, &failed, &["Internal Server Error", ""]);
    all(502, &failed, &["Bad Gateway"]);
    let aborted = "Internal Server Error: Request aborted";
    all(500, &DeliveryError::unknown(aborted), &[aborted]);
}

#[test]
fn an_unknown_refusal_is_fatal_and_keeps_its_words() {
    for description in ["Bad Request: message text is empty", "Bad Request: BUTTON_DATA_INVALID", ""] {
        all(400, &DeliveryError::fatal(description), &[description]);
    }
}

/// Every refusal on record, with the outcome that it has: code, description, name of the outcome. The reasons within an
/// outcome have tests of their own above; refusals that come with parameters, too.
const KNOWN: &[(u16, &str, &str)] = &[
    (429, "Too Many Requests: retry after 209", "flood"),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", "fatal"),
    (403, "Forbidden: bot was blocked by the user", "unreachable"),
    (403, "Forbidden: user is deactivated", "unreachable"),
    (403, "Forbidden: bot was kicked from the group chat", "unreachable"),
    (403, "Forbidden: bot was kicked from the supergroup chat", "unreachable"),
    (403, "Forbidden: bot was kicked from the channel chat", "unreachable"),
    (403, "Forbidden: bot is not a member of the group chat", "unreachable"),
    (403, "Forbidden: bot is not a member of the supergroup chat", "unreachable"),
    (403, "Forbidden: bot is not a member of the channel chat", "unreachable"),
    (403, "Forbidden: bot can't initiate conversation with a user", "unreachable"),
    (403, "Forbidden: the group chat was deleted", "unreachable"),
    (400, "Bad Request: chat not found", "unreachable"),
    (400, "Bad Request: message is not modified", "already so"),
    (400, "Bad Request: message to delete not found", "already so"),
    (400, "Bad Request: message to edit not found", "slot_gone"),
    (400, "Bad Request: message can't be edited", "slot_gone"),
    (400, "Bad Request: there is no text in the message to edit", "other_kind"),
    (400, "Bad Request: message to be replied not found", "reply_gone"),
    (400, "Bad Request: message thread not found", "thread_gone"),
    (400, "Bad Request: TOPIC_CLOSED", "thread_gone"),
    (400, "Bad Request: TOPIC_DELETED", "thread_gone"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "no_rights"),
    (400, "Bad Request: not enough rights to send text messages to the chat", "no_rights"),
    (400, "Bad Request: not enough rights to send photos to the chat", "no_rights"),
    (400, "Bad Request: not enough rights to send documents to the chat", "no_rights"),
    (400, "Bad Request: not enough rights to send videos to the chat", "no_rights"),
    (400, "Bad Request: message can't be deleted", "no_rights"),
    (400, "Bad Request: message can't be deleted for everyone", "no_rights"),
    (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", "media_refused"),
    (400, "Bad Request: file is too big", "media_refused"),
    (413, "Request Entity Too Large", "media_refused"),
    (400, "Bad Request: wrong file identifier/HTTP URL specified", "media_refused"),
    (400, "Bad Request: failed to get HTTP URL content", "media_refused"),
    (400, "Bad Request: message caption is too long", "too_long"),
    (400, "Bad Request: message is too long", "too_long"),
    (400, "Bad Request: query is too old and response timeout expired or query ID is invalid", "late_query"),
    (400, "Bad Request: group send failed", "unknown"),
    (400, "Bad Request: Group send failed", "unknown"),
    (400, "Bad Request: failed to send message #3 with the error message \"PHOTO_INVALID_DIMENSIONS\"", "unknown"),
    (400, "Bad Request: failed to send message #1 with the error message \"chat not found\"", "unknown"),
    (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        "conflict",
    ),
    (409, "Conflict: can't use getUpdates method while webhook is active", "conflict"),
    (401, "Unauthorized", "unauthorised"),
    (404, "Not Found", "unauthorised"),
    (500, "Internal Server Error", "server"),
    (500, "Internal Server Error: Request aborted", "unknown"),
    (502, "Bad Gateway", "server"),
    (503, "Service Unavailable", "server"),
    (504, "Gateway Timeout", "server"),
    (400, "Bad Request: message text is empty", "fatal"),
    (400, "Bad Request: BUTTON_DATA_INVALID", "fatal"),
    (400, "Bad Request: can't parse entities: unsupported start tag", "fatal"),
];

#[test]
fn every_known_refusal_has_its_outcome_in_either_case() {
    for (code, description, outcome) in KNOWN {
        for description in [(*description).to_owned(), description.to_uppercase(), description.to_lowercase()] {
            let named = match verdict(*code, &description) {
                Verdict::AlreadySo => "already so",
                Verdict::Failed(error) => error.name(),
            };
            assert_eq!(named, *outcome, "{code} {description}");
        }
    }
}

#[test]
fn what_may_have_been_done_is_told_from_what_certainly_was_not() {
    for (code, description, outcome) in KNOWN {
        if let Verdict::Failed(error) = verdict(*code, description) {
            assert_eq!(error.may_be_done(), *outcome == "unknown", "{code} {description}");
        }
    }
}

#[test]
fn the_table_is_lower_case_and_has_no_row_hidden_by_an_earlier_one() {
    for (index, (part, _)) in TABLE.iter().enumerate() {
        assert_eq!(*part, part.to_lowercase());
        let hidden = TABLE[..index].iter().find(|(earlier, _)| part.contains(earlier));
        assert!(hidden.is_none(), "{part} is hidden by {hidden:?}");
    }
}
