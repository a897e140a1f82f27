//! What the router does after each error of `docs/errors.md`.

use std::{fs, path::Path};

use qwen_openclaw::{
    ErrorKind, Qwen,
    catalog::Provider,
    routing::{AttemptOutcome, Policy, Router},
};
use qwen_openclaw_emulator::{Reply, Script};
use serde_json::{Value, json};

use super::{CLAUDE, QWEN, Three, refused, standard};

/// One error as the page describes it.
#[derive(Debug)]
struct Row {
    status: Option<u16>,
    body: String,
    kind: ErrorKind,
}

impl Row {
    /// What the server sends; without a status, an event of a stream.
    fn reply(&self) -> Reply {
        match self.status {
            Some(status) => Reply::new(status)
                .header("content-type", "application/json")
                .chunk(self.body.clone()),
            None => Reply::event_stream().event(self.body.clone()),
        }
    }
}

/// The rows of a section's table, by column.
fn table(page: &str, section: &str) -> Vec<Vec<(String, String)>> {
    let (_, rest) = page.split_once(&format!("\n## {section}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let mut lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> {
        let cells = line.split('|').skip(1);
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let names = cells(lines.next().unwrap());
    lines
        .skip(1)
        .map(|line| names.iter().cloned().zip(cells(line)).collect())
        .collect()
}

fn kind(name: &str) -> ErrorKind {
    let mut kinds = ErrorKind::ALL.iter();
    *kinds.find(|kind| kind.as_str() == name).unwrap()
}

/// The status that the service sends, which is in parentheses where several are meant.
fn status(cell: &str) -> Option<u16> {
    let cell = match cell.split_once('(') {
        Some((_, sent)) => sent,
        None => cell,
    };
    let mut words = cell.split(|c: char| !c.is_ascii_digit());
    words.find_map(|word| word.parse().ok())
}

/// The parts between two marks, such as quotation marks.
fn between(cell: &str, mark: char) -> Vec<&str> {
    cell.split(mark).skip(1).step_by(2).collect()
}

fn body(shape: &str, code: Option<&str>, kind: Option<&str>, message: &str) -> String {
    let body = match shape {
        "text" => json!({ "error": message }),
        "native" => json!({ "code": code, "message": message }),
        "anthropic" => {
            let error = json!({ "type": code, "message": message });
            json!({ "type": "error", "error": error })
        }
        _ => {
            let error = json!({ "code": code, "type": kind, "message": message });
            json!({ "error": error })
        }
    };
    body.to_string()
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    fs::read_to_string(path).unwrap()
}

fn rows() -> Vec<Row> {
    let page = page();
    let mut rows = Vec::new();
    for section in ["Codes", "Messages, generic codes and statuses"] {
        for row in table(&page, section) {
            let cell = |name: &str| {
                let mut cells = row.iter();
                let cell = cells.find(|(column, _)| column == name);
                cell.map(|(_, cell)| &**cell).unwrap()
            };
            let shape = cell("shape").split(", ").next().unwrap();
            let codes = between(cell("code"), '`');
            let code = codes.first().map(|code| code.trim_end_matches('*'));
            let message = between(cell("message"), '"').join(" ");
            rows.push(Row {
                status: status(cell("status")),
                body: body(shape, code, None, &message),
                kind: kind(cell("kind")),
            });
        }
    }
    for row in table(&page, "The newer scheme") {
        let cell = |at: usize| row[at].1.trim_matches('`');
        rows.push(Row {
            status: status(cell(0)),
            body: body("openai", Some(cell(1)), Some(cell(2)), cell(3)),
            kind: kind(cell(5)),
        });
    }
    rows
}

/// The rows of requests to the portal: each status with each code, and each code inside a stream.
fn portal_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for row in table(&page(), "At the portal") {
        let cell = |at: usize| &*row[at].1;
        let statuses = cell(0).split(", ").map(|one| Some(one.parse().unwrap()));
        for status in statuses.chain([None]) {
            rows.extend(between(cell(1), '`').into_iter().map(|code| Row {
                status,
                body: body("openai", Some(code), None, "words"),
                kind: kind(cell(2)),
            }));
        }
    }
    rows
}

async fn check(three: &Three, qwen: &Qwen, model: &str, row: &Row) {
    three.qwen.script(Script::from(row.reply()));
    let chat = qwen.chat(model).fallbacks([CLAUDE]).user("hi");
    let result = chat.send_answered().await;
    let [asked, fallback, _] = three.seen();
    assert_eq!(asked, 1, "{row:?}");
    if Policy::of(row.kind).advances {
        let answered = result.unwrap_or_else(|error| panic!("{row:?}: {error}"));
        assert_eq!((answered.model_ref().as_str(), fallback), (CLAUDE, 1));
        let AttemptOutcome::Failed { kind, .. } = answered.attempts[0].outcome else {
            panic!("{row:?}: {:?}", answered.attempts);
        };
        assert_eq!(kind, row.kind, "{row:?}");
    } else {
        let error = refused(result);
        assert_eq!((error.kind(), fallback), (row.kind, 0), "{row:?}");
    }
}

#[tokio::test]
async fn each_error_of_the_page_advances_or_ends_the_request() {
    let three = Three::start().await;
    let rows = rows();
    assert!(rows.len() > 50, "{}", rows.len());
    let mut advancing = 0;
    for row in &rows {
        // Each with a router of its own, so that nothing is cooling down.
        let qwen = three.routed(&Router::new());
        check(&three, &qwen, QWEN, row).await;
        advancing += usize::from(Policy::of(row.kind).advances);
    }
    assert!((30..rows.len()).contains(&advancing), "{advancing}");
    assert!(serde_json::from_str::<Value>(&rows[0].body).is_ok());
}

#[tokio::test]
async fn the_end_of_the_portals_quota_is_no_throttling() {
    let three = Three::start().await;
    let rows = portal_rows();
    assert_eq!(rows.len(), 6);
    let model = format!("{}/coder-model", Provider::QWEN_OAUTH);
    for row in &rows {
        assert_eq!(row.kind, ErrorKind::Quota);
        let builder = three
            .builder()
            .base_url_for(Provider::QWEN_OAUTH, three.qwen.base_url())
            .api_key_for(Provider::QWEN_OAUTH, standard());
        let qwen = builder.router(Router::new()).build().unwrap();
        check(&three, &qwen, &model, row).await;
    }
}
