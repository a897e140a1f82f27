//! The ways in which a network may cut the same bytes.

use super::source::Chance;

/// Returns the bytes whole, byte by byte, in small pieces, and cut at one place.
pub(super) fn cuttings(bytes: &[u8]) -> Vec<(&'static str, Vec<&[u8]>)> {
    let mut chance = Chance::of(bytes);
    let mut small = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((1 + chance.below(9)).min(rest.len()));
        small.push(piece);
        rest = after;
    }
    let (first, second) = bytes.split_at(chance.below(bytes.len() + 1));
    vec![
        ("whole", vec![bytes]),
        ("byte by byte", bytes.chunks(1).collect()),
        ("in small pieces", small),
        ("cut at one place", vec![first, second]),
    ]
}
