//! Videos that the router submits.

use std::{future::Future, time::Duration};

use qwen_openclaw_catalog::{Region, price::Cost};
use qwen_openclaw_router::{Candidate, Outcome, Router, Tokens, Used};
use qwen_openclaw_video::{self as video, Checked, Job};

use super::SendError;
use crate::{Error, Qwen};

/// What is counted for a video that the service has accepted.
pub(crate) struct Accepted {
    model: &'static str,
    seconds: u32,
    cost: Option<Cost>,
    price_date: Option<String>,
}

impl Accepted {
    /// By the prices of a region; `None` for a host that is not the service's own.
    pub(crate) fn of(checked: &Checked, region: Option<Region>) -> Self {
        let cost = region.and_then(|region| checked.estimate(region));
        let date = region.and_then(|region| checked.price_date(region));
        Self {
            model: checked.model(),
            seconds: checked.seconds(),
            cost,
            price_date: cost.and(date).map(str::to_owned),
        }
    }
}

impl Qwen {
    /// Submits a request within the budgets, and counts it when the service has accepted it. There is
    /// one candidate: a video that may have been accepted is never submitted elsewhere.
    pub(crate) async fn submit_routed<F>(
        &self,
        router: &Router,
        video: &Accepted,
        agent: Option<&str>,
        submit: impl Fn() -> F,
    ) -> Result<Job, Error>
    where
        F: Future<Output = Result<Job, video::Error>>,
    {
        let route = self.video_route().await?;
        let route = route.with_model(video.model, self.routes().catalog_edition());
        let candidate = Candidate::new(route).estimate(Tokens::default(), video.cost);
        let mut request = router.request("video").ignore_cooldowns(true);
        if let Some(agent) = agent {
            request = request.agent(agent);
        }
        let send = |_| async {
            submit()
                .await
                .map_err(|error| SendError::video(error.into()))
        };
        let routed = request.run(&[candidate], send).await?;
        let used = Used {
            sends: 1,
            media: Duration::from_secs(video.seconds.into()),
            cost: video.cost,
            price_date: video.price_date.clone(),
            ..Used::default()
        };
        routed.ticket.settle(used, Outcome::Answered).await;
        Ok(routed.answer)
    }
}
