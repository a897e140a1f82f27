//! Markdown for a terminal, shown while it arrives.
//!
//! Text goes in as it comes, and text with escape sequences comes out; nothing is read or written
//! here. What is shown depends on the characters so far and not on the pieces they came in, and stands
//! once it is shown: a marker is held until it is certain what it is, a table until it is complete, a
//! word until it is known whether it fits. No character is lost but those of the markup.
//!
//! It is our own: kept renderers take the whole document, or draw the last block again and again, which
//! leaves remains once a block is higher than the window.

mod block;
mod flow;
mod inline;
mod style;
mod table;

#[cfg(test)]
mod tests;

use self::{
    block::{Block, Fence},
    flow::{Flow, width_of},
    inline::Inline,
    style::{Cell, Style, cells},
};
use crate::output::harmless_char;

/// How deep quotations and lists are nested; what is deeper is text.
const DEEPEST: usize = 16;

/// The largest table that is held, in bytes.
const LARGEST_TABLE: usize = 64 << 10;

/// A document that is being rendered.
#[derive(Debug)]
pub(crate) struct Markdown {
    flow: Flow,
    state: State,
    /// The line, as far as it is held, behind the quotations and list markers before it.
    line: String,
    /// What these show: where the line begins, and where it continues.
    first: Vec<Cell>,
    rest: Vec<Cell>,
    depth: usize,
    table: Table,
    after_return: bool,
    is_empty: bool,
}

#[derive(Debug)]
enum State {
    /// At the beginning of a line.
    Start,
    Text(Inline),
    Code(Code),
}

#[derive(Debug)]
struct Code {
    fence: Fence,
    /// How far its lines are indented, at most.
    indent: usize,
    prefix: Vec<Cell>,
    /// Whether the beginning of the line is behind us.
    is_within: bool,
}

/// Rows that may be a table.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<String>,
    first: Vec<Cell>,
    rest: Vec<Cell>,
    size: usize,
}

impl Markdown {
    /// For lines of `width` columns; without escape sequences unless `is_styled`: what they would show
    /// stays as it was written.
    pub(crate) fn new(width: usize, is_styled: bool) -> Self {
        Self {
            flow: Flow::new(width, is_styled),
            state: State::Start,
            line: String::new(),
            first: Vec::new(),
            rest: Vec::new(),
            depth: 0,
            table: Table::default(),
            after_return: false,
            is_empty: true,
        }
    }

    /// Takes the next piece, and returns what can be shown.
    pub(crate) fn push(&mut self, text: &str) -> String {
        let mut out = String::new();
        for c in text.chars() {
            let after_return = std::mem::replace(&mut self.after_return, c == '\r');
            if after_return && c != '\n' {
                self.take(harmless_char('\r'), &mut out);
            }
            if c != '\r' {
                self.take(harmless_char(c), &mut out);
            }
        }
        out
    }

    /// Returns what is left, to the end of the line.
    pub(crate) fn finish(&mut self) -> String {
        let mut out = String::new();
        if std::mem::take(&mut self.after_return) {
            self.take(harmless_char('\r'), &mut out);
        }
        let is_at_start = match &self.state {
            State::Start => self.line.is_empty() && self.depth == 0,
            State::Text(_) => false,
            State::Code(code) => self.line.is_empty() && !code.is_within,
        };
        if !is_at_start {
            self.take('\n', &mut out);
        }
        self.flush_table(&mut out);
        self.state = State::Start;
        out
    }

    fn take(&mut self, c: char, out: &mut String) {
        match &mut self.state {
            State::Start => {
                if c != '\n' {
                    self.line.push(c);
                }
                self.open(c == '\n', out);
            }
            State::Text(inline) => {
                let flow = &mut self.flow;
                if c == '\n' {
                    inline.finish(&mut |c, style| flow.put(c, style, out));
                    flow.end_line(out);
                    self.state = State::Start;
                } else if flow.is_styled() {
                    inline.push(c, &mut |c, style| flow.put(c, style, out));
                } else {
                    flow.put(c, Style::PLAIN, out);
                }
            }
            State::Code(_) => self.code(c, out),
        }
    }

    /// Opens the blocks that the line begins with, as far as that is certain.
    fn open(&mut self, is_complete: bool, out: &mut String) {
        loop {
            let found = if self.depth >= DEEPEST {
                let (indent, length) = (0, 0);
                let block = Block::Paragraph;
                Some(block::Start {
                    block,
                    indent,
                    length,
                })
            } else {
                block::start(&self.line, is_complete)
            };
            let Some(found) = found else { return };
            if found.block != Block::Row {
                self.flush_table(out);
            }
            let line = self.line.split_off(found.length);
            let written = std::mem::replace(&mut self.line, line);
            let indent = found.indent.min(self.flow.width() / 2);
            match found.block {
                Block::Quote => {
                    self.indent(indent);
                    self.first.extend(cells("│ ", Style::DIM));
                    self.rest.extend(cells("│ ", Style::DIM));
                }
                Block::Item(marker) => {
                    self.indent(indent);
                    self.first.extend(cells(&marker, Style::BOLD));
                    self.first.push((' ', Style::PLAIN));
                    let hang = marker.chars().count() + 1;
                    self.rest.extend(cells(&" ".repeat(hang), Style::PLAIN));
                }
                leaf => return self.leaf(leaf, indent, &written, is_complete, out),
            }
            self.depth += 1;
        }
    }

    fn indent(&mut self, columns: usize) {
        let blanks = cells(&" ".repeat(columns), Style::PLAIN);
        self.first.extend(&blanks);
        self.rest.extend(blanks);
    }

    fn leaf(&mut self, block: Block, indent: usize, written: &str, ends: bool, out: &mut String) {
        self.depth = 0;
        let was_empty = std::mem::replace(&mut self.is_empty, false);
        let is_styled = self.flow.is_styled();
        if block != Block::Blank {
            self.indent(indent);
        }
        let (first, rest) = (
            std::mem::take(&mut self.first),
            std::mem::take(&mut self.rest),
        );
        match block {
            // An answer does not begin with blank lines.
            Block::Blank if first.is_empty() && was_empty => self.is_empty = true,
            Block::Blank => {
                self.flow.begin(&first, rest, out);
                self.flow.end_line(out);
                self.line.clear();
            }
            Block::Rule => {
                let width = self.flow.width().saturating_sub(width_of(&first)).min(80);
                self.flow.begin(&first, rest, out);
                (0..width).for_each(|_| self.flow.write('─', Style::DIM, out));
                self.flow.end_line(out);
                self.line.clear();
            }
            Block::Row => {
                let row = std::mem::take(&mut self.line);
                self.row(row, first, rest, out);
            }
            Block::Fence(fence) => {
                self.line.clear();
                self.flow.begin(&first, Vec::new(), out);
                if is_styled {
                    self.border(&first, &fence.language, out);
                } else {
                    let text = written.trim_start().chars();
                    text.for_each(|c| self.flow.write(c, Style::PLAIN, out));
                }
                self.flow.end_line(out);
                // The same as of the lines below: spaces were counted where they were written.
                let indent = width_of(&rest);
                self.state = State::Code(Code {
                    fence,
                    indent,
                    prefix: rest,
                    is_within: false,
                });
            }
            Block::Heading(level) => {
                let style = Style::BOLD
                    | match level {
                        1 => Style::HEADING | Style::UNDERLINE,
                        2 => Style::HEADING,
                        _ => Style::PLAIN,
                    };
                let marker = if is_styled { "" } else { written };
                self.flow.begin(&first, rest, out);
                for c in marker.trim_start().chars() {
                    self.flow.put(c, style, out);
                }
                self.text(style, ends, out);
            }
            _ => {
                self.flow.begin(&first, rest, out);
                let text = self.line.trim_start_matches([' ', '\t']);
                self.line.drain(..self.line.len() - text.len());
                self.text(Style::PLAIN, ends, out);
            }
        }
    }

    /// Continues the line as text.
    fn text(&mut self, style: Style, ends: bool, out: &mut String) {
        self.state = State::Text(Inline::new(style));
        let held = std::mem::take(&mut self.line);
        held.chars().for_each(|c| self.take(c, out));
        if ends {
            self.take('\n', out);
        }
    }

    /// The line above or below code.
    fn border(&mut self, prefix: &[Cell], language: &str, out: &mut String) {
        let width = self.flow.width().saturating_sub(width_of(prefix)).min(80);
        let mut line = cells("──", Style::DIM);
        if !language.is_empty() {
            line.extend(cells(&format!(" {language} "), Style::DIM));
        }
        while width_of(&line) < width {
            let missing = width - width_of(&line);
            line.extend(cells(&"─".repeat(missing), Style::DIM));
        }
        for (c, style) in line {
            self.flow.write(c, style, out);
        }
    }

    fn code(&mut self, c: char, out: &mut String) {
        let State::Code(code) = &mut self.state else {
            return;
        };
        if code.is_within {
            if c == '\n' {
                code.is_within = false;
                self.flow.end_line(out);
            } else {
                self.flow.write(c, Style::CODE, out);
            }
            return;
        }
        if c != '\n' {
            self.line.push(c);
        }
        // Blanks, then perhaps the fence that closes the code.
        let text = self.line.trim_start_matches(' ');
        let blanks = self.line.len() - text.len();
        let behind = text.trim_start_matches(code.fence.marker);
        let marks = text.len() - behind.len();
        if c == '\n' && marks >= code.fence.length && behind.trim().is_empty() {
            let prefix = std::mem::take(&mut code.prefix);
            let written = std::mem::take(&mut self.line);
            self.flow.begin(&prefix, Vec::new(), out);
            if self.flow.is_styled() {
                self.border(&prefix, "", out);
            } else {
                let text = written.trim_start().chars();
                text.for_each(|c| self.flow.write(c, Style::PLAIN, out));
            }
            self.flow.end_line(out);
            self.state = State::Start;
            return;
        }
        let may_close = behind.trim().is_empty()
            && (marks > 0 || text.is_empty())
            && self.line.len() <= code.indent + 64;
        if may_close && c != '\n' {
            return;
        }
        let line = self.line.split_off(blanks.min(code.indent));
        self.line.clear();
        self.flow.begin(&code.prefix, Vec::new(), out);
        for c in line.chars() {
            self.flow.write(c, Style::CODE, out);
        }
        code.is_within = c != '\n';
        if c == '\n' {
            self.flow.end_line(out);
        }
    }

    fn row(&mut self, row: String, first: Vec<Cell>, rest: Vec<Cell>, out: &mut String) {
        let fits = match self.table.rows.len() {
            0 => true,
            1 => table::is_rule(&row) && first == self.table.rest,
            _ => first == self.table.rest,
        };
        if !fits || self.table.size > LARGEST_TABLE {
            self.flush_table(out);
        }
        if self.table.rows.is_empty() {
            (self.table.first, self.table.rest) = (first, rest);
        }
        self.table.size += row.len();
        self.table.rows.push(row);
    }

    /// Shows the table that was held; as text, if it is none.
    fn flush_table(&mut self, out: &mut String) {
        let table = std::mem::take(&mut self.table);
        if table.rows.is_empty()
            || table::draw(
                &table.rows,
                (&table.first, &table.rest),
                &mut self.flow,
                out,
            )
        {
            return;
        }
        let mut prefix = &table.first;
        for row in &table.rows {
            let flow = &mut self.flow;
            let is_styled = flow.is_styled();
            flow.begin(prefix, table.rest.clone(), out);
            let mut inline = Inline::new(Style::PLAIN);
            let mut sink = |c, style| flow.put(c, style, out);
            for c in row.trim_start().chars() {
                if is_styled {
                    inline.push(c, &mut sink);
                } else {
                    sink(c, Style::PLAIN);
                }
            }
            inline.finish(&mut sink);
            flow.end_line(out);
            prefix = &table.rest;
        }
    }
}
