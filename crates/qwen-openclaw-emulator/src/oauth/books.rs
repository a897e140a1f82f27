//! The login server's records: pending logins, decisions, and valid tokens.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::id::Ids;

/// How tokens begin, so that they are known again on the portal's API.
pub(super) const ACCESS: &str = "emu-access-";
const REFRESH: &str = "emu-refresh-";

/// The login server's records.
#[derive(Debug)]
pub(super) struct Books {
    /// By user code.
    devices: BTreeMap<String, Device>,
    refresh: HashMap<String, Refresh>,
    access: HashMap<String, Access>,
    /// By number, whether the login is good.
    families: Vec<bool>,
    pub(super) auto_approve: bool,
    pub(super) revoke_on_reuse: bool,
    pub(super) life: Duration,
    pub(super) device_life: Duration,
    stats: OAuthStats,
    /// The present on the emulated clock.
    pub(super) now: Instant,
}

/// The login server's counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OAuthStats {
    /// Completed logins.
    pub logins: u64,
    /// Accepted refresh tokens.
    pub refreshes: u64,
    /// Rejected refresh tokens, including reused ones.
    pub refused: u64,
    /// Reused refresh tokens; each may have revoked its login.
    pub reused: u64,
}

#[derive(Debug)]
struct Device {
    code: String,
    challenge: String,
    decision: Decision,
    until: Instant,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Decision {
    Pending,
    Approved,
    Denied,
}

#[derive(Debug)]
struct Refresh {
    family: usize,
    spent: bool,
}

#[derive(Debug)]
struct Access {
    family: usize,
    until: Instant,
}

/// A login that was asked for.
pub(super) struct AskedFor {
    pub(super) device_code: String,
    pub(super) user_code: String,
    pub(super) life: Duration,
}

/// Why there are no tokens yet, or never will be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    Pending,
    Denied,
    Expired,
    Unknown,
}

/// A refresh token that is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Refused;

/// Tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Issued {
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) life: Duration,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            devices: BTreeMap::new(),
            refresh: HashMap::new(),
            access: HashMap::new(),
            families: Vec::new(),
            auto_approve: false,
            revoke_on_reuse: true,
            life: Duration::from_secs(21_600),
            device_life: Duration::from_secs(900),
            stats: OAuthStats::default(),
            now: Instant::now(),
        }
    }
}

impl Books {
    pub(super) fn stats(&self) -> OAuthStats {
        self.stats
    }

    /// Records a requested login.
    pub(super) fn ask(&mut self, challenge: &str, ids: &Ids) -> AskedFor {
        let device_code = word(ids);
        let letters = word(ids).to_ascii_uppercase();
        let user_code = format!("{}_{}", &letters[..3], &letters[3..8]);
        let decision = if self.auto_approve {
            Decision::Approved
        } else {
            Decision::Pending
        };
        let device = Device {
            code: device_code.clone(),
            challenge: challenge.to_owned(),
            decision,
            until: self.now + self.device_life,
        };
        self.devices.insert(user_code.clone(), device);
        AskedFor {
            device_code,
            user_code,
            life: self.device_life,
        }
    }

    /// The codes that wait for a decision.
    pub(super) fn pending(&self) -> Vec<String> {
        let pending = |(code, device): (&String, &Device)| {
            (device.decision == Decision::Pending).then(|| code.clone())
        };
        self.devices.iter().filter_map(pending).collect()
    }

    /// Decides about a code, as typed; false when there is no such code that waits.
    pub(super) fn decide(&mut self, user_code: &str, decision: Decision) -> bool {
        let typed = user_code.trim();
        let now = self.now;
        let device = self
            .devices
            .iter_mut()
            .find(|(code, _)| code.eq_ignore_ascii_case(typed))
            .map(|(_, device)| device)
            .filter(|device| device.decision == Decision::Pending && now < device.until);
        device.map(|device| device.decision = decision).is_some()
    }

    /// Gives tokens for a device code that was approved, once.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        verifier: &str,
        ids: &Ids,
    ) -> Result<Issued, Asked> {
        let found = self.devices.iter().find(|(_, device)| device.code == code);
        let (user_code, device) = found.ok_or(Asked::Unknown)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        if challenge != device.challenge {
            return Err(Asked::Unknown);
        }
        if self.now >= device.until {
            return Err(Asked::Expired);
        }
        match device.decision {
            Decision::Pending => return Err(Asked::Pending),
            Decision::Denied => return Err(Asked::Denied),
            Decision::Approved => {}
        }
        let user_code = user_code.clone();
        self.devices.remove(&user_code);
        self.stats.logins += 1;
        Ok(self.issue(ids))
    }

    /// Gives tokens to a new login.
    pub(super) fn issue(&mut self, ids: &Ids) -> Issued {
        self.families.push(true);
        self.issue_in(self.families.len() - 1, ids)
    }

    /// Exchanges a refresh token. Reusing one revokes its login, because it may be stolen.
    pub(super) fn renew(
        &mut self,
        token: &str,
        rotates: bool,
        ids: &Ids,
    ) -> Result<Issued, Refused> {
        let Some(refresh) = self.refresh.get_mut(token) else {
            self.stats.refused += 1;
            return Err(Refused);
        };
        let family = refresh.family;
        if refresh.spent {
            self.stats.refused += 1;
            self.stats.reused += 1;
            if self.revoke_on_reuse {
                self.families[family] = false;
            }
            return Err(Refused);
        }
        if !self.families[family] {
            self.stats.refused += 1;
            return Err(Refused);
        }
        refresh.spent = rotates;
        self.stats.refreshes += 1;
        Ok(self.issue_in(family, ids))
    }

    /// Ends the login that a token belongs to.
    pub(super) fn revoke(&mut self, token: &str) -> bool {
        let refresh = self.refresh.get(token).map(|refresh| refresh.family);
        let access = || self.access.get(token).map(|access| access.family);
        let family = refresh.or_else(access);
        if let Some(family) = family {
            self.families[family] = false;
        }
        family.is_some()
    }

    /// Ends an access token before its time.
    pub(super) fn expire(&mut self, access: &str) -> bool {
        let now = self.now;
        let access = self.access.get_mut(access);
        access.map(|access| access.until = now).is_some()
    }

    /// Whether requests with this token are answered.
    pub(super) fn is_good(&self, access: &str) -> bool {
        let good = |access: &Access| self.families[access.family] && self.now < access.until;
        self.access.get(access).is_some_and(good)
    }

    fn issue_in(&mut self, family: usize, ids: &Ids) -> Issued {
        let access = format!("{ACCESS}{}", word(ids));
        let refresh = format!("{REFRESH}{}", word(ids));
        let until = self.now + self.life;
        self.access.insert(access.clone(), Access { family, until });
        let spent = false;
        self.refresh
            .insert(refresh.clone(), Refresh { family, spent });
        Issued {
            access,
            refresh,
            life: self.life,
        }
    }
}

fn word(ids: &Ids) -> String {
    ids.next().to_string().replace('-', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    /// Of RFC 7636, appendix B.
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_login_takes_the_verifier_and_an_approval_and_is_given_once() {
        let (mut books, ids) = (Books::default(), Ids::new(0));
        let asked = books.ask(CHALLENGE, &ids);
        let redeem = |books: &mut Books| books.redeem(&asked.device_code, VERIFIER, &ids);
        assert_eq!(redeem(&mut books), Err(Asked::Pending));
        assert_eq!(books.pending(), [asked.user_code.as_str()]);
        let lower = asked.user_code.to_ascii_lowercase();
        assert!(books.decide(&lower, Decision::Approved));
        assert!(!books.decide(&lower, Decision::Denied));
        let wrong = books.redeem(&asked.device_code, "wrong", &ids);
        assert_eq!(wrong, Err(Asked::Unknown));
        let issued = redeem(&mut books).unwrap();
        assert!(books.is_good(&issued.access));
        assert_eq!(redeem(&mut books), Err(Asked::Unknown));
        assert_eq!(books.stats().logins, 1);
    }

    #[test]
    fn a_refresh_token_used_twice_ends_the_login() {
        let (mut books, ids) = (Books::default(), Ids::new(0));
        let first = books.issue(&ids);
        let second = books.renew(&first.refresh, true, &ids).unwrap();
        assert_eq!(books.renew(&first.refresh, true, &ids), Err(Refused));
        assert!(!books.is_good(&second.access));
        assert_eq!(books.renew(&second.refresh, true, &ids), Err(Refused));
        let stats = books.stats();
        assert_eq!((stats.refreshes, stats.refused, stats.reused), (1, 2, 1));
    }

    #[test]
    fn without_rotation_a_token_stays_good() {
        let (mut books, ids) = (Books::default(), Ids::new(0));
        let first = books.issue(&ids);
        for _ in 0..3 {
            assert!(books.renew(&first.refresh, false, &ids).is_ok());
        }
        assert!(books.expire(&first.access) && !books.is_good(&first.access));
        assert!(books.revoke(&first.refresh));
        assert_eq!(books.renew(&first.refresh, false, &ids), Err(Refused));
    }
}
