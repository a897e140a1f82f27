//! What to do about a refusal, where the service's own words leave people guessing.
//!
//! The service says "Incorrect API key provided" for a good key on the wrong endpoint, and "model
//! is not supported" where the plan is meant (help.aliyun.com, Model Studio, "error-code").

use qwen_openclaw_auth::{Credential, KeyKind, Source};
use qwen_openclaw_catalog::{Classification, Endpoint, Plan, Provider, Region};

use crate::{Error, ErrorKind};

const DISCONTINUED: &str = ", whose free tier was discontinued by Qwen on 2026-04-15: use a Model \
                            Studio or Coding Plan API key, or another provider";

/// Where a request went, and with what.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) base_url: &'a str,
    pub(crate) class: Classification,
    pub(crate) provider: &'a Provider,
    pub(crate) credential: &'a Credential,
}

impl Sent<'_> {
    /// Adds what to do to an answer of the server.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let hint = match error.kind() {
            ErrorKind::Authentication if matches!(error.status(), Some(401)) => self.unauthorized(),
            ErrorKind::NotFound => match self.other_plan() {
                Some(hint) => hint,
                None => return error,
            },
            ErrorKind::Billing => "check the balance of the account in its console".to_owned(),
            ErrorKind::Quota if self.is_login() => {
                format!("the login is one at the portal{DISCONTINUED}")
            }
            ErrorKind::Quota => "the quota does not come back by waiting: top up, or use another \
                                 model or key"
                .to_owned(),
            // A forced tool choice, JSON and the like beside thinking, which many models do by
            // default.
            ErrorKind::InvalidRequest if error.to_string().contains("thinking") => {
                "thinking may have to be switched off for this: level `off`".to_owned()
            }
            _ => return error,
        };
        error.with_hint(hint)
    }

    /// Whether it was a login at the portal.
    fn is_login(&self) -> bool {
        let source = self.credential.source();
        self.class.plan() == Some(Plan::Portal)
            && matches!(source, Source::Profile(_) | Source::File { .. })
    }

    fn unauthorized(&self) -> String {
        let source = self.credential.source();
        let masked = self.credential.key().masked();
        let kind = self.credential.key().kind();
        let mut hint = format!("the key {masked} ({source}) was sent to {}", self.base_url);
        if self.class.is_loopback() || self.class.endpoint().is_none() {
            return hint;
        }
        if self.is_login() {
            // It was renewed before it came to this.
            hint.push_str(DISCONTINUED);
            return hint;
        }
        if self.class.plan() == Some(Plan::Portal) {
            hint.push_str(
                ", which takes portal tokens only. QWEN_API_KEY serves the provider `qwen` as well \
                 as `qwen-oauth`: to use both, store the portal token for `qwen-oauth` and the \
                 Model Studio key for `qwen` (`models auth`)",
            );
            return hint;
        }
        hint.push_str(". A key is bound to its region and its plan");
        match kind {
            KeyKind::CodingPlan => {
                hint.push_str(", and the prefix sk-sp- is that of a Coding Plan")
            }
            KeyKind::Workspace => hint.push_str(", and the prefix sk-ws- is that of one workspace"),
            KeyKind::Temporary => hint.push_str(", and a temporary key (st-) expires in minutes"),
            KeyKind::Standard | KeyKind::Other => {}
            _ => {}
        }
        let left: Vec<String> = self
            .left_to_try(kind)
            .map(|endpoint| format!("{} ({})", endpoint.base_url(), endpoint.label()))
            .collect();
        if !left.is_empty() {
            hint.push_str("; left to try: ");
            hint.push_str(&left.join(", "));
        }
        hint
    }

    /// The endpoints that such a key may belong to, without the one that refused it.
    fn left_to_try(&self, kind: KeyKind) -> impl Iterator<Item = Endpoint> {
        let tried = self.class.endpoint();
        let token_plan = *self.provider == Provider::QWEN_TOKEN_PLAN;
        Endpoint::all().iter().copied().filter(move |endpoint| {
            let fits = match (kind, endpoint.plan()) {
                (_, Plan::Portal) => false,
                (KeyKind::CodingPlan, plan) => plan == Plan::Coding,
                (_, Plan::Coding) => false,
                (_, Plan::Token) => token_plan || tried.is_some_and(|t| t.plan() == Plan::Standard),
                _ => true,
            };
            fits && Some(*endpoint) != tried
        })
    }

    /// For a model that a plan does not carry: where it may be, and that the key changes too.
    fn other_plan(&self) -> Option<String> {
        let plan = self
            .class
            .plan()
            .filter(|plan| matches!(plan, Plan::Coding | Plan::Token))?;
        let region = self.class.region().unwrap_or(Region::Global);
        let standard = Endpoint::of(Plan::Standard, region);
        Some(format!(
            "the {} may not include this model: use {} ({}), which needs a Standard key of that \
             region as well",
            plan.label(),
            standard.base_url(),
            standard.label()
        ))
    }
}
