//! What a request may be sent to.

use qwen_openclaw_auth::KeyKind;
use qwen_openclaw_catalog::{Plan, price::Cost};
use qwen_openclaw_client::Route;

use crate::{Target, Tokens};

/// A model with a credential that may answer a request.
#[derive(Clone, Debug)]
#[must_use]
pub struct Candidate {
    pub(crate) route: Route,
    pub(crate) target: Target,
    pub(crate) tokens: Tokens,
    pub(crate) cost: Option<Cost>,
    pub(crate) unfit: Option<String>,
}

impl Candidate {
    /// Creates a candidate from the route to its model.
    pub fn new(route: Route) -> Self {
        Self {
            target: Target::of(&route),
            route,
            tokens: Tokens::default(),
            cost: None,
            unfit: None,
        }
    }

    /// Sets what the request may use, which is reserved in the budgets: the tokens, and their cost if
    /// it is known. The default is nothing but one request.
    pub fn estimate(mut self, tokens: Tokens, cost: Option<Cost>) -> Self {
        self.tokens = tokens;
        self.cost = cost;
        self
    }

    /// Leaves the candidate out, for a reason that completes "qwen/some-model: …", such as `takes no
    /// images`.
    pub fn unfit(mut self, reason: impl Into<String>) -> Self {
        self.unfit = Some(reason.into());
        self
    }

    /// Returns the route.
    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Returns what failures are attributed to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The vendor suspends plan keys that are used unattended.
    pub(crate) fn has_plan_key(&self) -> bool {
        let is_plan = |plan| matches!(plan, Plan::Coding | Plan::Token);
        let credential = self.route.credential();
        credential.is_some_and(|found| found.key().kind() == KeyKind::CodingPlan)
            || self.route.endpoint().plan().is_some_and(is_plan)
    }
}

/// What the router has chosen, and the caller sends.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// The position of the candidate in the list that was given.
    pub position: usize,
    /// The base URL to send to in place of the route's, if another endpoint accepts the key: see
    /// [`RouterBuilder::probe_endpoints`](crate::RouterBuilder::probe_endpoints).
    pub base_url: Option<String>,
}
