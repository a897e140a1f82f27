//! The list of batches and its filters.
//!
//! Inferred: that the newest come first, that a name is looked for anywhere in a batch's, and that
//! files and states are lists with commas.

use serde_json::{Value, json};

use super::{
    batch::{Batch, Status},
    not_found,
};
use crate::{answer::Answer, query::parameter, refusal::Refusal, route::Exchange, video::clock};

/// The maximum number of batches in a list, and how many there are unless it is said.
const MAX_LIMIT: usize = 100;
const LIMIT: usize = 20;

pub(super) fn answer(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let query = exchange.request.query.as_deref();
    let limit = parameter(query, "limit").map_or(Ok(LIMIT), |text| {
        let limit = text.parse().ok();
        limit
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| Refusal::parameter(format!("Range of limit should be [1, {MAX_LIMIT}]")))
    })?;
    let moment = |name: &str| {
        parameter(query, name)
            .map(|text| {
                clock::from_digits(&text).ok_or_else(|| {
                    Refusal::parameter(format!("{name} must be in the format of yyyyMMddHHmmss"))
                })
            })
            .transpose()
    };
    let (since, until) = (moment("create_after")?, moment("create_before")?);
    let words = |name: &str| -> Option<Vec<String>> {
        let text = parameter(query, name)?;
        Some(text.split(',').map(|word| word.trim().to_owned()).collect())
    };
    let (files, states) = (words("input_file_ids"), words("status"));
    let known = Status::ALL.map(Status::word);
    if let Some(word) = states
        .iter()
        .flatten()
        .find(|word| !known.contains(&word.as_str()))
    {
        return Err(Refusal::parameter(format!(
            "{word} is not one of {known:?} - 'status'"
        )));
    }
    let name = parameter(query, "ds_name").unwrap_or_default();
    let after = parameter(query, "after");
    exchange.state.batches.with(exchange.state, |batches, now| {
        let has = |words: &Option<Vec<String>>, word: &str| {
            words
                .as_ref()
                .is_none_or(|words| words.iter().any(|one| one == word))
        };
        let wanted = |batch: &&Batch| {
            since.is_none_or(|since| batch.created >= since)
                && until.is_none_or(|until| batch.created < until)
                && has(&files, &batch.order.input)
                && has(&states, batch.status(now).word())
                && batch.order.name().contains(&name)
        };
        let own: Vec<&Batch> = batches
            .iter()
            .rev()
            .filter(|batch| batch.endpoint == exchange.endpoint)
            .collect();
        let from = match &after {
            None => 0,
            Some(id) => {
                let place = own.iter().position(|batch| batch.id == *id);
                place.ok_or_else(not_found)? + 1
            }
        };
        let found: Vec<&Batch> = own[from..].iter().copied().filter(wanted).collect();
        let page = &found[..found.len().min(limit)];
        let rows: Vec<Value> = page.iter().map(|batch| batch.object(now)).collect();
        let body = json!({
            "object": "list",
            "data": rows,
            "first_id": page.first().map(|batch| &batch.id),
            "last_id": page.last().map(|batch| &batch.id),
            "has_more": found.len() > limit,
        });
        Ok(Answer::json(200, body.to_string(), exchange.id))
    })
}
