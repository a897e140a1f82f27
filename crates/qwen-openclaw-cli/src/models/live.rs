//! What the endpoint itself says it offers, or the emulator in its place.

use std::sync::Arc;

use qwen_openclaw::{
    Qwen, Route,
    auth::{ApiKey, StaticCredential},
    chat::DiscoveredModel,
};
use qwen_openclaw_emulator::Emulator;

use crate::{
    connect::{at_emulator, emulated, start_emulator},
    failure::Failure,
    key_check::is_emulator_key,
};

/// Asks the endpoint of a route.
pub(super) async fn models(qwen: &Qwen, route: &Route) -> Result<Vec<DiscoveredModel>, Failure> {
    let provider = route.provider();
    let models = qwen.models(provider).await.map_err(Failure::from);
    models.map_err(|failure| {
        let failure = failure.at(provider);
        let base_url = route.endpoint().base_url();
        match failure.status() {
            Some(404) => failure
                .about(&format!("no list of models at {base_url}"))
                .with_another_hint(
                    "check the base URL, which usually ends with /v1; without `--live`, the list \
                     comes from the catalog",
                ),
            Some(_) => failure.about(&format!("could not list the models of {base_url}")),
            None if failure.is_network() => {
                failure.with_another_hint("without `--live`, the list comes from the catalog")
            }
            None => failure,
        }
    })
}

/// Asks an emulator as if it were the endpoint of a route: with the key of the route if the emulator
/// knows it, otherwise with its own.
pub(super) async fn emulated_models(route: &Route) -> Result<Vec<DiscoveredModel>, Failure> {
    let endpoint = route.endpoint();
    let (Some(plan), Some(region)) = (endpoint.plan(), endpoint.region()) else {
        let failure = Failure::usage(format!(
            "--emulator stands in for endpoints of Qwen Cloud, and {} is not one",
            endpoint.base_url()
        ));
        return Err(match route.provider().is_qwen() {
            true => failure.with_hint("`--plan` and `--region` choose one"),
            false => failure,
        });
    };
    let (plan, region) = emulated(plan, region);
    let emulator = start_emulator().await?;
    let known = route.credential();
    let known = known.filter(|credential| is_emulator_key(credential.key()));
    let credential = match known {
        Some(credential) => credential.clone(),
        None => ApiKey::parse(Emulator::key_for(plan, region))?.into(),
    };
    let provider = route.provider();
    let qwen = at_emulator(&emulator, provider, (plan, region))
        .credential_for(
            provider.clone(),
            Arc::new(StaticCredential::new(credential)),
        )
        .build()?;
    models(&qwen, &qwen.route_to(provider).await?).await
}
