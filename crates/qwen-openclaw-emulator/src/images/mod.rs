//! Image generation: the OpenAI-compatible path, DashScope's own at once and as tasks, and the
//! pictures themselves.

mod answers;
mod draw;
mod fields;
mod font;
mod input;
mod interleave;
mod look;
mod models;
mod openai;
mod order;
mod png;
mod size;

use serde_json::Value;

pub(crate) use self::{
    draw::draw, look::Look, models::TaskPath, openai::answer as generations, order::Order,
};
use crate::{
    answer::Answer, fault::Fault, refusal::Refusal, route::Exchange, served::TokenCounts, video,
};

/// Whether a model makes images.
pub(crate) fn offers(model: &str) -> bool {
    models::find(model).is_some()
}

/// Which tasks a path below DashScope's own API creates.
pub(crate) fn task_path(path: &str) -> Option<TaskPath> {
    let words = path.strip_prefix("/services/aigc/")?;
    TaskPath::ALL
        .into_iter()
        .find(|path| path.words().join("/") == words)
}

/// Answers a request to the path that several kinds of models share, for a model that makes images.
pub(crate) fn sync(exchange: &Exchange<'_>, body: &Value) -> Result<Answer, Refusal> {
    if exchange.request.header("x-dashscope-async") == Some("enable") {
        return Err(order::not_asynchronous());
    }
    let mut books = exchange.state.video.books();
    let order = Order::read(exchange, &books, body, None)?;
    if order.interleaved {
        interleave::check(exchange, body["parameters"]["stream"].as_bool())?;
    }
    let urls = video::show(exchange, &mut books, order.clone());
    drop(books);
    if order.interleaved {
        return Ok(interleave::answer(exchange, &order, &urls));
    }
    let body = serde_json::json!({
        "output": answers::output(&order, &urls),
        "usage": answers::usage(&order, urls.len()),
        "request_id": exchange.id.to_string(),
    });
    let answer = Answer::json(200, body.to_string(), exchange.id);
    Ok(match answers::tokens(&order, urls.len()) {
        (0, 0) => answer,
        (prompt, completion) => answer.tokens(TokenCounts { prompt, completion }),
    })
}

/// Why the last results of a task fail.
#[derive(Clone, Debug)]
pub(crate) struct PartialFailure {
    /// How many succeed, one at least.
    pub(crate) succeeded: usize,
    code: String,
}

/// The text of the service for `InternalError.Timeout`.
const TIMEOUT: &str = "An internal timeout error has occured during execution, please try again \
                       later or contact service support.";

impl PartialFailure {
    /// What a fault makes of an order; `None` if no image would be left.
    pub(crate) fn of(fault: &Fault, order: &Order) -> Option<Self> {
        let succeeded = fault.events().min(order.count.saturating_sub(1));
        (succeeded > 0).then(|| Self {
            succeeded,
            code: fault.result_code().to_owned(),
        })
    }
}

/// What a finished task says in `output`, in addition to what all tasks say, and its `usage`.
pub(crate) fn finished(
    order: &Order,
    urls: &[String],
    partial: Option<&PartialFailure>,
) -> (Value, Value) {
    let failure = partial.map(|partial| (partial.code.as_str(), TIMEOUT));
    let output = match order.model.tasks {
        Some(TaskPath::TextToImage | TaskPath::ImageToImage) => {
            answers::results(order, urls, failure)
        }
        _ => answers::output(order, urls),
    };
    // qwen-image has other fields at once than in a task.
    let usage = match order.model.tasks {
        Some(TaskPath::TextToImage | TaskPath::ImageToImage) => {
            serde_json::json!({"image_count": urls.len()})
        }
        _ => answers::usage(order, urls.len()),
    };
    (output, usage)
}
