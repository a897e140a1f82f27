//! Which models an endpoint says it has.

use serde::{Deserialize, Serialize};

use crate::{Client, Error};

/// A model that the endpoint listed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DiscoveredModel {
    /// The model's id.
    pub id: String,
    /// Who offers it, where the server says so.
    #[serde(default)]
    pub owned_by: Option<String>,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    data: Vec<serde_json::Value>,
}

impl Client {
    /// Asks the endpoint which models it has, in its own order, each id once.
    ///
    /// Entries that are no models are left out.
    ///
    /// # Errors
    ///
    /// As [`Client::stream`]; the request is sent once.
    pub async fn models(&self) -> Result<Vec<DiscoveredModel>, Error> {
        let shared = &self.shared;
        let credential = shared
            .credential
            .credential()
            .await
            .map_err(Error::from_auth)?;
        let base = shared.base_for(&credential)?;
        let request = shared.authorized(shared.http.get(base.join("models")), &credential)?;
        let list: List = (shared.http.json(request).await)
            .map_err(|error| shared.explain(error, &base, &credential))?;
        let mut models: Vec<DiscoveredModel> = Vec::with_capacity(list.data.len());
        for entry in list.data {
            let Ok(model) = serde_json::from_value::<DiscoveredModel>(entry) else {
                continue;
            };
            let known = models.iter().any(|known| known.id == model.id);
            if !model.id.trim().is_empty() && !known {
                models.push(model);
            }
        }
        Ok(models)
    }
}
