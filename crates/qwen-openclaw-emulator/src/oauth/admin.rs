//! The switches of the login server over HTTP, for programs that run beside the emulator.
//!
//! They come as a form here, and as JSON to the remote control.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{OAuthScenario, form::Form, handle::OAuth, scenario::Stage};
use crate::{answer::Answer, capture::CapturedRequest, id::Id, state::State};

/// A change of the login server. What is absent stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// Whether the scenarios that are on are switched off first.
    pub(crate) clear: bool,
    pub(crate) scenario: Option<OAuthScenario>,
    /// For how many requests the scenario is on; for all if absent.
    pub(crate) times: Option<u32>,
    pub(crate) auto_approve: Option<bool>,
    /// In seconds; none if 0.
    pub(crate) interval: Option<u32>,
    /// In seconds.
    pub(crate) token_life: Option<u32>,
    pub(crate) revoke_on_reuse: Option<bool>,
    pub(crate) approve: Option<String>,
    pub(crate) deny: Option<String>,
    pub(crate) expire: Option<String>,
    pub(crate) revoke: Option<String>,
}

/// Answers with the state; a POST changes it first, by any of the fields `scenario` (with
/// `times`), `clear`, `auto_approve`, `interval`, `token_life`, `approve` and `deny`.
pub(super) fn answer(state: &State, request: &CapturedRequest, id: Id) -> Answer {
    let oauth = OAuth::new(state);
    if request.method == Method::POST {
        let change = read(&Form::parse(&request.body));
        let changed = change.and_then(|change| {
            let named = |(field, message)| format!("{field}: {message}");
            oauth.change(&change).map_err(named)
        });
        if let Err(message) = changed {
            let body = json!({"error": "invalid_request", "error_description": message});
            return Answer::json(400, body.to_string(), id);
        }
    }
    Answer::json(200, format!("{:#}", oauth.report()), id)
}

fn read(form: &Form) -> Result<Change, String> {
    let number = |name: &str| match form.get(name).map(str::parse::<u32>) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => Err(format!("{name} must be a whole number")),
    };
    let text = |name: &str| form.get(name).map(str::to_owned);
    let scenario = form.get("scenario").map(str::parse).transpose();
    Ok(Change {
        clear: form.get("clear").is_some(),
        scenario: scenario.map_err(|error: super::ParseScenarioError| error.to_string())?,
        times: number("times")?,
        auto_approve: match form.get("auto_approve") {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err("auto_approve must be true or false".to_owned()),
        },
        interval: number("interval")?,
        token_life: number("token_life")?,
        approve: text("approve"),
        deny: text("deny"),
        ..Change::default()
    })
}

impl OAuth<'_> {
    /// Makes a change. The codes and tokens come first: where one is unknown, nothing after it is
    /// changed.
    ///
    /// # Errors
    ///
    /// The field whose code or token is unknown, and what is wrong with it.
    pub(crate) fn change(self, change: &Change) -> Result<(), (&'static str, &'static str)> {
        let code = "no such code is waiting";
        let token = "no such token";
        for (field, found, message) in [
            (
                "approve",
                change.approve.as_ref().map(|code| self.approve(code)),
                code,
            ),
            (
                "deny",
                change.deny.as_ref().map(|code| self.deny(code)),
                code,
            ),
            (
                "expire",
                change.expire.as_ref().map(|token| self.expire(token)),
                token,
            ),
            (
                "revoke",
                change.revoke.as_ref().map(|token| self.revoke(token)),
                token,
            ),
        ] {
            if found == Some(false) {
                return Err((field, message));
            }
        }
        let setup = &self.state.oauth;
        if change.clear {
            self.clear_scenarios();
        }
        if let Some(scenario) = change.scenario {
            setup.scenarios.push(scenario, change.times);
        }
        if let Some(on) = change.auto_approve {
            self.auto_approve(on);
        }
        if let Some(seconds) = change.interval {
            self.interval((seconds > 0).then_some(seconds.into()));
        }
        if let Some(seconds) = change.token_life {
            self.token_life(Duration::from_secs(seconds.into()));
        }
        if let Some(on) = change.revoke_on_reuse {
            self.revoke_on_reuse(on);
        }
        Ok(())
    }

    pub(crate) fn report(self) -> Value {
        let known: Vec<Value> = OAuthScenario::ALL
            .iter()
            .map(|scenario| json!({"name": scenario.name(), "description": scenario.description()}))
            .collect();
        json!({
            "url": self.url(),
            "pending": self.pending(),
            "stats": self.stats(),
            "active": self.active(|_| true),
            "scenarios": known,
        })
    }

    /// The scenarios that are on for the portal's API.
    pub(crate) fn api_scenarios(self) -> Vec<Value> {
        self.active(|stage| stage == Stage::Api)
    }

    fn active(self, wanted: impl Fn(Stage) -> bool) -> Vec<Value> {
        let active = self.state.oauth.scenarios.all().into_iter();
        active
            .filter(|(scenario, _)| wanted(scenario.stage()))
            .map(|(scenario, times)| json!({"scenario": scenario.name(), "times": times}))
            .collect()
    }
}
