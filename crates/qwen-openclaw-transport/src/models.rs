//! Which models an endpoint says it has.

use qwen_openclaw_http::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Client, Error, ErrorKind};

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
        let credential = shared.credential.credential().await.map_err(Error::from)?;
        let base = shared.base_for(&credential)?;
        let request = shared.authorized(shared.http.get(base.join("models")), &credential)?;
        let answer: Value = (shared.http.json(request).await)
            .map_err(|error| shared.explain(error, &base, &credential))?;
        let Some(Value::Array(list)) = answer.get("data") else {
            return Err(no_list(&answer));
        };
        let mut models: Vec<DiscoveredModel> = Vec::with_capacity(list.len());
        for entry in list {
            let Ok(model) = DiscoveredModel::deserialize(entry) else {
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

/// What a server means that answers well, and with no list.
fn no_list(answer: &Value) -> Error {
    match ServerError::parse(answer.to_string().as_bytes()) {
        Some(server) => Error::from_stream(server),
        None => Error::new(
            ErrorKind::Protocol,
            "the server's list of models is no list",
        ),
    }
}
