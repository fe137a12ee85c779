//! Amounts as people type them: durations, sizes, limits.

use std::time::Duration;

use atelier_domain::Usd;

/// The longest duration that is taken: nobody means more than ten years.
const LONGEST: u64 = 10 * 366 * 86_400_000;

/// A duration such as `90s`, `10m`, `1h30m`, `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a duration like 90s, 10m, 1h30m or 7d".to_owned();
    let mut rest = text.trim();
    let mut milliseconds = 0_u64;
    while !rest.is_empty() {
        let (number, after) = leading_number(rest).ok_or_else(wrong)?;
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let unit: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let part = number.checked_mul(unit).ok_or_else(wrong)?;
        milliseconds = milliseconds.checked_add(part).filter(|sum| *sum <= LONGEST).ok_or_else(wrong)?;
        rest = after;
    }
    if text.trim().is_empty() { Err(wrong()) } else { Ok(Duration::from_millis(milliseconds)) }
}

/// A number of bytes such as `256MiB`, `1GiB`, `500MB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let wrong = || "a size like 256MiB, 1GiB or 500MB".to_owned();
    let (number, unit) = leading_number(text.trim()).ok_or_else(wrong)?;
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" | "k" => 1 << 10,
        "mib" | "m" => 1 << 20,
        "gib" | "g" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).filter(|bytes| *bytes <= 1 << 50).ok_or_else(wrong)
}

/// An amount of dollars such as `5`, `0.25` or `$1.50`.
pub(crate) fn money(text: &str) -> Result<Usd, String> {
    let wrong = || "an amount in dollars like 5, 0.25 or $1.50".to_owned();
    let text = text.trim().trim_start_matches('$');
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || whole.len() > 9 || part.len() > 6 || !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let dollars: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| wrong())? };
    let micros: u64 = format!("{part:0<6}").parse().map_err(|_| wrong())?;
    Ok(Usd::from_micros(dollars * 1_000_000 + micros))
}

/// A number within bounds, or `none`.
pub(crate) fn or_none<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    parse(text).map(Some).map_err(|wish| format!("{wish}, or none"))
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_exactly() {
        let read = |text: &str| money(text).map(Usd::micros);
        assert_eq!(
            [read("5"), read("0.25"), read("$1.50"), read(".000001")],
            [Ok(5_000_000), Ok(250_000), Ok(1_500_000), Ok(1)]
        );
        for text in ["", "$", ".", "-1", "1e3", "0.0000001", "1,5", "12345678901"] {
            assert!(money(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_taken_as_people_write_them() {
        for (text, milliseconds) in
            [("90s", 90_000), ("10m", 600_000), ("1h30m", 5_400_000), ("7d", 604_800_000), ("250ms", 250), (" 0s ", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "10", "m", "1.5h", "-3s", "3 s", "99999999999d", "1y", "１s", "18446744073709551615d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_nothing_at_all() {
        for (text, bytes) in
            [("256MiB", 256 << 20), ("1GiB", 1 << 30), ("500MB", 500_000_000), ("12", 12), ("3k", 3072)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5GiB", "-1", "9999999TiB", "18446744073709551615GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(or_none("None", size), Ok(None));
        assert_eq!(or_none("1kb", size), Ok(Some(1000)));
        assert_eq!(or_none("many", size).unwrap_err(), "a size like 256MiB, 1GiB or 500MB, or none");
    }
}
