//! Halves of surrogate pairs at the end of a piece, whose other half may begin the next one.

use super::assembly::Target;

/// The halves that wait, as the escapes they came as. Rarely more than one.
#[derive(Debug, Default)]
pub(super) struct Halves(Vec<(Target, String)>);

impl Halves {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, target: Target) -> Option<String> {
        let at = self.0.iter().position(|(of, _)| *of == target)?;
        Some(self.0.swap_remove(at).1)
    }

    pub(super) fn put(&mut self, target: Target, half: &str) {
        self.0.push((target, half.to_owned()));
    }

    /// All that still wait, in the order in which they came.
    pub(super) fn take_all(&mut self) -> Vec<(Target, String)> {
        std::mem::take(&mut self.0)
    }
}

/// Length of an escape such as `\ud83d`.
const ESCAPE: usize = 6;

/// Whether the end of an escaped text is worth a closer look.
#[inline]
pub(super) fn may_end(inner: &str) -> bool {
    let at = inner.len().wrapping_sub(ESCAPE);
    inner.as_bytes().get(at) == Some(&b'\\')
}

/// Splits the first half of a pair from the end of an escaped text.
pub(super) fn split(inner: &str) -> (&str, Option<&str>) {
    let Some(at) = inner.len().checked_sub(ESCAPE) else {
        return (inner, None);
    };
    let is_half = match &inner.as_bytes()[at..] {
        [
            b'\\',
            b'u',
            b'd' | b'D',
            b'8' | b'9' | b'a' | b'b' | b'A' | b'B',
            low @ ..,
        ] => low.iter().all(u8::is_ascii_hexdigit),
        _ => false,
    };
    // After an odd number of backslashes, this one is escaped itself.
    let before = inner.as_bytes()[..at].iter().rev();
    let escaped = before.take_while(|byte| **byte == b'\\').count() % 2 == 1;
    if is_half && !escaped {
        (&inner[..at], Some(&inner[at..]))
    } else {
        (inner, None)
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn only_a_first_half_at_the_end_is_split_off() {
        for (inner, expect) in [
            (r"a\ud83d", ("a", Some(r"\ud83d"))),
            (r"\uDBFF", ("", Some(r"\uDBFF"))),
            (r"\ud83d\ud83d", (r"\ud83d", Some(r"\ud83d"))),
            (r"\\\ud83d", (r"\\", Some(r"\ud83d"))),
            (r"\\ud83d", (r"\\ud83d", None)),
            (r"\ude00", (r"\ude00", None)),
            (r"\ud83d\ude00", (r"\ud83d\ude00", None)),
            (r"\ud83d ", (r"\ud83d ", None)),
            (r"\u00e9", (r"\u00e9", None)),
            ("é\u{1F600}é", ("é\u{1F600}é", None)),
            ("", ("", None)),
        ] {
            assert_eq!(split(inner), expect, "{inner}");
        }
    }
}
