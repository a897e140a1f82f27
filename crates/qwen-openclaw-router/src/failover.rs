//! What is cooling down: the store's trait and its values.

use std::{fmt, time::SystemTime};

use async_trait::async_trait;
use qwen_openclaw_auth::Source;
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_client::Route;

use crate::{Cooldown, Error, Failure};

/// What a failure is attributed to: one model with one credential, or every model with it.
///
/// A cooldown never covers more than that: another credential of the same provider may work.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Target {
    /// The provider.
    pub provider: Provider,
    /// The name of the credential: a profile such as `qwen:default`, otherwise its source, such as
    /// `env: QWEN_API_KEY`; empty without one. Never the key.
    pub credential: String,
    /// Tells a credential from the one it replaced under the same name: 16 bits of a digest of the key,
    /// which are too few to find it by. A key that replaces another is not blamed for it.
    pub mark: u16,
    /// The model; `None` for every model with this credential.
    pub model: Option<String>,
}

impl Target {
    /// Returns the target that a route leads to: its model with its credential.
    #[must_use]
    pub fn of(route: &Route) -> Self {
        let credential = route.credential();
        Self {
            provider: route.provider().clone(),
            credential: credential.map_or_else(String::new, |found| match found.source() {
                Source::Profile(name) => name.clone(),
                source => source.to_string(),
            }),
            mark: credential.map_or(0, |found| mark_of(found.key().expose())),
            model: route.model().map(str::to_owned),
        }
    }

    /// Returns true if a cooldown of this target concerns `other` too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        (self.model.is_none() || self.model == other.model)
            && self.mark == other.mark
            && self.provider == other.provider
            && self.credential == other.credential
    }

    /// Returns the target for every model with the same credential.
    #[must_use]
    pub fn of_credential(&self) -> Self {
        Self {
            model: None,
            ..self.clone()
        }
    }
}

/// FNV-1a, folded: the same in every process and version.
fn mark_of(key: &str) -> u16 {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 16) ^ (hash >> 32) ^ (hash >> 48)) as u16
}

/// Stores what is cooling down. Several processes or hosts may use a store at once.
///
/// A record is kept after its cooldown has ended, since the next step depends on it:
/// [`Cooldown::after`] computes every step, so that all stores agree.
#[async_trait]
pub trait FailoverStore: fmt::Debug + Send + Sync + 'static {
    /// Returns the cooldowns that are running at `now`, soonest end first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn running(&self, now: SystemTime) -> Result<Vec<Cooldown>, Error>;

    /// Records a failure: replaces the target's record by [`Cooldown::after`] it, atomically, and
    /// returns the new one.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn fail(&self, failure: &Failure, now: SystemTime) -> Result<Cooldown, Error>;

    /// Records a success: removes the record of the target, and that of its credential.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn succeed(&self, target: &Target) -> Result<(), Error>;

    /// Returns the base URL remembered for a credential.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn endpoint(&self, credential: &Target) -> Result<Option<String>, Error>;

    /// Remembers the base URL that accepted a credential. The model of the target does not matter.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn remember_endpoint(&self, credential: &Target, base_url: &str) -> Result<(), Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_keys_apart_and_never_changes() {
        // Records outlive the process, so that these values must stay.
        assert_eq!(mark_of(""), 0xf011);
        assert_eq!(mark_of("sk-0123456789abcdef"), 0xea98);
        assert_ne!(mark_of("sk-0123456789abcdeg"), 0xea98);
    }

    #[test]
    fn a_credential_covers_its_models_and_a_model_only_itself() {
        let model = Target {
            provider: Provider::QWEN,
            credential: "qwen:default".to_owned(),
            mark: 1,
            model: Some("one".to_owned()),
        };
        let credential = model.of_credential();
        assert!(credential.covers(&model) && credential.covers(&credential));
        assert!(model.covers(&model) && !model.covers(&credential));
        let other_model = Target {
            model: Some("two".to_owned()),
            ..model.clone()
        };
        assert!(!model.covers(&other_model) && credential.covers(&other_model));
        let others = [
            Target {
                mark: 2,
                ..model.clone()
            },
            Target {
                credential: "qwen:work".to_owned(),
                ..model.clone()
            },
            Target {
                provider: Provider::QWEN_OAUTH,
                ..model.clone()
            },
        ];
        for other in others {
            assert!(
                !credential.covers(&other) && !model.covers(&other),
                "{other:?}"
            );
        }
    }
}
