//! The Conversations API: items that responses follow and add to.
//!
//! Calls, limits and answers: help.aliyun.com, Model Studio, "conversations". The texts of refusals are
//! inferred, and that a deleted conversation takes its items along as far as anyone can see.

use http::Method;
use serde_json::{Map, Value, json};

use super::{
    held::{Held, Order},
    history, text,
};
use crate::{
    answer::Answer,
    chat::shape::{
        Shape::{self, Any, List, Object},
        optional, required,
    },
    id::Id,
    refusal::Refusal,
    route::Exchange,
};

/// The path below the endpoint's own.
pub(crate) const PATH: &str = "/conversations";

const CREATE: Shape = Object(&[
    optional("items", List(&Object(&[]))),
    optional("metadata", Object(&[])),
]);

const UPDATE: Shape = Object(&[required("metadata", Object(&[]))]);

const ADD: Shape = Object(&[required("items", List(&Any))]);

/// How many items one request can bring.
const MOST_ITEMS: usize = 20;
/// How many pairs metadata has, and how many characters a key and a value of it.
const MOST_PAIRS: usize = 16;
const MOST_KEY: usize = 64;
const MOST_VALUE: usize = 512;

/// Answers a request to a path that starts with [`PATH`].
pub(crate) fn answer(exchange: &Exchange<'_>, path: &str) -> Result<Answer, Refusal> {
    let unknown = || Refusal::unknown_path(&exchange.request.path);
    let rest = path.strip_prefix(PATH).ok_or_else(unknown)?;
    let parts: Vec<&str> = rest.split('/').collect();
    let method = match &exchange.request.method {
        &Method::HEAD => &Method::GET,
        method => method,
    };
    let body = match (parts.as_slice(), method.as_str()) {
        ([""], "POST") => create(exchange),
        (["", id], "GET") => exchange.held(id, |held| held.object()),
        (["", id], "POST") => update(exchange, id),
        (["", id], "DELETE") => delete(exchange, id),
        (["", id, "items"], "GET") => list(exchange, id),
        (["", id, "items"], "POST") => add(exchange, id),
        (["", id, "items", item], "GET") => exchange
            .held(id, |held| held.item(item).cloned())?
            .ok_or_else(|| unknown_item(item)),
        (["", id, "items", item], "DELETE") => {
            let removed = |held: &mut Held| held.remove(item).then(|| held.object());
            exchange
                .held(id, removed)?
                .ok_or_else(|| unknown_item(item))
        }
        ([""] | ["", _] | ["", _, "items"] | ["", _, "items", _], _) => {
            return Err(Refusal::wrong_method());
        }
        _ => return Err(unknown()),
    }?;
    Ok(Answer::json(200, body.to_string(), exchange.id))
}

impl Exchange<'_> {
    /// Looks at a conversation, or changes it.
    fn held<T>(&self, id: &str, look: impl FnOnce(&mut Held) -> T) -> Result<T, Refusal> {
        let region = self.endpoint.region;
        let found = self.state.conversations.with(id, region, look);
        found.ok_or_else(|| unknown(id))
    }
}

fn create(exchange: &Exchange<'_>) -> Result<Value, Refusal> {
    // Nothing is required, so that there may be no body either.
    let body = match exchange.request.body.is_empty() {
        true => json!({}),
        false => body(exchange, &CREATE)?,
    };
    let held = Held {
        id: format!("conv_{}", exchange.id),
        region: exchange.endpoint.region,
        created: exchange.state.video.now(),
        metadata: metadata(&body)?,
        items: items(&body, exchange.id)?,
    };
    let object = held.object();
    exchange.state.conversations.push(held);
    Ok(object)
}

fn update(exchange: &Exchange<'_>, id: &str) -> Result<Value, Refusal> {
    let metadata = metadata(&body(exchange, &UPDATE)?)?;
    exchange.held(id, |held| {
        held.metadata = metadata;
        held.object()
    })
}

fn delete(exchange: &Exchange<'_>, id: &str) -> Result<Value, Refusal> {
    let region = exchange.endpoint.region;
    if !exchange.state.conversations.remove(id, region) {
        return Err(unknown(id));
    }
    Ok(json!({"id": id, "object": "conversation.deleted", "deleted": true}))
}

fn add(exchange: &Exchange<'_>, id: &str) -> Result<Value, Refusal> {
    let items = items(&body(exchange, &ADD)?, exchange.id)?;
    let added = page(&items, false);
    exchange.held(id, |held| held.items.extend(items))?;
    Ok(added)
}

fn list(exchange: &Exchange<'_>, id: &str) -> Result<Value, Refusal> {
    let query = exchange.request.query.as_deref().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let parameter = |name: &str| {
        pairs
            .clone()
            .find(|(key, _)| *key == name)
            .map(|pair| pair.1)
    };
    let limit = match parameter("limit") {
        None => 20,
        Some(given) => given
            .parse()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| Refusal::parameter("Range of limit should be [1, 100]"))?,
    };
    let order = match parameter("order") {
        None | Some("desc") => Order::NewestFirst,
        Some("asc") => Order::OldestFirst,
        Some(other) => {
            let message = format!("{other} is not one of ['asc', 'desc'] - 'order'");
            return Err(Refusal::parameter(message));
        }
    };
    let after = parameter("after").unwrap_or_default();
    let (items, more) = exchange
        .held(id, |held| held.page(order, after, limit))?
        .ok_or_else(|| unknown_item(after))?;
    let mut page = page(&items, more);
    page["object"] = "list".into();
    Ok(page)
}

fn page(items: &[Value], more: bool) -> Value {
    let id = |item: Option<&Value>| item.map(|item| item["id"].clone());
    json!({"data": items, "first_id": id(items.first()), "last_id": id(items.last()),
        "has_more": more})
}

fn body(exchange: &Exchange<'_>, shape: &Shape) -> Result<Value, Refusal> {
    let body: Value =
        serde_json::from_slice(&exchange.request.body).map_err(|_| Refusal::unreadable_body())?;
    if !body.is_object() {
        return Err(Refusal::unreadable_body());
    }
    shape.check(&body, "").map_err(Refusal::algo)?;
    Ok(body)
}

/// The items of a request as they are kept: messages only, each with an id.
fn items(body: &Value, id: Id) -> Result<Vec<Value>, Refusal> {
    let given = body["items"].as_array().map_or(&[][..], Vec::as_slice);
    if given.len() > MOST_ITEMS {
        let message = format!("The number of items should be at most {MOST_ITEMS}");
        return Err(Refusal::parameter(message));
    }
    for (position, item) in given.iter().enumerate() {
        let path = format!("items.{position}");
        if !matches!(item["type"].as_str(), None | Some("message")) {
            let kind = &item["type"];
            let message = format!("{kind} is not one of ['message'] - '{path}.type'");
            return Err(Refusal::parameter(message));
        }
        history::check(item, &path)?;
    }
    Ok(keep(given, id))
}

/// Items as a conversation keeps them. Those of an output have their ids already.
pub(super) fn keep(items: &[Value], id: Id) -> Vec<Value> {
    /// So that they do not get the ids of the items of an output.
    const FIRST: usize = 1 << 20;
    let mut kept = items.to_vec();
    for (position, item) in kept.iter_mut().enumerate() {
        if item["id"].is_string() {
            continue;
        }
        item["id"] = format!("msg_{}", id.part(FIRST + position)).into();
        if item["content"].is_null() {
            continue;
        }
        item["type"] = "message".into();
        item["status"] = "completed".into();
        if let Some(said) = item["content"].as_str() {
            let kind = match text(item, "role") {
                "assistant" => "output_text",
                _ => "input_text",
            };
            item["content"] = json!([{"type": kind, "text": said}]);
        }
    }
    kept
}

fn metadata(body: &Value) -> Result<Map<String, Value>, Refusal> {
    let metadata = body["metadata"].as_object().cloned().unwrap_or_default();
    let short = |text: &str, most: usize| text.chars().count() <= most;
    let fits = metadata.len() <= MOST_PAIRS
        && metadata.iter().all(|(key, value)| {
            let value = value.as_str();
            short(key, MOST_KEY) && value.is_some_and(|value| short(value, MOST_VALUE))
        });
    fits.then_some(metadata).ok_or_else(|| {
        Refusal::parameter(format!(
            "metadata should have at most {MOST_PAIRS} texts of at most {MOST_VALUE} characters, with keys of at most {MOST_KEY}"
        ))
    })
}

pub(super) fn unknown(id: &str) -> Refusal {
    Refusal::not_found(format!("Conversation with id '{id}' not found."))
}

fn unknown_item(id: &str) -> Refusal {
    Refusal::not_found(format!("Item with id '{id}' not found."))
}
