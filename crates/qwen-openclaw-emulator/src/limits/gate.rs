//! What a plan or a model refuses.

use crate::{
    endpoint::{Plan, Region},
    fault::Fault,
    route::Exchange,
};

/// A refusal of all requests to a plan, for a model, or to a path.
///
/// It answers a model's requests as the plan does for a model that it does not have, and a plan's
/// with [`FaultKind::PlanGate`](crate::FaultKind::PlanGate), unless a fault is set. Lists and polls
/// (`GET`) are still answered, and the lists of models stay as they are.
///
/// ```
/// use qwen_openclaw_emulator::{FaultKind, Gate, Plan};
///
/// let not_in_plan = Gate::new().plan(Plan::Coding).model("qwen3.5-plus");
/// let no_videos = Gate::new().path("/video-synthesis").fault(FaultKind::Unpurchased);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Gate {
    pub(crate) plan: Option<Plan>,
    pub(crate) region: Option<Region>,
    pub(crate) model: Option<String>,
    pub(crate) path: String,
    pub(crate) fault: Option<Fault>,
}

impl Gate {
    /// Creates a gate for every request.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses only requests to this plan. Default: all plans.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Refuses only requests to this region. Default: both.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Refuses only requests for this model. Default: all models.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.model = Some(id.into());
        self
    }

    /// Refuses only requests whose path ends with `path`. Default: all paths.
    pub fn path(mut self, end: impl Into<String>) -> Self {
        self.path = end.into();
        self
    }

    /// Sets the answer, a fault that is an error; others have no effect.
    pub fn fault(mut self, fault: impl Into<Fault>) -> Self {
        self.fault = Some(fault.into());
        self
    }

    pub(super) fn covers(&self, exchange: &Exchange<'_>) -> bool {
        let endpoint = exchange.endpoint;
        let is_of = |id: &String| exchange.request.json()["model"] == id.as_str();
        self.plan.is_none_or(|plan| plan == endpoint.plan())
            && self.region.is_none_or(|region| region == endpoint.region)
            && exchange.request.path.ends_with(&self.path)
            && self.model.as_ref().is_none_or(is_of)
    }
}
