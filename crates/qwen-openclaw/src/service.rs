//! Services with Standard keys: how they are reached with one account or another.

use qwen_openclaw_catalog::{ModelRef, Provider};
use qwen_openclaw_client::{Account, Connection, Route};

use crate::{Error, Qwen};

impl Qwen {
    /// The connection of an account, or of the Standard key, at another base URL if one is given.
    pub(crate) fn service_connection(
        &self,
        provider: &Provider,
        account: Option<&Account>,
        base_url: Option<String>,
    ) -> Result<Connection, Error> {
        let mut routes = self.routes().clone();
        if let Some(url) = base_url {
            routes = routes.base_url(provider.clone(), url);
        }
        let connection = match account {
            Some(account) => routes.connect_account(provider, account)?,
            None if *provider == Provider::QWEN => {
                routes.connect_with(provider, routes.standard_credentials()?)?
            }
            None => routes.connect(provider)?,
        };
        let client = self.client_over(provider, connection)?;
        Ok(client.connection().clone())
    }

    /// The route to a model with an account, or with the Standard key, without renewing a login.
    pub(crate) async fn service_route(
        &self,
        model: &ModelRef,
        account: Option<&Account>,
    ) -> Result<Route, Error> {
        let (routes, provider) = (self.routes(), &model.provider);
        let route = match account {
            Some(account) => routes.route_with(provider, account).await?,
            None if *provider == Provider::QWEN => routes.standard_route().await?,
            None => routes.route_to(provider).await?,
        };
        Ok(route.with_model(&model.model, routes.catalog_edition()))
    }
}
