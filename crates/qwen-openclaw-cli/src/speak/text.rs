//! The text to speak: an argument, or standard input as it comes.

use std::{
    io::{IsTerminal, stdin},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{Stream, StreamExt, stream};
use tokio::io::AsyncReadExt;

use crate::failure::Failure;

pub(super) enum Text {
    Given(String),
    Stdin(Stdin),
}

impl Text {
    /// The argument if there is one, otherwise standard input.
    pub(super) fn of(given: Option<String>, is_key_on_stdin: bool) -> Result<Self, Failure> {
        if let Some(text) = given {
            if text.trim().is_empty() {
                return Err(Failure::usage("the text is empty"));
            }
            return Ok(Self::Given(text));
        }
        if is_key_on_stdin {
            return Err(Failure::usage(
                "there is no text: standard input is used for the key",
            ));
        }
        if stdin().is_terminal() {
            return Err(Failure::usage("there is no text")
                .with_hint("give it as an argument, or pipe it in"));
        }
        Ok(Self::Stdin(Stdin::default()))
    }

    /// All of it.
    pub(super) async fn whole(self) -> Result<String, Failure> {
        match self {
            Self::Given(text) => Ok(text),
            Self::Stdin(input) => {
                let text: String = input.stream().collect().await;
                input.take_failure().map_or(Ok(text), Err)
            }
        }
    }
}

/// Standard input, and why it could not be read to its end.
#[derive(Clone, Default)]
pub(super) struct Stdin {
    failure: Arc<Mutex<Option<Failure>>>,
}

impl Stdin {
    pub(super) fn take_failure(&self) -> Option<Failure> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    fn set_failure(&self, failure: Failure) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    /// The text in the pieces that it comes in.
    pub(super) fn stream(&self) -> impl Stream<Item = String> + Send + 'static {
        let failed = self.clone();
        let reading = Some((tokio::io::stdin(), Vec::new()));
        stream::unfold(reading, move |reading| {
            let failed = failed.clone();
            async move {
                let (mut stdin, mut rest) = reading?;
                loop {
                    let read = stdin.read_buf(&mut rest).await;
                    match read.map_err(|error| error.to_string()).and_then(|read| {
                        let text = text_of(&mut rest, read == 0)?;
                        Ok((read == 0, text))
                    }) {
                        Ok((true, text)) => return (!text.is_empty()).then_some((text, None)),
                        Ok((false, text)) if text.is_empty() => {}
                        Ok((false, text)) => return Some((text, Some((stdin, rest)))),
                        Err(problem) => {
                            let message = format!("could not read standard input: {problem}");
                            failed.set_failure(Failure::usage(message));
                            return None;
                        }
                    }
                }
            }
        })
    }
}

/// Takes the text out of bytes whose last character may not be complete.
fn text_of(bytes: &mut Vec<u8>, is_all: bool) -> Result<String, String> {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text.len(),
        Err(error) if error.error_len().is_none() && !is_all => error.valid_up_to(),
        Err(_) => return Err("it is not text in UTF-8".to_owned()),
    };
    let rest = bytes.split_off(valid);
    let text = std::mem::replace(bytes, rest);
    String::from_utf8(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_cut() {
        let euro = "a€".as_bytes();
        let mut bytes = euro[..2].to_vec();
        assert_eq!(text_of(&mut bytes, false).unwrap(), "a");
        bytes.extend_from_slice(&euro[2..]);
        assert_eq!(text_of(&mut bytes, false).unwrap(), "€");
        assert!(bytes.is_empty());
        bytes.extend_from_slice(&euro[..2]);
        assert!(text_of(&mut bytes, true).is_err());
        assert!(text_of(&mut vec![0xff], false).is_err());
    }
}
