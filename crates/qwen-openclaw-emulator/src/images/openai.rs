//! `POST /images/generations`: Qwen-Image 3.0 in the OpenAI-compatible form.

use serde_json::{Map, Value, json};

use super::{
    answers,
    fields::{Fields, Wrong},
    input::{self, Input},
    models::{self, Family, MAX_TOKENS, Mode, Model},
    order::{Draft, Order},
};
use crate::{
    answer::Answer,
    chat,
    refusal::Refusal,
    route::Exchange,
    video::{self, Books},
};

/// Answers a request, or refuses it in the form of this path.
pub(crate) fn answer(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let mut books = exchange.state.video.books();
    let order = match read(exchange, &books)? {
        Ok(order) => order,
        Err(wrong) => return Ok(refused(exchange, &wrong)),
    };
    let usage = answers::classes(&order, order.count);
    let urls = video::show(exchange, &mut books, order);
    let data: Vec<Value> = urls.iter().map(|url| json!({"url": url})).collect();
    let created = exchange.state.video.unix_time().as_secs();
    let body = json!({"created": created, "data": data, "usage": usage});
    Ok(Answer::json(200, body.to_string(), exchange.id))
}

/// An error as this path words it: the id of the request is in the header alone. What a gate before
/// it refuses, such as a wrong key, has the usual form.
fn refused(exchange: &Exchange<'_>, wrong: &Wrong) -> Answer {
    let body = json!({"error": {
        "message": wrong.message,
        "type": "invalid_request_error",
        "param": wrong.field,
        "code": "InvalidParameter",
    }});
    Answer::json(400, body.to_string(), exchange.id)
}

/// Checks a request. Documented is that a required field that is missing is named like this; the
/// other texts are inferred.
fn read(exchange: &Exchange<'_>, books: &Books) -> Result<Result<Order, Wrong>, Refusal> {
    let body: Map<String, Value> =
        serde_json::from_slice(&exchange.request.body).map_err(|_| Refusal::unreadable_body())?;
    let fields = Fields(&body);
    let id = match required(fields, "model") {
        Ok(id) => id,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let model = models::find(id).ok_or_else(|| Refusal::unknown_model(exchange.endpoint, id))?;
    if model.family != Family::Qwen3 {
        let message = format!("Model '{id}' is not supported by this endpoint");
        return Ok(Err(Wrong::new("model", message)));
    }
    Ok(order(exchange, books, model, fields))
}

fn order(
    exchange: &Exchange<'_>,
    books: &Books,
    model: &'static Model,
    fields: Fields<'_>,
) -> Result<Order, Wrong> {
    let prompt = required(fields, "prompt")?;
    if chat::count_tokens(prompt) > MAX_TOKENS {
        let message = format!("Field 'prompt' must not be longer than {MAX_TOKENS} tokens");
        return Err(Wrong::new("prompt", message));
    }
    let inputs = images(exchange, books, model, fields)?;
    let count = fields.number("n", 1, 6)?.unwrap_or(1);
    fields.text("negative_prompt")?;
    fields.flag("enable_thinking", true)?;
    let mode = if inputs.is_empty() {
        Mode::Text
    } else {
        Mode::Edit
    };
    match fields.text("prompt_extend_mode")? {
        None | Some("direct") => {}
        Some("agent") if mode == Mode::Text => {}
        Some("agent") => {
            return Err(Wrong::new(
                "prompt_extend_mode",
                "Field 'prompt_extend_mode' must not be 'agent' with images",
            ));
        }
        Some(_) => {
            return Err(Wrong::new(
                "prompt_extend_mode",
                "Field 'prompt_extend_mode' must be 'direct' or 'agent'",
            ));
        }
    }
    let draft = Draft {
        model,
        prompt,
        inputs,
        sign: 'x',
    };
    draft.order(fields, mode, count)
}

/// A text that is there and not empty.
fn required<'a>(fields: Fields<'a>, name: &'static str) -> Result<&'a str, Wrong> {
    let text = fields.text(name)?;
    let text = text.ok_or_else(|| Wrong::new(name, format!("Field '{name}' is required")))?;
    if text.trim().is_empty() {
        return Err(Wrong::new(
            name,
            format!("Field '{name}' must not be empty"),
        ));
    }
    Ok(text)
}

/// `image`: a URL or a list of one to three. `null` is no way to leave it out.
fn images(
    exchange: &Exchange<'_>,
    books: &Books,
    model: &Model,
    fields: Fields<'_>,
) -> Result<Vec<Input>, Wrong> {
    let wrong = || {
        Wrong::new(
            "image",
            "Field 'image' must be a string or a list of 1 to 3 strings",
        )
    };
    let urls: Vec<&str> = match fields.0.get("image") {
        None => return Ok(Vec::new()),
        Some(Value::String(url)) => vec![url],
        Some(Value::Array(urls)) if (1..=model.most_inputs).contains(&urls.len()) => {
            let urls: Option<_> = urls.iter().map(Value::as_str).collect();
            urls.ok_or_else(wrong)?
        }
        Some(_) => return Err(wrong()),
    };
    let read = |url| {
        input::read(exchange, books, model, url)
            .map_err(|refusal| Wrong::new("image", refusal.message.into_owned()))
    };
    urls.into_iter().map(read).collect()
}
