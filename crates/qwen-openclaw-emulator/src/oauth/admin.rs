//! The switches of the login server over HTTP, for programs that run beside the emulator.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{OAuthScenario, form::Form, handle::OAuth};
use crate::{answer::Answer, capture::CapturedRequest, id::Id, state::State};

/// Answers with the state; a POST changes it first, by any of the fields `scenario` (with
/// `times`), `clear`, `auto_approve`, `interval`, `token_life`, `approve` and `deny`.
pub(super) fn answer(state: &State, request: &CapturedRequest, id: Id) -> Answer {
    let oauth = OAuth::new(state);
    if request.method == Method::POST
        && let Err(message) = change(state, oauth, &Form::parse(&request.body))
    {
        let body = json!({"error": "invalid_request", "error_description": message});
        return Answer::json(400, body.to_string(), id);
    }
    Answer::json(200, format!("{:#}", report(state, oauth)), id)
}

fn change(state: &State, oauth: OAuth<'_>, form: &Form) -> Result<(), String> {
    let number = |name: &str| match form.get(name) {
        None => Ok(None),
        Some(text) => match text.parse::<u32>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(format!("{name} must be a whole number")),
        },
    };
    // Everything is read before anything is changed.
    let (times, interval, life) = (number("times")?, number("interval")?, number("token_life")?);
    let scenario: Option<OAuthScenario> = form
        .get("scenario")
        .map(str::parse)
        .transpose()
        .map_err(|error: super::ParseScenarioError| error.to_string())?;
    let auto_approve = match form.get("auto_approve") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err("auto_approve must be true or false".to_owned()),
    };
    if form.get("clear").is_some() {
        oauth.clear_scenarios();
    }
    if let Some(scenario) = scenario {
        state.oauth.scenarios.push(scenario, times);
    }
    if let Some(on) = auto_approve {
        oauth.auto_approve(on);
    }
    if let Some(seconds) = interval {
        state
            .oauth
            .set_interval((seconds > 0).then_some(u64::from(seconds)));
    }
    if let Some(seconds) = life {
        oauth.token_life(Duration::from_secs(u64::from(seconds)));
    }
    for (name, decided) in [
        (
            "approve",
            form.get("approve").map(|code| oauth.approve(code)),
        ),
        ("deny", form.get("deny").map(|code| oauth.deny(code))),
    ] {
        if decided == Some(false) {
            return Err(format!("{name}: no such code is waiting"));
        }
    }
    Ok(())
}

fn report(state: &State, oauth: OAuth<'_>) -> Value {
    let active: Vec<Value> = state
        .oauth
        .scenarios
        .all()
        .into_iter()
        .map(|(scenario, times)| json!({"scenario": scenario.name(), "times": times}))
        .collect();
    let known: Vec<Value> = OAuthScenario::ALL
        .iter()
        .map(|scenario| json!({"name": scenario.name(), "description": scenario.description()}))
        .collect();
    json!({
        "url": oauth.url(),
        "pending": oauth.pending(),
        "stats": oauth.stats(),
        "active": active,
        "scenarios": known,
    })
}
