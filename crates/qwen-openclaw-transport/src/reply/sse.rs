//! Cuts a byte stream into server-sent events without copying what arrives whole.
//!
//! Follows the "event stream" section of the HTML standard, with two additions. An event that the
//! end of the stream cuts off from its blank line is still delivered, since the server had said it.
//! And where blank lines are missing, a data line that is a JSON object of its own, or `[DONE]`,
//! begins a new event when the lines before it are a whole JSON object: together they would be
//! nothing. Only what a chat needs is kept: the data, and whether the event was named `error`.

use std::ops::Range;

use bytes::Bytes;
use memchr::memchr2;
use serde::de::IgnoredAny;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What stands in the last event of a stream.
pub(super) const DONE: &[u8] = b"[DONE]";

/// One event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// The data lines, joined by line feeds.
    pub data: &'a [u8],
    /// True when the event was named `error`.
    pub is_error: bool,
}

/// An event is larger than the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLarge {
    /// The limit, in bytes.
    pub limit: usize,
}

/// Cuts bytes into [`Frame`]s. Does no I/O: push what arrived, then take frames until there are
/// no more.
///
/// Time is linear in the bytes pushed, whatever the lengths of pieces, lines and events. Memory is
/// one pushed piece plus at most the event limit twice.
#[derive(Debug)]
pub struct Framer {
    /// The piece being read, and how far.
    piece: Bytes,
    at: usize,
    /// The start of a line whose rest has not arrived.
    line: Vec<u8>,
    /// The data lines of the event so far, once they cannot be borrowed from the piece.
    data: Vec<u8>,
    has_data: bool,
    is_error: bool,
    /// A name that came behind the data: whether it is `error`.
    later_name: Option<bool>,
    /// The data lines are known not to be a whole JSON object, however many follow.
    is_no_object: bool,
    /// The first line of the event after the one that was handed out, without a blank line between.
    next: Option<Vec<u8>>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_cr: bool,
    first_line: bool,
    limit: usize,
    /// What to forget before the next frame: the buffers a frame borrowed from.
    handed_out: bool,
}

/// Where a finished frame lies.
enum Found {
    Piece(Range<usize>),
    Data,
}

impl Framer {
    /// Creates a framer that refuses events, and lines with their field's name, above `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            piece: Bytes::new(),
            at: 0,
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            is_error: false,
            later_name: None,
            is_no_object: false,
            next: None,
            after_cr: false,
            first_line: true,
            limit,
            handed_out: false,
        }
    }

    /// Adds the next piece of the stream. Pieces are cheapest when all frames of the previous one
    /// have been taken.
    pub fn push(&mut self, piece: Bytes) {
        self.piece = if self.at == self.piece.len() {
            piece
        } else {
            [&self.piece[self.at..], &piece[..]].concat().into()
        };
        self.at = 0;
    }

    /// Takes the next frame; `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when an event passes the limit. The stream cannot go on after that.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TooLarge> {
        if self.forget_handed_out() {
            return Ok(Some(self.hand_out(Found::Data)));
        }
        let found = self.find()?;
        Ok(found.map(|found| self.hand_out(found)))
    }

    /// Takes the event that the end of the stream left without its blank line; there may be two.
    ///
    /// # Errors
    ///
    /// As [`Framer::next_frame`].
    pub fn end(&mut self) -> Result<Option<Frame<'_>>, TooLarge> {
        self.forget_handed_out();
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            if let Some(found) = self.on_line(&line)? {
                return Ok(Some(self.hand_out(found)));
            }
        }
        self.take_later_name();
        Ok(self.has_data.then(|| self.hand_out(Found::Data)))
    }

    fn hand_out(&mut self, found: Found) -> Frame<'_> {
        self.handed_out = true;
        let data = match found {
            Found::Piece(range) => &self.piece[range],
            Found::Data => &self.data[..],
        };
        Frame {
            data,
            is_error: self.is_error,
        }
    }

    /// Makes room for the next event; true when that is there already.
    #[inline]
    fn forget_handed_out(&mut self) -> bool {
        if !self.handed_out {
            return false;
        }
        self.handed_out = false;
        self.is_error = false;
        // Not of an event that was borrowed from the piece.
        self.has_data && self.forget_data()
    }

    /// Begins the event after one without a blank line, where there was none. The end of a stream is
    /// whole at once: nobody says more in the same event, and the connection may stay open.
    fn forget_data(&mut self) -> bool {
        self.data.clear();
        self.has_data = false;
        let Some(next) = self.next.take() else {
            return false;
        };
        self.data = next;
        self.has_data = true;
        self.take_later_name();
        self.data.trim_ascii() == DONE
    }

    fn take_later_name(&mut self) {
        if let Some(is_error) = self.later_name.take() {
            self.is_error = is_error;
        }
    }

    fn find(&mut self) -> Result<Option<Found>, TooLarge> {
        loop {
            if self.after_cr && self.at < self.piece.len() {
                self.after_cr = false;
                self.at += usize::from(self.piece[self.at] == b'\n');
            }
            let rest = &self.piece[self.at..];
            let Some(length) = memchr2(b'\n', b'\r', rest) else {
                if self.line.len() + rest.len() > self.limit {
                    return Err(TooLarge { limit: self.limit });
                }
                self.line.extend_from_slice(rest);
                // A piece is a part of some read buffer, which could not be used again as long as
                // this is held.
                self.piece = Bytes::new();
                self.at = 0;
                return Ok(None);
            };
            let start = self.at;
            let end = start + length;
            self.after_cr = self.piece[end] == b'\r';
            self.at = end + 1;
            if let Some(found) = self.take_line(start, end)? {
                return Ok(Some(found));
            }
        }
    }

    /// Handles the line that ends at `end`, and starts at `start` or in the line buffer.
    fn take_line(&mut self, start: usize, end: usize) -> Result<Option<Found>, TooLarge> {
        self.check(self.line.len() + (end - start))?;
        if !self.line.is_empty() {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(&self.piece[start..end]);
            let found = self.on_line(&line)?;
            line.clear();
            self.line = line; // keeps its room for the next cut line
            return Ok(found);
        }
        // Only a first line with a mark needs a closer look.
        self.first_line &= self.piece[start..end].starts_with(BYTE_ORDER_MARK);
        if let Some(range) = self.whole_event(start, end) {
            return Ok(Some(Found::Piece(range)));
        }
        let piece = self.piece.clone();
        self.on_line(&piece[start..end])
    }

    /// The usual case: one data line, its blank line behind it, all in this piece.
    fn whole_event(&mut self, start: usize, end: usize) -> Option<Range<usize>> {
        if self.has_data || self.first_line {
            return None;
        }
        let line = &self.piece[start..end];
        let mut value = line.strip_prefix(b"data:")?.len();
        if line.get(5) == Some(&b' ') {
            value -= 1;
        }
        // The line feed of this line's CRLF, then the blank line's own ending.
        let mut next = end + 1;
        if self.after_cr && self.piece.get(next) == Some(&b'\n') {
            next += 1;
        }
        let blank = *self.piece.get(next)?;
        if !matches!(blank, b'\n' | b'\r') {
            return None;
        }
        self.after_cr = blank == b'\r';
        self.at = next + 1;
        Some(end - value..end)
    }

    /// Handles one line without its ending; `Some` when it completes an event.
    fn on_line(&mut self, line: &[u8]) -> Result<Option<Found>, TooLarge> {
        let line = if std::mem::take(&mut self.first_line) {
            line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
        } else {
            line
        };
        if line.is_empty() {
            self.take_later_name();
            self.is_no_object = false;
            let complete = self.has_data;
            self.is_error &= complete;
            return Ok(complete.then_some(Found::Data));
        }
        let (name, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" if self.ends_before(value) => {
                self.next = Some(value.to_vec());
                return Ok(Some(Found::Data));
            }
            b"data" => {
                let joined = self.data.len() + usize::from(self.has_data) + value.len();
                self.check(joined)?;
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
                self.has_data = true;
            }
            b"event" if self.has_data => self.later_name = Some(value == b"error"),
            b"event" => self.is_error = value == b"error",
            // Comments have an empty name. `id` and `retry` are for reconnecting, which a chat
            // cannot do.
            _ => {}
        }
        Ok(None)
    }

    /// Whether the data so far is an event of its own, although no blank line stands between it and
    /// the data line `value`.
    fn ends_before(&mut self, value: &[u8]) -> bool {
        let value = value.trim_ascii();
        let begins = value.starts_with(b"{") || value == DONE;
        if !begins || !self.has_data || self.is_error || self.is_no_object {
            return false;
        }
        let data = self.data.trim_ascii();
        let is_object = data.starts_with(b"{");
        if is_object && !data.ends_with(b"}") {
            return false;
        }
        let is_whole = is_object && serde_json::from_slice::<IgnoredAny>(data).is_ok();
        // A brace behind a brace is no JSON: what is none now will not become any, and is not read
        // again and again.
        self.is_no_object = !is_whole && !data.is_empty();
        is_whole
    }

    fn check(&self, length: usize) -> Result<(), TooLarge> {
        match length > self.limit {
            true => Err(TooLarge { limit: self.limit }),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
