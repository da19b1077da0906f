//! RFC 3339 timestamps to microseconds since the epoch, nothing else.

/// The number a fixed run of digits stands for.
fn number(text: &str, from: usize, to: usize) -> Option<i64> {
    let digits = text.get(from..to)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// Whether a year has a 29th of February.
const fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// Days between the epoch and a date of the Gregorian calendar, from year 0 on.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const IN: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month - 1).ok().filter(|index| *index < 12)?;
    let leap_day = i64::from(is_leap(year));
    let last = IN[index] + if month == 2 { leap_day } else { 0 };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Leap days of all years before this one, counting year 0.
    let past = year - 1;
    let leap_days = if year == 0 { 0 } else { past / 4 - past / 100 + past / 400 + 1 };
    let in_year = BEFORE[index] + day - 1 + if month > 2 { leap_day } else { 0 };
    // 719,528 days from the first of January of year 0 to the epoch.
    Some(year * 365 + leap_days + in_year - 719_528)
}

/// Seconds that local time is ahead of UTC.
fn offset(text: &str) -> Option<i64> {
    let sign = match text.as_bytes() {
        [b'Z' | b'z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let colon = text.as_bytes().get(3) == Some(&b':');
    let minutes = if colon { number(text, 4, 6)? } else { number(text, 3, 5)? };
    let hours = number(text, 1, 3)?;
    let complete = text.len() == if colon { 6 } else { 5 };
    (complete && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Microseconds since the epoch; `None` if the text is no timestamp or lies before the epoch.
///
/// A leap second counts as the second after it. Digits beyond microseconds are cut off.
pub(super) fn micros(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let shape = bytes.len() > 19
        && (bytes[4], bytes[7], bytes[13], bytes[16]) == (b'-', b'-', b':', b':')
        && matches!(bytes[10], b'T' | b't' | b' ');
    if !shape {
        return None;
    }
    let date = days(number(text, 0, 4)?, number(text, 5, 7)?, number(text, 8, 10)?)?;
    let (hour, minute, second) = (number(text, 11, 13)?, number(text, 14, 16)?, number(text, 17, 19)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let fraction = match bytes[19] {
        b'.' | b',' => bytes[20..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let mut micros = 0;
    for place in 0..6 {
        let digit = if place < fraction { i64::from(bytes[20 + place] - b'0') } else { 0 };
        micros = micros * 10 + digit;
    }
    let rest = if matches!(bytes[19], b'.' | b',') {
        if fraction == 0 {
            return None;
        }
        20 + fraction
    } else {
        19
    };
    let seconds = date * 86_400 + hour * 3600 + minute * 60 + second - offset(text.get(rest..)?)?;
    u64::try_from(seconds * 1_000_000 + micros).ok()
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn timestamps_become_microseconds() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.000001Z", 1),
            ("2000-02-29T12:34:56Z", 951_827_696_000_000),
            ("2024-03-01T00:00:00.123456789Z", 1_709_251_200_123_456),
            ("2024-12-31T23:59:60Z", 1_735_689_600_000_000),
            ("2024-01-01T02:00:00+02:00", 1_704_067_200_000_000),
            ("2023-12-31T22:30:00.5-0130", 1_704_067_200_500_000),
            ("9999-12-31t23:59:59z", 253_402_300_799_000_000),
        ];

        for (text, expected) in cases {
            assert_eq!(micros(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        let cases = [
            "",
            "2024",
            "1969-12-31T23:59:59Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-32T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+2:00",
            "2024-01-01T00:00:00+02:00x",
            "+024-01-01T00:00:00Z",
            "2024-01-01T00:00:0éZ",
            "éééééééééééééééééééé",
        ];

        for text in cases {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
