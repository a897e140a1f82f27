//! When faults happen.

use std::{fmt, str::FromStr, sync::Mutex};

use serde_json::Value;

use super::{FAULT_HEADER, Fault, FaultKind, ParseFaultError};
use crate::{capture::CapturedRequest, lock::lock, numbered::Numbered, video::VideoRoute};

/// A fault, and the requests it applies to.
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
    route: Option<VideoRoute>,
}

impl FaultRule {
    /// Creates a rule that applies a fault to every request.
    pub fn new(fault: impl Into<Fault>) -> Self {
        Self {
            fault: fault.into(),
            left: None,
            skip: 0,
            model: None,
            path: String::new(),
            route: None,
        }
    }

    /// Limits the rule to this many requests. Default: no limit.
    pub fn times(mut self, requests: usize) -> Self {
        self.left = Some(requests);
        self
    }

    /// Skips this many requests first. Default: none.
    pub fn skip(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// Applies only to requests for this model. Default: all models.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.model = Some(id.into());
        self
    }

    /// Applies only to requests whose path ends with `path`. Default: all paths.
    pub fn path(mut self, end: impl Into<String>) -> Self {
        self.path = end.into();
        self
    }

    /// Applies only to a route of the video API. Default: all routes.
    ///
    /// ```
    /// use qwen_openclaw_emulator::{Fault, FaultKind, FaultRule, VideoRoute};
    ///
    /// let rule = FaultRule::new(Fault::new(FaultKind::Throttling).retry_after("1"))
    ///     .video(VideoRoute::Poll)
    ///     .times(1);
    /// ```
    pub fn video(mut self, route: VideoRoute) -> Self {
        self.route = Some(route);
        self
    }

    fn concerns(&self, request: &CapturedRequest) -> bool {
        let only_files = self.fault.kind.is_of_files();
        let route = self.route.or(only_files.then_some(VideoRoute::Result));
        let model = || match request.json() {
            Value::Object(mut body) => body.remove("model"),
            _ => None,
        };
        request.path.ends_with(&self.path)
            && route.is_none_or(|route| VideoRoute::of(&request.path) == Some(route))
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

/// Parses a fault like [`Fault`] does, with the additional parameters `times`, `skip`, `model`,
/// `path`, and `on` for a route of the video API (`create`, `poll`, `list`, `cancel`, `result`, `policy`,
/// `upload`): `throttling; on=poll; times=1`.
impl FromStr for FaultRule {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rule = Self::new(FaultKind::Throttling);
        let mut fault = Vec::new();
        for part in text.split(';') {
            let wrong = || ParseFaultError::rule_parameter(part.trim());
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            let number = || value.parse().map_err(|_| wrong());
            match name.trim() {
                "times" => rule.left = Some(number()?),
                "skip" => rule.skip = number()?,
                "model" => rule.model = Some(value.to_owned()),
                "path" => rule.path = value.to_owned(),
                "on" => {
                    let known = VideoRoute::NAMES.iter().find(|(_, name)| *name == value);
                    rule.route = Some(known.ok_or_else(wrong)?.0);
                }
                _ => fault.push(part),
            }
        }
        rule.fault = fault.join(";").parse()?;
        Ok(rule)
    }
}

/// Writes the rule as it is parsed, with the number of requests that are left.
impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        if let Some(left) = self.left {
            write!(f, ";times={left}")?;
        }
        if self.skip > 0 {
            write!(f, ";skip={}", self.skip)?;
        }
        if let Some(model) = &self.model {
            write!(f, ";model={model}")?;
        }
        if !self.path.is_empty() {
            write!(f, ";path={}", self.path)?;
        }
        let mut routes = VideoRoute::NAMES.iter();
        if let Some((_, name)) = routes.find(|(route, _)| self.route == Some(*route)) {
            write!(f, ";on={name}")?;
        }
        Ok(())
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
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Numbered<FaultRule>>);

impl Faults {
    pub(crate) fn new(rules: Vec<FaultRule>) -> Self {
        let faults = Self::default();
        faults.set(rules);
        faults
    }

    pub(crate) fn push(&self, rule: FaultRule) -> u64 {
        lock(&self.0).push(rule)
    }

    pub(crate) fn remove(&self, number: u64) -> bool {
        lock(&self.0).remove(number)
    }

    pub(crate) fn set(&self, rules: Vec<FaultRule>) {
        lock(&self.0).set(rules);
    }

    pub(crate) fn all(&self) -> Vec<(u64, FaultRule)> {
        lock(&self.0).to_vec()
    }

    /// The fault that a task on a socket meets for its model, which the handshake does not tell.
    pub(crate) fn due_for_model(&self, request: &CapturedRequest) -> Option<Fault> {
        let mut rules = lock(&self.0);
        let due = rules
            .iter_mut()
            .filter(|(_, rule)| rule.model.is_some())
            .find_map(|(_, rule)| rule.due(request));
        rules.retain(|rule| rule.left != Some(0));
        due
    }

    /// The fault that a request meets. Its own header goes before the rules.
    pub(crate) fn due(&self, request: &CapturedRequest) -> Result<Option<Fault>, ParseFaultError> {
        if let Some(wish) = request.header(FAULT_HEADER) {
            return wish.parse().map(Some);
        }
        let mut rules = lock(&self.0);
        let due = rules.iter_mut().find_map(|(_, rule)| rule.due(request));
        rules.retain(|rule| rule.left != Some(0));
        Ok(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_with_its_limits() {
        let rule: FaultRule = "throttling; on=poll; retry-after=1; times=2; skip=1; model=x"
            .parse()
            .unwrap();
        assert_eq!(
            rule.fault,
            Fault::new(FaultKind::Throttling).retry_after("1")
        );
        assert_eq!((rule.left, rule.skip), (Some(2), 1));
        assert_eq!(rule.route, Some(VideoRoute::Poll));
        assert_eq!(rule.model.as_deref(), Some("x"));
        let plain: FaultRule = "stall;after=5".parse().unwrap();
        assert_eq!(plain.fault, Fault::new(FaultKind::Stall).after(5));
        assert_eq!((plain.left, plain.route), (None, None));
    }

    #[test]
    fn a_rule_is_written_as_it_is_read() {
        let text = "stall;after=5;times=2;skip=1;model=x;path=/models;on=poll";
        let rule: FaultRule = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
    }

    #[test]
    fn what_is_no_rule_is_named() {
        let error = |text: &str| text.parse::<FaultRule>().unwrap_err().to_string();
        for text in [
            "stall;times=x",
            "stall;on=nowhere",
            "stall;skip=-1",
            "stall;x=1",
        ] {
            assert!(error(text).starts_with("fault parameter `"), "{text}");
        }
        assert!(error("stal;times=1").starts_with("unknown fault `stal`"));
    }
}
