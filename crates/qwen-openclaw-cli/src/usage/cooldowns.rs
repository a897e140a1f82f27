//! `usage cooldowns`: what is not tried for a while.

use std::time::SystemTime;

use qwen_openclaw::routing::Cooldown;
use serde_json::{Value, json};

use super::{amount::plural, args::CooldownsCommand, days::Zone};
use crate::{
    auth::list::timestamp,
    configuration::environment,
    failure::Failure,
    output::Out,
    state::{self, State},
};

pub(super) async fn run(command: &CooldownsCommand) -> Result<(), Failure> {
    let state = State::existing(&environment()).await?;
    let running = state.failover().running(SystemTime::now()).await;
    let running = running.map_err(state::failure)?;
    let mut out = Out::new();
    match command {
        CooldownsCommand::List { json: true } => {
            let cooldowns: Vec<Value> = running.iter().map(to_json).collect();
            out.line(&format!("{:#}", json!({ "cooldowns": cooldowns })))
        }
        CooldownsCommand::List { json: false } if running.is_empty() => {
            out.line("Nothing is cooling down.")
        }
        CooldownsCommand::List { json: false } => {
            let mut lines = running.iter().map(line);
            lines.try_for_each(|line| out.line(&line))
        }
        CooldownsCommand::Clear { json } => {
            for cooldown in &running {
                let ended = state.failover().succeed(&cooldown.target).await;
                ended.map_err(state::failure)?;
            }
            if *json {
                return out.line(&format!("{:#}", json!({ "cleared": running.len() })));
            }
            let count = plural(running.len() as u64, "cooldown");
            out.line(&format!("Cleared {count}."))
        }
    }
}

/// Why a model is cooling down, and until when.
pub(crate) fn brief(cooldown: &Cooldown) -> String {
    let credential = match &*cooldown.target.credential {
        "" => String::new(),
        credential => format!(" with {credential}"),
    };
    let kind = cooldown.kind.as_str();
    let until = Zone::system().shown_to_the_second(cooldown.until);
    format!("cooling down{credential} until {until} ({kind})")
}

/// What is cooling down, why, and until when, in one line.
pub(crate) fn line(cooldown: &Cooldown) -> String {
    let target = &cooldown.target;
    let model = target.model.as_deref().unwrap_or("*");
    let credential = match &*target.credential {
        "" => String::new(),
        credential => format!(" with {credential}"),
    };
    let times = match cooldown.failures {
        0 | 1 => String::new(),
        failures => format!(" ({failures} times)"),
    };
    let kind = cooldown.kind.as_str();
    let until = Zone::system().shown_to_the_second(cooldown.until);
    format!(
        "{}/{model}{credential}: {kind}{times}, until {until}",
        target.provider
    )
}

pub(crate) fn to_json(cooldown: &Cooldown) -> Value {
    let target = &cooldown.target;
    json!({
        "provider": target.provider.id(),
        "profile": target.credential,
        "model": target.model,
        "reason": cooldown.kind.as_str(),
        "failures": cooldown.failures,
        "since": timestamp(cooldown.since),
        "until": timestamp(cooldown.until),
    })
}
