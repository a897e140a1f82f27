//! When faults happen.

use std::sync::Mutex;

use serde_json::Value;

use super::{FAULT_HEADER, Fault, FaultKind, ParseFaultError};
use crate::{capture::CapturedRequest, lock::lock};

/// A fault with the requests it happens to.
///
/// ```
/// use qwen_openclaw_emulator::{FaultKind, FaultRule};
///
/// let rule = FaultRule::new(FaultKind::Stall).times(2).model("qwen3.5-plus");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct FaultRule {
    fault: Fault,
    left: Option<usize>,
    skip: usize,
    model: Option<String>,
    path: String,
}

impl FaultRule {
    /// Makes a rule by which a fault always happens.
    pub fn new(fault: impl Into<Fault>) -> Self {
        Self {
            fault: fault.into(),
            left: None,
            skip: 0,
            model: None,
            path: String::new(),
        }
    }

    /// Ends the rule after so many requests. Default: never.
    pub fn times(mut self, requests: usize) -> Self {
        self.left = Some(requests);
        self
    }

    /// Leaves so many requests alone first. Default: none.
    pub fn skip(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// Leaves requests for other models alone. Default: all models.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.model = Some(id.into());
        self
    }

    /// Leaves requests alone whose path does not end so. Default: all paths.
    pub fn path(mut self, end: impl Into<String>) -> Self {
        self.path = end.into();
        self
    }

    fn concerns(&self, request: &CapturedRequest) -> bool {
        let model = || match request.json() {
            Value::Object(mut body) => body.remove("model"),
            _ => None,
        };
        request.path.ends_with(&self.path)
            && self
                .model
                .as_ref()
                .is_none_or(|id| model() == Some(Value::from(&**id)))
    }

    /// The fault, if it is due now.
    fn due(&mut self, request: &CapturedRequest) -> Option<Fault> {
        if self.left == Some(0) || !self.concerns(request) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        Some(self.fault.clone())
    }
}

impl From<Fault> for FaultRule {
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}

impl From<FaultKind> for FaultRule {
    fn from(kind: FaultKind) -> Self {
        Self::new(kind)
    }
}

/// The rules of one emulator. The first that is due counts.
#[derive(Debug)]
pub(crate) struct Faults(Mutex<Vec<FaultRule>>);

impl Faults {
    pub(crate) const fn new(rules: Vec<FaultRule>) -> Self {
        Self(Mutex::new(rules))
    }

    pub(crate) fn push(&self, rule: FaultRule) {
        lock(&self.0).push(rule);
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The fault that a request meets. Its own header goes before the rules.
    pub(crate) fn due(&self, request: &CapturedRequest) -> Result<Option<Fault>, ParseFaultError> {
        if let Some(wish) = request.header(FAULT_HEADER) {
            return wish.parse().map(Some);
        }
        let mut rules = lock(&self.0);
        Ok(rules.iter_mut().find_map(|rule| rule.due(request)))
    }
}
