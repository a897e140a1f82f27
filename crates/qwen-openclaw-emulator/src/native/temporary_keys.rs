//! `POST /tokens`: keys that are good for a while.
//!
//! help.aliyun.com, Model Studio, "generate-temporary-api-key". A key says itself how long and where it
//! is good, so that none is remembered.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::Answer,
    endpoint::{Plan, Region},
    key,
    query::parameter,
    refusal::Refusal,
    route::Exchange,
    state::State,
    video,
};

/// How long a key is good unless the request says something else, and at most, in seconds.
const DEFAULT: u64 = 60;
const MOST: u64 = 1800;

pub(super) fn answer(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let query = exchange.request.query.as_deref();
    let seconds = match parameter(query, "expire_in_seconds") {
        None => DEFAULT,
        // The range is documented, the text inferred.
        Some(given) => given
            .parse()
            .ok()
            .filter(|seconds| (1..=MOST).contains(seconds))
            .ok_or_else(|| {
                Refusal::parameter(format!("Range of expire_in_seconds should be [1, {MOST}]"))
            })?,
    };
    let expires = exchange.state.video.unix_time() + Duration::from_secs(seconds);
    let key = write(exchange.state, exchange.endpoint.region, expires.as_secs());
    let body = json!({"token": key, "expires_at": expires.as_secs()});
    Ok(Answer::json(200, Value::to_string(&body), exchange.id))
}

/// Decides about the key of a request if the emulator gave it out; `None` for other keys.
pub(crate) fn check(exchange: &Exchange<'_>) -> Option<Result<(), Refusal>> {
    let key = key::bearer(&exchange.request.headers)?;
    let endpoint = exchange.endpoint;
    let expires = key.strip_prefix("st-")?.split('.').next()?.parse().ok()?;
    let given = |region: &Region| key == write(exchange.state, *region, expires);
    let region = Region::ALL.into_iter().find(given)?;
    let good = exchange.state.video.unix_time() < Duration::from_secs(expires)
        && region == endpoint.region
        && endpoint.plan() == Plan::Standard;
    Some(
        good.then_some(())
            .ok_or_else(|| Refusal::wrong_key(endpoint)),
    )
}

fn write(state: &State, region: Region, expires: u64) -> String {
    let text = format!("{expires}.{}", region.word());
    format!("st-{text}.{}", video::sign(state, &text))
}
