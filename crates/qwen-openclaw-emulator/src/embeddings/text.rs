//! Embeddings of texts, over both protocols.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::{
    TEXT_PATH,
    bag::{self, Bag},
    models::{self, TextModel},
    vector::vector,
};
use crate::{
    answer::Answer,
    chat::tokens,
    fields::{self, Fields},
    models as chat_models,
    refusal::Refusal,
    route::Exchange,
    served::TokenCounts,
    video,
};

/// What the errors of the embedding models have for a code, unlike those of chats (their shape:
/// jjyaoao/HelloAgents#27).
const CODE: &str = "InvalidParameter";

/// A refusal of the model's own checks.
pub(super) fn refuse(message: impl AsRef<str>) -> Refusal {
    Refusal {
        code: CODE.into(),
        kind: CODE.into(),
        ..Refusal::algo(message)
    }
}

/// Texts to embed.
#[derive(Debug)]
struct Order<'a> {
    model: &'static TextModel,
    texts: Vec<&'a str>,
    /// The tokens of all texts.
    tokens: usize,
    dimension: usize,
    /// What the vectors are for, apart from being of a text.
    tint: Option<String>,
}

impl<'a> Order<'a> {
    /// Checks the texts and the dimension.
    ///
    /// The text for wrong contents is langchain-ai/langchain#31970, in the frame of newer errors.
    /// That an empty list is refused so, and the text for a dimension, are inferred.
    fn read(
        model: &'static TextModel,
        texts: &'a Value,
        dimension: Option<usize>,
    ) -> Result<Self, Refusal> {
        let wrong =
            || refuse("Value error, contents is neither str nor list of str.: input.contents");
        let texts: Vec<&str> = match texts {
            Value::String(text) => vec![text],
            Value::Array(texts) if !texts.is_empty() => {
                let texts = texts.iter().map(Value::as_str);
                texts.collect::<Option<_>>().ok_or_else(wrong)?
            }
            _ => return Err(wrong()),
        };
        let most = model.batch;
        if texts.len() > most {
            return Err(refuse(format!(
                "Value error, batch size is invalid, it should not be larger than {most}.: input.contents"
            )));
        }
        let mut all = 0;
        for text in &texts {
            all += check_length(text, model.tokens)?;
        }
        Ok(Self {
            model,
            texts,
            tokens: all,
            dimension: choose(model.dimensions, dimension.filter(|_| model.has_choices()))?,
            tint: None,
        })
    }

    fn bag(&self, text: &str) -> Bag {
        let mut bag = Bag::of_text(text);
        if let Some(tint) = &self.tint {
            // Enough to be seen, not enough to change what is near.
            bag.tint(tint, 0.2);
        }
        bag
    }

    fn vector(&self, text: &str) -> Vec<f32> {
        vector(&self.bag(text), space(self.model.id), self.dimension)
    }

    fn counts(&self) -> TokenCounts {
        TokenCounts {
            prompt: self.tokens,
            completion: 0,
        }
    }
}

/// Counts the tokens of a text that is not empty and not too long.
pub(super) fn check_length(text: &str, most: usize) -> Result<usize, Refusal> {
    let tokens = tokens::count(text);
    if (1..=most).contains(&tokens) {
        Ok(tokens)
    } else {
        Err(refuse(format!(
            "Range of input length should be [1, {most}]"
        )))
    }
}

/// The dimension asked for, or the default.
pub(super) fn choose(dimensions: &[usize], wanted: Option<usize>) -> Result<usize, Refusal> {
    let default = dimensions.first().copied().unwrap_or_default();
    match wanted {
        None => Ok(default),
        Some(wanted) if dimensions.contains(&wanted) => Ok(wanted),
        Some(wanted) => Err(Refusal::parameter(format!(
            "dimension {wanted} is invalid, it should be one of {dimensions:?}"
        ))),
    }
}

/// What keeps the vectors of a model apart from those of others.
pub(super) fn space(model: &str) -> u64 {
    bag::hash(0, model.chars())
}

/// The embedding in the form that was asked for.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Encoded {
    Floats(Vec<f32>),
    Base64(String),
}

#[derive(Serialize)]
struct OpenAiRow {
    embedding: Encoded,
    index: usize,
    object: &'static str,
}

/// `POST /embeddings` of the OpenAI-compatible API.
pub(crate) fn open_ai(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    exchange.only(&Method::POST)?;
    let body = fields::body(&exchange.request.body)?;
    let fields = Fields::of(&body);
    let id = fields.model()?;
    let model = models::find_text(id).ok_or_else(|| not_for_texts(exchange, id))?;
    let format = fields.choice("encoding_format", &["float", "base64"])?;
    let none = Value::Null;
    let input = fields.get("input").unwrap_or(&none);
    let order = Order::read(model, input, fields.positive("dimensions")?)?;
    let embed = |text: &str| {
        let vector = order.vector(text);
        match format {
            Some("base64") => {
                let bytes: Vec<u8> = vector
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                Encoded::Base64(STANDARD.encode(bytes))
            }
            _ => Encoded::Floats(vector),
        }
    };
    let rows: Vec<OpenAiRow> = order
        .texts
        .iter()
        .enumerate()
        .map(|(index, text)| OpenAiRow {
            embedding: embed(text),
            index,
            object: "embedding",
        })
        .collect();
    let reply = format!(
        r#"{{"data":{},"model":"{}","object":"list","usage":{{"prompt_tokens":{tokens},"total_tokens":{tokens}}},"id":"{}"}}"#,
        json(&rows),
        model.id,
        exchange.id,
        tokens = order.tokens,
    );
    Ok(Answer::json(200, reply, exchange.id).tokens(order.counts()))
}

/// What a model that embeds no texts over the OpenAI-compatible API is told. The code is
/// documented, the text is inferred.
fn not_for_texts(exchange: &Exchange<'_>, id: &str) -> Refusal {
    let other = models::find_media(id).is_some()
        || models::find_batch(id).is_some()
        || chat_models::find(exchange, id).is_ok();
    if !other {
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

#[derive(Serialize)]
struct NativeRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    sparse_embedding: Option<Vec<SparseValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<Vec<f32>>,
    text_index: usize,
}

/// A word of a sparse vector.
#[derive(Debug, PartialEq, Serialize)]
struct SparseValue {
    index: u64,
    value: f32,
    token: String,
}

/// `POST …/text-embedding/text-embedding` of DashScope's own API: an answer, or a task for a file.
pub(crate) fn native(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    exchange.only(&Method::POST)?;
    let body = fields::body(&exchange.request.body)?;
    let fields = Fields::of(&body);
    let id = fields.model()?;
    if exchange.request.header("x-dashscope-async") == Some("enable")
        || models::find_batch(id).is_some()
    {
        return video::create(exchange, TEXT_PATH);
    }
    let unknown = || Refusal::unknown_model(exchange.endpoint, id);
    let model = models::find_text(id).ok_or_else(unknown)?;
    let none = Value::Null;
    let texts = fields.input()?.get("texts").unwrap_or(&none);
    let parameters = fields.parameters()?;
    let mut order = Order::read(model, texts, parameters.positive("dimension")?)?;
    let kind = parameters.choice("text_type", &["query", "document"])?;
    let instruct = parameters.text("instruct")?.unwrap_or_default();
    if kind == Some("query") || !instruct.is_empty() {
        order.tint = Some(format!("{} {instruct}", kind.unwrap_or_default()));
    }
    let forms = ["dense", "sparse", "dense&sparse"];
    let form = parameters.choice("output_type", &forms)?;
    let form = form.filter(|_| model.has_choices()).unwrap_or("dense");
    let rows: Vec<NativeRow> = order
        .texts
        .iter()
        .enumerate()
        .map(|(text_index, text)| NativeRow {
            sparse_embedding: form.contains("sparse").then(|| sparse(text)),
            embedding: form.contains("dense").then(|| order.vector(text)),
            text_index,
        })
        .collect();
    let reply = format!(
        r#"{{"output":{{"embeddings":{}}},"usage":{{"total_tokens":{}}},"request_id":"{}"}}"#,
        json(&rows),
        order.tokens,
        exchange.id,
    );
    Ok(Answer::json(200, reply, exchange.id).tokens(order.counts()))
}

/// The size of the vocabulary that sparse vectors are over.
const VOCABULARY: u64 = 250_000;

/// The words of a text and how much each says, from 0 to 1.
fn sparse(text: &str) -> Vec<SparseValue> {
    let mut values: Vec<SparseValue> = bag::words(text)
        .map(|word| SparseValue {
            index: bag::hash(0, word.text.chars()) % VOCABULARY,
            value: word.weight,
            token: word.text,
        })
        .collect();
    values.sort_by(|one, other| (one.index, &one.token).cmp(&(other.index, &other.token)));
    values.dedup_by(|next, first| {
        let same = next.index == first.index;
        if same {
            first.value += next.value;
        }
        same
    });
    for value in &mut values {
        value.value = (value.value / (value.value + 0.25) * 1e4).round() / 1e4;
    }
    values
}

#[expect(
    clippy::expect_used,
    reason = "rows hold numbers and strings, under names that are strings"
)]
pub(super) fn json(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).expect("rows can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_vectors_have_each_word_once() {
        let values = sparse("The wind, the wind!");
        let words: Vec<_> = values
            .iter()
            .map(|value| (&*value.token, value.value))
            .collect();
        assert!(values.is_sorted_by_key(|value| value.index));
        assert_eq!(words.len(), 2);
        assert!(words.contains(&("wind", 0.8889)), "{words:?}");
        assert!(words.contains(&("the", 0.6154)), "{words:?}");
    }

    #[test]
    fn a_purpose_changes_a_vector_a_little() {
        let text = Value::from("the wind blows");
        let model = models::find_text("text-embedding-v4").unwrap();
        let mut order = Order::read(model, &text, None).unwrap();
        let plain = order.vector("the wind blows");
        order.tint = Some("query".to_owned());
        let tinted = order.vector("the wind blows");
        let cosine: f32 = plain.iter().zip(&tinted).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.9 && cosine < 0.999, "{cosine}");
    }
}
