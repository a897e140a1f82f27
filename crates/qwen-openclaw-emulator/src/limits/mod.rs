//! Limits that tests set on what the service grants: quotas of keys, and gates of plans and models.

mod gate;
mod quota;

pub use self::{gate::Gate, quota::Quota};

use std::sync::Mutex;

use http::Method;
use tokio::time::Instant;

use self::quota::{Budget, Used};
use crate::{
    answer::Answer,
    fault::{self, FaultKind},
    key,
    lock::lock,
    numbered::Numbered,
    refusal::Refusal,
    route::Exchange,
};

/// The limits of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    quotas: Mutex<Numbered<Budget>>,
    gates: Mutex<Numbered<Gate>>,
}

impl Limits {
    pub(crate) fn new(quotas: Vec<Quota>, gates: Vec<Gate>) -> Self {
        let limits = Self::default();
        limits.set_quotas(quotas);
        limits.set_gates(gates);
        limits
    }

    pub(crate) fn add_quota(&self, quota: Quota) -> u64 {
        lock(&self.quotas).push(Budget::new(quota))
    }

    pub(crate) fn remove_quota(&self, id: u64) -> bool {
        lock(&self.quotas).remove(id)
    }

    /// Replaces the quotas; returns how many there were.
    pub(crate) fn set_quotas(&self, quotas: Vec<Quota>) -> usize {
        let budgets = quotas.into_iter().map(Budget::new).collect();
        lock(&self.quotas).set(budgets)
    }

    /// The quotas with their use.
    pub(crate) fn quotas(&self, now: Instant) -> Vec<(u64, Quota, Used)> {
        let mut quotas = lock(&self.quotas);
        let quotas = quotas.iter_mut();
        quotas
            .map(|(id, budget)| (*id, budget.quota().clone(), budget.used(now)))
            .collect()
    }

    pub(crate) fn add_gate(&self, gate: Gate) -> u64 {
        lock(&self.gates).push(gate)
    }

    pub(crate) fn remove_gate(&self, id: u64) -> bool {
        lock(&self.gates).remove(id)
    }

    /// Replaces the gates; returns how many there were.
    pub(crate) fn set_gates(&self, gates: Vec<Gate>) -> usize {
        lock(&self.gates).set(gates)
    }

    pub(crate) fn gates(&self) -> Vec<(u64, Gate)> {
        lock(&self.gates).to_vec()
    }
}

/// Refuses a request whose key has been checked, if a gate or a quota does. Only requests that could
/// cost something are refused: reading is free.
pub(crate) fn check(exchange: &Exchange<'_>) -> Option<Answer> {
    if exchange.request.method != Method::POST {
        return None;
    }
    let limits = &exchange.state.limits;
    let gates = lock(&limits.gates);
    let gate = gates.iter().find(|(_, gate)| gate.covers(exchange));
    if let Some((_, gate)) = gate {
        return match (&gate.fault, &gate.model) {
            (Some(fault), _) => fault::refuse(fault, exchange),
            (None, Some(model)) => {
                Some(exchange.refuse(&Refusal::unknown_model(exchange.endpoint, model)))
            }
            (None, None) => fault::refuse(&FaultKind::PlanGate.into(), exchange),
        };
    }
    drop(gates);
    let key = key::of(&exchange.request.headers, exchange.endpoint)?;
    let now = exchange.state.now();
    let mut quotas = lock(&limits.quotas);
    let exhausted = quotas.iter_mut().find_map(|(_, budget)| {
        budget
            .is_exhausted(key, now)
            .then(|| budget.quota().fault.clone())
    });
    if let Some(fault) = exhausted {
        return fault::refuse(&fault, exchange);
    }
    for (_, budget) in quotas.iter_mut() {
        budget.spend(key, now, 1, 0);
    }
    None
}

/// Counts the tokens of an answer.
pub(crate) fn spend(exchange: &Exchange<'_>, answer: &Answer) {
    let key = key::of(&exchange.request.headers, exchange.endpoint);
    let (Some(tokens), Some(key)) = (answer.tokens, key) else {
        return;
    };
    let tokens = (tokens.prompt + tokens.completion) as u64;
    let now = exchange.state.now();
    for (_, budget) in lock(&exchange.state.limits.quotas).iter_mut() {
        budget.spend(key, now, 0, tokens);
    }
}
