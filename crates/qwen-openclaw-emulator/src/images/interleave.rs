//! Text and images in turn, as a stream.

use serde_json::json;

use super::{
    answers::{self, Piece},
    order::Order,
};
use crate::{
    answer::{Answer, EventStream},
    chat,
    event_form::EventForm,
    refusal::Refusal,
    route::Exchange,
    served::TokenCounts,
};

/// Refuses to answer text and images in any other way than as a stream. The page wants `stream` in
/// the parameters, too; the SDK, which works, does not send it. Inferred: the text.
pub(super) fn check(exchange: &Exchange<'_>, stream: Option<bool>) -> Result<(), Refusal> {
    let header = exchange.request.header("x-dashscope-sse");
    let wanted = header.is_some_and(|value| value.eq_ignore_ascii_case("enable"));
    if wanted && stream != Some(false) {
        return Ok(());
    }
    Err(Refusal::parameter(
        "enable_interleave only supports streaming: set stream to true and X-DashScope-Sse to enable",
    ))
}

/// The answer: a token or an image with each event, and the usage before it. The size is zero until
/// there is an image.
pub(super) fn answer(exchange: &Exchange<'_>, order: &Order, urls: &[String]) -> Answer {
    let (input, output) = answers::tokens(order, urls.len());
    // A token each, or an image.
    let pieces: Vec<Piece<'_>> = answers::story(order, urls)
        .into_iter()
        .flat_map(|piece| match piece {
            Piece::Text(text) => {
                let tokens = chat::split_tokens(&text).into_iter();
                tokens.map(|token| Piece::Text(token.to_owned())).collect()
            }
            image => vec![image],
        })
        .collect();
    let (mut texts, mut images) = (0, 0);
    let mut tokens = Vec::new();
    let last = pieces.len().saturating_sub(1);
    let events = pieces.iter().enumerate().map(|(number, piece)| {
        let is_text = matches!(piece, Piece::Text(_));
        images += usize::from(!is_text);
        tokens.push(usize::from(is_text));
        let (width, height) = if images == 0 { (0, 0) } else { order.size() };
        let event = json!({
            "output": {
                "choices": [{
                    "message": {"content": [piece.content()], "role": "assistant"},
                    "finish_reason": if number == last { "stop" } else { "null" },
                }],
                "finished": number == last,
            },
            "usage": {
                "total_tokens": input + texts,
                "image_count": images,
                "output_tokens": texts,
                "size": format!("{width}*{height}"),
                "input_tokens": input,
            },
            "request_id": exchange.id.to_string(),
        });
        texts += usize::from(is_text);
        event.to_string()
    });
    let events = events.collect();
    let whole = json!({
        "output": answers::output(order, urls),
        "usage": answers::usage(order, urls.len()),
        "request_id": exchange.id.to_string(),
    });
    let stream = EventStream {
        events,
        tokens,
        whole: whole.to_string(),
        form: EventForm::Native,
    };
    Answer::stream(stream, exchange.id).tokens(TokenCounts {
        prompt: input,
        completion: output,
    })
}
