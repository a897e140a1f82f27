//! Amounts in the unit of a limit.

use qwen_openclaw::{
    catalog::price::Cost,
    routing::{Amount, Limit},
};

use crate::number::thousands;

/// The part of an amount that a limit counts, in its unit.
pub(crate) fn counts_of(amount: &Amount, limit: &Limit) -> u128 {
    match limit {
        Limit::Requests(_) => amount.requests.into(),
        Limit::Tokens(_) => amount.tokens.into(),
        Limit::Cost(limit) => {
            let cost = amount.cost;
            let same = cost.filter(|cost| cost.currency() == limit.currency());
            same.map_or(0, Cost::picos)
        }
        _ => 0,
    }
}

/// An amount in the unit of a limit.
pub(crate) fn amount(amount: &Amount, limit: &Limit) -> String {
    match limit {
        Limit::Requests(_) => thousands(amount.requests),
        Limit::Tokens(_) => thousands(amount.tokens),
        Limit::Cost(limit) => {
            let same = amount
                .cost
                .filter(|cost| cost.currency() == limit.currency());
            same.unwrap_or(Cost::zero(limit.currency())).to_string()
        }
        _ => "?".to_owned(),
    }
}

/// A limit with its unit.
pub(crate) fn whole(limit: &Limit) -> String {
    match limit {
        Limit::Requests(requests) => plural(*requests, "request"),
        Limit::Tokens(tokens) => plural(*tokens, "token"),
        Limit::Cost(cost) => cost.to_string(),
        _ => "?".to_owned(),
    }
}

/// A number of things.
pub(crate) fn plural(number: u64, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {word}{ending}", thousands(number))
}
