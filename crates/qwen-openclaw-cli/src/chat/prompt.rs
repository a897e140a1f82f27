//! The prompt: the words of the command line, and what is piped in.

use std::{
    io::{BufRead, IsTerminal, Read, stdin},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use super::args::Chat;
use crate::{failure::Failure, output::note};

/// Largest input that is read; no model accepts more.
const LARGEST: u64 = 16 << 20;

/// How long nothing is said while nothing is piped in.
const SILENCE: Duration = Duration::from_secs(1);

/// The prompt; `None` for a conversation.
///
/// What is piped in comes before the words, with a blank line between them, as `llm` has it: long
/// material first and the question last is what models answer best, and the next question about the
/// same material begins with the same tokens, which the service caches.
pub(super) fn of(arguments: &Chat, has_body: bool) -> Result<Option<String>, Failure> {
    let is_key = arguments.connection.api_key_stdin;
    let words = arguments.prompt.join(" ");
    if words == "-" {
        return match (is_key, arguments.no_stdin) {
            (true, _) => Err(Failure::usage(
                "standard input cannot be both the prompt (`-`) and the key (--api-key-stdin)",
            )),
            (_, true) => Err(Failure::usage(
                "the prompt cannot be standard input (`-`) with --no-stdin",
            )),
            _ => required(read()?).map(Some),
        };
    }
    let is_asked = !arguments.prompt.is_empty();
    if is_asked || has_body {
        let may_read = !is_key && !arguments.no_stdin && is_piped();
        let piped = if may_read { read()? } else { String::new() };
        let prompt = joined(piped, words);
        // A body has its own messages.
        return if is_asked {
            required(prompt).map(Some)
        } else {
            Ok(Some(prompt))
        };
    }
    if is_key {
        return Err(Failure::usage(
            "there is no prompt: standard input is used for the key",
        ));
    }
    if arguments.no_stdin {
        return Err(Failure::usage("there is no prompt"));
    }
    if stdin().is_terminal() {
        return Ok(None);
    }
    required(read()?).map(Some)
}

fn required(prompt: String) -> Result<String, Failure> {
    if prompt.trim().is_empty() {
        return Err(Failure::usage("the prompt is empty"));
    }
    Ok(prompt)
}

fn joined(piped: String, words: String) -> String {
    if piped.trim().is_empty() {
        return words;
    }
    if words.trim().is_empty() {
        return piped;
    }
    format!("{}\n\n{words}", piped.trim_end())
}

/// Whether standard input is a file or a pipe. Anything else, such as `/dev/null` or a socket that a
/// program was started with, says nothing.
#[cfg(unix)]
fn is_piped() -> bool {
    use std::{
        fs::File,
        os::{fd::AsFd, unix::fs::FileTypeExt},
    };

    let stdin = stdin();
    let file = stdin.as_fd().try_clone_to_owned().map(File::from);
    let kind = file.and_then(|file| file.metadata());
    kind.is_ok_and(|there| there.is_file() || there.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_piped() -> bool {
    !stdin().is_terminal()
}

/// All of standard input.
fn read() -> Result<String, Failure> {
    say_if_nothing_comes();
    let mut bytes = Vec::new();
    let read = stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("could not read standard input: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::usage(format!(
            "standard input is larger than {} MiB, which no model accepts",
            LARGEST >> 20
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        Failure::usage(format!("standard input is not UTF-8 text: see byte {at}")).with_hint(
            "`qwen-openclaw chat --image FILE` attaches an image, `--video` and `--audio` the like; \
             `iconv -t UTF-8` converts a text",
        )
    })
}

/// A pipe that nobody writes to would look like a program that hangs.
fn say_if_nothing_comes() {
    let (something, came) = channel();
    let waiting = thread::Builder::new().spawn(move || {
        // What is there is kept for the reader; an error comes again.
        let _ = stdin().lock().fill_buf();
        drop(something);
    });
    let is_silent = || came.recv_timeout(SILENCE) == Err::<(), _>(RecvTimeoutError::Timeout);
    if waiting.is_ok() && is_silent() {
        note("reading standard input ... (Ctrl-C ends, `--no-stdin` does not read it)");
    }
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn what_is_piped_in_comes_first() {
        for (piped, words, prompt) in [
            ("", "a", "a"),
            (" \n", "a", "a"),
            ("x\n", "", "x\n"),
            ("x\ny\n\n", "a b", "x\ny\n\na b"),
        ] {
            assert_eq!(joined(piped.to_owned(), words.to_owned()), prompt);
        }
    }
}
