//! Parts of a text that are replaced.

use std::ops::Range;

use super::layout;
use crate::syntax::{Node, Piece, PieceKind, pieces};

/// A part of the text, and what takes its place.
#[derive(Debug)]
pub(super) struct Splice {
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

impl Splice {
    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        let (span, text) = (at..at, text.into());
        Self { span, text }
    }

    pub(super) fn remove(span: Range<usize>) -> Self {
        let text = String::new();
        Self { span, text }
    }
}

/// Replaces parts of a text. The splices are in order and do not overlap.
pub(super) fn spliced(text: &str, splices: Vec<Splice>) -> String {
    let mut changed = String::with_capacity(text.len() + 64);
    let mut kept = 0;
    for splice in splices {
        changed.push_str(&text[kept..splice.span.start]);
        changed.push_str(&splice.text);
        kept = splice.span.end;
    }
    changed.push_str(&text[kept..]);
    changed
}

/// Finds the comma between two items.
pub(super) fn comma_in(text: &str, gap: &Range<usize>) -> Option<Range<usize>> {
    let pieces = pieces(text, gap.clone());
    let comma = pieces
        .into_iter()
        .find(|piece| piece.kind == PieceKind::Comma);
    comma.map(|piece| piece.span)
}

/// Removes an item with its comma, and the line if nothing else is on it.
pub(super) fn take_out(text: &str, container: &Node, index: usize) -> Vec<Splice> {
    let items = container.items();
    let gaps = layout::gaps(container);
    let (before, after) = (&gaps[index], &gaps[index + 1]);
    let item = items[index].clone();
    let comma = comma_in(text, after);
    // A file without trailing commas gets none.
    let earlier = match &comma {
        None if index > 0 => comma_in(text, before),
        _ => None,
    };
    let left = pieces(text, before.clone());
    let right = pieces(text, after.clone());
    let end = comma.as_ref().map_or(item.end, |comma| comma.end);

    let blank_left = left
        .iter()
        .rev()
        .take_while(|piece| piece.kind == PieceKind::Blank)
        .map(|piece| piece.span.start)
        .last()
        .unwrap_or(item.start);
    let starts_line = left
        .iter()
        .rev()
        .find(|piece| piece.kind != PieceKind::Blank)
        .is_some_and(|piece| piece.kind == PieceKind::LineBreak);
    let rest: Vec<&Piece> = right
        .iter()
        .filter(|piece| piece.span.start >= end)
        .collect();
    let blank_right = rest
        .iter()
        .take_while(|piece| piece.kind == PieceKind::Blank)
        .map(|piece| piece.span.end)
        .last()
        .unwrap_or(end);
    let ends_line = rest.iter().find(|piece| piece.kind != PieceKind::Blank);
    let line_break = ends_line.filter(|piece| piece.kind == PieceKind::LineBreak);

    // What is removed to the left of the item and to the right of its comma.
    let (start, stop) = match line_break {
        Some(line_break) if starts_line => (blank_left, line_break.span.end),
        _ if starts_line => (item.start, blank_right),
        Some(_) => (blank_left, end),
        // On one line with others: the blank before goes with the last, the one after otherwise.
        None if index + 1 == items.len() => (blank_left, end),
        None => (item.start, blank_right),
    };
    let mut splices = Vec::new();
    if let Some(earlier) = earlier {
        splices.push(Splice::remove(earlier));
    }
    match comma {
        // A comment between an item and its comma stays.
        Some(comma) if comma.start > item.end => {
            splices.push(Splice::remove(start..item.end));
            let blanks_only = right
                .iter()
                .filter(|piece| piece.span.end <= comma.start)
                .all(|piece| piece.kind == PieceKind::Blank);
            let from = if blanks_only { item.end } else { comma.start };
            splices.push(Splice::remove(from..stop));
        }
        _ => splices.push(Splice::remove(start..stop)),
    }
    splices
}
