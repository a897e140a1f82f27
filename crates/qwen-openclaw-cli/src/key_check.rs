//! Which endpoints accept a key: the service's, or an emulator in their place.

use std::ops::Deref;

use qwen_openclaw::{auth::ApiKey, catalog::Endpoint, client, http::Client};
use qwen_openclaw_emulator::Emulator;

use crate::{
    connect::{emulated, start_emulator},
    failure::Failure,
};

/// How the keys begin that the emulator has for each endpoint.
const KEYS: &str = "sk-emu-";

/// Asks endpoints about keys.
#[derive(Debug)]
pub(crate) struct KeyCheck {
    check: client::KeyCheck,
    /// Stops when this is dropped.
    emulator: Option<Emulator>,
}

impl KeyCheck {
    pub(crate) async fn open(use_emulator: bool) -> Result<Self, Failure> {
        let check = Self::of_service()?;
        if !use_emulator {
            return Ok(Self {
                check,
                emulator: None,
            });
        }
        let emulator = start_emulator().await?;
        let check = Endpoint::all().iter().fold(check, |check, endpoint| {
            let (plan, region) = emulated(endpoint.plan(), endpoint.region());
            check.base_url(*endpoint, emulator.base_url_for(plan, region))
        });
        Ok(Self {
            check,
            emulator: Some(emulator),
        })
    }

    /// Asks the service's own endpoints.
    pub(crate) fn of_service() -> Result<client::KeyCheck, Failure> {
        let http = Client::builder().build();
        Ok(client::KeyCheck::new(
            http.map_err(qwen_openclaw::chat::Error::from)?,
        ))
    }

    pub(crate) fn emulator(&self) -> Option<&Emulator> {
        self.emulator.as_ref()
    }
}

impl Deref for KeyCheck {
    type Target = client::KeyCheck;

    fn deref(&self) -> &Self::Target {
        &self.check
    }
}

/// The emulator's own key for an endpoint.
pub(crate) fn emulator_key(endpoint: Endpoint) -> Result<ApiKey, Failure> {
    let (plan, region) = emulated(endpoint.plan(), endpoint.region());
    Ok(ApiKey::parse(Emulator::key_for(plan, region))?)
}

pub(crate) fn is_emulator_key(key: &ApiKey) -> bool {
    key.expose().starts_with(KEYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_a_key_of_its_own() {
        let keys = Endpoint::all()
            .iter()
            .map(|endpoint| emulator_key(*endpoint).unwrap());
        let mut keys: Vec<String> = keys
            .inspect(|key| assert!(is_emulator_key(key)))
            .map(|key| key.expose().to_owned())
            .collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), Endpoint::all().len());
    }
}
