//! Numbers in a table.

/// A number with its thousands grouped.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    groups
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join(",")
}

/// A number in at most seven characters: in full up to a million, otherwise to three digits.
pub(crate) fn short(number: u64) -> String {
    if number < 1_000_000 {
        return thousands(number);
    }
    let units = [
        (1_000_000, 'M'),
        (1_000_000_000, 'G'),
        (1_000_000_000_000, 'T'),
    ];
    for (unit, letter) in units {
        // Rounded down: a total must not look larger than it is.
        let hundredths = u128::from(number) * 100 / unit;
        if hundredths < 100_000 {
            let (whole, rest) = (hundredths / 100, hundredths % 100);
            return match whole {
                0..10 => format!("{whole}.{rest:02}{letter}"),
                10..100 => format!("{whole}.{}{letter}", rest / 10),
                _ => format!("{whole}{letter}"),
            };
        }
    }
    format!("{}T", number / 1_000_000_000_000)
}

/// How full something is, in 20 characters.
pub(crate) fn bar(used: u128, limit: u128) -> String {
    const WIDTH: u128 = 20;
    // Something is not nothing.
    let full = share(used, limit, WIDTH).max(u128::from(used > 0));
    let cell = |index| if index < full { '#' } else { '.' };
    (0..WIDTH).map(cell).collect()
}

/// A share in percent, rounded down.
pub(crate) fn percent(used: u128, limit: u128) -> String {
    match share(used, limit, 100) {
        MOST_PERCENT => format!(">{}%", MOST_PERCENT - 1),
        percent => format!("{percent}%"),
    }
}

/// From here on the amounts say more.
const MOST_PERCENT: u128 = 1_000;

/// How many of `parts` are used, rounded down; ten times as many at most. All of nothing is used.
fn share(used: u128, limit: u128, parts: u128) -> u128 {
    // The largest limits are divided first, so that nothing overflows.
    let unit = (limit >> 96) + 1;
    let (used, limit) = (used / unit, limit / unit);
    let parts_used = used.min(limit.saturating_mul(10)) * parts;
    parts_used.checked_div(limit).unwrap_or(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [7, 1000, 262_144, 1_000_000].map(thousands),
            ["7", "1,000", "262,144", "1,000,000"]
        );
    }

    #[test]
    fn large_numbers_are_short() {
        for (number, shown) in [
            (0, "0"),
            (999_999, "999,999"),
            (1_000_000, "1.00M"),
            (1_999_999, "1.99M"),
            (12_345_678, "12.3M"),
            (999_999_999, "999M"),
            (1_000_000_000, "1.00G"),
            (5_000_000_000_000, "5.00T"),
            (u64::MAX, "18446744T"),
        ] {
            assert_eq!(short(number), shown);
        }
    }

    #[test]
    fn bars_say_how_full() {
        assert_eq!(bar(0, 2_000), "....................");
        assert_eq!(bar(1, 2_000), "#...................");
        assert_eq!(bar(1_000, 2_000), "##########..........");
        assert_eq!(bar(9_000, 2_000), "####################");
        assert_eq!(bar(u128::MAX, u128::MAX), "####################");
        assert_eq!(bar(0, 0), "####################");
        assert_eq!(percent(1_012, 2_000), "50%");
        assert_eq!(percent(0, 0), "100%");
        assert_eq!(percent(1_158, 116), "998%");
        assert_eq!(percent(90_000, 2), ">999%");
    }
}
