//! What stands between values: whitespace, comments, and commas.

use std::ops::Range;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PieceKind {
    /// Whitespace within a line.
    Blank,
    /// One line break.
    LineBreak,
    Comment,
    Comma,
    /// A colon, which stands between a name and its value.
    Colon,
}

/// A piece of the text between two values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Piece {
    pub(crate) kind: PieceKind,
    pub(crate) span: Range<usize>,
}

/// Cuts the text between two values into its pieces.
pub(crate) fn pieces(text: &str, gap: Range<usize>) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut start = gap.start;
    while start < gap.end {
        let rest = &text[start..gap.end];
        let (kind, length) = piece(rest);
        match found.last_mut() {
            Some(last) if kind == PieceKind::Blank && last.kind == PieceKind::Blank => {
                last.span.end += length;
            }
            _ => found.push(Piece {
                kind,
                span: start..start + length,
            }),
        }
        start += length;
    }
    found
}

fn piece(rest: &str) -> (PieceKind, usize) {
    if rest.starts_with("//") {
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        return (PieceKind::Comment, end);
    }
    if rest.starts_with("/*") {
        let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
        return (PieceKind::Comment, end);
    }
    if rest.starts_with("\r\n") {
        return (PieceKind::LineBreak, 2);
    }
    match rest.chars().next() {
        Some('\n' | '\r') => (PieceKind::LineBreak, 1),
        Some(',') => (PieceKind::Comma, 1),
        Some(':') => (PieceKind::Colon, 1),
        Some(other) => (PieceKind::Blank, other.len_utf8()),
        None => (PieceKind::Blank, 1),
    }
}
