//! Embeddings and rankings that the router sends: to another account of the same model, and never to
//! another model, whose vectors would not compare.

use std::{future::Future, time::Duration};

use qwen_openclaw_auth::async_trait;
use qwen_openclaw_catalog::ModelRef;
use qwen_openclaw_client::Route;
use qwen_openclaw_embeddings::{
    self as embeddings, Client, EmbeddingRequest, EmbeddingSource, Embeddings, Usage,
    estimated_tokens,
};
use qwen_openclaw_router::{Candidate, Choice, Outcome, Tokens, Used};

use super::{
    accounting::{SendError, only_cooldowns},
    places::Places,
};
use crate::{Error, Qwen};

/// Sends the requests of one model through the router, each within the budgets and counted.
#[derive(Clone, Debug)]
pub(crate) struct VectorSender {
    qwen: Qwen,
    service: &'static str,
    agent: Option<String>,
    timeout: Option<Duration>,
    places: Places,
}

impl VectorSender {
    pub(crate) async fn find(
        qwen: &Qwen,
        model: &ModelRef,
        service: &'static str,
        agent: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<Self, Error> {
        Ok(Self {
            qwen: qwen.clone(),
            service,
            agent: agent.map(str::to_owned),
            timeout,
            places: Places::find(qwen, model).await?,
        })
    }

    /// Sends a request of about `tokens` by `call`, of whose answer `used` says what it used and how
    /// often it was sent.
    pub(crate) async fn send<T, F, Fut>(
        &self,
        tokens: u64,
        call: F,
        used: impl Fn(&T) -> (Usage, u32),
    ) -> Result<T, Error>
    where
        F: Fn(Client) -> Fut,
        Fut: Future<Output = Result<T, embeddings::Error>>,
    {
        let candidates: Vec<Candidate> = self
            .places
            .routes()
            .map(|route| self.candidate(route, tokens))
            .collect();
        let router = self.qwen.router().cloned().unwrap_or_default();
        let mut routed = router.request(self.service);
        if let Some(agent) = &self.agent {
            routed = routed.agent(agent);
        }
        let send = |choice: Choice| {
            let client = self.client(&choice);
            let call = &call;
            async move {
                let answer = call(client.map_err(SendError::unsent)?).await;
                answer.map_err(SendError::embeddings)
            }
        };
        let mut result = routed.run(&candidates, send).await;
        // The user wants this model and no other: a cooldown alone is no reason not to try.
        if result.as_ref().is_err_and(only_cooldowns) {
            result = routed.ignore_cooldowns(true).run(&candidates, send).await;
        }
        let routed = result?;
        let (usage, sends) = used(&routed.answer);
        let cost = self
            .qwen
            .embeddings_cost(self.places.route(routed.position), usage);
        let used = Used {
            sends,
            tokens: input(usage.tokens.unwrap_or(0)),
            cost: cost.map(|cost| cost.cost),
            price_date: cost.and_then(|cost| cost.as_of).map(str::to_owned),
            ..Used::default()
        };
        routed.ticket.settle(used, Outcome::Answered).await;
        Ok(routed.answer)
    }

    fn candidate(&self, route: &Route, tokens: u64) -> Candidate {
        let mut usage = Usage::default();
        usage.tokens = Some(tokens);
        let cost = self.qwen.embeddings_cost(route, usage);
        let cost = cost.map(|cost| cost.cost);
        Candidate::new(route.clone()).estimate(input(tokens), cost)
    }

    fn client(&self, choice: &Choice) -> Result<Client, Error> {
        let client = Client::on(self.places.connection(choice)?);
        Ok(match self.timeout {
            Some(limit) => client.timeout(limit),
            None => client,
        })
    }
}

#[async_trait]
impl EmbeddingSource for VectorSender {
    async fn embed_batch(
        &self,
        request: &EmbeddingRequest,
        texts: &[String],
    ) -> Result<Embeddings, embeddings::Error> {
        let tokens = texts.iter().map(|text| estimated_tokens(text)).sum();
        let call = |client: Client| async move { client.embed_batch(request, texts).await };
        let used = |found: &Embeddings| (found.usage(), found.attempts());
        Ok(self.send(tokens, call, used).await?)
    }
}

fn input(tokens: u64) -> Tokens {
    Tokens {
        input: tokens,
        ..Tokens::default()
    }
}
