//! What `models list` says of models that are not tried for a while.

use std::time::SystemTime;

use qwen_openclaw::auth::Environment;
use qwen_openclaw::routing::Cooldown;

use super::Row;
use crate::{
    block_on,
    failure::Failure,
    state::{self, State},
};

/// Adds the cooldowns of each row's model. If they cannot be read, this warns and goes on.
pub(super) fn add(rows: &mut [Row], environment: &Environment) {
    let running = block_on(async {
        let state = State::existing(environment).await?;
        let running = state.failover().running(SystemTime::now()).await;
        running.map_err(state::failure)
    });
    let running = running.unwrap_or_else(|failure: Failure| {
        state::warn(&failure);
        Vec::new()
    });
    for row in rows {
        let of_row = running.iter().filter(|cooldown| is_of(cooldown, &row.key));
        row.cooldowns = of_row.cloned().collect();
    }
}

/// Whether a cooldown covers a model.
fn is_of(cooldown: &Cooldown, key: &str) -> bool {
    let target = &cooldown.target;
    let Some((provider, model)) = key.split_once('/') else {
        return false;
    };
    let covers = |cooling: &String| cooling.eq_ignore_ascii_case(model);
    target.provider.id().eq_ignore_ascii_case(provider) && target.model.as_ref().is_none_or(covers)
}
