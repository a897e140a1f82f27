//! Quotas of keys, limits on video tasks, and gates of plans and models.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Asked, Control, error::ControlError, fields::Fields};
use crate::{
    endpoint::{Plan, Region},
    fault::{self, Fault},
    limits::{Gate, Quota},
    state::State,
    video::{Video, VideoRoute},
};

pub(super) const CONTROLS: &[Control] = &[
    Control {
        method: Method::GET,
        path: "/quotas",
        description: "lists quotas and their use, limits and observed rates of video requests, and the \
                      portal's quota scenarios",
        run: quotas,
    },
    Control {
        method: Method::POST,
        path: "/quotas",
        description: "adds a quota: requests or tokens, key (else each key has its own), seconds (else \
                      for ever), fault (insufficient-quota)",
        run: add_quota,
    },
    Control {
        method: Method::POST,
        path: "/quotas/video",
        description: "changes limits on video tasks: submits, running, queries, policies (null: none)",
        run: video_limits,
    },
    Control {
        method: Method::POST,
        path: "/quotas/batches",
        description: "changes limits on requests about batches per minute: create, get, list, cancel \
                      (null: none)",
        run: batch_limits,
    },
    Control {
        method: Method::DELETE,
        path: "/quotas/{id}",
        description: "removes a quota",
        run: remove_quota,
    },
    Control {
        method: Method::DELETE,
        path: "/quotas",
        description: "removes every quota",
        run: clear_quotas,
    },
    Control {
        method: Method::GET,
        path: "/gates",
        description: "lists gates",
        run: gates,
    },
    Control {
        method: Method::POST,
        path: "/gates",
        description: "adds a gate, which refuses by plan (standard, coding, token, portal), region \
                      (global, cn), model, path (its end); fault (else as for a model that the plan \
                      does not have, or plan-gate)",
        run: add_gate,
    },
    Control {
        method: Method::DELETE,
        path: "/gates/{id}",
        description: "removes a gate",
        run: remove_gate,
    },
    Control {
        method: Method::DELETE,
        path: "/gates",
        description: "removes every gate",
        run: clear_gates,
    },
];

fn quotas(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    let quotas: Vec<Value> = state
        .limits
        .quotas(state.now())
        .into_iter()
        .map(|(id, quota, used)| {
            json!({
                "id": id,
                // Which key it is of is not shown.
                "key": quota.key.as_ref().map(|_| "****"),
                "requests": quota.requests,
                "tokens": quota.tokens,
                "seconds": quota.window.map(|window| window.as_secs_f64()),
                "fault": quota.fault.to_string(),
                "used": {
                    "keys": used.keys,
                    "requests": used.requests,
                    "tokens": used.tokens,
                },
            })
        })
        .collect();
    Ok(json!({
        "quotas": quotas,
        "video": video(state),
        "batches": batches(state),
        "portal": super::logins::quota_scenarios(state),
    }))
}

fn add_quota(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let fields = &mut asked.fields;
    let mut quota = Quota::new();
    quota.key = fields.text("key")?;
    quota.requests = fields.number("requests")?;
    quota.tokens = fields.number("tokens")?;
    quota.window = fields.seconds("seconds")?;
    if let Some(fault) = fault(fields)? {
        quota = quota.fault(fault);
    }
    if quota.requests.is_none() && quota.tokens.is_none() {
        return Err(fields.invalid("requests", "given, or `tokens`"));
    }
    asked.fields.finish()?;
    Ok(json!({"id": state.limits.add_quota(quota)}))
}

/// The fault that answers, which must be an error.
fn fault(fields: &mut Fields) -> Result<Option<Fault>, ControlError> {
    let Some(text) = fields.text("fault")? else {
        return Ok(None);
    };
    let fault: Fault = text.parse().map_err(|error: crate::ParseFaultError| {
        ControlError::invalid_value("fault", error.to_string())
    })?;
    if fault::is_refusal(&fault) {
        Ok(Some(fault))
    } else {
        Err(fields.invalid("fault", "a fault that answers with an error"))
    }
}

fn remove_quota(state: &State, asked: Asked) -> Result<Value, ControlError> {
    let id = asked.no_fields()?.unwrap_or_default();
    super::removed(state.limits.remove_quota(id), "quota", id)
}

fn clear_quotas(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    let removed = state.limits.set_quotas(Vec::new());
    Ok(json!({"removed": removed}))
}

fn video(state: &State) -> Value {
    let video = Video::new(state);
    let rates: Map<String, Value> = VideoRoute::NAMES
        .iter()
        .map(|(route, name)| {
            let rate = json!({
                "requests": video.requests(*route),
                "highest_per_second": video.highest_rate(*route),
            });
            ((*name).to_owned(), rate)
        })
        .collect();
    let mut limits = state.video.settings().limits;
    let limits: Map<String, Value> = limits
        .fields_mut()
        .map(|(name, most)| (name.to_owned(), json!(most)))
        .into_iter()
        .collect();
    json!({"limits": limits, "rates": rates})
}

fn video_limits(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let fields = &mut asked.fields;
    let mut settings = state.video.settings();
    change(fields, settings.limits.fields_mut())?;
    asked.fields.finish()?;
    state.video.set_settings(settings);
    Ok(video(state))
}

fn batches(state: &State) -> Value {
    let mut limits = state.batches.limits();
    let limits = limits.fields_mut();
    let limits = limits.map(|(name, most)| (name.to_owned(), json!(most)));
    json!({"limits": limits.into_iter().collect::<Map<_, _>>()})
}

fn batch_limits(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let fields = &mut asked.fields;
    let mut limits = state.batches.limits();
    change(fields, limits.fields_mut())?;
    asked.fields.finish()?;
    state.batches.set_limits(limits);
    Ok(batches(state))
}

/// Sets the limits that are given; null takes one away.
fn change<const N: usize>(
    fields: &mut Fields,
    limits: [(&'static str, &mut Option<usize>); N],
) -> Result<(), ControlError> {
    for (name, limit) in limits {
        match fields.take_nullable(name) {
            None => {}
            Some(Value::Null) => *limit = None,
            Some(value) => *limit = Some(fields.to_number(name, &value)?),
        }
    }
    Ok(())
}

fn gates(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    let gates: Vec<Value> = state
        .limits
        .gates()
        .into_iter()
        .map(|(id, gate)| {
            json!({
                "id": id,
                "plan": gate.plan.map(Plan::word),
                "region": gate.region.map(Region::word),
                "model": gate.model,
                "path": gate.path,
                "fault": gate.fault.map(|fault| fault.to_string()),
            })
        })
        .collect();
    Ok(json!({"gates": gates}))
}

fn add_gate(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let fields = &mut asked.fields;
    let plans = Plan::ALL.map(|plan| (plan.word(), plan));
    let regions = Region::ALL.map(|region| (region.word(), region));
    let gate = Gate {
        plan: fields.choice("plan", &plans)?,
        region: fields.choice("region", &regions)?,
        model: fields.text("model")?,
        path: fields.text("path")?.unwrap_or_default(),
        fault: fault(fields)?,
    };
    let is_narrow = gate.plan.is_some() || gate.region.is_some() || gate.model.is_some();
    if !is_narrow && gate.path.is_empty() {
        return Err(fields.invalid("plan", "given, or `region`, `model` or `path`"));
    }
    asked.fields.finish()?;
    Ok(json!({"id": state.limits.add_gate(gate)}))
}

fn remove_gate(state: &State, asked: Asked) -> Result<Value, ControlError> {
    let id = asked.no_fields()?.unwrap_or_default();
    super::removed(state.limits.remove_gate(id), "gate", id)
}

fn clear_gates(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    Ok(json!({"removed": state.limits.set_gates(Vec::new())}))
}
