//! The streams of `transport.json`: what a reply is, and how it ends.

use std::time::Duration;

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_transport::{
    ChatRequest, Client, Error, ErrorKind, FinishReason, Reply, RetryPolicy, Usage,
};
use serde_json::{Value, json};

use super::{Case, Differences, Verdict, canned::Canned, clock};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    let (outcome, attempts) = run(case)?;
    let message = &case.expected["message"];
    found.compare(
        "attempts",
        Some(attempts as u64),
        case.expected["attempts"].as_u64(),
    );
    let (reply, error) = match &outcome {
        Outcome::Complete(reply) => (Some(reply), None),
        Outcome::Failed(error) => (error.partial(), Some(error)),
        Outcome::Aborted(reply) => (Some(reply), None),
    };
    let empty = Reply::default();
    let reply = reply.unwrap_or(&empty);
    found.compare("text", reply.text(), &blocks(message, "text", "text"));
    found.compare(
        "reasoning",
        reply.reasoning(),
        &blocks(message, "thinking", "thinking"),
    );
    found.compare(
        "tool calls",
        tool_calls(reply, error),
        expected_tool_calls(message),
    );
    found.compare(
        "usage",
        usage(reply.usage()),
        expected_usage(&message["usage"]),
    );
    found.compare(
        "stop reason",
        outcome.stop_reason(),
        text(&message["stopReason"]),
    );
    if let Some(error) = error {
        found.compare("status", error.status(), expected_status(message));
        let code = error
            .code()
            .map(str::to_owned)
            .or(error.status().map(|s| s.to_string()));
        // Codes of the operating system and of the program itself are not the server's.
        use ErrorKind::{Network, Protocol, ToolArguments, Truncated};
        if !matches!(error.kind(), Network | Protocol | ToolArguments | Truncated) {
            let expected = message["errorCode"].as_str().map(str::to_owned);
            found.compare("code", code, expected);
        }
    }
    Ok(Verdict::Compared)
}

enum Outcome {
    Complete(Reply),
    Failed(Error),
    /// The caller stopped listening.
    Aborted(Reply),
}

impl Outcome {
    fn stop_reason(&self) -> &'static str {
        let reply = match self {
            Self::Complete(reply) => reply,
            Self::Failed(_) => return "error",
            Self::Aborted(_) => return "aborted",
        };
        match reply.finish_reason() {
            Some(FinishReason::Length) => "length",
            // The program has no other word for it.
            Some(FinishReason::ContentFilter) => "error",
            _ if !reply.tool_calls().is_empty() => "toolUse",
            _ => "stop",
        }
    }
}

/// Sends a request through a canned server; the outcome and the number of requests.
fn run(case: &Case) -> Result<(Outcome, usize), String> {
    let canned = Canned::new(&case.input["responses"]);
    let model = &case.input["model"];
    let or = |name: &str, default: &str| model[name].as_str().unwrap_or(default).to_owned();
    let base = or(
        "baseUrl",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    );
    let http = qwen_openclaw_http::Client::builder()
        .sender(canned.clone())
        .build()
        .map_err(|error| error.to_string())?;
    let key = ApiKey::parse("sk-wire-1").map_err(|error| error.to_string())?;
    let client = Client::builder(base, key)
        .http(http)
        .provider(Provider::by_name(&or("provider", "qwen")).unwrap_or(Provider::QWEN))
        .retry(RetryPolicy::none())
        .build()
        .map_err(|error| error.to_string())?;
    let request = ChatRequest::new(or("id", "qwen3.6-plus")).user("hi");
    let abort = case.input["abort_after_ms"]
        .as_u64()
        .map(Duration::from_millis);
    let outcome = clock::run(listen(&client, &request, abort))?;
    Ok((outcome, canned.requests().len()))
}

async fn listen(client: &Client, request: &ChatRequest, abort: Option<Duration>) -> Outcome {
    let mut stream = match client.stream(request).await {
        Ok(stream) => stream,
        Err(error) => return Outcome::Failed(error),
    };
    let limit = abort.unwrap_or(Duration::MAX);
    let drained = tokio::time::timeout(limit, async {
        while let Some(event) = stream.next().await {
            if event.is_err() {
                break;
            }
        }
    });
    if drained.await.is_err() {
        return Outcome::Aborted(stream.reply().clone());
    }
    match stream.finish().await {
        Ok(reply) => Outcome::Complete(reply),
        Err(error) => Outcome::Failed(error),
    }
}

/// All texts of one type of content, joined.
fn blocks(message: &Value, kind: &str, field: &str) -> String {
    let blocks = message["content"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    blocks
        .iter()
        .filter(|block| block["type"] == kind)
        .map(|block| text(&block[field]))
        .collect()
}

/// The calls a caller may act on: none where the reply failed.
fn tool_calls(reply: &Reply, error: Option<&Error>) -> Vec<Value> {
    if error.is_some() {
        return Vec::new();
    }
    let calls = reply.tool_calls().iter().filter(|call| call.is_complete());
    calls
        .map(|call| {
            json!({
                "id": call.id(),
                "name": call.name(),
                "arguments": call.parse::<Value>().unwrap_or_default(),
            })
        })
        .collect()
}

fn expected_tool_calls(message: &Value) -> Vec<Value> {
    let blocks = message["content"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let calls = blocks.iter().filter(|block| block["type"] == "toolCall");
    calls
        .map(|call| {
            // An id that the program made up stands for none.
            let id = Some(text(&call["id"])).filter(|id| *id != "<generated>");
            let id = id.unwrap_or_default();
            json!({"id": id, "name": call["name"], "arguments": call["arguments"]})
        })
        .collect()
}

/// Input without the cache, output, cache reads, cache writes, total: as the program counts.
fn usage(usage: Option<&Usage>) -> [u64; 5] {
    let Some(usage) = usage else { return [0; 5] };
    let (read, written) = (usage.cached_tokens, usage.cache_write_tokens);
    let input = usage
        .input_tokens
        .saturating_sub(read)
        .saturating_sub(written);
    let parts = [input, usage.output_tokens, read, written];
    let total = parts.into_iter().fold(0, u64::saturating_add);
    [input, usage.output_tokens, read, written, total]
}

fn expected_usage(usage: &Value) -> [u64; 5] {
    ["input", "output", "cacheRead", "cacheWrite", "totalTokens"]
        .map(|name| usage[name].as_u64().unwrap_or_default())
}

/// The program puts the status at the start of its message.
fn expected_status(message: &Value) -> Option<u16> {
    let (status, _) = text(&message["errorMessage"]).split_once(' ')?;
    status.parse().ok()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
