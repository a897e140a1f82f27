//! The accounts that may serve a model of a service with Standard keys: none of another model.

use qwen_openclaw_auth::KeyKind;
use qwen_openclaw_catalog::{ModelRef, Plan, Provider};
use qwen_openclaw_client::{Account, Connection, Route};
use qwen_openclaw_router::Choice;

use crate::{Error, Qwen};

/// The accounts of one model, in the order in which they are tried.
#[derive(Clone, Debug)]
pub(super) struct Places {
    qwen: Qwen,
    model: ModelRef,
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

impl Places {
    pub(super) async fn find(qwen: &Qwen, model: &ModelRef) -> Result<Self, Error> {
        let mut found = Self {
            qwen: qwen.clone(),
            model: model.clone(),
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
        let route = qwen.service_route(&self.model, account.as_ref()).await?;
        let source = |route: &Route| route.credential().map(|found| found.source().clone());
        let is_other = |place: &Place| source(&place.route) != source(&route);
        if account.is_some() && (is_plan(&route) || !self.places.iter().all(is_other)) {
            return Ok(());
        }
        let connection = qwen.service_connection(provider, account.as_ref(), None)?;
        self.places.push(Place {
            account,
            route,
            connection,
        });
        Ok(())
    }

    /// Their routes, in order.
    pub(super) fn routes(&self) -> impl Iterator<Item = &Route> {
        self.places.iter().map(|place| &place.route)
    }

    /// The route of the one at a position.
    pub(super) fn route(&self, position: usize) -> &Route {
        &self.places[position].route
    }

    /// The connection to the one that the router has chosen.
    pub(super) fn connection(&self, choice: &Choice) -> Result<Connection, Error> {
        let place = &self.places[choice.position];
        match &choice.base_url {
            None => Ok(place.connection.clone()),
            Some(url) => {
                let (provider, account) = (&self.model.provider, place.account.as_ref());
                self.qwen
                    .service_connection(provider, account, Some(url.clone()))
            }
        }
    }
}

/// Whether a route leads to a plan, which has no such service.
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
