//! Emphasis, code and links within a line.
//!
//! A marker is held, with what follows it, until the one that closes it has come, or until it is clear
//! that none will: then it is shown as it was written.

use super::style::Style;

/// How much is held for a marker that may be closed, in characters.
const HELD: usize = 400;

/// How deep markers are looked for within others.
const DEEPEST: usize = 4;

/// The text of one line, from left to right.
#[derive(Debug, Default)]
pub(super) struct Inline {
    held: Vec<char>,
    /// The character before `held`.
    before: Option<char>,
    base: Style,
    waits: Option<Waits>,
}

/// What a decision waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Waits {
    Any,
    /// This character, and perhaps the one behind it.
    For(char),
}

/// What the first of the characters that are held turned out to be.
enum Found {
    Wait(Waits),
    /// This many characters that mean themselves.
    Literal(usize),
    /// A character that means itself, behind a backslash.
    Escaped,
    /// Text in a style, from and to, and how long it is with its markers.
    Span(Style, usize, usize, usize),
    Code(usize, usize, usize),
    /// The text and the address of a link.
    Link((usize, usize), (usize, usize), usize),
}

impl Inline {
    pub(super) fn new(base: Style) -> Self {
        Self {
            base,
            ..Self::default()
        }
    }

    /// Takes a character, and gives `sink` what is decided.
    pub(super) fn push(&mut self, c: char, sink: &mut dyn FnMut(char, Style)) {
        let last = self.held.last().copied();
        self.held.push(c);
        if let Some(Waits::For(closer)) = self.waits
            && c != closer
            && last != Some(closer)
            && self.held.len() <= HELD
        {
            return;
        }
        self.decide(false, sink);
    }

    /// The line has ended.
    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(char, Style)) {
        self.decide(true, sink);
        self.before = None;
    }

    fn decide(&mut self, is_end: bool, sink: &mut dyn FnMut(char, Style)) {
        let mut at = 0;
        self.waits = None;
        while at < self.held.len() {
            let text = &self.held[at..];
            match look(text, self.before, is_end || text.len() > HELD, 0) {
                Found::Wait(waits) => {
                    self.waits = Some(waits);
                    break;
                }
                found => {
                    let length = show(text, self.base, &found, 0, sink);
                    at += length;
                    self.before = Some(self.held[at - 1]);
                }
            }
        }
        self.held.drain(..at);
    }
}

/// The whole of a text, as for a cell of a table.
pub(super) fn whole(text: &[char], style: Style, depth: usize, sink: &mut dyn FnMut(char, Style)) {
    let mut at = 0;
    let mut before = None;
    while at < text.len() {
        let found = look(&text[at..], before, true, depth);
        at += show(&text[at..], style, &found, depth, sink);
        before = Some(text[at - 1]);
    }
}

/// Shows what was found, and returns how long it was: at least 1.
fn show(
    text: &[char],
    style: Style,
    found: &Found,
    depth: usize,
    sink: &mut dyn FnMut(char, Style),
) -> usize {
    match *found {
        Found::Literal(length) => {
            text[..length].iter().for_each(|c| sink(*c, style));
            length
        }
        // At the end of a text nothing waits.
        Found::Wait(_) => {
            sink(text[0], style);
            1
        }
        Found::Escaped => {
            sink(text[1], style);
            2
        }
        Found::Code(from, to, length) => {
            let code = &text[from..to];
            code.iter().for_each(|c| sink(*c, style | Style::CODE));
            length
        }
        Found::Span(added, from, to, length) => {
            whole(&text[from..to], style | added, depth + 1, sink);
            length
        }
        Found::Link((from, to), (start, end), length) => {
            let (name, target) = (&text[from..to], &text[start..end]);
            whole(name, style | Style::UNDERLINE, depth + 1, sink);
            let is_shown = name == target && target.contains(&':');
            if !is_shown && !target.is_empty() {
                for c in " (".chars().chain(target.iter().copied()).chain([')']) {
                    sink(c, style | Style::DIM);
                }
            }
            length
        }
    }
}

fn look(text: &[char], before: Option<char>, is_end: bool, depth: usize) -> Found {
    let next = text.get(1).copied();
    match text[0] {
        '\\' => match next {
            Some(c) if c.is_ascii_punctuation() => Found::Escaped,
            None if !is_end => Found::Wait(Waits::Any),
            _ => Found::Literal(1),
        },
        '`' => code(text, is_end),
        _ if depth > DEEPEST => Found::Literal(1),
        marker @ ('*' | '_' | '~') => emphasis(text, marker, before, is_end),
        '[' => link(text, 0, is_end),
        '!' if next == Some('[') => link(text, 1, is_end),
        '!' if next.is_none() && !is_end => Found::Wait(Waits::Any),
        _ => Found::Literal(1),
    }
}

/// How often the character at `at` is repeated.
fn run(text: &[char], at: usize) -> usize {
    text[at..].iter().take_while(|c| **c == text[at]).count()
}

/// The end of the code that begins at `at`, behind its last backtick.
fn end_of_code(text: &[char], at: usize) -> Option<usize> {
    let ticks = run(text, at);
    let mut at = at + ticks;
    while at < text.len() {
        if text[at] != '`' {
            at += 1;
            continue;
        }
        let length = run(text, at);
        at += length;
        if length == ticks {
            return Some(at);
        }
    }
    None
}

fn code(text: &[char], is_end: bool) -> Found {
    let ticks = run(text, 0);
    if ticks == text.len() && !is_end {
        return Found::Wait(Waits::Any);
    }
    match end_of_code(text, 0) {
        // The run of backticks may go on.
        Some(end) if end == text.len() && !is_end => Found::Wait(Waits::Any),
        Some(end) => {
            let (mut from, mut to) = (ticks, end - ticks);
            let is_padded = to - from > 2 && text[from] == ' ' && text[to - 1] == ' ';
            if is_padded {
                (from, to) = (from + 1, to - 1);
            }
            Found::Code(from, to, end)
        }
        None if is_end => Found::Literal(ticks),
        None => Found::Wait(Waits::For('`')),
    }
}

fn emphasis(text: &[char], marker: char, before: Option<char>, is_end: bool) -> Found {
    let length = run(text, 0);
    let style = match (marker, length) {
        ('~', 2) => Style::STRUCK,
        ('*' | '_', 1) => Style::ITALIC,
        ('*' | '_', 2) => Style::BOLD,
        ('*' | '_', 3) => Style::BOLD | Style::ITALIC,
        ('~', 1) | (_, 0) if length == text.len() && !is_end => return Found::Wait(Waits::Any),
        _ => return Found::Literal(length),
    };
    let Some(next) = text.get(length) else {
        return match is_end {
            true => Found::Literal(length),
            false => Found::Wait(Waits::Any),
        };
    };
    // `snake_case`, `2*3` and `2**10` are not emphasis.
    let is_within = before.is_some_and(|c| match (marker, length) {
        ('_', _) => c.is_alphanumeric(),
        ('*', 1) => c.is_ascii_alphanumeric(),
        _ => c.is_ascii_digit(),
    });
    if next.is_whitespace() || is_within {
        return Found::Literal(length);
    }
    let mut at = length;
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            '`' => match end_of_code(text, at) {
                Some(end) => at = end,
                None if is_end => at += run(text, at),
                None => return Found::Wait(Waits::Any),
            },
            c if c == marker => {
                let found = run(text, at);
                let end = at + found;
                if end == text.len() && !is_end {
                    return Found::Wait(Waits::Any);
                }
                if closes(text, marker, length, at, end) {
                    return Found::Span(style, length, end - length, end);
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    match is_end {
        true => Found::Literal(length),
        false => Found::Wait(Waits::For(marker)),
    }
}

/// Whether the run of markers from `at` to `end` closes one of `length`.
fn closes(text: &[char], marker: char, length: usize, at: usize, end: usize) -> bool {
    let fits = match (length, end - at) {
        (length, found) if length == found => true,
        // What is within ends here too.
        (1 | 2, 3) => marker != '~',
        _ => false,
    };
    let is_within = text.get(end).is_some_and(|next| match (marker, length) {
        ('_', _) => next.is_alphanumeric(),
        ('*', 1) => next.is_ascii_alphanumeric(),
        _ => false,
    });
    fits && !text[at - 1].is_whitespace() && !is_within
}

/// A link whose bracket is at `at`.
fn link(text: &[char], at: usize, is_end: bool) -> Found {
    let open = at + 1;
    let waits = |c| match is_end {
        true => Found::Literal(open),
        false => Found::Wait(Waits::For(c)),
    };
    let Some(close) = closing(text, at, '[', ']') else {
        return waits(']');
    };
    match text.get(close + 1) {
        Some('(') => {}
        None if !is_end => return Found::Wait(Waits::Any),
        _ => return Found::Literal(open),
    }
    match closing(text, close + 1, '(', ')') {
        Some(end) => Found::Link((open, close), (close + 2, end), end + 1),
        None => waits(')'),
    }
}

/// Where the bracket at `at` is closed.
fn closing(text: &[char], at: usize, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = at;
    while at < text.len() {
        match text[at] {
            '\\' => at += 1,
            c if c == open => depth += 1,
            c if c == close => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
