//! `models auth list`.

use std::{sync::Arc, time::SystemTime};

use jiff::{Timestamp, Unit};
use qwen_openclaw::{
    auth::{
        CredentialStore, Error, FileStore, Profile, ProfileId,
        portal::{LoginState, login_status},
    },
    catalog::Provider,
    config::Config,
};
use serde_json::{Value, json};

use super::{args::List, failure, store, warn};
use crate::{
    block_on,
    configuration::{Configuration, environment},
    failure::Failure,
    output::{Out, note},
    symptom::log_in,
};

pub(crate) fn run(arguments: &List) -> Result<(), Failure> {
    block_on(list(arguments))
}

async fn list(arguments: &List) -> Result<(), Failure> {
    let environment = environment();
    let store = store(&environment)?;
    // A broken file is reported where it is needed.
    let config = Configuration::of(environment.clone()).and_then(|file| file.load());
    let provider = arguments.provider.as_deref().map(canonical);
    let rows = Row::all(
        &store,
        config.as_ref().ok(),
        provider.as_deref(),
        SystemTime::now(),
    )
    .await
    .map_err(failure)?;
    warn(&store);
    let mut out = Out::new();
    if arguments.json {
        let rows: Vec<Value> = rows.iter().map(Row::to_json).collect();
        let document = json!({
            "authStatePath": store.path(),
            "provider": provider,
            "profiles": rows,
        });
        return out.document(&document);
    }
    out.line(&format!(
        "Auth state store: {}",
        environment.shown(store.path())
    ))?;
    if rows.is_empty() {
        return out.line("No profiles stored.");
    }
    out.line("Profiles:")?;
    for row in &rows {
        out.line(&format!("- {}", row.label()))?;
    }
    for row in rows.iter().filter(|row| row.status.is_dead()) {
        note(&row.remedy());
    }
    Ok(())
}

/// A profile, and whether it can be used.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: ProfileId,
    pub(crate) profile: Profile,
    pub(crate) status: Status,
    pub(crate) expires: Option<SystemTime>,
    /// Whether the configured order of profiles (`auth.order`) leaves it out.
    pub(crate) is_excluded: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    /// A key, of which only the service knows whether it is good.
    Stored,
    /// The token has not expired.
    Valid,
    /// The token has expired, and the next use renews it.
    Renewable,
    Expired,
    /// The login server has refused to renew it.
    Refused,
    /// A refresh may have used up the refresh token.
    Interrupted,
    /// The Qwen Code CLI's file, to which it is bound, is gone or damaged.
    Unreadable,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Valid => "valid",
            Self::Renewable => "renewable",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether only another login or key helps.
    pub(crate) fn is_dead(self) -> bool {
        matches!(self, Self::Expired | Self::Refused | Self::Unreadable)
    }
}

impl Row {
    /// The stored profiles: those of one provider, otherwise all.
    pub(crate) async fn all(
        store: &Arc<FileStore>,
        config: Option<&Config>,
        provider: Option<&str>,
        now: SystemTime,
    ) -> Result<Vec<Self>, Error> {
        let mut rows = Vec::new();
        for id in store.list().await? {
            if provider.is_none_or(|provider| provider == id.provider())
                && let Some(profile) = store.load(&id).await?
            {
                let is_left_out = config.is_some_and(|config| config.auth.excludes(&id));
                // The store's own order comes first.
                let is_excluded = is_left_out && store.order(id.provider()).await?.is_empty();
                let row = Self::of(store, id, profile, now).await;
                rows.push(Self { is_excluded, ..row });
            }
        }
        Ok(rows)
    }

    async fn of(store: &Arc<FileStore>, id: ProfileId, profile: Profile, now: SystemTime) -> Self {
        let (status, expires) = match &profile {
            Profile::Login(_) | Profile::QwenCli { .. } => {
                let store: Arc<dyn CredentialStore> = Arc::<FileStore>::clone(store);
                match login_status(store, &id, now).await {
                    Ok(login) => (login.state.into(), login.expires),
                    Err(_) => (Status::Unreadable, None),
                }
            }
            _ => match profile.expires() {
                None => (Status::Stored, None),
                Some(expires) if now < expires => (Status::Valid, Some(expires)),
                Some(expires) => (Status::Expired, Some(expires)),
            },
        };
        Self {
            id,
            profile,
            status,
            expires,
            is_excluded: false,
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "id": self.id.as_str(),
            "provider": self.id.provider(),
            "type": self.profile.kind(),
            "label": self.label(),
            "expires": self.expires.and_then(timestamp),
            "status": self.status.as_str(),
            "excluded": self.is_excluded,
            "endpoint": endpoint(&self.profile),
        })
    }

    /// As OpenClaw writes it: `qwen:tok [qwen/token; expires 2026-12-21T02:51:11.247Z]`.
    pub(crate) fn label(&self) -> String {
        let expires = self.expires.and_then(timestamp);
        let at = |verb: &str| {
            let time = expires.as_ref().map(|time| format!("; {verb} {time}"));
            time.unwrap_or_default()
        };
        let status = match self.status {
            Status::Stored | Status::Valid => at("expires"),
            Status::Renewable => format!("{}; renewed when it is used", at("expired")),
            Status::Expired if expires.is_none() => "; expired".to_owned(),
            Status::Expired => at("expired"),
            Status::Refused => format!("{}; dead: its renewal was refused", self.when(&at)),
            Status::Interrupted => format!("{}; its renewal was interrupted", at("expired")),
            Status::Unreadable => "; dead: its file cannot be read".to_owned(),
        };
        let excluded = match self.is_excluded {
            true => "; not used: auth.order leaves it out",
            false => "",
        };
        let (id, kind) = (&self.id, self.profile.kind());
        format!("{id} [{}/{kind}{status}{excluded}]", id.provider())
    }

    /// When the token of a login expires or has expired.
    fn when(&self, at: &impl Fn(&str) -> String) -> String {
        at(match self.expires {
            Some(expires) if expires <= SystemTime::now() => "expired",
            _ => "expires",
        })
    }

    /// What to do about a dead one.
    fn remedy(&self) -> String {
        let (id, replace) = (&self.id, self.replacement());
        format!("hint: {id} cannot be used: {replace}, or remove it with `models auth logout {id}`")
    }

    /// What takes its place.
    pub(crate) fn replacement(&self) -> String {
        let id = &self.id;
        match self.profile {
            Profile::Token(_) => format!(
                "store another with `models auth paste-token --provider {} --profile {}`",
                id.provider(),
                id.account()
            ),
            _ => format!("log in again with `{}`", log_in(id.account())),
        }
    }
}

impl From<LoginState> for Status {
    fn from(state: LoginState) -> Self {
        match state {
            LoginState::Valid => Self::Valid,
            LoginState::Renewable => Self::Renewable,
            LoginState::Expired => Self::Expired,
            LoginState::Interrupted => Self::Interrupted,
            // A state of which this does not know that it is harmless.
            _ => Self::Refused,
        }
    }
}

/// The endpoint a key was stored for, if known.
fn endpoint(profile: &Profile) -> Option<Value> {
    let Profile::ApiKey(stored) = profile else {
        return None;
    };
    let endpoint = stored.endpoint();
    (!endpoint.is_empty()).then(|| {
        json!({
            "plan": endpoint.plan,
            "region": endpoint.region,
            "baseUrl": endpoint.base_url,
        })
    })
}

/// The id of a known provider; any other name unchanged.
pub(super) fn canonical(provider: &str) -> String {
    Provider::by_name(provider).map_or_else(|| provider.to_owned(), |known| known.id().to_owned())
}

/// A time in UTC to the millisecond; `None` if it is out of range.
pub(crate) fn timestamp(time: SystemTime) -> Option<String> {
    let time = Timestamp::try_from(time)
        .ok()?
        .round(Unit::Millisecond)
        .ok()?;
    Some(format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_have_milliseconds() {
        let time = UNIX_EPOCH + Duration::from_millis(1_797_821_471_247);
        assert_eq!(timestamp(time).unwrap(), "2026-12-21T02:51:11.247Z");
        let whole = UNIX_EPOCH + Duration::from_secs(1_797_821_471);
        assert_eq!(timestamp(whole).unwrap(), "2026-12-21T02:51:11.000Z");
    }
}
