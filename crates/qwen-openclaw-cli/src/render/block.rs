//! What a line is, as soon as that is certain.

/// The longest beginning of a line that is held to find out, in bytes.
const HELD: usize = 200;

/// The longest row of a table.
const LONGEST_ROW: usize = 16 << 10;

/// What a line, or the rest of one, begins with.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Block {
    Blank,
    Paragraph,
    Heading(usize),
    /// A quotation, which holds any other block.
    Quote,
    /// An item of a list, which holds any other block, behind this marker.
    Item(String),
    Rule,
    Fence(Fence),
    /// A line that may be the row of a table.
    Row,
}

/// The line that opens a block of code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Fence {
    pub(super) marker: char,
    pub(super) length: usize,
    pub(super) language: String,
}

/// A block, how far it is indented, and how much of the line said so.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Start {
    pub(super) block: Block,
    pub(super) indent: usize,
    pub(super) length: usize,
}

/// Decides what `line` is; `None` if that depends on what follows.
pub(super) fn start(line: &str, is_complete: bool) -> Option<Start> {
    let rest = line.trim_start_matches([' ', '\t']);
    let lead = &line[..line.len() - rest.len()];
    let indent = lead.bytes().map(|b| if b == b'\t' { 4 } else { 1 }).sum();
    let found = |block, length: usize| {
        Some(Start {
            block,
            indent,
            length: lead.len() + length,
        })
    };
    let undecided = || match is_complete || line.len() > HELD {
        true => found(Block::Paragraph, 0),
        false => None,
    };
    let Some(first) = rest.chars().next() else {
        return match is_complete {
            true => found(Block::Blank, 0),
            false => undecided(),
        };
    };
    let run = rest.len() - rest.trim_start_matches(first).len();
    let behind = &rest[run..];
    match first {
        '#' if run > 6 => found(Block::Paragraph, 0),
        '#' => match behind.chars().next() {
            Some(' ') => found(Block::Heading(run), run + 1),
            Some(_) => found(Block::Paragraph, 0),
            None => undecided(),
        },
        '`' | '~' if behind.is_empty() && !is_complete => undecided(),
        '`' | '~' if run < 3 || (first == '`' && behind.contains('`')) => {
            found(Block::Paragraph, 0)
        }
        '`' | '~' if is_complete => {
            let fence = Fence {
                marker: first,
                length: run,
                language: behind.trim().to_owned(),
            };
            found(Block::Fence(fence), rest.len())
        }
        '`' | '~' => undecided(),
        '>' => match rest[1..].chars().next() {
            Some(' ') => found(Block::Quote, 2),
            Some(_) => found(Block::Quote, 1),
            None if is_complete => found(Block::Quote, 1),
            None => undecided(),
        },
        '-' | '*' | '_' | '+' => match marks(rest, first) {
            Some(_) if !is_complete && first != '+' => undecided(),
            Some(3..) if first != '+' => found(Block::Rule, rest.len()),
            _ if first != '_' && rest[1..].starts_with(' ') => {
                found(Block::Item("•".to_owned()), 2)
            }
            _ if rest.len() == 1 => undecided(),
            _ => found(Block::Paragraph, 0),
        },
        '0'..='9' => {
            let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let marker = rest.len() - behind.len() + 1;
            match behind.as_bytes() {
                _ if marker > 10 => found(Block::Paragraph, 0),
                [] | [b'.' | b')'] => undecided(),
                [b'.' | b')', b' ', ..] => {
                    found(Block::Item(rest[..marker].to_owned()), marker + 1)
                }
                _ => found(Block::Paragraph, 0),
            }
        }
        '|' if is_complete => found(Block::Row, 0),
        '|' if line.len() <= LONGEST_ROW => None,
        _ => found(Block::Paragraph, 0),
    }
}

/// How often `mark` is in a line that has nothing else but spaces.
fn marks(line: &str, mark: char) -> Option<usize> {
    let mut count = 0;
    for c in line.chars() {
        match c {
            ' ' => {}
            c if c == mark => count += 1,
            _ => return None,
        }
    }
    Some(count)
}
