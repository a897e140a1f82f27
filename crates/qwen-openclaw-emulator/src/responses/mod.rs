//! `POST /responses`, `GET` and `DELETE /responses/{id}`, and the conversations they can be part of.
//!
//! Fields and events: help.aliyun.com, Model Studio, "compatibility-with-openai-responses-api", and
//! where it is silent OpenAI's own protocol as its SDKs read it, which is inferred.

pub(crate) mod conversations;
mod held;
mod history;
mod output;
mod request;
mod store;
mod stream;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

pub(crate) use self::{held::Conversations, store::Responses};
use self::{
    output::Frame,
    request::ResponsesRequest,
    store::{Stored, Turn},
};
use crate::{
    answer::{Answer, EventStream},
    chat::{self, ChatRequest},
    event_form::EventForm,
    models,
    refusal::Refusal,
    route::Exchange,
};

/// The path below the endpoint's own.
pub(crate) const PATH: &str = "/responses";

/// Answers a request to a path that starts with [`PATH`].
pub(crate) fn answer(exchange: &Exchange<'_>, path: &str) -> Result<Answer, Refusal> {
    let unknown = || Refusal::unknown_path(&exchange.request.path);
    let rest = path.strip_prefix(PATH).ok_or_else(unknown)?;
    if rest.is_empty() {
        exchange.only(&Method::POST)?;
        return create(exchange);
    }
    let id = rest.strip_prefix('/').filter(|id| !id.contains('/'));
    let id = id.ok_or_else(unknown)?;
    if exchange.request.method == Method::DELETE {
        return delete(exchange, id);
    }
    exchange.only(&Method::GET)?;
    retrieve(exchange, id)
}

fn create(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let request = ResponsesRequest::parse(&exchange.request.body)?;
    let (store, held) = (&exchange.state.responses, &exchange.state.conversations);
    let (region, now) = (exchange.endpoint.region, exchange.state.video.now());
    let mut turns = match request.previous() {
        Some(id) => store
            .conversation(id, region, now)
            .ok_or_else(|| unknown_previous(id))?,
        None => Vec::new(),
    };
    let conversation = request.conversation()?;
    let mut input = match conversation {
        Some(id) => held
            .with(id, region, |held| held.items.clone())
            .ok_or_else(|| conversations::unknown(id))?,
        None => Vec::new(),
    };
    let fresh = request.items(|id| store.item(id, region, now))?;
    input.extend_from_slice(&fresh);
    let earlier = turns.iter().flat_map(|turn| turn.items());
    let model = models::find(exchange, request.model())?;
    let mut chat = ChatRequest::from_json(request.to_chat(earlier.chain(&input), model))?;
    let (reply, usage) = chat::reply(exchange, model, &mut chat)
        .map_err(|refusal| refusal.reworded("max_completion_tokens", "max_output_tokens"))?
        .into_one();

    let frame = Frame {
        request: &request,
        id: exchange.id,
        model: &model.id,
        created: now.as_secs(),
    };
    let whole = frame.whole(&reply, &usage);
    let output = whole["output"].as_array().cloned().unwrap_or_default();
    if let Some(id) = conversation {
        let items = conversations::keep(&fresh, exchange.id).into_iter();
        let items = items.chain(output.iter().cloned());
        // It may have been removed in the meantime.
        let _ = held.with(id, region, |held| held.items.extend(items));
    }
    if request.is_stored() {
        let turn = Turn { input, output };
        let bytes = turn.items().map(|item| item.to_string().len()).sum();
        turns.push(Arc::new(turn));
        store.push(Stored {
            region,
            since: now,
            response: whole.clone(),
            bytes,
            turns,
        });
    }
    let whole = whole.to_string();
    if !request.streams() {
        return Ok(Answer::json(200, whole, exchange.id).tokens(usage.counts()));
    }
    let (events, tokens) = stream::render(&frame, &reply, &usage);
    let stream = EventStream {
        events,
        tokens,
        whole,
        form: EventForm::Named,
    };
    Ok(Answer::stream(stream, exchange.id).tokens(usage.counts()))
}

fn retrieve(exchange: &Exchange<'_>, id: &str) -> Result<Answer, Refusal> {
    let (region, now) = (exchange.endpoint.region, exchange.state.video.now());
    let store = &exchange.state.responses;
    let response = store.response(id, region, now).ok_or_else(|| unknown(id))?;
    Ok(Answer::json(200, response.to_string(), exchange.id))
}

/// The answer is inferred from that of the Conversations API.
fn delete(exchange: &Exchange<'_>, id: &str) -> Result<Answer, Refusal> {
    let (region, now) = (exchange.endpoint.region, exchange.state.video.now());
    if !exchange.state.responses.remove(id, region, now) {
        return Err(unknown(id));
    }
    let body = json!({"id": id, "object": "response.deleted", "deleted": true});
    Ok(Answer::json(200, body.to_string(), exchange.id))
}

/// The text is inferred.
fn unknown_previous(id: &str) -> Refusal {
    Refusal::parameter(format!("Previous response with id '{id}' not found."))
}

/// The text is inferred.
fn unknown(id: &str) -> Refusal {
    Refusal::not_found(format!("Response with id '{id}' not found."))
}

/// The text of a field; `""` if it has none.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
