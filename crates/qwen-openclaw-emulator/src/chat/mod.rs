//! `POST /chat/completions`.

mod arithmetic;
mod cache;
mod encrypted;
mod keys;
mod logprobs;
mod media;
mod prose;
mod refusals;
mod reply;
mod request;
mod schema;
mod shape;
mod stream;
mod structured;
mod think;
mod tokens;
mod tools;
mod usage;
mod whole;

pub(crate) use self::{cache::PromptCache, encrypted::EncryptedReasoning};
pub use self::{stream::EncryptedDelivery, tools::ToolCalls};

use self::request::ChatRequest;
use crate::{
    answer::{Answer, EventStream},
    clock,
    endpoint::Endpoint,
    fault::{Fault, FaultKind},
    id::Id,
    models::{self, Model},
    refusal::Refusal,
    route::Exchange,
};

/// A chat request that has been understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chat<'a> {
    request: &'a ChatRequest,
    model: &'a Model,
    endpoint: Endpoint,
    id: Id,
    /// Whether the model thinks before it answers.
    thinks: bool,
    tool_calls: ToolCalls,
}

/// Answers a chat request.
pub(crate) fn complete(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let mut request = ChatRequest::parse(&exchange.request.body)?;
    let model = models::find(exchange, &request.model)?;
    let thinks = think::thinks(&request, model);
    let mut encrypts_after = None;
    if thinks && think::summarizes(&request, model) {
        let fault = exchange.fault.map(Fault::kind);
        let strict = fault == Some(FaultKind::ReasoningLost);
        let history = &mut request.messages;
        encrypts_after = Some(exchange.state.reasoning.restore(history, strict)?);
    } else if !(request.preserve_thinking && model.preserves_thinking()) {
        request.forget_reasoning();
    }
    let chat = Chat {
        request: &request,
        model,
        endpoint: exchange.endpoint,
        id: exchange.id,
        thinks,
        tool_calls: exchange.state.settings().tool_calls,
    };
    let prompt = usage::Prompt::measure(&request, model);
    refusals::check(&chat, &prompt)?;
    let cached = exchange
        .state
        .cache
        .look_up(&request.model, &prompt, exchange.state.now());
    let mut replies = reply::compose(&chat);
    if let Some(conversation) = encrypts_after {
        let reasoning = &exchange.state.reasoning;
        reasoning.seal(&chat, conversation, &mut replies);
    }
    let usage = usage::Usage::of(&prompt, cached, &replies);
    let envelope = Envelope {
        chat: &chat,
        created: clock::since_epoch().as_secs(),
        usage: &usage,
        delivery: exchange.state.config.encrypted_delivery,
    };
    let whole = whole::render(&envelope, &replies);
    if !request.stream {
        return Ok(Answer::json(200, whole, exchange.id).tokens(usage.counts()));
    }
    let (events, tokens) = stream::render(&envelope, &replies);
    let stream = EventStream {
        events,
        tokens,
        whole,
    };
    Ok(Answer::stream(stream, exchange.id).tokens(usage.counts()))
}

/// What stands around every answer and every chunk of it.
#[derive(Clone, Copy, Debug)]
struct Envelope<'a> {
    chat: &'a Chat<'a>,
    created: u64,
    usage: &'a usage::Usage,
    delivery: EncryptedDelivery,
}
