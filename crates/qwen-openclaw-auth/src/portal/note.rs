//! What the note of a lease says of a refresh token, which it names by its fingerprint.

/// The last that was done with a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Note {
    /// Nothing is noted of it.
    None,
    /// It is being sent, or was when its process died.
    Sent,
    /// The server refused it.
    Refused,
    /// The server refused it after a refresh that was interrupted.
    Spent,
}

const REFUSED: &str = " refused";
const SPENT: &str = " spent";

impl Note {
    /// Reads what a note says of the token with this fingerprint.
    pub(super) fn of(note: Option<&str>, print: &str) -> Self {
        match note.and_then(|note| note.strip_prefix(print)) {
            Some("") => Self::Sent,
            Some(REFUSED) => Self::Refused,
            Some(SPENT) => Self::Spent,
            _ => Self::None,
        }
    }

    /// Returns the note's text; `None` removes it.
    pub(super) fn text(self, print: &str) -> Option<String> {
        let end = match self {
            Self::None => return None,
            Self::Sent => "",
            Self::Refused => REFUSED,
            Self::Spent => SPENT,
        };
        Some(format!("{print}{end}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_something_of_one_token_only() {
        for note in [Note::None, Note::Sent, Note::Refused, Note::Spent] {
            let text = note.text("0a1b");
            assert_eq!(Note::of(text.as_deref(), "0a1b"), note);
            assert_eq!(Note::of(text.as_deref(), "0a1c"), Note::None);
        }
        assert_eq!(
            Note::of(Some("0a1b of a newer version"), "0a1b"),
            Note::None
        );
    }
}
