//! QR codes for terminals.

use qrcodegen::{QrCode, QrCodeEcc};

/// The text as a QR code of half blocks, light on dark; `None` if it is too long.
pub(super) fn of(text: &str) -> Option<String> {
    const QUIET: i32 = 2;
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let light = |x: i32, y: i32| !code.get_module(x, y);
    let mut drawn = String::new();
    for y in (-QUIET..code.size() + QUIET).step_by(2) {
        for x in -QUIET..code.size() + QUIET {
            drawn.push(match (light(x, y), light(x, y + 1)) {
                (true, true) => '\u{2588}',
                (true, false) => '\u{2580}',
                (false, true) => '\u{2584}',
                (false, false) => ' ',
            });
        }
        drawn.push('\n');
    }
    Some(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_square_with_a_light_border() {
        let code =
            of("https://chat.qwen.ai/authorize?user_code=QJ2_5BFO&client=qwen-code").unwrap();
        let lines: Vec<Vec<char>> = code.lines().map(|line| line.chars().collect()).collect();
        let width = lines[0].len();
        assert!(lines.iter().all(|line| line.len() == width));
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines[0].iter().all(|c| *c == '\u{2588}'));
        assert_eq!(of(&"x".repeat(5000)), None);
    }
}
