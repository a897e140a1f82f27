//! What to do about a failure, where the service's own words leave people guessing.
//!
//! The service says "Incorrect API key provided" for a good key on the wrong endpoint, and "model
//! is not supported" where the plan is meant (help.aliyun.com, Model Studio, "error-code").

use std::fmt;

use qwen_openclaw_auth::{Credential, KeyKind, Source};
use qwen_openclaw_catalog::{Endpoint, Plan, Provider, Region};
use qwen_openclaw_http::ErrorKind;

use crate::{Place, Route};

/// What to do about a failure. `Display` words it for a reader of logs; a program that knows its
/// users better matches on it and words it itself.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// A key was not accepted. Keys are bound to their region and plan.
    WrongKeyOrEndpoint {
        /// The key as it may be shown, and where it was found.
        key: SentKey,
        /// Where it was sent.
        base_url: String,
        /// The endpoints that such a key may belong to, without the one that refused it. Empty where
        /// the server is not the service.
        left_to_try: Vec<Endpoint>,
    },
    /// An API key was sent to the portal, which takes login tokens alone. The variable that holds
    /// it serves the provider `qwen` too.
    PortalTakesTokens {
        /// The key as it may be shown, and where it was found.
        key: SentKey,
        /// Where it was sent.
        base_url: String,
    },
    /// A login at the portal was refused, whose free tier Qwen has discontinued on 2026-04-15.
    PortalDiscontinued {
        /// The token as it may be shown, and where it was found.
        key: SentKey,
        /// Where it was sent.
        base_url: String,
    },
    /// Tasks and uploads need a Standard key of the region.
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
        /// The Standard endpoint of the same region, which needs a key of its own.
        standard: Endpoint,
    },
    /// The account owes money, or has not bought the product.
    CheckBalance,
    /// What was free or bought is used up, and waiting does not bring it back.
    QuotaUsedUp,
    /// The request needs thinking to be switched off.
    SwitchThinkingOff,
    /// The answer was cut off by the limit of its tokens.
    RaiseTokenLimit,
}

/// A key that was sent, as it may be shown.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SentKey {
    /// The key with its middle left out; `[token]` for the token of a login.
    pub masked: String,
    /// Where it was found.
    pub source: Source,
    /// What its prefix says.
    pub kind: KeyKind,
}

impl SentKey {
    pub(crate) fn of(credential: &Credential) -> Self {
        Self {
            masked: credential.key().masked(),
            source: credential.source().clone(),
            kind: credential.key().kind(),
        }
    }
}

impl fmt::Display for SentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.masked, self.source)
    }
}

impl Hint {
    /// What to do about an answer of the server to a request along `route`.
    pub(crate) fn of(
        error: &qwen_openclaw_http::Error,
        route: &Route,
        place: Place,
    ) -> Option<Self> {
        match error.kind() {
            ErrorKind::Authentication if error.status() == Some(401) && place == Place::Aigc => {
                Some(Self::TasksNeedStandardKey {
                    key: route.credential().map(SentKey::of),
                    origin: Some(route.aigc_base().ok()?.as_str().to_owned()),
                })
            }
            ErrorKind::NotFound if place == Place::Aigc => None,
            ErrorKind::Authentication if error.status() == Some(401) => unauthorized(route),
            ErrorKind::NotFound => other_plan(route),
            ErrorKind::Billing => Some(Self::CheckBalance),
            ErrorKind::Quota => match login(route) {
                Some(key) => Some(Self::PortalDiscontinued {
                    key,
                    base_url: route.endpoint().base_url().to_string(),
                }),
                None => Some(Self::QuotaUsedUp),
            },
            // A forced tool choice, JSON and the like beside thinking, which many models do by
            // default.
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
                left_to_try,
            } => {
                write!(f, "the key {key} was sent to {base_url}")?;
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
                "the key {key} was sent to {origin}: tasks need a Standard key of that region"
            ),
            Self::TasksNeedStandardKey { .. } => {
                f.write_str("tasks need a Standard key of the region, and a Standard endpoint")
            }
            Self::PlanLacksModel { plan, standard } => write!(
                f,
                "the {} may not include this model: use {} ({}), which needs a Standard key of \
                 that region as well",
                plan.label(),
                standard.base_url(),
                standard.label()
            ),
            Self::CheckBalance => f.write_str("check the balance of the account in its console"),
            Self::QuotaUsedUp => f.write_str(
                "the quota does not come back by waiting: top up, or use another model or key",
            ),
            Self::RaiseTokenLimit => f.write_str("it was cut off: raise the limit of tokens"),
            Self::SwitchThinkingOff => {
                f.write_str("thinking may have to be switched off for this: level `off`")
            }
        }
    }
}

/// The token of a login at the portal.
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
    let class = route.endpoint().class();
    let base_url = route.endpoint().base_url().to_string();
    if class.is_loopback() || class.endpoint().is_none() {
        return Some(Hint::WrongKeyOrEndpoint {
            key,
            base_url,
            left_to_try: Vec::new(),
        });
    }
    if let Some(key) = login(route) {
        // It was renewed before it came to this.
        return Some(Hint::PortalDiscontinued { key, base_url });
    }
    if class.plan() == Some(Plan::Portal) {
        return Some(Hint::PortalTakesTokens { key, base_url });
    }
    let left_to_try = left_to_try(key.kind, route);
    Some(Hint::WrongKeyOrEndpoint {
        key,
        base_url,
        left_to_try,
    })
}

/// The endpoints that such a key may belong to, without the one that refused it.
fn left_to_try(kind: KeyKind, route: &Route) -> Vec<Endpoint> {
    let tried = route.endpoint().class().endpoint();
    let token_plan = *route.provider() == Provider::QWEN_TOKEN_PLAN;
    let fits = |endpoint: &Endpoint| match (kind, endpoint.plan()) {
        (_, Plan::Portal) => false,
        (KeyKind::CodingPlan, plan) => plan == Plan::Coding,
        (_, Plan::Coding) => false,
        (_, Plan::Token) => token_plan || tried.is_some_and(|t| t.plan() == Plan::Standard),
        _ => true,
    };
    let all = Endpoint::all().iter().copied();
    all.filter(|endpoint| fits(endpoint) && Some(*endpoint) != tried)
        .collect()
}

/// For a model that a plan does not carry: where it may be, and that the key changes too.
fn other_plan(route: &Route) -> Option<Hint> {
    let plan = route.endpoint().plan();
    let plan = plan.filter(|plan| matches!(plan, Plan::Coding | Plan::Token))?;
    let region = route.endpoint().region().unwrap_or(Region::Global);
    Some(Hint::PlanLacksModel {
        plan,
        standard: Endpoint::of(Plan::Standard, region),
    })
}
