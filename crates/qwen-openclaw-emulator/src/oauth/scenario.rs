//! Named responses of the login server and the portal.

use std::{error, fmt, str::FromStr, sync::Mutex};

use crate::lock::lock;

/// The request a scenario applies to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    Device,
    Poll,
    Refresh,
    Api,
}

macro_rules! scenarios {
    ($($scenario:ident = $stage:ident, $name:literal, $description:literal;)*) => {
        /// A response of the login server or the portal's API that replaces the usual one.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum OAuthScenario {
            $(#[doc = $description] $scenario,)*
        }

        impl OAuthScenario {
            /// Every scenario, in the order of a login.
            pub const ALL: &'static [Self] = &[$(Self::$scenario),*];

            /// Returns the scenario's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$scenario => $name,)* }
            }

            /// Returns a one-line description of the response.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$scenario => $description,)* }
            }

            pub(super) const fn stage(self) -> Stage {
                match self { $(Self::$scenario => Stage::$stage,)* }
            }
        }
    };
}

scenarios! {
    DeviceError = Device, "device-error", "device request: 200 with an error object";
    DeviceChallenge = Device, "device-html", "device request: 200 with an HTML page";
    DeviceForbidden = Device, "device-html-403", "device request: 403 with an HTML page";
    DeviceNoUserCode = Device, "device-no-user-code", "device request: no user_code";
    DeviceTextNumbers = Device, "device-text-numbers", "device request: numbers as strings";
    PollPending = Poll, "poll-pending", "poll: 400 authorization_pending";
    PollSlowDown = Poll, "poll-slow-down", "poll: 429 slow_down, as on the portal";
    PollSlowDownRfc = Poll, "poll-slow-down-400", "poll: 400 slow_down, as in RFC 8628";
    PollExpired = Poll, "poll-expired", "poll: 400 expired_token";
    PollDenied = Poll, "poll-denied", "poll: 400 access_denied";
    PollUnauthorized = Poll, "poll-401", "poll: 401";
    PollThrottled = Poll, "poll-429", "poll: 429 without an error of the protocol";
    PollGateway = Poll, "poll-html-504", "poll: 504 with an HTML page";
    PollChallenge = Poll, "poll-html", "poll: 200 with an HTML page";
    PollReset = Poll, "poll-reset", "poll: the connection is reset in mid-response";
    PollNull = Poll, "poll-null", "poll: 200 with access_token null";
    PollNoRefreshToken = Poll, "poll-no-refresh-token", "poll: tokens without refresh_token";
    PollResourceBlank = Poll, "poll-resource-blank", "poll: tokens with a blank resource_url";
    PollResourceHost = Poll, "poll-resource-host", "poll: resource_url is the portal's host";
    PollResourceSlash = Poll, "poll-resource-slash", "poll: resource_url ends with a slash";
    PollResourceUrl = Poll, "poll-resource-url", "poll: resource_url without /v1";
    PollResourceVersionSlash = Poll, "poll-resource-v1-slash", "poll: resource_url ends with /v1/";
    PollResourceForeign = Poll, "poll-resource-foreign", "poll: resource_url is a foreign host";
    RefreshNoRotation = Refresh, "refresh-no-rotation", "refresh: the refresh token stays valid";
    RefreshNoToken = Refresh, "refresh-no-token", "refresh: rotated, but missing from the response";
    RefreshEmptyToken = Refresh, "refresh-empty-token", "refresh: refresh_token is empty";
    RefreshNoResource = Refresh, "refresh-no-resource", "refresh: no resource_url";
    RefreshExpiresZero = Refresh, "refresh-expires-zero", "refresh: expires_in is 0";
    RefreshExpiresMissing = Refresh, "refresh-expires-missing", "refresh: no expires_in";
    RefreshExpiresText = Refresh, "refresh-expires-text", "refresh: expires_in is a string";
    RefreshRefused = Refresh, "refresh-400", "refresh: 400 invalid_request";
    RefreshSlowlyRefused = Refresh, "refresh-slow-400", "refresh: 400 invalid_request after 400 ms";
    RefreshBadRequestPage = Refresh, "refresh-html-400", "refresh: 400 with an HTML page";
    RefreshChallenge = Refresh, "refresh-html", "refresh: 200 with an HTML page";
    RefreshUnauthorized = Refresh, "refresh-401", "refresh: 401";
    RefreshGateway = Refresh, "refresh-html-504", "refresh: 504 with an HTML page";
    RefreshRedirect = Refresh, "refresh-302", "refresh: 302 to another host";
    RefreshStall = Refresh, "refresh-stall", "refresh: no response ever comes";
    RefreshSlow = Refresh, "refresh-slow", "refresh: the response takes 400 ms";
    RefreshLost = Refresh, "refresh-lost", "refresh: rotated, and the connection is reset";
    ApiUnauthorized = Api, "api-401", "portal API: 401, the token is dead";
    ApiForbiddenQuota = Api, "api-403-quota", "portal API: 403 insufficient_quota";
    ApiQuota = Api, "api-429-quota", "portal API: 429 insufficient_quota";
    ApiRate = Api, "api-429", "portal API: 429 with Retry-After";
    ApiBadRequest = Api, "api-400", "portal API: 400 invalid_parameter_error";
}

impl FromStr for OAuthScenario {
    type Err = ParseScenarioError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.iter().copied();
        all.find(|scenario| scenario.name().eq_ignore_ascii_case(name.trim()))
            .ok_or(ParseScenarioError(()))
    }
}

impl fmt::Display for OAuthScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The error for an unknown scenario name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParseScenarioError(());

impl fmt::Display for ParseScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such scenario: GET /oauth/admin lists them")
    }
}

impl error::Error for ParseScenarioError {}

/// The scenarios that are switched on, each for all requests or for so many.
#[derive(Debug, Default)]
pub(super) struct Scenarios(Mutex<Vec<(OAuthScenario, Option<u32>)>>);

impl Scenarios {
    pub(super) fn new(scenarios: Vec<(OAuthScenario, Option<u32>)>) -> Self {
        Self(Mutex::new(scenarios))
    }

    /// Switches one on, after those that are on for the same requests.
    pub(super) fn push(&self, scenario: OAuthScenario, times: Option<u32>) {
        if times != Some(0) {
            lock(&self.0).push((scenario, times));
        }
    }

    pub(super) fn clear(&self) {
        self.set(Vec::new());
    }

    pub(super) fn set(&self, scenarios: Vec<(OAuthScenario, Option<u32>)>) {
        *lock(&self.0) = scenarios;
    }

    pub(super) fn all(&self) -> Vec<(OAuthScenario, Option<u32>)> {
        lock(&self.0).clone()
    }

    /// The scenario of this request, which uses up one of its times.
    pub(super) fn due(&self, stage: Stage) -> Option<OAuthScenario> {
        let mut on = lock(&self.0);
        let at = on
            .iter()
            .position(|(scenario, _)| scenario.stage() == stage)?;
        let (scenario, times) = &mut on[at];
        let due = *scenario;
        if let Some(left) = times {
            *left -= 1;
            if *left == 0 {
                on.remove(at);
            }
        }
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for scenario in OAuthScenario::ALL {
            assert_eq!(scenario.name().parse(), Ok(*scenario));
        }
        assert!("nonsense".parse::<OAuthScenario>().is_err());
    }

    #[test]
    fn each_stage_has_its_own_and_they_run_out() {
        let scenarios = Scenarios::default();
        scenarios.push(OAuthScenario::PollPending, Some(2));
        scenarios.push(OAuthScenario::PollDenied, None);
        scenarios.push(OAuthScenario::ApiRate, Some(0));
        let due = |stage| scenarios.due(stage);
        assert_eq!(due(Stage::Api), None);
        assert_eq!(due(Stage::Poll), Some(OAuthScenario::PollPending));
        assert_eq!(due(Stage::Poll), Some(OAuthScenario::PollPending));
        assert_eq!(due(Stage::Poll), Some(OAuthScenario::PollDenied));
        assert_eq!(due(Stage::Poll), Some(OAuthScenario::PollDenied));
        scenarios.clear();
        assert_eq!(due(Stage::Poll), None);
    }
}
