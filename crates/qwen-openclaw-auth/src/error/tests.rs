//! What errors say, what they hide, and how large they are.

use std::{error::Error as _, path::Path};

use super::*;

const NAMES: &[&str] = &["QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY"];

fn env(name: &str) -> Source {
    Source::Environment {
        name: name.to_owned(),
    }
}

fn denied() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "denied")
}

#[test]
fn messages_say_what_is_wrong_and_what_to_do() {
    let missing = |blank| Error::missing("Qwen Cloud", NAMES, blank, None);
    let syntax = |problem| Error::syntax("~/x/.env", SyntaxError { line: 7, problem });
    let table = [
        (
            Error::invalid_key(KeyProblem::Empty, 0),
            "the API key is empty: pass a key or omit it",
        ),
        (
            Error::invalid_key(KeyProblem::LineBreak, 12),
            "the API key contains a line break at character 12: \
             copy the key again, alone and on one line",
        ),
        (
            Error::invalid_key(KeyProblem::NonAscii, 3).at(env("QWEN_API_KEY")),
            "the API key (env: QWEN_API_KEY) contains a non-ASCII character at character 3: \
             copy the key again, alone and on one line",
        ),
        (
            missing(vec![]),
            "no API key for Qwen Cloud: checked QWEN_API_KEY, MODELSTUDIO_API_KEY and \
             DASHSCOPE_API_KEY; set QWEN_API_KEY, MODELSTUDIO_API_KEY or DASHSCOPE_API_KEY or \
             pass a key",
        ),
        (
            Error::missing("Qwen OAuth", &NAMES[..1], vec![NAMES[0]], None),
            "no API key for Qwen OAuth: checked QWEN_API_KEY (QWEN_API_KEY set but blank); \
             set QWEN_API_KEY or pass a key",
        ),
        (
            Error::not_unicode(env("QWEN_BASE_URL")),
            "the value of a variable is not UTF-8 (env: QWEN_BASE_URL): set it again",
        ),
        (
            syntax(SyntaxProblem::NoEqualSign),
            "~/x/.env, line 7: no equals sign: write NAME=value",
        ),
        (
            syntax(SyntaxProblem::OpenQuote),
            "~/x/.env, line 7: unclosed quote",
        ),
        (
            Error::too_large("~/x/.env", 1_048_576),
            "~/x/.env is larger than 1048576 bytes: is it a dotenv file?",
        ),
        (Error::read("~/x/.env", denied()), "could not read ~/x/.env"),
        (
            Error::no_home("QWEN_OPENCLAW_HOME"),
            "the home folder is unknown: set HOME or QWEN_OPENCLAW_HOME",
        ),
        (
            Error::folder(Path::new("/x"), denied()),
            "could not create the folder /x",
        ),
        (
            Error::unavailable("offline"),
            "the credential is temporarily unavailable: try again",
        ),
        (
            Error::refused("revoked"),
            "there is no valid credential: log in again",
        ),
    ];
    for (error, message) in table {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn causes_are_the_source_and_not_in_the_message() {
    for error in [
        Error::read("x", denied()),
        Error::folder(Path::new("x"), denied()),
        Error::unavailable(denied()),
        Error::refused(denied()),
    ] {
        let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(cause.kind(), io::ErrorKind::PermissionDenied);
        assert!(!error.to_string().contains("denied"), "{error}");
    }
    assert!(Error::no_home("X").source().is_none());

    let hint = Error::too_large("x", 1);
    let error = Error::missing("Qwen Cloud", NAMES, vec![], Some(&hint));
    let cause = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(cause.kind(), ErrorKind::TooLarge);
}

#[test]
fn only_passing_failures_are_transient() {
    assert!(Error::unavailable("offline").is_transient());
    assert!(!Error::refused("revoked").is_transient());
    assert!(!Error::read("x", denied()).is_transient());
    assert!(!Error::invalid_key(KeyProblem::Empty, 0).is_transient());
}

#[test]
fn details_are_there_for_the_kinds_that_have_them() {
    let missing = Error::missing("Qwen Cloud", NAMES, vec![], None);
    assert_eq!(missing.variables(), NAMES);
    assert_eq!((missing.line(), missing.found_in()), (None, None));

    let problem = SyntaxProblem::BadName;
    let syntax = Error::syntax("x", SyntaxError { line: 3, problem }).at(Source::Explicit);
    assert_eq!(syntax.line(), Some(3));
    assert_eq!(syntax.found_in(), Some(&Source::Explicit));
    assert!(syntax.variables().is_empty());
}

#[test]
fn an_error_is_one_word_and_is_send_and_sync() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}
