//! Text that is safe and exactly as wide as it should be; durations as people read them.

use unicode_width::UnicodeWidthChar as _;

/// The text without characters that could move the cursor, start a new line or reverse its direction.
pub(super) fn plain(text: &str) -> String {
    let unsafe_char =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if unsafe_char(c) { '·' } else { c }).collect()
}

/// The text in exactly so many columns: padded with spaces, or cut and ended with `…`.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let width = |c: char| c.width().unwrap_or(0);
    let total: usize = text.chars().map(width).sum();
    if total <= columns {
        return format!("{text}{}", " ".repeat(columns - total));
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + width(c) >= columns {
            break;
        }
        used += width(c);
        cut.push(c);
    }
    format!("{cut}…{}", " ".repeat(columns - used - 1))
}

/// Microseconds with three digits or so: `850 µs`, `7.25 ms`, `123 ms`, `1.23 s`, `2 min 3 s`.
pub(super) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..9_995 => format!("{:.2} ms", us as f64 / 1e3),
        9_995..99_950 => format!("{:.1} ms", us as f64 / 1e3),
        99_950..999_500 => format!("{:.0} ms", us as f64 / 1e3),
        999_500..9_995_000 => format!("{:.2} s", us as f64 / 1e6),
        9_995_000..60_000_000 => format!("{:.1} s", us as f64 / 1e6),
        _ => {
            let seconds = us / 1_000_000;
            match seconds / 60 {
                minutes @ 0..60 => format!("{minutes} m {} s", seconds % 60),
                minutes => format!("{} h {} m", minutes / 60, minutes % 60),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, fit, plain};

    #[test]
    fn durations_keep_about_three_digits() {
        let shown: Vec<_> = [
            0,
            999,
            1_000,
            9_994,
            12_345,
            123_456,
            999_600,
            1_234_000,
            12_340_000,
            123_000_000,
            7_260_000_000,
        ]
        .map(duration)
        .into();

        assert_eq!(
            shown,
            [
                "0 µs", "999 µs", "1.00 ms", "9.99 ms", "12.3 ms", "123 ms", "1.00 s", "1.23 s", "12.3 s",
                "2 m 3 s", "2 h 1 m"
            ]
        );
    }

    #[test]
    fn text_is_fitted_by_columns_not_characters() {
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit("日本", 4), "日本");
    }

    #[test]
    fn nothing_sent_can_steer_the_terminal() {
        assert_eq!(plain("a\x1b[2Jb\r\n\u{202e}c"), "a·[2Jb···c");
    }
}
