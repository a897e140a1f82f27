//! How a piece of text looks.

use std::ops::BitOr;

/// A character as it is shown.
pub(super) type Cell = (char, Style);

/// Bold, dimmed and so on, in any combination.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Style(u8);

impl Style {
    pub(super) const PLAIN: Self = Self(0);
    pub(super) const BOLD: Self = Self(1);
    pub(super) const DIM: Self = Self(2);
    pub(super) const ITALIC: Self = Self(4);
    pub(super) const UNDERLINE: Self = Self(8);
    pub(super) const STRUCK: Self = Self(16);
    pub(super) const CODE: Self = Self(32);
    pub(super) const HEADING: Self = Self(64);

    /// Writes the sequence that switches to this style from any other.
    pub(super) fn write(self, out: &mut String) {
        // From the 16 colors, which every theme has made readable on its background.
        const CODES: [(Style, &str); 7] = [
            (Style::BOLD, ";1"),
            (Style::DIM, ";2"),
            (Style::ITALIC, ";3"),
            (Style::UNDERLINE, ";4"),
            (Style::STRUCK, ";9"),
            (Style::CODE, ";36"),
            (Style::HEADING, ";35"),
        ];
        out.push_str("\u{1b}[0");
        for (style, code) in CODES {
            if self.0 & style.0 != 0 {
                out.push_str(code);
            }
        }
        out.push('m');
    }
}

impl BitOr for Style {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A text in one style.
pub(super) fn cells(text: &str, style: Style) -> Vec<Cell> {
    text.chars().map(|c| (c, style)).collect()
}
