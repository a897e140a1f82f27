//! What the first bytes of a reply say about the rest.

use bytes::Bytes;

/// What the bytes turned out to be.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Shape {
    /// Nothing has come yet but a byte order mark and blanks.
    #[default]
    Unknown,
    /// An event stream.
    Events,
    /// One JSON document.
    Document,
    /// A page of some gateway or login wall.
    Page,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Tells the shape by the first byte that is neither mark nor blank, and skips those, so that it
/// makes no difference where the bytes are cut.
///
/// A stream begins with a field name or a colon, a document with a brace, a page with an angle
/// bracket. The declared media type is not asked: it is wrong as often as not where something is
/// wrong.
#[derive(Debug, Default)]
pub(super) struct Start {
    shape: Shape,
    /// How much of the mark has come; it is whole, or counts as passed, once a blank has come.
    mark: usize,
}

impl Start {
    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// Returns the shape, and what of `bytes` belongs to the reply.
    #[inline]
    pub(super) fn pass(&mut self, bytes: Bytes) -> (Shape, Bytes) {
        if self.shape == Shape::Unknown {
            return self.recognize(bytes);
        }
        (self.shape, bytes)
    }

    fn recognize(&mut self, bytes: Bytes) -> (Shape, Bytes) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if BYTE_ORDER_MARK.get(self.mark) == Some(byte) {
                self.mark += 1;
            } else if matches!(self.mark, 1..3) {
                // It was not a mark: what looked like one belongs to the stream.
                let begun = &BYTE_ORDER_MARK[..self.mark];
                self.shape = Shape::Events;
                return (self.shape, [begun, &bytes[at..]].concat().into());
            } else if byte.is_ascii_whitespace() {
                self.mark = BYTE_ORDER_MARK.len();
            } else {
                self.shape = match byte {
                    b'{' => Shape::Document,
                    b'<' => Shape::Page,
                    _ => Shape::Events,
                };
                break;
            }
            at += 1;
        }
        (self.shape, bytes.slice(at..))
    }
}
