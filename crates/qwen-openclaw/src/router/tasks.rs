//! Images and videos that the router submits.

use std::{fmt, future::Future};

use qwen_openclaw_catalog::{Region, price::Cost};
#[cfg(feature = "image")]
use qwen_openclaw_image as image;
use qwen_openclaw_router::{Candidate, Outcome, Router, Tokens, Used};
use qwen_openclaw_tasks::{self as tasks, ErrorKind, Job, JobRecord, Phase};
#[cfg(feature = "video")]
use qwen_openclaw_video as video;

use super::SendError;
use crate::{Error, Qwen};

/// What is counted for a request that the service has accepted.
pub(crate) struct Accepted<'a> {
    /// The service, as it is counted.
    kind: &'static str,
    model: &'static str,
    /// What it uses by what was asked for, which a task is counted by.
    estimate: Used,
    /// What it used, where the answer says so.
    exact: Exact<'a>,
}

type Exact<'a> = Box<dyn Fn(&JobRecord) -> Option<Used> + Send + Sync + 'a>;

impl<'a> Accepted<'a> {
    /// By the prices of a region; `None` for a host that is not the service's own.
    #[cfg(feature = "video")]
    pub(crate) fn video(checked: &video::Checked, region: Option<Region>) -> Self {
        let cost = region.and_then(|region| checked.estimate(region));
        let date = region.and_then(|region| checked.price_date(region));
        let media = std::time::Duration::from_secs(checked.seconds().into());
        let estimate = Used {
            media,
            ..used(cost, date)
        };
        Self {
            kind: "video",
            model: checked.model(),
            estimate,
            exact: Box::new(|_| None),
        }
    }

    /// By the prices of a region; `None` for a host that is not the service's own.
    #[cfg(feature = "image")]
    pub(crate) fn image(checked: &'a image::Checked, region: Option<Region>) -> Self {
        let date = region.and_then(|region| checked.price_date(region));
        let of = move |images: u32, cost| Used {
            images: images.into(),
            ..used(cost, date)
        };
        let exact = move |record: &JobRecord| {
            if !record.is_synchronous() {
                return None;
            }
            let usage = record.usage().and_then(image::ImageUsage::of);
            let results = record.results().len();
            let usage = usage.unwrap_or_else(|| image::ImageUsage::of_results(results));
            let cost = region.and_then(|region| checked.cost(region, &usage));
            Some(of(usage.images, cost))
        };
        let cost = region.and_then(|region| checked.estimate(region));
        Self {
            kind: "image",
            model: checked.model(),
            estimate: of(checked.count(), cost),
            exact: Box::new(exact),
        }
    }
}

fn used(cost: Option<Cost>, date: Option<&str>) -> Used {
    Used {
        sends: 1,
        cost,
        price_date: cost.and(date).map(str::to_owned),
        ..Used::default()
    }
}

impl fmt::Debug for Accepted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("kind", &self.kind)
            .field("model", &self.model)
            .field("estimate", &self.estimate)
            .finish_non_exhaustive()
    }
}

impl Qwen {
    /// Submits a request within the budgets, and counts it when the service has accepted it. There is
    /// one candidate: what may have been accepted is never submitted elsewhere.
    pub(crate) async fn submit_routed<F>(
        &self,
        router: &Router,
        accepted: &Accepted<'_>,
        agent: Option<&str>,
        submit: impl Fn() -> F,
    ) -> Result<Job, Error>
    where
        F: Future<Output = Result<Job, tasks::Error>>,
    {
        let route = self.tasks_route().await?;
        let route = route.with_model(accepted.model, self.routes().catalog_edition());
        let cost = accepted.estimate.cost;
        let candidate = Candidate::new(route).estimate(Tokens::default(), cost);
        let mut request = router.request(accepted.kind).ignore_cooldowns(true);
        if let Some(agent) = agent {
            request = request.agent(agent);
        }
        let send = |_| async {
            submit()
                .await
                .map_err(|error| SendError::task(error.into()))
        };
        let routed = request.run(&[candidate], send).await?;
        let record = routed.answer.record();
        let exact = (accepted.exact)(record);
        let outcome = match record.phase() {
            Phase::Failed => Outcome::Failed(ErrorKind::Failed),
            _ => Outcome::Answered,
        };
        let used = exact.unwrap_or_else(|| accepted.estimate.clone());
        routed.ticket.settle(used, outcome).await;
        Ok(routed.answer)
    }
}

#[cfg(test)]
#[cfg(feature = "image")]
mod tests {
    use super::*;

    fn record(synchronous: bool) -> JobRecord {
        let json = format!(
            r#"{{"version": 2, "revision": 1, "id": "a", "phase": "succeeded", "product": "image",
                "model": "qwen-image-3.0-pro", "created_at": "2026-11-28T10:00:00Z",
                "origin": "https://dashscope-intl.aliyuncs.com", "path": "/x", "body": {{}},
                "synchronous": {synchronous}, "count": 3,
                "usage": {{"output_image_count": 2, "output_image_type": "qima_output_2k"}}}}"#
        );
        JobRecord::from_json(json.as_bytes(), &"a").unwrap()
    }

    #[test]
    fn images_that_are_there_count_as_the_service_counted_them() {
        let request = image::ImageRequest::new("qwen-image-3.0-pro");
        let request = request.prompt("a red crane").count(3);
        let checked = request.check(image::Strictness::Exact).unwrap();
        let accepted = Accepted::image(&checked, Some(Region::Global));
        let shown = |used: &Used| {
            let cost = used.cost.map(|cost| cost.to_string());
            (used.images, cost.unwrap_or_default())
        };
        assert_eq!(shown(&accepted.estimate), (3, "USD 0.1071".to_owned()));
        // Two of three were made, and they were larger.
        let exact = (accepted.exact)(&record(true)).unwrap();
        assert_eq!(shown(&exact), (2, "USD 0.1428".to_owned()));
        assert_eq!(exact.price_date.as_deref(), Some("2026-11-25"));
        // A task is counted when it is accepted, by what was asked for.
        assert!((accepted.exact)(&record(false)).is_none());
        let elsewhere = Accepted::image(&checked, None);
        let exact = (elsewhere.exact)(&record(true)).unwrap();
        assert_eq!((exact.images, exact.cost), (2, None));
    }
}
