//! Batches that the router submits and counts.

use std::time::{Duration, SystemTime};

use qwen_openclaw_batch::{BatchFile, BatchRecord, SubmitOptions};
use qwen_openclaw_catalog::price::Cost;
use qwen_openclaw_router::{Candidate, EntryId, Outcome, Router, Tokens, UsageEntry, Used};

use super::SendError;
use crate::{Batches, Error};

/// The service, as it is counted.
const SERVICE: &str = "batch";

impl Batches {
    /// Submits a batch within the budgets. There is one candidate: a batch that may have been created
    /// is never created elsewhere.
    pub(crate) async fn submit_routed(
        &self,
        router: &Router,
        file: &BatchFile,
        options: &SubmitOptions,
    ) -> Result<BatchRecord, Error> {
        let route = self.route(&file.model).await?;
        let cost = self.estimate(file).await?.map(|charge| charge.cost);
        let tokens = Tokens {
            input: file.estimate.input,
            output: file.estimate.output_limit.unwrap_or(0),
            ..Tokens::default()
        };
        let candidate = Candidate::new(route).estimate(tokens, cost);
        let request = router.request(SERVICE).ignore_cooldowns(true);
        let send = |_| async {
            let submitted = self.client().submit(file, options).await;
            submitted.map_err(|error| SendError::task(error.into()))
        };
        let routed = request.run(&[candidate], send).await?;
        // What the lines use is known when they are done.
        let used = Used {
            sends: 1,
            cost: cost.map(|cost| Cost::zero(cost.currency())),
            ..Used::default()
        };
        routed.ticket.settle(used, Outcome::Answered).await;
        Ok(routed.answer)
    }

    /// Counts what a batch has used. The id of the entry is the record's, so that it counts once,
    /// however often its results are saved.
    pub(crate) async fn count(&self, router: &Router, record: &BatchRecord) -> Result<(), Error> {
        let (Some(usage), Some(id)) = (record.usage(), EntryId::parse(record.usage_id())) else {
            return Ok(());
        };
        let candidate = Candidate::new(self.route(record.model()).await?);
        let target = candidate.target();
        let entry = UsageEntry {
            id,
            time: SystemTime::now(),
            provider: target.provider.id().to_owned(),
            credential: target.credential.clone(),
            model: record.model().to_owned(),
            agent: None,
            kind: SERVICE.to_owned(),
            // The request was counted when the batch was submitted.
            is_last: false,
            sends: 0,
            tokens: Tokens {
                input: usage.input,
                output: usage.output,
                reasoning: usage.reasoning,
                ..Tokens::default()
            },
            images: 0,
            media: Duration::ZERO,
            cost: usage.cost(),
            price_date: usage.price_date.clone(),
            outcome: Outcome::Answered,
            latency: Duration::ZERO,
        };
        // A store that fails stops nothing: saving the results again counts them.
        if let Err(error) = router.usage().settle(&entry).await {
            tracing::warn!(%error, "the usage of a batch was not counted");
        }
        Ok(())
    }
}
