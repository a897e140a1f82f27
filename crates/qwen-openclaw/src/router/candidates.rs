//! Which models and accounts a request may be sent to.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use qwen_openclaw_auth::Source;
use qwen_openclaw_catalog::{ModelRef, Provider, price::TokenUsage};
use qwen_openclaw_client::{Account, Route};
use qwen_openclaw_router::{Candidate, Tokens};
use qwen_openclaw_transport::{ChatRequest, Client};

use crate::{Error, Qwen};

/// What is reserved for the answer to a request without a limit.
const ANSWER: u64 = 1_000;

/// The clients of accounts beside the first one of their provider, and of other base URLs.
pub(crate) type AccountClients = Mutex<HashMap<(Provider, Option<Source>, Option<String>), Client>>;

/// A model with an account.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) model: ModelRef,
    /// `None` for the account that is used without a router.
    account: Option<Account>,
    /// The route of a request that is about to be sent, so that it is not resolved twice.
    pub(crate) route: Option<Route>,
}

/// What a request may be sent to, in order.
#[derive(Clone, Debug)]
pub(crate) struct Candidates {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) targets: Vec<Target>,
    /// Models that lead to no route, as written, and why; each before the candidate at its position.
    pub(crate) unusable: Vec<(usize, String, String)>,
    /// Whether there is one model only.
    pub(crate) is_strict: bool,
}

impl Candidates {
    /// Finds the accounts of all `models`, and who of them can serve the request.
    pub(crate) async fn find(
        qwen: &Qwen,
        models: &[String],
        request: &ChatRequest,
        force: bool,
    ) -> Result<Self, Error> {
        let mut found = Self {
            candidates: Vec::new(),
            targets: Vec::new(),
            unusable: Vec::new(),
            is_strict: models.len() == 1,
        };
        for (position, model) in models.iter().enumerate() {
            match found.add(qwen, model, request, force).await {
                Ok(()) => {}
                Err(error) if position == 0 => return Err(error),
                // One bad entry stops no other.
                Err(error) => {
                    let before = found.candidates.len();
                    found
                        .unusable
                        .push((before, model.clone(), error.to_string()));
                }
            }
        }
        Ok(found)
    }

    /// Returns the candidate at `position` as the only one.
    pub(crate) fn only(&self, position: usize) -> Self {
        let at = position..=position;
        Self {
            candidates: self.candidates.get(at.clone()).unwrap_or_default().to_vec(),
            targets: self.targets.get(at).unwrap_or_default().to_vec(),
            unusable: Vec::new(),
            is_strict: true,
        }
    }

    /// Lets routes be resolved again when a request is sent, which is later.
    pub(crate) fn for_later(mut self) -> Self {
        for target in &mut self.targets {
            target.route = None;
        }
        self
    }

    async fn add(
        &mut self,
        qwen: &Qwen,
        model: &str,
        request: &ChatRequest,
        force: bool,
    ) -> Result<(), Error> {
        let model = qwen.parse(model)?;
        if self.targets.iter().any(|target| target.model == model) {
            return Ok(());
        }
        let accounts = match qwen.routes().accounts(&model.provider).await {
            Ok(accounts) => accounts.into_iter().map(Some).collect::<Vec<_>>(),
            // The attempt says why there is none.
            Err(_) => vec![None],
        };
        // With nothing else to try, the request fails as it does without a router.
        let is_alone = self.is_strict && accounts.len() == 1;
        for account in accounts {
            let account = account.filter(|account| account.source().is_some());
            let mut target = Target {
                model: model.clone(),
                account,
                route: None,
            };
            let route = if self.targets.is_empty() {
                // It is the one that is sent to, unless it is cooling down.
                let route = qwen.current_route(&target).await?;
                target.route = Some(route.clone());
                route
            } else {
                qwen.route_of(&target).await?
            };
            let unfit = || unfit(qwen, &target, &route, request, force);
            let unfit = if is_alone { None } else { unfit() };
            let mut candidate = Candidate::new(route);
            let router = qwen.router();
            if router.is_some_and(|router| !router.budgets().is_empty()) {
                candidate = estimated(qwen, candidate, request);
            }
            if let Some(reason) = unfit {
                candidate = candidate.unfit(reason);
            }
            self.candidates.push(candidate);
            self.targets.push(target);
        }
        Ok(())
    }
}

/// Why a model cannot serve the request with an account.
fn unfit(
    qwen: &Qwen,
    target: &Target,
    route: &Route,
    request: &ChatRequest,
    force: bool,
) -> Option<String> {
    if let Some(reason) = route.availability().reason()
        && !force
    {
        return Some(reason.to_string());
    }
    let client = qwen.client_for(target, None).ok()?;
    let unfit = client.check_on(route, request).err()?;
    Some(unfit.to_string())
}

/// Sets what a request is expected to use.
fn estimated(qwen: &Qwen, candidate: Candidate, request: &ChatRequest) -> Candidate {
    let tokens = Tokens {
        input: request.estimated_input(),
        output: request.max_tokens.map_or(ANSWER, u64::from),
        ..Tokens::default()
    };
    let usage = TokenUsage {
        input: tokens.input,
        output: tokens.output,
        ..TokenUsage::default()
    };
    let charge = qwen.cost(candidate.route(), &usage);
    candidate.estimate(tokens, charge.map(|charge| charge.cost))
}

impl Qwen {
    /// The client of an account, at another base URL if one is given.
    pub(crate) fn client_for(
        &self,
        target: &Target,
        base_url: Option<String>,
    ) -> Result<Client, Error> {
        let provider = &target.model.provider;
        if target.account.is_none() && base_url.is_none() {
            return self.client(provider);
        }
        let clients = || {
            let clients = self.inner.account_clients.lock();
            clients.unwrap_or_else(PoisonError::into_inner)
        };
        let source = target.account.as_ref().and_then(Account::source);
        let place = (provider.clone(), source.cloned(), base_url.clone());
        if let Some(client) = clients().get(&place) {
            return Ok(client.clone());
        }
        let mut routes = self.routes().clone();
        if let Some(url) = base_url {
            routes = routes.base_url(provider.clone(), url);
        }
        let connection = match &target.account {
            Some(account) => routes.connect_account(provider, account),
            None => routes.connect(provider),
        };
        let client = self.client_over(provider, connection?)?;
        Ok(clients().entry(place).or_insert(client).clone())
    }

    /// The route to a target for a request that is sent now. Where there is no client, the attempt says
    /// why.
    async fn current_route(&self, target: &Target) -> Result<Route, Error> {
        let Ok(client) = self.client_for(target, None) else {
            return self.route_of(target).await;
        };
        let route = client.connection().route().await?;
        let edition = self.routes().catalog_edition();
        Ok(route.with_model(&target.model.model, edition))
    }

    /// The route to a target, without renewing a login.
    async fn route_of(&self, target: &Target) -> Result<Route, Error> {
        let (routes, provider) = (self.routes(), &target.model.provider);
        let route = match &target.account {
            Some(account) => routes.route_with(provider, account).await?,
            None => routes.route_to(provider).await?,
        };
        Ok(route.with_model(&target.model.model, routes.catalog_edition()))
    }
}
