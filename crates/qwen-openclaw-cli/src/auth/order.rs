//! `models auth order`.

use qwen_openclaw::auth::{CredentialStore, ProfileId};
use serde_json::json;

use super::{
    args::{Order, OrderCommand},
    failure,
    list::canonical,
    must_exist, profile_id, store, warn,
};
use crate::{block_on, configuration::environment, failure::Failure, output::Out};

pub(crate) fn run(command: &OrderCommand) -> Result<(), Failure> {
    match command {
        OrderCommand::Get(order) => block_on(apply(order, None)),
        OrderCommand::Clear(order) => block_on(apply(order, Some(Vec::new()))),
        OrderCommand::Set(set) => {
            let provider = canonical(&set.order.provider);
            let ids = set.profiles.iter();
            let ids = ids.map(|name| profile_id(&provider, Some(name)));
            block_on(apply(&set.order, Some(ids.collect::<Result<_, _>>()?)))
        }
    }
}

async fn apply(arguments: &Order, new: Option<Vec<ProfileId>>) -> Result<(), Failure> {
    let store = store(&environment())?;
    let provider = canonical(&arguments.provider);
    if let Some(new) = new {
        for id in &new {
            must_exist(&store, id).await?;
        }
        store.set_order(&provider, &new).await.map_err(failure)?;
    }
    let order = store.order(&provider).await.map_err(failure)?;
    let effective = store.ranked(&provider).await.map_err(failure)?;
    let effective: Vec<&str> = effective.iter().map(|(id, _)| id.as_str()).collect();
    warn(&store);
    let mut out = Out::new();
    let names: Vec<&str> = order.iter().map(ProfileId::as_str).collect();
    if arguments.json {
        let document = json!({
            "provider": provider,
            "authStatePath": store.path(),
            "order": names,
            "effective": effective,
        });
        return out.document(&document);
    }
    out.line(&format!("Provider: {provider}"))?;
    out.line(&match names[..] {
        [] => "Auth profile order override: none".to_owned(),
        _ => format!("Auth profile order override: {}", names.join(", ")),
    })?;
    match effective[..] {
        [] => Ok(()),
        _ => out.line(&format!("Used in this order: {}", effective.join(", "))),
    }
}
