//! `POST /chat/completions`, and the answers to requests that other protocols translate to one.

mod arithmetic;
mod cache;
mod context;
mod encrypted;
mod keys;
mod logprobs;
mod media;
mod prose;
mod refusals;
mod reply;
mod request;
mod schema;
pub(crate) mod shape;
mod steps;
mod stream;
mod structured;
mod think;
mod tokenize;
pub(crate) mod tokens;
mod tools;
mod usage;
mod whole;

pub(crate) use self::{
    cache::PromptCache,
    encrypted::EncryptedReasoning,
    reply::{Call, Composed},
    request::ChatRequest,
    steps::Piece,
    stream::pieces,
    think::thinks,
    tokenize::tokenize,
    tokens::{count as count_tokens, split as split_tokens},
    usage::Usage,
};
pub use self::{stream::EncryptedDelivery, tools::ToolCalls};

use crate::{
    answer::{Answer, EventStream},
    batches, clock,
    endpoint::Endpoint,
    event_form::EventForm,
    fault::{Fault, FaultKind},
    id::Id,
    models::{self, Media, Model},
    refusal::Refusal,
    route::Exchange,
};

/// A chat request that has been understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chat<'a> {
    pub(crate) request: &'a ChatRequest,
    model: &'a Model,
    endpoint: Endpoint,
    id: Id,
    /// Whether the model thinks before it answers.
    thinks: bool,
    /// Whether it is in a batch or a Batch Chat, whose prompts are shorter.
    is_batched: bool,
    tool_calls: ToolCalls,
}

impl Chat<'_> {
    /// Whether the answer is spoken too: by a model that hears, if it was asked to.
    pub(crate) fn is_spoken(&self) -> bool {
        self.request.wants_audio() && self.model.media.contains(&Media::Audio)
    }

    /// The probabilities of a text's tokens, if they were asked for.
    pub(crate) fn logprobs(&self, text: &str) -> Option<String> {
        let wanted = self.request.logprobs;
        wanted.then(|| logprobs::field(self, text))
    }
}

/// The answers to a chat request, before they are written.
#[derive(Clone, Debug)]
pub(crate) struct ChatReply<'a> {
    pub(crate) chat: Chat<'a>,
    /// One, unless the request asks for more.
    pub(crate) replies: Vec<Composed>,
    pub(crate) usage: Usage,
}

/// Answers a chat request.
pub(crate) fn complete(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let mut request = ChatRequest::parse(&exchange.request.body)?;
    let model = models::find(exchange, &request.model)?;
    let ChatReply {
        chat,
        replies,
        usage,
    } = reply(exchange, model, &mut request)?;
    let envelope = Envelope {
        chat: &chat,
        created: clock::since_epoch().as_secs(),
        usage: &usage,
        delivery: exchange.state.config.encrypted_delivery,
    };
    let whole = whole::render(&envelope, &replies);
    if !chat.request.stream {
        return Ok(Answer::json(200, whole, exchange.id).tokens(usage.counts()));
    }
    let (events, tokens) = stream::render(&envelope, &replies);
    let stream = EventStream {
        events,
        tokens,
        whole,
        form: EventForm::Data,
    };
    Ok(Answer::stream(stream, exchange.id).tokens(usage.counts()))
}

/// Composes what `model` answers, whatever the protocol that asks.
pub(crate) fn reply<'a>(
    exchange: &Exchange<'a>,
    model: &'a Model,
    request: &'a mut ChatRequest,
) -> Result<ChatReply<'a>, Refusal> {
    let thinks = think::thinks(request, model);
    let mut encrypts_after = None;
    if thinks && think::summarizes(request, model) {
        let fault = exchange.fault.map(Fault::kind);
        let strict = fault == Some(FaultKind::ReasoningLost);
        let history = &mut request.messages;
        encrypts_after = Some(exchange.state.reasoning.restore(history, strict)?);
    } else if !(request.preserve_thinking && model.preserves_thinking()) {
        request.forget_reasoning();
    }
    let chat = Chat {
        request,
        model,
        endpoint: exchange.endpoint,
        id: exchange.id,
        thinks,
        is_batched: exchange.is_line() || batches::is_chat(exchange),
        tool_calls: exchange.state.settings().tool_calls,
    };
    let prompt = usage::Prompt::measure(chat.request, model);
    refusals::check(&chat, &prompt)?;
    // Batches have no discount for what is cached.
    let cached = if exchange.is_line() {
        cache::Cached::default()
    } else {
        let cache = &exchange.state.cache;
        cache.look_up(&chat.request.model, &prompt, exchange.state.now())
    };
    let mut replies = reply::compose(&chat);
    if let Some(conversation) = encrypts_after {
        let reasoning = &exchange.state.reasoning;
        reasoning.seal(&chat, conversation, &mut replies);
    }
    let usage = Usage::of(&prompt, cached, &replies);
    Ok(ChatReply {
        chat,
        replies,
        usage,
    })
}

impl ChatReply<'_> {
    /// The reply to a request that can ask for one only, and its usage.
    pub(crate) fn into_one(self) -> (Composed, Usage) {
        let one = self.replies.into_iter().next();
        (one.unwrap_or_default(), self.usage)
    }
}

/// What stands around every answer and every chunk of it.
#[derive(Clone, Copy, Debug)]
struct Envelope<'a> {
    chat: &'a Chat<'a>,
    created: u64,
    usage: &'a Usage,
    delivery: EncryptedDelivery,
}
