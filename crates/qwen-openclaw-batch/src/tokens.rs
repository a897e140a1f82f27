//! How many tokens a text is estimated to have.

/// How many ASCII characters count as a token.
const ASCII_PER_TOKEN: u64 = 4;

/// Estimates the tokens of JSON. Data URLs do not count: they are images, videos and audio.
pub(crate) fn of(json: &str) -> u64 {
    let (mut ascii, mut others) = (0_u64, 0_u64);
    let mut rest = json;
    while let Some(start) = rest.find("\"data:") {
        count(&rest[..start], &mut ascii, &mut others);
        let url = &rest[start + 1..];
        // A data URL has no quotation mark, not even an escaped one.
        rest = url.find('"').map_or("", |end| &url[end + 1..]);
    }
    count(rest, &mut ascii, &mut others);
    ascii.div_ceil(ASCII_PER_TOKEN) + others
}

fn count(text: &str, ascii: &mut u64, others: &mut u64) {
    for character in text.chars() {
        if character.is_ascii() {
            *ascii += 1;
        } else {
            *others += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_do_not_count_and_each_chinese_character_does() {
        assert_eq!(of("\"abcdef\""), 2);
        assert_eq!(of("\"你好\""), 3);
        let image = format!("[\"data:image/png;base64,{}\"]", "A".repeat(4_000));
        assert_eq!(of(&image), 1);
        assert_eq!(of("\"data:"), 0);
    }
}
