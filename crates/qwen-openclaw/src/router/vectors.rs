//! Embeddings and rankings that the router sends: to another account of the same model, and never to
//! another model, whose vectors would not compare.

use std::{future::Future, time::Duration};

use qwen_openclaw_auth::{KeyKind, async_trait};
use qwen_openclaw_catalog::{ModelRef, Plan, Provider};
use qwen_openclaw_client::{Account, Connection, Route};
use qwen_openclaw_embeddings::{
    self as embeddings, Client, EmbeddingRequest, EmbeddingSource, Embeddings, Usage,
    estimated_tokens,
};
use qwen_openclaw_router::{Candidate, Choice, Outcome, Tokens, Used};

use super::accounting::{SendError, only_cooldowns};
use crate::{Error, Qwen};

/// Sends the requests of one model through the router, each within the budgets and counted.
#[derive(Clone, Debug)]
pub(crate) struct VectorSender {
    qwen: Qwen,
    model: ModelRef,
    service: &'static str,
    agent: Option<String>,
    timeout: Option<Duration>,
    places: Vec<Place>,
}

/// An account that may serve the model.
#[derive(Clone, Debug)]
struct Place {
    /// `None` for the one that is used without a router.
    account: Option<Account>,
    route: Route,
    connection: Connection,
}

impl VectorSender {
    pub(crate) async fn find(
        qwen: &Qwen,
        model: &ModelRef,
        service: &'static str,
        agent: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<Self, Error> {
        let mut found = Self {
            qwen: qwen.clone(),
            model: model.clone(),
            service,
            agent: agent.map(str::to_owned),
            timeout,
            places: Vec::new(),
        };
        found.add(None).await?;
        let accounts = qwen.routes().accounts(&model.provider).await;
        for account in accounts.unwrap_or_default() {
            // One without a source is the one that is there already.
            if account.source().is_some() {
                found.add(Some(account)).await?;
            }
        }
        Ok(found)
    }

    /// Adds an account, unless it is there or has no such service.
    async fn add(&mut self, account: Option<Account>) -> Result<(), Error> {
        let (qwen, provider) = (&self.qwen, &self.model.provider);
        let route = qwen.vector_route(&self.model, account.as_ref()).await?;
        let source = |route: &Route| route.credential().map(|found| found.source().clone());
        let is_other = |place: &Place| source(&place.route) != source(&route);
        if account.is_some() && (is_plan(&route) || !self.places.iter().all(is_other)) {
            return Ok(());
        }
        let connection = qwen.vector_connection(provider, account.as_ref(), None)?;
        self.places.push(Place {
            account,
            route,
            connection,
        });
        Ok(())
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
            .iter()
            .map(|place| self.candidate(place, tokens))
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
            .embeddings_cost(&self.places[routed.position].route, usage);
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

    fn candidate(&self, place: &Place, tokens: u64) -> Candidate {
        let mut usage = Usage::default();
        usage.tokens = Some(tokens);
        let cost = self.qwen.embeddings_cost(&place.route, usage);
        let cost = cost.map(|cost| cost.cost);
        Candidate::new(place.route.clone()).estimate(input(tokens), cost)
    }

    fn client(&self, choice: &Choice) -> Result<Client, Error> {
        let place = &self.places[choice.position];
        let connection = match &choice.base_url {
            None => place.connection.clone(),
            Some(url) => {
                let (provider, account) = (&self.model.provider, place.account.as_ref());
                let url = Some(url.clone());
                self.qwen.vector_connection(provider, account, url)?
            }
        };
        let client = Client::on(connection);
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

/// Whether a route leads to a plan, which has no embeddings.
fn is_plan(route: &Route) -> bool {
    let is_plan = route
        .endpoint()
        .plan()
        .is_some_and(|plan| plan != Plan::Standard);
    let has_plan_key = route
        .credential()
        .is_some_and(|found| found.key().kind() == KeyKind::CodingPlan);
    *route.provider() == Provider::QWEN && (is_plan || has_plan_key)
}

fn input(tokens: u64) -> Tokens {
    Tokens {
        input: tokens,
        ..Tokens::default()
    }
}
