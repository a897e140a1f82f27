//! Synthesis over HTTP, whole and as events.
//!
//! Fields and rules: help.aliyun.com, Model Studio, "cosyvoice-tts-http-api" and "qwen-tts-api".

pub(super) mod events;
pub(super) mod order;
pub(super) mod usage;

use serde_json::{Value, json};

use self::order::Order;
use super::{audio::Speech, models::Stage};
use crate::{
    answer::{Answer, EventStream},
    event_form::EventForm,
    refusal::Refusal,
    route::Exchange,
    video,
};

/// The shortest file that is made, in milliseconds: the one that recognition takes.
const LEAST: u64 = 1000;

/// Answers a request on a path where models speak.
pub(super) fn answer(exchange: &Exchange<'_>, stage: Stage) -> Result<Answer, Refusal> {
    let asked = exchange.request.header("x-dashscope-sse");
    let stream = asked.is_some_and(|value| value.eq_ignore_ascii_case("enable"));
    match synthesize(exchange, stage, stream) {
        Err(refusal) if stream => Ok(Answer::native_error_stream(&refusal, exchange.id)),
        answered => answered,
    }
}

fn synthesize(exchange: &Exchange<'_>, stage: Stage, stream: bool) -> Result<Answer, Refusal> {
    if exchange.request.header("x-dashscope-async") == Some("enable") {
        return Err(Refusal::coded(
            403,
            "AccessDenied",
            "current user api does not support asynchronous calls",
        ));
    }
    let body: Value =
        serde_json::from_slice(&exchange.request.body).map_err(|_| Refusal::unreadable_body())?;
    let order = Order::read(exchange, &body, stage)?;
    let file = Speech::new(&order.text, order.sound).at_least(LEAST);
    let usage = order.usage(file.milliseconds());
    let (url, expires) = video::publish(exchange, file.clone());
    let audio = json!({
        "data": "",
        "expires_at": expires,
        "id": format!("audio_{}", exchange.id),
        "url": url,
    });
    let last = payload(
        exchange,
        json!({"audio": audio, "finish_reason": "stop"}),
        usage.json(),
    );
    if !stream {
        return Ok(Answer {
            tokens: usage.tokens(),
            ..Answer::json(200, last, exchange.id)
        });
    }
    let mut events = match stage {
        Stage::Multimodal => events::pieces(exchange, &order, &file),
        Stage::Synthesizer | Stage::Realtime => events::sentences(exchange, &order),
    };
    events.push(last.clone());
    let stream = EventStream {
        tokens: vec![0; events.len()],
        events,
        whole: last,
        form: EventForm::Native,
    };
    Ok(Answer {
        tokens: usage.tokens(),
        ..Answer::stream(stream, exchange.id)
    })
}

fn payload(exchange: &Exchange<'_>, output: Value, usage: Value) -> String {
    let id = exchange.id.to_string();
    json!({"output": output, "request_id": id, "usage": usage}).to_string()
}
