//! `POST /chat/completions`.

mod arithmetic;
mod cache;
mod media;
mod prose;
mod refusals;
mod reply;
mod request;
mod schema;
mod stream;
mod structured;
mod think;
mod tokens;
mod tools;
mod usage;
mod whole;

pub(crate) use self::cache::PromptCache;

use self::request::ChatRequest;
use crate::{
    answer::{Answer, EventStream},
    clock,
    endpoint::Endpoint,
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
}

/// Answers a chat request.
pub(crate) fn complete(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let request = ChatRequest::parse(&exchange.request.body)?;
    let model = models::find(exchange, &request.model)?;
    let chat = Chat {
        request: &request,
        model,
        endpoint: exchange.endpoint,
        id: exchange.id,
        thinks: think::thinks(&request, model),
    };
    let prompt = usage::Prompt::measure(&request);
    refusals::check(&chat, &prompt)?;
    let cached = exchange.state.cache.look_up(&request.model, &prompt);
    let replies = reply::compose(&chat);
    let usage = usage::Usage::of(&prompt, cached, &replies);
    let envelope = Envelope {
        chat: &chat,
        created: clock::since_epoch().as_secs(),
        usage: &usage,
    };
    let whole = whole::render(&envelope, &replies);
    if !request.stream {
        return Ok(Answer::json(200, whole, exchange.id));
    }
    let events = stream::render(&envelope, &replies);
    Ok(Answer::stream(EventStream { events, whole }, exchange.id))
}

/// What stands around every answer and every chunk of it.
#[derive(Clone, Copy, Debug)]
struct Envelope<'a> {
    chat: &'a Chat<'a>,
    created: u64,
    usage: &'a usage::Usage,
}
