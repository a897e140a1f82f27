//! Recognizes a chunk that equals an earlier one but for one string.
//!
//! The chunks of one stream repeat themselves: same ids, same nulls, only the text differs. Once
//! such a chunk was read in full, the bytes before and after its text are remembered, and the next
//! chunk that begins and ends with them is read by looking at the text alone. This is no guess: a
//! JSON reader that has read the same beginning is in the same state, and what lies between can
//! only be the rest of that one string, as long as no quote ends it. Two conditions make what the
//! reader *does* the same too. The text must have been all that the chunk said: a reason, a name or
//! a second text would be repeated silently, or skipped. Fields that this version does not know may
//! stand beside it where saying them again changes nothing; when a chunk changes what they say, all
//! patterns are forgotten. And an empty text never fits, as it makes
//! the full reader look for the text in another field.

/// What a chunk looks like around its one text.
#[derive(Debug, Default)]
pub(super) struct Template {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Template {
    /// Learns from `chunk`, whose one text lies at `start..end`, between its quotes.
    pub(super) fn learn(&mut self, chunk: &[u8], start: usize, end: usize) {
        self.before.clear();
        self.before.extend_from_slice(&chunk[..start]);
        self.after.clear();
        self.after.extend_from_slice(&chunk[end..]);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.before.is_empty()
    }

    /// The text of `chunk`, still escaped, when all the rest is as learnt.
    #[inline]
    pub(super) fn text<'a>(&self, chunk: &'a [u8]) -> Option<Text<'a>> {
        // A template that has learnt nothing would match anything.
        if self.is_empty() {
            return None;
        }
        let text = chunk
            .strip_suffix(&self.after[..])?
            .strip_prefix(&self.before[..])?;
        if text.is_empty() {
            return None;
        }
        let plain = text
            .iter()
            .all(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f));
        if !plain && !is_inside_of_string(text) {
            return None;
        }
        Some(Text {
            inner: std::str::from_utf8(text).ok()?,
            escaped: !plain,
        })
    }
}

/// True when `text` may stand between the quotes of a JSON string: every quote is escaped, every
/// escape is one, and there are no control characters.
fn is_inside_of_string(text: &[u8]) -> bool {
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        let valid = match byte {
            b'"' | 0..=0x1f => false,
            b'\\' => match rest.next() {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
                Some(b'u') => {
                    rest.by_ref()
                        .take(4)
                        .filter(|d| d.is_ascii_hexdigit())
                        .count()
                        == 4
                }
                _ => false,
            },
            _ => true,
        };
        if !valid {
            return false;
        }
    }
    true
}

/// A text as it stands in JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Text<'a> {
    pub(super) inner: &'a str,
    pub(super) escaped: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt() -> Template {
        let mut template = Template::default();
        template.learn(br#"{"a":"xy","b":null}"#, 6, 8);
        template
    }

    fn check(chunk: &str, expect: Option<&str>) {
        let template = learnt();
        assert_eq!(
            template.text(chunk.as_bytes()).map(|text| text.inner),
            expect,
            "{chunk}"
        );
    }

    #[test]
    fn takes_the_text_between_what_it_knows() {
        check(r#"{"a":"hello","b":null}"#, Some("hello"));
        check(r#"{"a":"say \"hi\"\\","b":null}"#, Some(r#"say \"hi\"\\"#));
    }

    #[test]
    fn leaves_everything_else_to_the_full_reader() {
        check(r#"{"a":"x","b":1}"#, None);
        check(r#"{"a":"x","c":"y","b":null}"#, None);
        check("{\"a\":\"x\ty\",\"b\":null}", None);
        check(r#"{"a":"x\","b":null}"#, None);
        check(r#"{"a":"x\\\","b":null}"#, None);
        check(r#"{"a":"x\y","b":null}"#, None);
        check(r#"{"a":"\u12g4","b":null}"#, None);
        check(r#"{"a":"","b":nul"#, None);
        check(r#"{"a":"","b":null}"#, None);
        assert_eq!(Template::default().text(b"anything"), None);
    }

    #[test]
    fn beginning_and_end_may_not_overlap() {
        let mut template = Template::default();
        template.learn(br#"{"a":"","a":""}"#, 6, 6);
        assert_eq!(template.text(br#"{"a":""}"#), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_left_alone() {
        let chunk = [br#"{"a":""#, &b"\xff"[..], br#"","b":null}"#].concat();
        assert_eq!(learnt().text(&chunk), None);
    }
}
