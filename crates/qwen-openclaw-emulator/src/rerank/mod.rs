//! Reranking: documents in the order in which they answer a query.

mod models;
mod request;

use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use self::request::{Order, Subject};
use crate::{
    answer::Answer, fields, fields::Fields, models as chat_models, refusal::Refusal,
    route::Exchange, served::TokenCounts,
};

/// The path below DashScope's own API.
pub(crate) const PATH: &str = "/services/rerank/text-rerank/text-rerank";

/// Whether an upload can be for a model: one that takes images and videos.
pub(crate) fn takes_uploads(model: &str) -> bool {
    models::find(model).is_some_and(|model| model.media)
}

/// A document in its place.
#[derive(Debug, Serialize)]
struct Ranked {
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Value>,
    index: usize,
    relevance_score: f32,
}

/// `POST /reranks` of the endpoint that has nothing else.
pub(crate) fn flat(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    exchange.only(&Method::POST)?;
    let body = fields::body(&exchange.request.body)?;
    let fields = Fields::of(&body);
    let id = fields.model()?;
    let Some(model) = models::find(id).filter(|model| model.flat) else {
        return Err(not_flat(exchange, id));
    };
    let order = Order::read(exchange, model, fields, fields)?;
    let body = json!({
        "object": "list",
        "results": rank(&order),
        "model": model.id,
        "id": exchange.id.to_string(),
        "usage": {"total_tokens": order.tokens},
    });
    Ok(answer(exchange, &body, &order))
}

/// `POST …/text-rerank` of DashScope's own API.
pub(crate) fn native(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    exchange.only(&Method::POST)?;
    let body = fields::body(&exchange.request.body)?;
    let fields = Fields::of(&body);
    let id = fields.model()?;
    let unknown = || Refusal::unknown_model(exchange.endpoint, id);
    let model = models::find(id).ok_or_else(unknown)?;
    let order = Order::read(exchange, model, fields.input()?, fields.parameters()?)?;
    let body = json!({
        "output": {"results": rank(&order)},
        "usage": {"total_tokens": order.tokens},
        "request_id": exchange.id.to_string(),
    });
    Ok(answer(exchange, &body, &order))
}

fn answer(exchange: &Exchange<'_>, body: &Value, order: &Order<'_>) -> Answer {
    let tokens = TokenCounts {
        prompt: order.tokens,
        completion: 0,
    };
    Answer::json(200, body.to_string(), exchange.id).tokens(tokens)
}

/// What a model that is not for this endpoint is told. The code is documented, the text is inferred.
fn not_flat(exchange: &Exchange<'_>, id: &str) -> Refusal {
    if models::find(id).is_none() && chat_models::find(exchange, id).is_err() {
        return Refusal::unknown_model(exchange.endpoint, id);
    }
    Refusal {
        message: format!("Unsupported model `{id}` for OpenAI compatibility mode.").into(),
        ..Refusal::new(
            404,
            "model_not_supported",
            "ModelNotFound",
            "invalid_request_error",
            "",
        )
    }
}

/// The best documents, the best first; of those that are as good, the one that came first.
fn rank(order: &Order<'_>) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = order
        .documents
        .iter()
        .enumerate()
        .map(|(index, document)| Ranked {
            document: order.returns_documents.then(|| document.shown.clone()),
            index,
            relevance_score: score(&order.query, document),
        })
        .collect();
    ranked.sort_by(|one, other| other.relevance_score.total_cmp(&one.relevance_score));
    ranked.truncate(order.top_n);
    ranked
}

/// How well a document answers a query, from 0 to 1: mostly how much of the query's words it has,
/// and a little how much else it has.
fn score(query: &Subject, document: &Subject) -> f32 {
    let covered = query.bag.covered_by(&document.bag);
    let alike = query.bag.cosine(&document.bag);
    let score = 0.8 * covered + 0.2 * alike;
    (score.clamp(0.0, 1.0) * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::Bag;

    #[test]
    fn scores_follow_the_words() {
        let subject = |text: &str| Subject {
            bag: Bag::of_text(text),
            tokens: 0,
            shown: Value::Null,
        };
        let query = subject("What is the capital of France?");
        let score = |text: &str| super::score(&query, &subject(text));
        let exact = score("Paris is the capital of France.");
        let half = score("The capital of Norway is Oslo.");
        let none = score("Bread rises in the warm.");
        assert!(exact > 0.8 && exact < 1.0, "{exact}");
        assert!(half > 0.2 && half < 0.6, "{half}");
        assert!(none < 0.1, "{none}");
        assert_eq!(score("What is the capital of France?"), 1.0);
    }
}
