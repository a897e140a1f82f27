//! The lines of a batch: how they are read, checked and answered.

use std::{
    collections::HashSet,
    io::{self, BufRead as _, BufReader, Read as _},
    time::Duration,
};

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{Content, order::Work};
use crate::{
    answer::{Answer, AnswerBody},
    capture::CapturedRequest,
    chat, clock, embeddings,
    endpoint::Endpoint,
    id::Id,
    refusal::Refusal,
    route::Exchange,
    spool::SpoolReader,
    state::State,
};

/// The maximum number of bytes of a line.
const MAX_LINE: usize = 6 << 20;

/// The maximum number of lines.
const MAX_LINES: usize = 50_000;

/// The same for the test model, and the maximum number of bytes of its file.
const MAX_TEST_LINES: usize = 100;
const MAX_TEST_BYTES: u64 = 1 << 20;

/// How many errors of a file are told.
const MAX_PROBLEMS: usize = 100;

/// The model that answers tests, and what it says: the example of the service's page.
const TEST_MODEL: &str = "batch-test-model";
const TEST_REPLY: &str = "This is a test result.";

/// Reads a file line by line, without those that are blank.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<SpoolReader>,
    /// Where the next line begins.
    pub(super) at: u64,
    /// The number of the line that was read last, from 1.
    number: usize,
}

impl Lines {
    pub(super) fn new(content: &Content, at: u64) -> Self {
        Self {
            reader: BufReader::new(content.reader(at)),
            at,
            number: 0,
        }
    }

    /// The next line. Of one that is too long only as much is read as shows that it is.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut line = Vec::new();
            let mut reader = (&mut self.reader).take(MAX_LINE as u64 + 2);
            let read = reader.read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(None);
            }
            self.at += read as u64;
            self.number += 1;
            line.truncate(line.trim_ascii_end().len());
            if !line.is_empty() {
                return Ok(Some(line));
            }
        }
    }
}

/// An error of a file.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    code: &'static str,
    message: String,
    line: Option<usize>,
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            line: None,
        }
    }

    /// The emulator could not keep the results.
    pub(super) fn internal() -> Self {
        Self::new("internal_error", "The results could not be stored.")
    }

    pub(super) fn object(&self) -> Value {
        json!({"code": self.code, "message": self.message, "line": self.line, "param": null})
    }
}

/// Checks a file; returns how many requests it has, or what is wrong with it.
pub(super) fn check(content: &Content, work: Work) -> io::Result<Result<usize, Vec<Problem>>> {
    let most = match work {
        Work::Test if content.length() > MAX_TEST_BYTES => {
            let problem = Problem::new("file_too_large", "The file must be at most 1 MB.");
            return Ok(Err(vec![problem]));
        }
        Work::Test => MAX_TEST_LINES,
        Work::Chat | Work::Embeddings => MAX_LINES,
    };
    let (mut problems, mut count) = (Vec::new(), 0);
    let mut seen = Seen::default();
    let mut lines = Lines::new(content, 0);
    while let Some(line) = lines.next()? {
        count += 1;
        if count > most {
            let message = format!("The file must have at most {most} lines.");
            return Ok(Err(vec![Problem::new("too_many_lines", message)]));
        }
        let too_long = line.len() > MAX_LINE;
        if let Err(problem) = seen.check(&line, work) {
            let line = Some(lines.number);
            problems.push(Problem { line, ..problem });
        }
        // What follows it would be taken for a line of its own.
        if too_long || problems.len() >= MAX_PROBLEMS {
            break;
        }
    }
    if count == 0 {
        problems.push(Problem::new("empty_file", "The file has no requests."));
    }
    Ok(if problems.is_empty() {
        Ok(count)
    } else {
        Err(problems)
    })
}

/// What the lines have in common, or must not.
#[derive(Debug, Default)]
struct Seen {
    ids: HashSet<String>,
    model: Option<String>,
}

impl Seen {
    fn check(&mut self, line: &[u8], work: Work) -> Result<(), Problem> {
        if line.len() > MAX_LINE {
            return Err(Problem::new(
                "line_too_large",
                "A line must be at most 6 MB.",
            ));
        }
        let line: Value = serde_json::from_slice(line).unwrap_or_default();
        if !line.is_object() {
            let message = "The line is not a JSON object.";
            return Err(Problem::new("invalid_json_line", message));
        }
        let text = |field: &str| {
            let text = line[field].as_str().filter(|text| !text.is_empty());
            text.ok_or_else(|| {
                let message = format!("'{field}' is a required property");
                Problem::new("missing_required_parameter", message)
            })
        };
        let id = text("custom_id")?;
        if text("method")? != "POST" {
            return Err(Problem::new("invalid_method", "The method must be POST."));
        }
        if text("url")? != work.path() {
            let message = format!("The url must be the batch's endpoint, {}.", work.path());
            return Err(Problem::new("mismatched_url", message));
        }
        let model = line["body"]["model"].as_str().unwrap_or_default();
        if model.is_empty() {
            let message = "'body.model' is a required property";
            return Err(Problem::new("missing_required_parameter", message));
        }
        if !self.ids.insert(id.to_owned()) {
            let message = format!("The custom_id {id} stands in an earlier line.");
            return Err(Problem::new("duplicate_custom_id", message));
        }
        let first = self.model.get_or_insert_with(|| model.to_owned());
        if first == model {
            Ok(())
        } else {
            let message = format!("The model must be that of the first line, {first}.");
            Err(Problem::new("mismatched_model", message))
        }
    }
}

/// Answers a line; returns whether it was a success, and the line of the result.
pub(super) fn answer(
    state: &State,
    endpoint: Endpoint,
    work: Work,
    line: &[u8],
    id: Id,
) -> (bool, String) {
    let line: Value = serde_json::from_slice(line).unwrap_or_default();
    let path = work.path().trim_start_matches("/v1");
    let request = CapturedRequest {
        method: Method::POST,
        path: format!("{}{path}", endpoint.path()),
        query: None,
        headers: HeaderMap::new(),
        body: line["body"].to_string().into(),
        at: Duration::ZERO,
    };
    let exchange = Exchange::of_line(state, &request, endpoint, id);
    let answered = match work {
        Work::Chat => chat::complete(&exchange),
        Work::Embeddings => embeddings::open_ai(&exchange),
        Work::Test => test(&exchange, &line["body"]),
    };
    let (status, body, error) = match answered {
        Ok(answer) => {
            let body = match answer.body {
                AnswerBody::Whole(body) => String::from_utf8_lossy(&body).into_owned(),
                // There is no one to stream to.
                AnswerBody::Stream(stream) => stream.whole,
                // Chats and vectors open none.
                AnswerBody::Socket(_) => String::new(),
            };
            (200, body, Value::Null)
        }
        Err(refusal) => (
            refusal.status,
            refusal.body(endpoint.protocol, id),
            json!({"code": refusal.code, "message": refusal.message}),
        ),
    };
    let custom_id = &line["custom_id"];
    let row = format!(
        r#"{{"id":"{id}","custom_id":{custom_id},"response":{{"status_code":{status},"request_id":"{id}","body":{body}}},"error":{error}}}"#
    );
    (error.is_null(), row + "\n")
}

/// The result of a line whose time is over.
pub(super) fn expired(line: &[u8], id: Id) -> String {
    let line: Value = serde_json::from_slice(line).unwrap_or_default();
    let row = json!({
        "id": id.to_string(),
        "custom_id": line["custom_id"],
        "response": null,
        "error": {
            "code": "batch_expired",
            "message": "This request could not be executed before the completion window expired.",
        },
    });
    format!("{row}\n")
}

/// What the test model says: always the same, without a role.
fn test(exchange: &Exchange<'_>, body: &Value) -> Result<Answer, Refusal> {
    let model = body["model"].as_str().unwrap_or_default();
    if model != TEST_MODEL {
        return Err(Refusal::unknown_model(exchange.endpoint, model));
    }
    let messages = body["messages"].as_array().filter(|all| !all.is_empty());
    let messages = messages.ok_or_else(|| Refusal::algo("Field required: messages"))?;
    let texts = messages
        .iter()
        .filter_map(|message| message["content"].as_str());
    let prompt: usize = texts.map(chat::count_tokens).sum();
    let completion = chat::count_tokens(TEST_REPLY);
    let body = json!({
        "id": exchange.id.completion(),
        "object": "chat.completion",
        "created": clock::since_epoch().as_secs(),
        "model": model,
        "choices": [{
            "finish_reason": "stop",
            "index": 0,
            "message": {"content": TEST_REPLY},
        }],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    });
    Ok(Answer::json(200, body.to_string(), exchange.id))
}
