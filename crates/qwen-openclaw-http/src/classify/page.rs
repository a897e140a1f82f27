//! `docs/errors.md` and the table say the same.

use std::{fs, path::Path, time::Duration};

use super::{
    Row, Status, classify, fold,
    table::{GENERAL, SPECIFIC},
};
use crate::{Error, RetryPolicy, ServerError};

/// The rows of the table under a heading, as trimmed cells, without the header.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let page = fs::read_to_string(path).unwrap();
    let section = page.split("\n## ").find(|part| part.starts_with(heading));
    let lines = section
        .unwrap()
        .lines()
        .filter(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let inner = line.trim_matches('|').split('|');
        inner.map(|cell| cell.trim().to_owned()).collect()
    };
    lines.skip(2).map(cells).collect()
}

/// What stands between quotes of one kind.
fn quoted(cell: &str, quote: char) -> Vec<&str> {
    cell.split(quote).skip(1).step_by(2).collect()
}

impl Status {
    /// The condition as the page words it.
    fn words(self) -> String {
        let list = |those: &[u16]| {
            let shown = those.iter().filter(|status| **status != 200);
            let word = |status: &u16| match status {
                0 => "stream".to_owned(),
                other => other.to_string(),
            };
            shown.map(word).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Any => "any".to_owned(),
            Self::OneOf(those) => list(those),
            Self::Without(those) => format!("any but {}", list(those)),
            Self::Range(0, 299) => "stream".to_owned(),
            Self::Range(first, last) => format!("{first}-{}", last.min(599)),
            Self::Outside(first, last) => format!("any but {first}-{last}"),
        }
    }
}

/// The statuses to try: those in parentheses, or else all of the condition. 0 is a stream.
fn statuses(cell: &str) -> Vec<u16> {
    let seen = cell
        .split_once('(')
        .map(|(_, seen)| seen.trim_end_matches(')'));
    let list = seen.unwrap_or(cell).split(", ");
    list.map(|word| match word {
        "stream" => 0,
        number => number.parse().unwrap(),
    })
    .collect()
}

/// A body with what the shape has room for.
fn body(shape: &str, code: Option<&str>, message: &str) -> String {
    let message = serde_json::Value::from(message);
    let code = serde_json::Value::from(code);
    match shape {
        "openai" => format!(
            r#"{{"error":{{"message":{message},"type":null,"param":null,"code":{code}}},"request_id":"r"}}"#
        ),
        "native" => format!(r#"{{"code":{code},"message":{message},"request_id":"r"}}"#),
        "anthropic" => {
            format!(r#"{{"type":"error","error":{{"type":{code},"message":{message}}}}}"#)
        }
        "text" => format!(r#"{{"error":{message}}}"#),
        "empty" => String::new(),
        other => panic!("unknown shape {other}"),
    }
}

/// Reads a body as a response with this status does; 0 is an event of a stream.
fn read(status: u16, body: &str) -> Error {
    let server = ServerError::parse(body.as_bytes()).unwrap_or_default();
    match status {
        0 => Error::from_stream(server),
        _ => Error::from_answer(status, server, None),
    }
}

#[track_caller]
fn check(error: &Error, kind: &str, retried: &str, scope: &str, what: &str) {
    let wait = RetryPolicy::default().attempts().after(error);
    let found = (
        error.kind().as_str(),
        if wait.is_some() { "yes" } else { "no" },
        error.scope().as_str(),
    );
    assert_eq!(found, (kind, retried, scope), "{what}");
    assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(1)));
}

/// Each row of the page is the row of the table, and every error that it describes is read so.
#[tokio::test(start_paused = true)]
async fn the_page_is_the_table() {
    for (heading, table) in [("Codes", SPECIFIC), ("Messages", GENERAL)] {
        let page = rows(heading);
        assert_eq!(page.len(), table.len(), "{heading}");
        for (cells, row) in page.iter().zip(table) {
            let [status, codes, message, shapes, kind, retried, scope, ..] = &cells[..] else {
                panic!("{cells:?}");
            };
            let codes = quoted(codes, '`');
            let parts = quoted(message, '"');
            compare(row, status, &codes, message);
            assert_eq!((row.kind.as_str(), row.scope.as_str()), (&**kind, &**scope));
            let message = match &parts[..] {
                [] => "m".to_owned(),
                parts => parts.join(" x "),
            };
            let codes = match &codes[..] {
                [] => vec![None],
                codes => codes
                    .iter()
                    .map(|code| Some(code.trim_end_matches('*')))
                    .collect(),
            };
            for status in statuses(status) {
                for code in &codes {
                    assert_eq!(
                        classify(status, *code, Some(&message)),
                        row.kind,
                        "{status} {code:?} {message}"
                    );
                    for shape in shapes.split(", ") {
                        let body = body(shape, *code, &message);
                        let error = read(status, &body);
                        check(&error, kind, retried, scope, &format!("{status} {body}"));
                    }
                }
            }
        }
    }
}

#[track_caller]
fn compare(row: &Row, status: &str, codes: &[&str], message: &str) {
    let condition = status.split(" (").next().unwrap();
    assert_eq!(condition, row.status.words(), "{codes:?} {message}");
    assert_eq!(codes, row.codes, "{status}");
    let words = |part: &&str| match part.strip_prefix('^') {
        Some(beginning) => format!("starts with \"{beginning}\""),
        None => format!("\"{part}\""),
    };
    let parts: Vec<String> = row.message.iter().map(words).collect();
    assert_eq!(message, parts.join(", "), "{status}");
}

#[test]
fn no_row_lists_a_code_twice() {
    for table in [SPECIFIC, GENERAL] {
        for row in table {
            let mut folded: Vec<String> = row.codes.iter().map(|code| fold(code)).collect();
            assert!(folded.iter().all(|code| !code.is_empty()), "{row:?}");
            folded.sort_unstable();
            let all = folded.len();
            folded.dedup();
            assert_eq!(folded.len(), all, "{row:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_newer_scheme_is_read_in_every_shape() {
    let page = rows("The newer scheme");
    assert_eq!(page.len(), 16);
    for cells in page {
        let [
            status,
            key,
            code,
            message,
            anthropic,
            kind,
            retried,
            scope,
            ..,
        ] = &cells[..]
        else {
            panic!("{cells:?}");
        };
        let status: u16 = status.parse().unwrap();
        let bare = |cell: &str| cell.trim_matches('`').to_owned();
        let (key, code, anthropic) = (bare(key), bare(code), bare(anthropic));
        let bodies = [
            body("openai", Some(&key), message)
                .replace(r#""type":null"#, &format!(r#""type":"{code}""#)),
            body("openai", None, message).replace(r#""type":null"#, &format!(r#""type":"{code}""#)),
            body("native", Some(&key), message),
            body("native", Some(&code), message),
            body("anthropic", Some(&anthropic), message),
            body("text", None, message),
        ];
        for body in bodies {
            check(&read(status, &body), kind, retried, scope, &body);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn errors_without_an_answer_have_the_scopes_of_the_page() {
    let page = rows("Errors without an answer");
    assert!(!page.is_empty());
    for cells in page {
        let [kind, retried, scope, ..] = &cells[..] else {
            panic!("{cells:?}");
        };
        let mut kinds = crate::ErrorKind::ALL.iter();
        let known = kinds.find(|known| known.as_str() == kind).unwrap();
        check(&Error::new(*known), kind, retried, scope, kind);
    }
}

#[test]
fn the_gate_of_the_plan_is_told_from_other_refusals() {
    let gate = body(
        "text",
        None,
        "Coding Plan is currently only available for Coding Agents",
    );
    assert!(read(405, &gate).is_plan_gate());
    assert!(!read(500, &gate).is_plan_gate());
    assert!(!read(0, &gate).is_plan_gate());
    assert!(!read(405, "").is_plan_gate());
    assert!(!read(403, &body("native", Some("AccessDenied"), "m")).is_plan_gate());
}
