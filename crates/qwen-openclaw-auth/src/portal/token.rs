//! Tokens as a login server gives them out.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use super::answer::Answer;
use crate::{
    error::Error,
    key::ApiKey,
    state::Fields,
    store::{Login, from_millis, to_millis},
};

/// The life of a token whose answer does not say it. Too short costs a refresh, too long a 401,
/// after which it is refreshed as well.
const UNKNOWN_LIFE: Duration = Duration::from_secs(3600);
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// A successful answer of the token endpoint.
pub(super) struct Tokens {
    access: ApiKey,
    refresh: Option<SecretString>,
    life: Duration,
    expires: SystemTime,
    resource_url: Option<String>,
}

impl Tokens {
    /// Reads an answer that succeeded.
    pub(super) fn read(
        doing: &'static str,
        answer: &Answer,
        now: SystemTime,
    ) -> Result<Self, Error> {
        let access = answer
            .text("access_token")
            .ok_or_else(|| Error::protocol(doing, "holds no access token"))?;
        let access = ApiKey::parse(access)
            .map_err(|_| Error::protocol(doing, "holds a token that cannot be sent"))?;
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

    /// The login that begins with these tokens.
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

    /// `login` after its refresh. What the answer leaves out stays as it was.
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
    /// This login, which replaced `old`, with what `present` has in place of that: all but tokens
    /// and times may have been changed meanwhile.
    pub(super) fn over(self, old: &Self, present: &Self) -> Self {
        let resource_url = match self.resource_url == old.resource_url {
            true => present.resource_url.clone(),
            // The server's word on it is newer.
            false => self.resource_url,
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

/// When a token expires, by the server's clock: the file may be read on another machine.
///
/// Where the clock here is off by half the token's life or more, it is by the clock here, since
/// nobody here could make sense of the other: the token would look expired, or never expire.
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
