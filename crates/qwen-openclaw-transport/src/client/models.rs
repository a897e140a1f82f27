//! Which models an endpoint says it has.

use qwen_openclaw_client::RequestTemplate;
use qwen_openclaw_http::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Client, Error, ErrorKind};

/// Maximum size of a list of models, in bytes.
const LARGEST: usize = 16 << 20;

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
    /// Entries that are not models are left out.
    ///
    /// # Errors
    ///
    /// As [`Client::stream`].
    pub async fn models(&self) -> Result<Vec<DiscoveredModel>, Error> {
        let mut call = self.connection().call(RequestTemplate::get("models"));
        let answer = call.answer(LARGEST).await.map_err(Error::from)?;
        let Ok(json) = serde_json::from_slice::<Value>(answer.json()) else {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the server's answer is not the JSON expected",
            ));
        };
        let Some(Value::Array(list)) = json.get("data") else {
            return Err(not_a_list(&json));
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

/// What a server means that answers well, and not with a list.
fn not_a_list(answer: &Value) -> Error {
    match ServerError::parse(answer.to_string().as_bytes()) {
        Some(server) => Error::from_stream(server),
        None => Error::new(
            ErrorKind::Protocol,
            "the server's list of models is not a list",
        ),
    }
}
