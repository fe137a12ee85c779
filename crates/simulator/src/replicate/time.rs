//! Moments and durations as the wire writes them. Moments are milliseconds since 1970, UTC.

use std::time::Duration;

use jiff::Timestamp;

pub(super) type Millis = i64;

pub(super) fn now() -> Millis {
    Timestamp::now().as_millisecond()
}

/// RFC 3339 with milliseconds.
pub(super) fn rfc3339(at: Millis) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| String::new(), |moment| format!("{moment:.3}"))
}

pub(super) fn parse_rfc3339(text: &str) -> Option<Millis> {
    // a plus sign in a query string that was not escaped arrives as a space
    text.replace(' ', "+").parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// From now until `at`; zero when it has passed.
pub(super) fn until(at: Millis, now: Millis) -> Duration {
    Duration::from_millis(u64::try_from(at.saturating_sub(now)).unwrap_or(0))
}

pub(super) fn millis(seconds: f64) -> Millis {
    #[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
    let value = (seconds * 1000.0).round() as Millis;
    value.clamp(0, 366 * 24 * 3_600_000)
}

/// `Cancel-After`: `5m`, `90s`, `1h30m45s`, or plain seconds; at least five seconds.
pub(super) fn cancel_after(text: &str) -> Option<Millis> {
    let text = text.trim();
    let mut total = 0_i64;
    let mut digits = String::new();
    for character in text.chars() {
        let unit = match character {
            '0'..='9' => {
                digits.push(character);
                continue;
            }
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    if !digits.is_empty() {
        // a bare number is seconds, and only when it stands alone
        total = if digits.len() == text.len() { digits.parse().ok()? } else { return None };
    }
    (5..=366 * 24 * 3600).contains(&total).then(|| total * 1000)
}

/// `Prefer: wait` or `wait=N`: seconds to keep the create open, 1 to 60. `Err` is a value out of range.
pub(super) fn prefer_wait(header: Option<&str>) -> Result<Option<u64>, ()> {
    let Some(header) = header else { return Ok(None) };
    for preference in header.split(',').map(str::trim) {
        if preference == "wait" {
            return Ok(Some(60));
        }
        if let Some(seconds) = preference.strip_prefix("wait=") {
            return match seconds.trim().parse::<u64>() {
                Ok(seconds @ 1..=60) => Ok(Some(seconds)),
                _ => Err(()),
            };
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_read_in_every_spelling() {
        let read = |text| cancel_after(text).map(|millis| millis / 1000);
        assert_eq!(read("5m"), Some(300));
        assert_eq!(read("90s"), Some(90));
        assert_eq!(read("1h30m45s"), Some(5445));
        assert_eq!(read("30"), Some(30));
        for wrong in ["4s", "", "5x", "m", "1h30", "-5", "99999999999999999999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn waiting_is_read_from_prefer() {
        assert_eq!(prefer_wait(None), Ok(None));
        assert_eq!(prefer_wait(Some("wait")), Ok(Some(60)));
        assert_eq!(prefer_wait(Some("respond-async, wait=5")), Ok(Some(5)));
        assert_eq!(prefer_wait(Some("wait=61")), Err(()));
    }

    #[test]
    fn moments_survive_the_wire() {
        let moment = 1_790_000_000_123;
        assert_eq!(rfc3339(moment), "2026-09-21T14:13:20.123Z");
        assert_eq!(parse_rfc3339(&rfc3339(moment)), Some(moment));
        assert_eq!(parse_rfc3339("2026-09-21T16:13:20.123+02:00"), Some(moment));
        assert_eq!(parse_rfc3339("yesterday"), None);
    }
}
