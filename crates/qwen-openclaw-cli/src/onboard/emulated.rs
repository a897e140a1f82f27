//! The emulator in place of the service's endpoints.

use qwen_openclaw::{auth::ApiKey, catalog::Endpoint, client::KeyCheck};
use qwen_openclaw_emulator::Emulator;

use crate::{connect::emulated, failure::Failure};

/// How the keys begin that the emulator has for each endpoint.
const KEYS: &str = "sk-emu-";

/// Starts an emulator, whose endpoints take the place of the service's.
pub(super) async fn start(check: KeyCheck) -> Result<(Emulator, KeyCheck), Failure> {
    let emulator = Emulator::start()
        .await
        .map_err(|error| Failure::other(format!("could not start the emulator: {error}")))?;
    let check = Endpoint::all().iter().fold(check, |check, endpoint| {
        let (plan, region) = emulated(endpoint.plan(), endpoint.region());
        check.base_url(*endpoint, emulator.base_url_for(plan, region))
    });
    Ok((emulator, check))
}

/// The emulator's own key for an endpoint.
pub(super) fn key_of(endpoint: Endpoint) -> Result<ApiKey, Failure> {
    let (plan, region) = emulated(endpoint.plan(), endpoint.region());
    Ok(ApiKey::parse(Emulator::key_for(plan, region))?)
}

pub(super) fn is_key(key: &ApiKey) -> bool {
    key.expose().starts_with(KEYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_a_key_of_its_own() {
        let keys = Endpoint::all()
            .iter()
            .map(|endpoint| key_of(*endpoint).unwrap());
        let mut keys: Vec<String> = keys
            .inspect(|key| assert!(is_key(key)))
            .map(|key| key.expose().to_owned())
            .collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), Endpoint::all().len());
    }
}
