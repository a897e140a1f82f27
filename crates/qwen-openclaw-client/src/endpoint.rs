//! The decision where requests go.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use qwen_openclaw_auth::{Credential, KeyKind, Source};
use qwen_openclaw_catalog::{Classification, Endpoint, Plan, Provider, Region, classify};
use qwen_openclaw_http::{BaseUrl, UrlText};

use crate::Error;

/// The settings that decide where requests to one provider go.
///
/// By default nothing is set, and the key and the provider decide. The first of these that is set
/// wins: an explicit base URL; a requested plan or region; the environment; the configuration; the
/// endpoint stored with the key; the key's prefix; the provider's default. The region is never
/// derived from a key.
#[derive(Clone, Debug, Default)]
pub struct EndpointRules {
    pub(crate) explicit: Option<UrlText>,
    pub(crate) plan: Option<Plan>,
    pub(crate) region: Option<Region>,
    pub(crate) environment: Option<(UrlText, Source)>,
    /// An error if the configuration has no usable base URL for the provider.
    pub(crate) configured: Option<(Result<UrlText, Error>, Source)>,
    pub(crate) plain_http: bool,
}

/// The rule that decided where requests go.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EndpointRule {
    /// The caller set the base URL.
    Explicit,
    /// The caller requested a plan or a region.
    PlanAndRegion,
    /// An environment variable sets the base URL.
    Environment(Source),
    /// The configuration sets the base URL.
    Configured(Source),
    /// The key was stored with its endpoint, or a login came with one.
    StoredWithKey,
    /// The key's prefix belongs to one plan.
    KeyPrefix,
    /// No other rule applied.
    Default,
}

impl EndpointRule {
    /// Returns the stable name.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Explicit => "explicit base URL",
            Self::PlanAndRegion => "requested plan and region",
            Self::Environment(_) => "environment",
            Self::Configured(_) => "configuration",
            Self::StoredWithKey => "stored with the key",
            Self::KeyPrefix => "key prefix",
            Self::Default => "provider default",
        }
    }
}

impl fmt::Display for EndpointRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(source) | Self::Configured(source) => fmt::Display::fmt(source, f),
            other => f.write_str(other.as_str()),
        }
    }
}

/// Where requests go, and which rule decided it.
#[derive(Clone, Debug)]
pub struct RoutedEndpoint {
    base_url: BaseUrl,
    class: Classification,
    rule: EndpointRule,
}

impl RoutedEndpoint {
    /// Returns the base URL.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    /// Returns the classification of the base URL.
    #[must_use]
    pub fn class(&self) -> Classification {
        self.class
    }

    /// Returns the plan, if the host belongs to one.
    #[must_use]
    pub fn plan(&self) -> Option<Plan> {
        self.class.plan()
    }

    /// Returns the region, if the host belongs to one.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.class.region()
    }

    /// Returns the rule that decided.
    #[must_use]
    pub fn rule(&self) -> &EndpointRule {
        &self.rule
    }
}

impl EndpointRules {
    /// Creates rules without any settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the base URL, which takes precedence over everything else.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.explicit = Some(UrlText::from(url));
        self
    }

    /// Requests a plan.
    #[must_use]
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Requests a region.
    #[must_use]
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Sets the base URL from the environment, and where it was found.
    #[must_use]
    pub fn environment(mut self, url: impl Into<String>, source: Source) -> Self {
        self.environment = Some((UrlText::from(url), source));
        self
    }

    /// Sets the base URL from a configuration, and where it was found.
    #[must_use]
    pub fn configured(mut self, url: impl Into<String>, source: Source) -> Self {
        self.configured = Some((Ok(UrlText::from(url)), source));
        self
    }

    /// Allows plain http to other machines. By default it is rejected.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Decides where requests to `provider` with `credential` go.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](qwen_openclaw_http::ErrorKind::InvalidRequest) when the base URL is not
    /// one that a key may be sent to, when the provider is unknown and no rule sets a base URL, and
    /// when the key was stored for another origin; and the error of a configuration whose base URL
    /// cannot be used, if that is the one that decides.
    pub fn decide(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
    ) -> Result<RoutedEndpoint, Error> {
        let (url, rule) = self.choose(provider, credential)?;
        let endpoint = self.endpoint(url, rule)?;
        self.check_bound(provider, &endpoint, credential)?;
        Ok(endpoint)
    }

    /// Like [`decide`](Self::decide), and reuses what `last` holds if the rules choose the same URL:
    /// parsing and classifying it takes longer than the rest of the decision.
    pub(crate) fn decide_again(
        &self,
        last: &LastEndpoint,
        provider: &Provider,
        credential: Option<&Credential>,
    ) -> Result<Arc<RoutedEndpoint>, Error> {
        let (url, rule) = self.choose(provider, credential)?;
        let endpoint = match last.matching(url, &rule) {
            Some(endpoint) => endpoint,
            None => {
                let endpoint = Arc::new(self.endpoint(url, rule)?);
                last.set(url, &endpoint);
                endpoint
            }
        };
        self.check_bound(provider, &endpoint, credential)?;
        Ok(endpoint)
    }

    fn endpoint(&self, url: &str, rule: EndpointRule) -> Result<RoutedEndpoint, Error> {
        let base_url = self.parse(url)?;
        Ok(RoutedEndpoint {
            class: classify(base_url.as_str()),
            base_url,
            rule,
        })
    }

    fn choose<'a>(
        &'a self,
        provider: &Provider,
        credential: Option<&'a Credential>,
    ) -> Result<(&'a str, EndpointRule), Error> {
        if let Some(url) = &self.explicit {
            return Ok((url.as_str(), EndpointRule::Explicit));
        }
        let stored = credential.map(Credential::endpoint);
        let own_plan = stored.and_then(|endpoint| endpoint.plan);
        let own_region = stored.and_then(|endpoint| endpoint.region);
        let prefix = credential.and_then(|credential| plan_of(credential.key().kind()));
        // The portal has one host, and other vendors have no plans: there is nothing to request.
        let planned = provider.plans().iter().any(|plan| *plan != Plan::Portal);
        let first = provider.plans().first().copied().unwrap_or(Plan::Standard);
        let fits = |plan: &Plan| provider.plans().contains(plan);
        let of = |plan: Plan, region: Option<Region>| {
            let region = region.unwrap_or(Region::Global);
            Endpoint::of(plan, region).base_url()
        };
        // A requested plan applies to `qwen`, and does not redirect another provider's key.
        let requested = self
            .plan
            .filter(|plan| fits(plan) || *provider == Provider::QWEN);
        if planned && (requested.is_some() || self.region.is_some()) {
            let plan = requested.or(own_plan.filter(fits)).or(prefix.filter(fits));
            let region = self.region.or(own_region);
            return Ok((
                of(plan.unwrap_or(first), region),
                EndpointRule::PlanAndRegion,
            ));
        }
        if let Some((url, source)) = &self.environment {
            return Ok((url.as_str(), EndpointRule::Environment(source.clone())));
        }
        if let Some((url, source)) = &self.configured {
            let url = url.as_ref().map_err(Clone::clone)?;
            return Ok((url.as_str(), EndpointRule::Configured(source.clone())));
        }
        if let Some(url) = credential.and_then(Credential::base_url) {
            return Ok((url, EndpointRule::StoredWithKey));
        }
        if planned && (own_plan.is_some_and(|plan| fits(&plan)) || own_region.is_some()) {
            let plan = own_plan.filter(fits).or(prefix.filter(fits));
            return Ok((
                of(plan.unwrap_or(first), own_region),
                EndpointRule::StoredWithKey,
            ));
        }
        if let Some(plan) = prefix.filter(fits) {
            return Ok((of(plan, None), EndpointRule::KeyPrefix));
        }
        let default = provider.default_base_url();
        let default = default.ok_or_else(|| Error::from(provider.unknown()))?;
        Ok((default, EndpointRule::Default))
    }

    fn parse(&self, url: &str) -> Result<BaseUrl, Error> {
        let parsed = if self.plain_http {
            BaseUrl::parse_allowing_plain_http(url)
        } else {
            BaseUrl::parse(url)
        };
        parsed.map_err(Error::from)
    }

    /// Ensures that a key stored for one origin is sent only there, unless the caller set the base
    /// URL explicitly.
    ///
    /// The origin of a portal login is the server's choice, not the user's, so a configured base URL
    /// takes precedence over it, as in OpenClaw.
    fn check_bound(
        &self,
        provider: &Provider,
        endpoint: &RoutedEndpoint,
        credential: Option<&Credential>,
    ) -> Result<(), Error> {
        let is_chosen = match endpoint.rule {
            // What is stored with the key is its own origin.
            EndpointRule::Explicit | EndpointRule::StoredWithKey => true,
            EndpointRule::Configured(_) => *provider == Provider::QWEN_OAUTH,
            _ => false,
        };
        if is_chosen {
            return Ok(());
        }
        let Some(own) = credential.and_then(Credential::base_url) else {
            return Ok(());
        };
        let own = self.parse(own)?;
        if own.origin() == endpoint.base_url.origin() {
            return Ok(());
        }
        let source = credential.map(|credential| credential.source().to_string());
        Err(Error::invalid_request(format!(
            "the key ({}) was stored for {own} and is not sent to {} ({}); set that base URL \
             explicitly, or store a key for it",
            source.unwrap_or_default(),
            endpoint.base_url,
            endpoint.rule,
        )))
    }
}

/// The endpoint of the previous request, with the URL as the rules gave it.
#[derive(Debug, Default)]
pub(crate) struct LastEndpoint(Mutex<Option<(UrlText, Arc<RoutedEndpoint>)>>);

impl LastEndpoint {
    fn matching(&self, url: &str, rule: &EndpointRule) -> Option<Arc<RoutedEndpoint>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (text, endpoint) = last.as_ref()?;
        (text.as_str() == url && endpoint.rule == *rule).then(|| Arc::clone(endpoint))
    }

    fn set(&self, url: &str, endpoint: &Arc<RoutedEndpoint>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((UrlText::from(url), Arc::clone(endpoint)));
    }
}

/// The plan that the prefix of a key belongs to.
fn plan_of(kind: KeyKind) -> Option<Plan> {
    match kind {
        KeyKind::CodingPlan => Some(Plan::Coding),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
