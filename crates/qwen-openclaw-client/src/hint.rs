//! What to do about a failure if the service's own message does not help.
//!
//! The service says "Incorrect API key provided" for a valid key on the wrong endpoint, and "model
//! is not supported" if only the plan lacks the model (help.aliyun.com, Model Studio, "error-code").

use std::fmt;

use qwen_openclaw_auth::{Credential, KeyKind, Source};
use qwen_openclaw_catalog::{Endpoint, Plan, Provider, Region};
use qwen_openclaw_http::{ErrorKind, ErrorScope};

use crate::{Route, ServiceHost};

/// What to do about a failure.
///
/// `Display` is meant for logs; a program with its own terminology can match on the variants and use
/// its own wording.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// A key was not accepted. Keys are bound to their region and plan.
    WrongKeyOrEndpoint {
        /// The masked key, and where it was found.
        key: SentKey,
        /// The base URL that it was sent to.
        base_url: String,
        /// The plan whose keys that URL accepts. `None` if the server is not the service itself.
        plan: Option<Plan>,
        /// The region whose keys that URL accepts. `None` if the server is not the service itself.
        region: Option<Region>,
        /// The other endpoints that such a key may belong to, likeliest first. Empty if the server
        /// is not the service itself.
        left_to_try: Vec<Endpoint>,
    },
    /// An API key was sent to the portal, which accepts only login tokens. The key's environment
    /// variable is also used by the provider `qwen`.
    PortalTakesTokens {
        /// The masked key, and where it was found.
        key: SentKey,
        /// The base URL that it was sent to.
        base_url: String,
    },
    /// The portal, whose free tier Qwen discontinued on 2026-04-15, rejected a login.
    PortalDiscontinued {
        /// The masked token, and where it was found.
        key: SentKey,
        /// The base URL that it was sent to.
        base_url: String,
    },
    /// Tasks, uploads, embeddings and reranking need a Standard key of the region.
    TasksNeedStandardKey {
        /// The key as it may be shown, and where it was found, where there is one.
        key: Option<SentKey>,
        /// Where it was sent; `None` when it was refused before.
        origin: Option<String>,
    },
    /// A plan may not include the model.
    PlanLacksModel {
        /// The plan.
        plan: Plan,
        /// The Standard endpoint of the same region, which needs its own key.
        standard: Endpoint,
    },
    /// The Coding Plan accepts only clients that it knows, and its terms forbid other uses. Another
    /// key of the plan does not help.
    PlanIsForCodingAgents {
        /// The Standard endpoint of the same region, which needs its own key.
        standard: Endpoint,
    },
    /// The key may not use this model. Other models may work.
    NoAccessToModel,
    /// The account has not activated this model. Other models may work.
    ActivateModel,
    /// The account is overdue, or has not purchased the product.
    CheckBalance,
    /// The free or purchased quota is exhausted, and waiting does not restore it.
    QuotaUsedUp,
    /// The request may require turning thinking off.
    SwitchThinkingOff,
    /// The reply was cut off at the token limit.
    RaiseTokenLimit,
    /// The configuration switches the provider's plugin off. Switching it on helps.
    PluginIsOff {
        /// The provider.
        provider: Provider,
        /// The id of the plugin.
        plugin: String,
    },
}

/// A key that was sent, in a form that is safe to show.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SentKey {
    /// The key with its middle removed; `[token]` for a login token.
    pub masked: String,
    /// Where it was found.
    pub source: Source,
    /// The kind of key, according to its prefix.
    pub kind: KeyKind,
    /// The plan that was stored with it.
    pub plan: Option<Plan>,
    /// The region that was stored with it.
    pub region: Option<Region>,
}

impl SentKey {
    pub(crate) fn of(credential: &Credential) -> Self {
        Self {
            masked: credential.key().masked(),
            source: credential.source().clone(),
            kind: credential.key().kind(),
            plan: credential.endpoint().plan,
            region: credential.endpoint().region,
        }
    }

    /// Names the plan and the region that were stored with the key, such as `Coding Plan, China`,
    /// unless they are these.
    #[must_use]
    pub fn stored_for_other(&self, plan: Option<Plan>, region: Option<Region>) -> Option<String> {
        let differs = self.plan.is_some() && self.plan != plan
            || self.region.is_some() && self.region != region;
        let words = [self.plan.map(Plan::label), self.region.map(Region::label)];
        let words: Vec<_> = words.into_iter().flatten().collect();
        differs.then(|| words.join(", "))
    }
}

impl fmt::Display for SentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.masked, self.source)
    }
}

impl Hint {
    /// What to do about an error response to a request on `route`.
    pub(crate) fn of(
        error: &qwen_openclaw_http::Error,
        route: &Route,
        host: ServiceHost,
    ) -> Option<Self> {
        match error.kind() {
            ErrorKind::Authentication
                if error.status() == Some(401) && host == ServiceHost::Aigc =>
            {
                Some(Self::TasksNeedStandardKey {
                    key: route.credential().map(SentKey::of),
                    origin: Some(route.aigc_base().ok()?.as_str().to_owned()),
                })
            }
            ErrorKind::Permission if error.is_plan_gate() => Some(Self::PlanIsForCodingAgents {
                standard: standard(route),
            }),
            ErrorKind::Permission if names_the_model(error, host) => Some(Self::NoAccessToModel),
            ErrorKind::NotFound if host == ServiceHost::Aigc => None,
            ErrorKind::Authentication if error.status() == Some(401) => unauthorized(route),
            ErrorKind::NotFound => other_plan(route),
            ErrorKind::Billing if error.scope() == ErrorScope::Model => Some(Self::ActivateModel),
            ErrorKind::Billing => Some(Self::CheckBalance),
            ErrorKind::Quota => match login(route) {
                Some(key) => Some(Self::PortalDiscontinued {
                    key,
                    base_url: route.endpoint().base_url().to_string(),
                }),
                None => Some(Self::QuotaUsedUp),
            },
            // A forced tool choice, JSON output and the like cannot be combined with thinking, which
            // is on by default for many models.
            ErrorKind::InvalidRequest if error.to_string().contains("thinking") => {
                Some(Self::SwitchThinkingOff)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DISCONTINUED: &str = "whose free tier Qwen discontinued on 2026-04-15: use a Model \
                                    Studio or Coding Plan API key, or another provider";
        match self {
            Self::WrongKeyOrEndpoint {
                key,
                base_url,
                plan,
                region,
                left_to_try,
            } => {
                write!(f, "the key {key} was sent to {base_url}")?;
                if let (Some(plan), Some(region)) = (plan, region) {
                    write!(f, " ({})", Endpoint::of(*plan, *region).label())?;
                }
                if let Some(stored) = key.stored_for_other(*plan, *region) {
                    write!(f, "; it was stored for {stored}")?;
                }
                if left_to_try.is_empty() {
                    return Ok(());
                }
                f.write_str(". A key is bound to its region and its plan")?;
                f.write_str(match key.kind {
                    KeyKind::CodingPlan => ", and the prefix sk-sp- is that of a Coding Plan",
                    KeyKind::Workspace => ", and the prefix sk-ws- is that of one workspace",
                    KeyKind::Temporary => ", and a temporary key (st-) expires in minutes",
                    _ => "",
                })?;
                for (i, endpoint) in left_to_try.iter().enumerate() {
                    let joint = if i == 0 { "; left to try: " } else { ", " };
                    write!(f, "{joint}{} ({})", endpoint.base_url(), endpoint.label())?;
                }
                Ok(())
            }
            Self::PortalTakesTokens { key, base_url } => write!(
                f,
                "the key {key} was sent to {base_url}, which takes portal tokens only. \
                 QWEN_API_KEY serves the provider `qwen` as well as `qwen-oauth`: to use both, \
                 store the portal token for `qwen-oauth` and the Model Studio key for `qwen`"
            ),
            Self::PortalDiscontinued { key, base_url } => write!(
                f,
                "the login {key} was sent to {base_url}, the portal {DISCONTINUED}"
            ),
            Self::TasksNeedStandardKey {
                key: Some(key),
                origin: Some(origin),
            } => write!(
                f,
                "the key {key} was sent to {origin}, which needs a Standard key of that region"
            ),
            Self::TasksNeedStandardKey { .. } => {
                f.write_str("this needs a Standard key of the region, and a Standard endpoint")
            }
            Self::PlanLacksModel { plan, standard } => write!(
                f,
                "the {} may not include this model: use {} ({}), which needs a Standard key of \
                 that region as well",
                plan.label(),
                standard.base_url(),
                standard.label()
            ),
            Self::PlanIsForCodingAgents { standard } => write!(
                f,
                "the Coding Plan accepts only the coding agents that it knows: use {} ({}) with a \
                 Standard key of that region",
                standard.base_url(),
                standard.label()
            ),
            Self::NoAccessToModel => f.write_str(
                "only this model was refused: grant the key access to it in the console, or use \
                 another model",
            ),
            Self::ActivateModel => f.write_str(
                "only this model was refused: activate it in the console, check its id, or use \
                 another model",
            ),
            Self::CheckBalance => f.write_str("check the account's balance in its console"),
            Self::QuotaUsedUp => f.write_str(
                "waiting does not restore the quota: top up, or use another model or key",
            ),
            Self::RaiseTokenLimit => f.write_str("it was cut off: raise the token limit"),
            Self::PluginIsOff { provider, plugin } => {
                write!(f, "to use {provider}, switch the plugin {plugin} on")
            }
            Self::SwitchThinkingOff => {
                f.write_str("this may require turning thinking off: level `off`")
            }
        }
    }
}

/// Whether a refusal concerns the model. One without a code may come from a firewall on the way, and
/// not every request for tasks names a model.
fn names_the_model(error: &qwen_openclaw_http::Error, host: ServiceHost) -> bool {
    error.scope() == ErrorScope::Model
        && match host {
            ServiceHost::Aigc => error.code() == Some("Model.AccessDenied"),
            _ => error.code().is_some(),
        }
}

/// The login token, if one was sent to the portal.
fn login(route: &Route) -> Option<SentKey> {
    let credential = route.credential()?;
    let is_login = route.endpoint().plan() == Some(Plan::Portal)
        && matches!(
            credential.source(),
            Source::Profile(_) | Source::File { .. }
        );
    is_login.then(|| SentKey::of(credential))
}

fn unauthorized(route: &Route) -> Option<Hint> {
    let key = SentKey::of(route.credential()?);
    let base_url = route.endpoint().base_url().to_string();
    let (plan, region) = (route.endpoint().plan(), route.endpoint().region());
    if let Some(key) = login(route) {
        // A refresh has already been tried.
        return Some(Hint::PortalDiscontinued { key, base_url });
    }
    if plan == Some(Plan::Portal) {
        return Some(Hint::PortalTakesTokens { key, base_url });
    }
    let left_to_try = match plan {
        Some(plan) => left_to_try(&key, plan, route),
        // Not the service itself.
        None => Vec::new(),
    };
    Some(Hint::WrongKeyOrEndpoint {
        key,
        base_url,
        plan,
        region,
        left_to_try,
    })
}

/// The endpoints that such a key may belong to, except the one of `plan` that rejected it. Those
/// that agree with what was stored with the key come first.
fn left_to_try(key: &SentKey, plan: Plan, route: &Route) -> Vec<Endpoint> {
    let tried = route.endpoint().class().endpoint();
    let token_plan = *route.provider() == Provider::QWEN_TOKEN_PLAN;
    let fits = |endpoint: &Endpoint| match (key.kind, endpoint.plan()) {
        (_, Plan::Portal) => false,
        (KeyKind::CodingPlan, plan) => plan == Plan::Coding,
        (_, Plan::Coding) => false,
        (_, Plan::Token) => token_plan || plan == Plan::Standard,
        _ => true,
    };
    let all = Endpoint::all().iter().copied();
    let mut left: Vec<Endpoint> = all
        .filter(|endpoint| fits(endpoint) && Some(*endpoint) != tried)
        .collect();
    left.sort_by_key(|endpoint| {
        let agrees = [
            key.plan.is_some_and(|plan| plan == endpoint.plan()),
            key.region.is_some_and(|region| region == endpoint.region()),
        ];
        agrees.into_iter().filter(|agrees| !agrees).count()
    });
    left
}

/// For a model that a plan does not offer: the endpoint to use instead.
fn other_plan(route: &Route) -> Option<Hint> {
    let plan = route.endpoint().plan();
    let plan = plan.filter(|plan| matches!(plan, Plan::Coding | Plan::Token))?;
    Some(Hint::PlanLacksModel {
        plan,
        standard: standard(route),
    })
}

/// The Standard endpoint of the same region, as far as the region is known.
fn standard(route: &Route) -> Endpoint {
    let stored = || route.credential()?.endpoint().region;
    let region = route.endpoint().region().or_else(stored);
    Endpoint::of(Plan::Standard, region.unwrap_or(Region::Global))
}
