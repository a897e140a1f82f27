//! Tokens issued by a login server.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use super::answer::Answer;
use crate::{
    error::Error,
    key::ApiKey,
    state::Fields,
    store::{Login, from_millis, to_millis},
};

/// The assumed lifetime of a token if the response does not specify one. Too short costs an extra
/// refresh, too long a 401 followed by a refresh.
const UNKNOWN_LIFE: Duration = Duration::from_secs(3600);
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// A successful response of the token endpoint.
pub(super) struct Tokens {
    access: ApiKey,
    refresh: Option<SecretString>,
    life: Duration,
    expires: SystemTime,
    resource_url: Option<String>,
}

impl Tokens {
    /// Parses a successful response.
    pub(super) fn read(
        doing: &'static str,
        answer: &Answer,
        now: SystemTime,
    ) -> Result<Self, Error> {
        let access = answer
            .text("access_token")
            .ok_or_else(|| Error::protocol(doing, "contains no access token"))?;
        let access = ApiKey::parse(access)
            .map_err(|_| Error::protocol(doing, "contains an invalid token"))?;
        let life = answer
            .seconds("expires_in")
            .unwrap_or(UNKNOWN_LIFE)
            .clamp(SHORTEST_LIFE, LONGEST_LIFE);
        let life = Duration::from_secs(life.as_secs());
        Ok(Self {
            access,
            refresh: answer.text("refresh_token").map(SecretString::from),
            life,
            expires: expiry(now, answer.date, life),
            resource_url: answer.text("resource_url").map(str::to_owned),
        })
    }

    /// Creates a new login with these tokens.
    pub(super) fn into_login(self, server: Option<String>) -> Login {
        Login {
            access: self.access,
            refresh: self.refresh,
            expires: self.expires,
            lifetime: Some(self.life),
            resource_url: self.resource_url,
            server,
            generation: 1,
            imported: None,
            extra: Fields::default(),
        }
    }

    /// Returns `login` after its refresh. Fields missing from the response stay unchanged.
    pub(super) fn renew(self, login: &Login) -> Login {
        Login {
            access: self.access,
            refresh: self.refresh.or_else(|| login.refresh.clone()),
            expires: self.expires,
            lifetime: Some(self.life),
            resource_url: self.resource_url.or_else(|| login.resource_url.clone()),
            server: login.server.clone(),
            generation: login.generation.saturating_add(1),
            imported: login.imported.clone(),
            extra: login.extra.clone(),
        }
    }
}

impl Login {
    /// Merges this login, which was renewed from `old`, with concurrent changes in `present`:
    /// anything but tokens and times may have changed meanwhile.
    pub(super) fn over(self, old: &Self, present: &Self) -> Self {
        let resource_url = if self.resource_url == old.resource_url {
            present.resource_url.clone()
        } else {
            // The server's value is newer.
            self.resource_url
        };
        Self {
            resource_url,
            server: present.server.clone(),
            imported: present.imported.clone(),
            extra: present.extra.clone(),
            ..self
        }
    }
}

/// Returns when a token expires, by the server's clock, because the file may be read on another
/// machine.
///
/// If the local clock is off by half the token's lifetime or more, the local clock is used instead:
/// by the server's clock, the token would look expired at once, or never expire.
fn expiry(now: SystemTime, server: Option<SystemTime>, life: Duration) -> SystemTime {
    let sane = server.filter(|server| {
        let ahead = server.duration_since(now).unwrap_or_default();
        let behind = now.duration_since(*server).unwrap_or_default();
        ahead.max(behind) * 2 < life
    });
    from_millis(to_millis(sane.unwrap_or(now) + life))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_clock_counts_within_reason() {
        let life = Duration::from_secs(3600);
        let now = from_millis(1_800_000_000_000);
        let near = now + Duration::from_secs(60);
        let far = now + Duration::from_secs(1800);
        assert_eq!(expiry(now, None, life), now + life);
        assert_eq!(expiry(now, Some(near), life), near + life);
        assert_eq!(expiry(near, Some(now), life), now + life);
        assert_eq!(expiry(now, Some(far), life), now + life);
        assert_eq!(expiry(far, Some(now), life), far + life);
    }
}
