//! DashScope's own chat API, its tokenizer, and its temporary keys.
//!
//! Fields and rules: help.aliyun.com, Model Studio, "qwen-api-via-dashscope", "stream", and
//! "error-code". Requests are translated to those of the OpenAI-compatible API, and answered as
//! they are.

mod request;
mod rules;
mod temporary_keys;
mod tokenizer;
mod usage;
mod write;

use http::Method;

use self::request::Call;
pub(crate) use self::temporary_keys::check as temporary_key;
use crate::{
    answer::Answer,
    chat::{self, ChatRequest},
    images,
    models::{self, NativePath},
    refusal::Refusal,
    route::Exchange,
    speech,
};

/// Answers a request to DashScope's own API, whose key has been checked; `None` for paths that
/// are none of these.
pub(crate) fn answer(exchange: &Exchange<'_>, path: &str) -> Option<Result<Answer, Refusal>> {
    let answer: fn(&Exchange<'_>) -> Result<Answer, Refusal> = match path.trim_end_matches('/') {
        "/services/aigc/text-generation/generation" => |exchange| chat(exchange, NativePath::Text),
        "/services/aigc/multimodal-generation/generation" => multimodal,
        "/tokenizer" => tokenizer::answer,
        "/tokens" => temporary_keys::answer,
        _ => return None,
    };
    Some(exchange.only(&Method::POST).and_then(|()| answer(exchange)))
}

/// `POST …/multimodal-generation/generation`, which models of several kinds share.
fn multimodal(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let body = exchange.request.json();
    let model = body["model"].as_str().unwrap_or_default();
    if images::offers(model) {
        return images::sync(exchange, &body);
    }
    if let Some(answer) = speech::multimodal(exchange, model) {
        return answer;
    }
    chat(exchange, NativePath::Multimodal)
}

/// Answers a chat, with an event of its own for a refusal where a stream was asked for.
fn chat(exchange: &Exchange<'_>, path: NativePath) -> Result<Answer, Refusal> {
    let asked = exchange.request.header("x-dashscope-sse");
    let stream = asked.is_some_and(|value| value.eq_ignore_ascii_case("enable"));
    match complete(exchange, path, stream) {
        Err(refusal) if stream => Ok(Answer::native_error_stream(&refusal, exchange.id)),
        answered => answered,
    }
}

fn complete(exchange: &Exchange<'_>, path: NativePath, stream: bool) -> Result<Answer, Refusal> {
    if exchange.request.header("x-dashscope-async") == Some("enable") {
        return Err(Refusal::coded(
            403,
            "AccessDenied",
            "current user api does not support asynchronous calls",
        ));
    }
    let Call {
        chat: body,
        wanted,
        array,
    } = Call::read(&exchange.request.body, path, stream)?;
    let mut request = ChatRequest::from_json(body)?;
    let model = models::find(exchange, &request.model)?;
    if !model.is_on(path) {
        return Err(rules::wrong_path());
    }
    if array && path == NativePath::Text {
        return Err(Refusal::parameter("input content must be a string."));
    }
    rules::addresses(exchange, &request)?;
    let output = rules::output(&wanted, &request, model, path)?;
    let reply = chat::reply(exchange, model, &mut request)?;
    Ok(write::answer(exchange, &output, &reply).tokens(reply.usage.counts()))
}
