//! `models list` for people: one row a model, in columns.

use qwen_openclaw::catalog::Availability;

use super::Row;
use crate::{columns::wrapped, hint::flags, number::thousands, usage::cooldowns};

/// What stands between two columns.
const GAP: &str = "  ";

/// What a line begins with that belongs to the row above it.
const BELOW: &str = "  ";

/// A column of the table.
struct Column {
    title: &'static str,
    is_number: bool,
    cell: fn(&Row) -> String,
    /// Whether the column is of use for a row; one of use for none is left out.
    is_needed: fn(&Row) -> bool,
}

const COLUMNS: [Column; 5] = [
    Column {
        title: "Model",
        is_number: false,
        cell: |row| row.shown().to_owned(),
        is_needed: |_| true,
    },
    Column {
        title: "Input",
        is_number: false,
        cell: |row| row.input.clone(),
        is_needed: |_| true,
    },
    Column {
        title: "Context",
        is_number: true,
        cell: |row| {
            row.context
                .map_or_else(String::new, |context| thousands(context.into()))
        },
        is_needed: |row| row.context.is_some(),
    },
    Column {
        title: "Available",
        is_number: false,
        cell: |row| yes_or_no(row.availability.is_available()).to_owned(),
        is_needed: |row| !row.availability.is_available(),
    },
    Column {
        title: "Price/1M in/out",
        is_number: false,
        cell: |row| row.price.map_or_else(String::new, |price| price.text()),
        is_needed: |row| row.price.is_some(),
    },
];

/// The lines of the table, none of which is wider than `width`, and which break no word.
///
/// Without a width nothing is below its row: a program reads one model a line.
pub(super) fn lines(rows: &[Row], width: Option<usize>) -> Vec<String> {
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| rows.iter().any(column.is_needed))
        .collect();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|column| (column.cell)(row)).collect())
        .collect();
    let notes: Vec<Notes> = rows.iter().map(|row| Notes::of(row, width)).collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = cells.iter().map(|cells| cells[index].chars().count());
            cells.fold(column.title.len(), usize::max)
        })
        .collect();
    let table = widths.iter().sum::<usize>() + GAP.len() * (widths.len() - 1);
    let longest = notes.iter().map(|notes| notes.beside.chars().count()).max();
    let longest = longest.unwrap_or_default().max("Notes".len());
    let room = width.unwrap_or(usize::MAX);
    if table > room {
        return narrow(&columns, &cells, &notes, room);
    }
    let is_beside = table + GAP.len() + longest <= room;
    let line = |cells: &[&str], notes: &str| {
        let padded = columns.iter().zip(&widths).zip(cells);
        let padded = padded.map(|((column, width), cell)| match column.is_number {
            true => format!("{cell:>width$}"),
            false => format!("{cell:width$}"),
        });
        let line: Vec<String> = padded.chain([notes.to_owned()]).collect();
        line.join(GAP).trim_end().to_owned()
    };
    let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
    let mut lines = vec![line(&titles, if is_beside { "Notes" } else { "" })];
    for (cells, notes) in cells.iter().zip(&notes) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let (beside, first_below) = match is_beside {
            true => (notes.beside.as_str(), ""),
            false => ("", notes.beside.as_str()),
        };
        lines.push(line(&cells, beside));
        below(&mut lines, [first_below, &notes.below], room);
    }
    lines
}

/// The rows where not even the columns have room: everything is below the ref.
fn narrow(
    columns: &[&Column],
    cells: &[Vec<String>],
    notes: &[Notes],
    width: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (cells, notes) in cells.iter().zip(notes) {
        let mut named = columns.iter().zip(cells).map(|(column, cell)| {
            let title = column.title;
            (!cell.is_empty()).then(|| format!("{title}: {cell}"))
        });
        // The ref needs no name.
        named.next();
        lines.push(cells[0].clone());
        let named: Vec<String> = named.flatten().collect();
        below(
            &mut lines,
            [&named.join("; "), &notes.beside, &notes.below],
            width,
        );
    }
    lines
}

fn below<const COUNT: usize>(lines: &mut Vec<String>, texts: [&str; COUNT], width: usize) {
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    for text in texts.map(|text| wrapped(BELOW, text, width)) {
        lines.extend(text.lines().map(ToOwned::to_owned));
    }
}

/// What is said of a model besides the columns.
struct Notes {
    beside: String,
    /// Why the endpoint does not offer it, or may not.
    below: String,
}

impl Notes {
    fn of(row: &Row, width: Option<usize>) -> Self {
        let why = why(row.availability);
        let (notes, below) = match (why, width) {
            (Some(why), None) => (why, String::new()),
            (why, _) => (row.notes.clone(), why.unwrap_or_default()),
        };
        let cooling: Vec<String> = row.cooldowns.iter().map(cooldowns::brief).collect();
        let tags = row.tags.iter().chain(&cooling).map(String::as_str);
        let beside = tags.chain([&*notes]);
        let beside: Vec<&str> = beside.filter(|note| !note.is_empty()).collect();
        Self {
            beside: beside.join(", "),
            below,
        }
    }
}

/// Why the endpoint does not offer a model, or may not, and what to pass instead.
fn why(availability: Availability) -> Option<String> {
    let reason = availability.reason().or(availability.doubt())?;
    let instead = reason.elsewhere().into_iter().map(|endpoint| {
        let key = endpoint.plan().label();
        format!("`{}` ({key} key)", flags(endpoint))
    });
    let instead = instead.collect::<Vec<_>>().join(" or ");
    let plan = reason.plan().label();
    Some(match availability {
        Availability::Disputed(_) => {
            format!("perhaps not on the {plan}: if it is refused, use {instead}")
        }
        _ => format!("not on the {plan}: use {instead}"),
    })
}

fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}
