//! Which models an endpoint says it has.

use serde::{Deserialize, Serialize};

use crate::{Client, Error, remedy::Sent};

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
        let base = match credential.base_url() {
            Some(own) => qwen_openclaw_http::BaseUrl::parse(own).map_err(Error::from_http)?,
            None => shared.base.clone(),
        };
        let request = shared.http.get(base.join("models"));
        let request = request
            .bearer(credential.key().expose())
            .map_err(Error::from_http)?;
        let list: List = shared.http.json(request).await.map_err(|error| {
            let (base_url, credential) = (base.as_str(), &credential);
            let (class, provider) = (shared.class, shared.provider);
            Sent {
                base_url,
                class,
                provider,
                credential,
            }
            .explain(Error::from_http(error))
        })?;
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
