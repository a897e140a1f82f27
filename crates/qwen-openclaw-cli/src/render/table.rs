//! Tables, which are shown when they are complete: the width of a column is that of its widest cell.

use super::{
    flow::{Flow, width_of, wrap},
    inline::whole,
    style::{Cell, Style, cells},
};

/// The narrowest column that a table is squeezed to.
const NARROWEST: usize = 4;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Align {
    Left,
    Center,
    Right,
}

/// Whether a line is the one below the head of a table, as in `|---|:-:|`.
pub(super) fn is_rule(line: &str) -> bool {
    alignments(line).is_some()
}

fn alignments(line: &str) -> Option<Vec<Align>> {
    let columns = split(line);
    let columns = columns.iter().map(|column| {
        let column = column.trim();
        let dashes = column.trim_start_matches(':').trim_end_matches(':');
        let is_rule = !dashes.is_empty() && dashes.bytes().all(|b| b == b'-');
        is_rule.then(|| match (column.starts_with(':'), column.ends_with(':')) {
            (true, true) => Align::Center,
            (false, true) => Align::Right,
            _ => Align::Left,
        })
    });
    columns.collect()
}

/// The cells of a row. `\|` does not end one.
fn split(line: &str) -> Vec<String> {
    let line = line.trim();
    let (mut columns, mut column) = (Vec::new(), String::new());
    let mut characters = line.strip_prefix('|').unwrap_or(line).chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' if characters.peek() == Some(&'|') => {
                characters.next();
                column.push('|');
            }
            '|' => columns.push(std::mem::take(&mut column)),
            c => column.push(c),
        }
    }
    // What follows the bar at the end.
    if columns.is_empty() || !column.trim().is_empty() {
        columns.push(column);
    }
    columns
}

/// Draws the table of `rows`, of which the second is the rule; false if it cannot be made to fit.
///
/// `first` and `rest` are what its first line begins with, and the others.
pub(super) fn draw(
    rows: &[String],
    (first, rest): (&[Cell], &[Cell]),
    flow: &mut Flow,
    out: &mut String,
) -> bool {
    let Some(aligned) = rows.get(1).and_then(|row| alignments(row)) else {
        return false;
    };
    let table: Vec<Vec<Vec<Cell>>> = rows
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != 1)
        .map(|(index, row)| {
            let style = if index == 0 {
                Style::BOLD
            } else {
                Style::PLAIN
            };
            let row = split(row);
            row.iter()
                .map(|text| cell(text, style, flow.is_styled()))
                .collect()
        })
        .collect();
    let count = table
        .iter()
        .map(Vec::len)
        .max()
        .unwrap_or(0)
        .max(aligned.len());
    let between = 3 * (count - 1);
    let available = flow.width().saturating_sub(width_of(first) + between);
    if available < count * NARROWEST {
        return false;
    }
    let mut widths: Vec<usize> = (0..count)
        .map(|column| {
            let column = table.iter().filter_map(|row| row.get(column));
            column.map(|cell| width_of(cell)).max().unwrap_or(0).max(1)
        })
        .map(|width: usize| width.min(available))
        .collect();
    // The widest gives way first.
    while widths.iter().sum::<usize>() > available {
        if let Some(widest) = widths.iter_mut().max() {
            *widest -= 1;
        }
    }
    for (index, row) in table.iter().enumerate() {
        let lead = if index == 0 { first } else { rest };
        draw_row(row, &widths, &aligned, (lead, rest), flow, out);
        if index == 0 {
            flow.begin(rest, Vec::new(), out);
            for (index, width) in widths.iter().enumerate() {
                let lead = if index == 0 { "" } else { "─┼─" };
                let line = lead.chars().chain(std::iter::repeat_n('─', *width));
                line.for_each(|c| flow.write(c, Style::DIM, out));
            }
            flow.end_line(out);
        }
    }
    true
}

fn cell(text: &str, style: Style, is_styled: bool) -> Vec<Cell> {
    let text = text.trim();
    if !is_styled {
        return cells(text, style);
    }
    let mut shown = Vec::new();
    let text: Vec<char> = text.chars().collect();
    whole(&text, style, 0, &mut |c, style| shown.push((c, style)));
    shown
}

fn draw_row(
    row: &[Vec<Cell>],
    widths: &[usize],
    aligned: &[Align],
    (first, rest): (&[Cell], &[Cell]),
    flow: &mut Flow,
    out: &mut String,
) {
    let empty = Vec::new();
    let wrapped = widths.iter().enumerate();
    let wrapped: Vec<Vec<Vec<Cell>>> = wrapped
        .map(|(index, width)| wrap(row.get(index).unwrap_or(&empty), *width))
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let last = widths.len() - 1;
    for line in 0..height {
        flow.begin(if line == 0 { first } else { rest }, Vec::new(), out);
        for (index, lines) in wrapped.iter().enumerate() {
            if index > 0 {
                " │ ".chars().for_each(|c| flow.write(c, Style::DIM, out));
            }
            let text = lines.get(line).unwrap_or(&empty);
            let free = widths[index].saturating_sub(width_of(text));
            let left = match aligned.get(index).unwrap_or(&Align::Left) {
                Align::Left => 0,
                Align::Center => free / 2,
                Align::Right => free,
            };
            (0..left).for_each(|_| flow.write(' ', Style::PLAIN, out));
            for &(c, style) in text {
                flow.write(c, style, out);
            }
            if index < last {
                (left..free).for_each(|_| flow.write(' ', Style::PLAIN, out));
            }
        }
        flow.end_line(out);
    }
}
