//! Texts to embed or to rank: the arguments of a command, or the lines of standard input.

use std::{
    io::{IsTerminal, stdin},
    vec,
};

use clap::Args;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Stdin};

use crate::failure::Failure;

/// Longest line that is read, in bytes; no model accepts more.
const LONGEST: u64 = 16 << 20;

/// How standard input is read.
#[derive(Args, Debug)]
pub(crate) struct Input {
    /// Read standard input as JSON lines: each a string, or an object with `text`, and `id` if the
    /// result is to have one
    #[arg(long)]
    pub(crate) jsonl: bool,
}

/// A text, and where it is from.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) about: About,
}

/// What there is beside a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    /// The `id` of its line.
    pub(crate) id: Option<Value>,
    /// The number of its line in standard input, from 1.
    pub(crate) line: Option<u64>,
}

/// Where texts come from.
#[derive(Debug)]
pub(crate) enum Texts {
    Arguments(vec::IntoIter<String>),
    Lines(Lines),
}

/// The lines of standard input. Blank ones are no texts.
#[derive(Debug)]
pub(crate) struct Lines {
    stdin: BufReader<Stdin>,
    is_json: bool,
    line: u64,
    buffer: Vec<u8>,
}

impl Texts {
    /// The arguments if there are any, otherwise standard input.
    pub(crate) fn of(
        arguments: Vec<String>,
        input: &Input,
        is_key_on_stdin: bool,
    ) -> Result<Self, Failure> {
        if !arguments.is_empty() {
            if arguments.iter().any(|text| text.trim().is_empty()) {
                return Err(Failure::usage("a text is empty"));
            }
            return Ok(Self::Arguments(arguments.into_iter()));
        }
        if is_key_on_stdin {
            return Err(Failure::usage(
                "there is no text: standard input is used for the key",
            ));
        }
        if stdin().is_terminal() {
            return Err(Failure::usage("there is no text")
                .with_hint("give texts as arguments, or pipe in a file with one on each line"));
        }
        Ok(Self::Lines(Lines {
            stdin: BufReader::new(tokio::io::stdin()),
            is_json: input.jsonl,
            line: 0,
            buffer: Vec::new(),
        }))
    }

    /// Whether they are the lines of standard input.
    pub(crate) fn are_lines(&self) -> bool {
        matches!(self, Self::Lines(_))
    }

    /// The next one; `None` at the end. A line that cannot be read is named.
    pub(crate) async fn next(&mut self) -> Result<Option<Text>, Failure> {
        match self {
            Self::Arguments(texts) => Ok(texts.next().map(|text| Text {
                text,
                about: About::default(),
            })),
            Self::Lines(lines) => lines.next().await,
        }
    }
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Text>, Failure> {
        loop {
            self.buffer.clear();
            self.line += 1;
            let line = self.line;
            let mut limited = (&mut self.stdin).take(LONGEST + 1);
            let read = limited.read_until(b'\n', &mut self.buffer).await;
            let read = read.map_err(|error| {
                Failure::usage(format!("could not read standard input: {error}"))
            })?;
            if read == 0 {
                return Ok(None);
            }
            let bad = |what: &str| Failure::usage(format!("line {line} of standard input {what}"));
            if read as u64 > LONGEST {
                let limit = LONGEST >> 20;
                return Err(bad(&format!("is longer than {limit} MiB")));
            }
            let text = str::from_utf8(&self.buffer).map_err(|_| bad("is not UTF-8 text"))?;
            let mut text = text.trim_end_matches(['\r', '\n']);
            if line == 1 {
                text = text.trim_start_matches('\u{feff}');
            }
            if text.trim().is_empty() {
                continue;
            }
            let (text, id) = if self.is_json {
                parsed(text).map_err(bad)?
            } else {
                (text.to_owned(), None)
            };
            let about = About {
                id,
                line: Some(line),
            };
            return Ok(Some(Text { text, about }));
        }
    }
}

/// The text and the id of a line of JSON.
fn parsed(line: &str) -> Result<(String, Option<Value>), &'static str> {
    const WANTED: &str = "must be a JSON string, or an object with `text`";
    let (text, id) = match serde_json::from_str(line) {
        Err(_) => return Err("is not JSON"),
        Ok(Value::String(text)) => (text, None),
        Ok(Value::Object(mut object)) => match object.remove("text") {
            Some(Value::String(text)) => (text, object.remove("id")),
            _ => return Err(WANTED),
        },
        Ok(_) => return Err(WANTED),
    };
    if text.trim().is_empty() {
        return Err("has an empty text");
    }
    Ok((text, id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_a_string_or_has_a_text() {
        let text = |text: &str, id: Option<Value>| Ok((text.to_owned(), id));
        assert_eq!(parsed(r#""a""#), text("a", None));
        assert_eq!(parsed(r#"{"text":"a","more":1}"#), text("a", None));
        assert_eq!(parsed(r#"{"id":7,"text":"a"}"#), text("a", Some(json!(7))));
        for line in ["a", "7", "{}", r#"{"text":7}"#, r#"{"text":" "}"#, "\"\""] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
