//! `POST /v1/messages` in Anthropic's protocol.
//!
//! Sources: help.aliyun.com, Model Studio, "anthropic-api-messages", and where it is silent Anthropic's
//! own protocol as its SDKs read it, which is inferred.

mod history;
mod output;
mod request;
mod stream;

use http::Method;
use serde_json::Value;

use self::{output::Frame, request::MessagesRequest};
use crate::{
    answer::{Answer, EventStream},
    chat::{self, ChatRequest},
    event_form::EventForm,
    models,
    refusal::Refusal,
    route::Exchange,
};

pub(crate) fn answer(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    exchange.only(&Method::POST)?;
    let request = MessagesRequest::parse(&exchange.request.body)?;
    let model = models::find(exchange, request.model())?;
    let mut chat = ChatRequest::from_json(request.to_chat(model))?;
    let (reply, usage) = chat::reply(exchange, model, &mut chat)
        .map_err(|refusal| refusal.reworded("max_completion_tokens", "max_tokens"))?
        .into_one();
    let frame = Frame {
        id: exchange.id,
        model: &model.id,
        reply: &reply,
        usage: &usage,
    };
    let whole = frame.whole().to_string();
    if !request.streams() {
        return Ok(Answer::json(200, whole, exchange.id).tokens(usage.counts()));
    }
    let (events, tokens) = stream::render(&frame);
    let stream = EventStream {
        events,
        tokens,
        whole,
        form: EventForm::Named,
    };
    Ok(Answer::stream(stream, exchange.id).tokens(usage.counts()))
}

/// The text of a field; `""` if it has none.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
