//! Videos that the router submits.

use std::time::Duration;

use qwen_openclaw_catalog::Region;
use qwen_openclaw_router::{Candidate, Outcome, Router, Tokens, Used};
use qwen_openclaw_video::{Checked, Client, Job};

use super::SendError;
use crate::{Error, Qwen};

impl Qwen {
    /// Submits a checked request within the budgets, and counts it when the service has accepted it.
    /// There is one candidate: a video that may have been accepted is never submitted elsewhere.
    pub(crate) async fn submit_routed(
        &self,
        router: &Router,
        client: &Client,
        checked: &Checked,
        agent: Option<&str>,
    ) -> Result<Job, Error> {
        let route = self.video_route().await?;
        let route = route.with_model(checked.model(), self.routes().catalog_edition());
        let region = route.endpoint().region().unwrap_or(Region::Global);
        let cost = checked
            .estimate(region)
            .filter(|_| route.endpoint().class().is_native());
        let candidate = Candidate::new(route).estimate(Tokens::default(), cost);
        let mut request = router.request("video").ignore_cooldowns(true);
        if let Some(agent) = agent {
            request = request.agent(agent);
        }
        let submit = |_| async {
            let submitted = client.submit_checked(checked, None, Vec::new()).await;
            submitted.map_err(|error| SendError::video(error.into()))
        };
        let routed = request.run(&[candidate], submit).await?;
        let used = Used {
            sends: 1,
            media: Duration::from_secs(checked.seconds().into()),
            cost,
            price_date: cost.and(checked.price_date(region)).map(str::to_owned),
            ..Used::default()
        };
        routed.ticket.settle(used, Outcome::Answered).await;
        Ok(routed.answer)
    }
}
