//! The portal's logins.

use http::Method;
use serde_json::{Value, json};

use super::{Asked, Control, error::ControlError};
use crate::{
    oauth::{self, Change, OAuth, OAuthScenario},
    state::State,
};

pub(super) const CONTROLS: &[Control] = &[
    Control {
        method: Method::GET,
        path: "/logins",
        description: "shows waiting logins, counts, and scenarios",
        run: show,
    },
    Control {
        method: Method::POST,
        path: "/logins",
        description: "approve or deny (a user code), auto_approve, scenario (with times), clear, \
                      interval, token_life (both in seconds), revoke_on_reuse, expire (an access \
                      token), revoke (any token)",
        run: change,
    },
    Control {
        method: Method::POST,
        path: "/logins/issue",
        description: "gives tokens without a login",
        run: issue,
    },
];

fn show(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    Ok(OAuth::new(state).report())
}

fn change(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let fields = &mut asked.fields;
    let scenarios: Vec<_> = OAuthScenario::ALL
        .iter()
        .map(|scenario| (scenario.name(), *scenario))
        .collect();
    let change = Change {
        clear: fields.flag("clear")?.unwrap_or_default(),
        scenario: fields.choice("scenario", &scenarios)?,
        times: fields.number("times")?,
        auto_approve: fields.flag("auto_approve")?,
        interval: fields.number("interval")?,
        token_life: fields.number("token_life")?,
        revoke_on_reuse: fields.flag("revoke_on_reuse")?,
        approve: fields.text("approve")?,
        deny: fields.text("deny")?,
        expire: fields.text("expire")?,
        revoke: fields.text("revoke")?,
    };
    if change.times.is_some() && change.scenario.is_none() {
        return Err(fields.invalid("times", "given with `scenario` only"));
    }
    asked.fields.finish()?;
    let oauth = OAuth::new(state);
    oauth
        .change(&change)
        .map_err(|(field, message)| ControlError::invalid_value(field, format!("{message}.")))?;
    Ok(oauth.report())
}

fn issue(state: &State, asked: Asked) -> Result<Value, ControlError> {
    let resource_url = oauth::resource_url(&asked.origin);
    asked.no_fields()?;
    let login = OAuth::new(state).issue();
    Ok(json!({
        "access_token": login.access,
        "refresh_token": login.refresh,
        "expires_in": login.life.as_secs(),
        "resource_url": resource_url,
    }))
}

/// The scenarios that are on for the portal's API.
pub(super) fn quota_scenarios(state: &State) -> Vec<Value> {
    OAuth::new(state).api_scenarios()
}
