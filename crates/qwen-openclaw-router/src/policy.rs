//! Which failures lead to the next candidate, and what cools down for how long: one table.

use std::time::Duration;

use qwen_openclaw_http::{ErrorKind, ErrorScope};

/// What the router does after an attempt that failed with an error of a kind.
///
#[doc = include_str!("policy.md")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// Whether the next candidate is tried. After the first content it never is.
    pub advances: bool,
    /// The cooldown that begins; `None` for a failure that says nothing about the next request.
    pub cooldown: Option<Steps>,
    /// What cools down, unless the error says that it concerns one model
    /// ([`ErrorScope::Model`]) or all of the account's ([`ErrorScope::Account`]).
    pub scope: CooldownScope,
}

/// What cools down after a failure. It is never a whole provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CooldownScope {
    /// The model with the credential.
    Model,
    /// Every model with the credential.
    Credential,
}

/// How long the cooldowns of failures in a row are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Steps {
    /// 30 s, doubled by each failure, at most 24 h. Goes on counting after a cooldown has run out.
    RateLimit,
    /// 10 min, doubled by each failure, at most 24 h.
    Billing,
    /// 10 min, doubled by each failure, at most 60 min.
    Authentication,
    /// 30 s, 60 s, then 300 s each.
    Brief,
}

impl Steps {
    /// Returns how long the cooldown is after `failures` in a row.
    #[must_use]
    pub fn wait(self, failures: u32) -> Duration {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        // Twenty doublings of the shortest wait are a year.
        let doublings = failures.saturating_sub(1).min(20);
        let doubled = |first: u64, most: u64| (first << doublings).min(most);
        Duration::from_secs(match self {
            Self::RateLimit => doubled(30, 24 * HOUR),
            Self::Billing => doubled(10 * MINUTE, 24 * HOUR),
            Self::Authentication => doubled(10 * MINUTE, HOUR),
            Self::Brief => match failures {
                0 | 1 => 30,
                2 => 60,
                _ => 300,
            },
        })
    }

    /// Returns true if failures go on counting after a cooldown has run out.
    #[must_use]
    pub fn outlast_their_cooldown(self) -> bool {
        self == Self::RateLimit
    }
}

impl Policy {
    /// Returns the policy for errors of a kind.
    #[must_use]
    pub fn of(kind: ErrorKind) -> Self {
        let row = TABLE.iter().find(|(kinds, _)| kinds.contains(&kind));
        let cooldown = row.and_then(|(_, steps)| *steps);
        Self {
            advances: cooldown.is_some(),
            cooldown,
            scope: match cooldown {
                Some(Steps::Authentication | Steps::Billing) => CooldownScope::Credential,
                _ => CooldownScope::Model,
            },
        }
    }

    /// Returns what cools down after an error with this scope.
    #[must_use]
    pub fn scope_of(self, error: ErrorScope) -> CooldownScope {
        match error {
            ErrorScope::Account => CooldownScope::Credential,
            ErrorScope::Model => CooldownScope::Model,
            _ => self.scope,
        }
    }
}

/// Every kind, with the steps of its cooldown. Exactly the kinds with a cooldown lead to the next
/// candidate; all others end the request, because it would fail in the same way elsewhere, or because
/// sending it again could act twice.
const TABLE: &[(&[ErrorKind], Option<Steps>)] = &[
    (&[ErrorKind::RateLimited], Some(Steps::RateLimit)),
    (&[ErrorKind::Billing], Some(Steps::Billing)),
    (&[ErrorKind::Authentication], Some(Steps::Authentication)),
    (
        &[
            ErrorKind::Quota,
            ErrorKind::Permission,
            ErrorKind::NotFound,
            ErrorKind::Network,
            ErrorKind::Timeout,
            ErrorKind::Server,
            ErrorKind::Truncated,
            ErrorKind::Protocol,
        ],
        Some(Steps::Brief),
    ),
    (
        &[
            // Whether a budget advances is its own setting, and decided before anything is sent.
            ErrorKind::Budget,
            ErrorKind::Setup,
            ErrorKind::InvalidRequest,
            ErrorKind::ContentFilter,
            ErrorKind::TooLarge,
            ErrorKind::ToolArguments,
            ErrorKind::ToolRounds,
            ErrorKind::Json,
            ErrorKind::Ambiguous,
            ErrorKind::Failed,
            ErrorKind::Canceled,
            ErrorKind::Expired,
            ErrorKind::Deadline,
            ErrorKind::Busy,
            ErrorKind::Storage,
        ],
        None,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row() {
        for kind in ErrorKind::ALL {
            let rows = TABLE.iter().flat_map(|(kinds, _)| *kinds);
            assert_eq!(rows.filter(|one| *one == kind).count(), 1, "{kind:?}");
        }
        let rows: usize = TABLE.iter().map(|(kinds, _)| kinds.len()).sum();
        assert_eq!(rows, ErrorKind::ALL.len());
    }

    #[test]
    fn the_documented_table_is_the_one_in_use() {
        let rows = include_str!("policy.md").lines().skip(2);
        let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).collect();
        let expected = TABLE.iter().flat_map(|(kinds, _)| *kinds).map(|kind| {
            let policy = Policy::of(*kind);
            let scope = match (policy.scope, kind) {
                (_, ErrorKind::Authentication) => "the credential, if it was sent",
                (CooldownScope::Credential, _) => "the credential",
                (CooldownScope::Model, _) => "the model with the credential",
            };
            let steps = match policy.cooldown {
                Some(Steps::RateLimit) => "30 s, doubled by each failure, at most 24 h",
                Some(Steps::Billing) => "10 min, doubled by each failure, at most 24 h",
                Some(Steps::Authentication) => "10 min, doubled by each failure, at most 60 min",
                Some(Steps::Brief) => "30 s, 60 s, then 300 s",
                None if *kind == ErrorKind::Budget => {
                    return format!("| {} | if the budget says so | | |", kind.as_str());
                }
                None => return format!("| {} | no | | |", kind.as_str()),
            };
            format!("| {} | yes | {scope} | {steps} |", kind.as_str())
        });
        assert_eq!(rows, expected.collect::<Vec<_>>());
    }

    #[test]
    fn steps_grow_to_their_limit() {
        let seconds = |steps: Steps, failures: &[u32]| -> Vec<u64> {
            failures
                .iter()
                .map(|count| steps.wait(*count).as_secs())
                .collect()
        };
        let counts = [0, 1, 2, 3, 4, 8, 9, 12, 13, 64, 65, u32::MAX];
        let day = 86_400;
        assert_eq!(
            seconds(Steps::RateLimit, &counts),
            [
                30, 30, 60, 120, 240, 3_840, 7_680, 61_440, day, day, day, day
            ]
        );
        assert_eq!(
            seconds(Steps::Billing, &counts),
            [
                600, 600, 1_200, 2_400, 4_800, 76_800, day, day, day, day, day, day
            ]
        );
        assert_eq!(
            seconds(Steps::Authentication, &counts[..5]),
            [600, 600, 1_200, 2_400, 3_600]
        );
        assert_eq!(seconds(Steps::Authentication, &[u32::MAX]), [3_600]);
        assert_eq!(seconds(Steps::Brief, &counts[..5]), [30, 30, 60, 300, 300]);
    }

    #[test]
    fn the_scope_of_an_error_is_more_precise_than_that_of_its_kind() {
        let billing = Policy::of(ErrorKind::Billing);
        let server = Policy::of(ErrorKind::Server);
        // `AccessDenied.Unpurchased` concerns one model, and a portal's quota all of them.
        assert_eq!(billing.scope_of(ErrorScope::Model), CooldownScope::Model);
        let quota = Policy::of(ErrorKind::Quota);
        assert_eq!(
            quota.scope_of(ErrorScope::Account),
            CooldownScope::Credential
        );
        for scope in [ErrorScope::Request, ErrorScope::Provider] {
            assert_eq!(billing.scope_of(scope), CooldownScope::Credential);
            assert_eq!(server.scope_of(scope), CooldownScope::Model);
        }
    }
}
