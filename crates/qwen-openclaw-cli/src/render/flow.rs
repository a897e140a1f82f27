//! Lines that are filled word by word, up to the width of the terminal.

use unicode_width::UnicodeWidthChar;

use super::style::{Cell, Style};

/// Columns that a character takes.
pub(super) fn width(c: char) -> usize {
    match c {
        '\t' => 4,
        _ => c.width().unwrap_or(0),
    }
}

/// Columns that a text takes.
pub(super) fn width_of(cells: &[Cell]) -> usize {
    cells.iter().map(|(c, _)| width(*c)).sum()
}

/// Whether a line may be broken between two characters of one word, as between Chinese ones.
pub(super) fn may_break(before: char, after: char) -> bool {
    let is_wide = |c: char| width(c) == 2;
    if !is_wide(before) && !is_wide(after) {
        return false;
    }
    let opens = "（「『【《〈〔“‘([{".contains(before);
    let closes = "，。、；：？！）」』】》〉〕…—”’%".contains(after)
        || (!is_wide(after) && !after.is_alphanumeric());
    !opens && !closes && width(after) > 0
}

/// Writes lines. A word is held until it is known whether it fits.
#[derive(Debug)]
pub(super) struct Flow {
    width: usize,
    is_styled: bool,
    /// The style that the terminal is in.
    style: Style,
    column: usize,
    /// What a line that continues starts with.
    prefix: Vec<Cell>,
    spaces: usize,
    spaces_style: Style,
    word: Vec<Cell>,
    word_width: usize,
}

impl Flow {
    pub(super) fn new(width: usize, is_styled: bool) -> Self {
        Self {
            width: width.max(1),
            is_styled,
            style: Style::PLAIN,
            column: 0,
            prefix: Vec::new(),
            spaces: 0,
            spaces_style: Style::PLAIN,
            word: Vec::new(),
            word_width: 0,
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn is_styled(&self) -> bool {
        self.is_styled
    }

    /// Begins a line, and says what the lines begin with that continue it.
    pub(super) fn begin(&mut self, first: &[Cell], rest: Vec<Cell>, out: &mut String) {
        self.prefix = rest;
        self.column = 0;
        for &(c, style) in first {
            self.write(c, style, out);
        }
    }

    /// Adds a character to the line.
    pub(super) fn put(&mut self, c: char, style: Style, out: &mut String) {
        if c == ' ' || c == '\t' {
            self.flush(out);
            self.spaces_style = style;
            self.spaces = self.spaces.saturating_add(width(c));
            return;
        }
        if let Some(&(before, _)) = self.word.last()
            && may_break(before, c)
        {
            self.flush(out);
        }
        self.word.push((c, style));
        self.word_width += width(c);
        // Longer than a line, or only marks that take no column.
        if self.word_width >= self.width || self.word.len() > 4 * self.width {
            self.flush(out);
        }
    }

    /// Writes a character where it is, whatever the width.
    pub(super) fn write(&mut self, c: char, style: Style, out: &mut String) {
        if self.is_styled && style != self.style {
            self.style = style;
            style.write(out);
        }
        out.push(c);
        self.column += width(c);
    }

    pub(super) fn end_line(&mut self, out: &mut String) {
        self.flush(out);
        self.spaces = 0;
        self.break_line(out);
    }

    fn break_line(&mut self, out: &mut String) {
        if self.is_styled && self.style != Style::PLAIN {
            self.style = Style::PLAIN;
            Style::PLAIN.write(out);
        }
        out.push('\n');
        self.column = 0;
    }

    fn continue_line(&mut self, out: &mut String) {
        self.break_line(out);
        let prefix = std::mem::take(&mut self.prefix);
        for &(c, style) in &prefix {
            self.write(c, style, out);
        }
        self.prefix = prefix;
    }

    fn flush(&mut self, out: &mut String) {
        if self.word.is_empty() {
            return;
        }
        let spaces = std::mem::take(&mut self.spaces);
        let needed = spaces.saturating_add(self.word_width);
        let margin = width_of(&self.prefix);
        if self.column.saturating_add(needed) > self.width && self.column > margin {
            self.continue_line(out);
        } else {
            // A line of spaces alone is as long as the terminal is wide.
            for _ in 0..spaces.min(self.width) {
                self.write(' ', self.spaces_style, out);
            }
        }
        self.word_width = 0;
        let word = std::mem::take(&mut self.word);
        for &(c, style) in &word {
            if self.column + width(c) > self.width && self.column > margin {
                self.continue_line(out);
            }
            self.write(c, style, out);
        }
    }
}

/// A text in lines of at most `width` columns, which must not be 0.
pub(super) fn wrap(text: &[Cell], width_of_line: usize) -> Vec<Vec<Cell>> {
    let mut lines = Vec::new();
    let mut line: Vec<Cell> = Vec::new();
    let mut columns = 0;
    // Where the line may be broken: its length there, and how much of it is a space.
    let mut breaks: Option<(usize, usize)> = None;
    for &(c, style) in text {
        if let Some(&(before, _)) = line.last()
            && c != ' '
            && may_break(before, c)
        {
            breaks = Some((line.len(), 0));
        }
        if columns + width(c) > width_of_line && !line.is_empty() {
            let (end, gap) = match breaks.take() {
                _ if c == ' ' => (line.len(), 0),
                Some(at) => at,
                None => (line.len(), 0),
            };
            let rest = line.split_off(end + gap);
            line.truncate(end);
            lines.push(std::mem::replace(&mut line, rest));
            columns = width_of(&line);
            if c == ' ' && line.is_empty() {
                continue;
            }
        }
        if c == ' ' {
            breaks = Some((line.len(), 1));
        }
        line.push((c, style));
        columns += width(c);
    }
    lines.push(line);
    lines
}
