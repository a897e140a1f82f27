//! Which endpoint accepts a key, found out by listing models.

use std::time::Duration;

use qwen_openclaw_auth::{ApiKey, KeyKind};
use qwen_openclaw_catalog::{AuthChoice, Endpoint, Plan, Provider};
use qwen_openclaw_http::{ErrorKind, RetryPolicy};
use serde_json::Value;

use crate::{Connection, EndpointRules, Error, RequestTemplate};

/// How long one endpoint may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of a list of models, in bytes.
const LARGEST: usize = 16 << 20;

/// Finds out whether a key is accepted, and by which endpoint.
///
/// A key is bound to its plan and region, and most keys do not say which. The only request that is
/// sent is `GET {base_url}/models`, once for each base URL, which costs nothing.
///
/// ```no_run
/// use qwen_openclaw_client::{KeyCheck, KeyVerdict, auth::ApiKey, catalog::Endpoint};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let key = ApiKey::parse("sk-0123456789abcdef")?;
/// let check = KeyCheck::new(qwen_openclaw_client::http::Client::builder().build()?);
/// if let KeyVerdict::Refused(_) = check.endpoint(&key, Endpoint::StandardGlobal).await? {
///     let search = check.search(&key, Endpoint::StandardGlobal).await?;
///     println!("{:?}", search.found);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeyCheck {
    http: qwen_openclaw_http::Client,
    base_urls: Vec<(Endpoint, String)>,
}

/// What an endpoint says of a key.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyVerdict {
    /// The endpoint listed its models.
    Accepted,
    /// The endpoint does not accept the key: it is wrong, or belongs to another plan or region.
    Refused(Error),
    /// The endpoint could not be asked, or answered with something else.
    Unclear(Error),
}

/// The outcome of [`KeyCheck::search`].
#[derive(Debug)]
#[non_exhaustive]
pub struct KeySearch {
    /// The endpoint that accepts the key, if there is one.
    pub found: Option<Endpoint>,
    /// The endpoints that refused the key, in the order in which they were asked.
    pub refused: Vec<Endpoint>,
    /// The endpoints that could not be asked, or answered with something else.
    pub unclear: Vec<(Endpoint, Error)>,
}

impl KeyCheck {
    /// Asks the service's own endpoints through `http`.
    pub fn new(http: qwen_openclaw_http::Client) -> Self {
        Self {
            http,
            base_urls: Vec::new(),
        }
    }

    /// Sets the base URL of an endpoint, such as that of an emulator. The default is the service's.
    pub fn base_url(mut self, endpoint: Endpoint, url: impl Into<String>) -> Self {
        self.base_urls.retain(|(other, _)| *other != endpoint);
        self.base_urls.push((endpoint, url.into()));
        self
    }

    /// Returns the base URL at which an endpoint is asked.
    #[must_use]
    pub fn url_of(&self, endpoint: Endpoint) -> &str {
        let own = self.base_urls.iter().find(|(other, _)| *other == endpoint);
        own.map_or(endpoint.base_url(), |(_, url)| url)
    }

    /// Asks one endpoint.
    ///
    /// # Errors
    ///
    /// The same as [`at`](Self::at).
    pub async fn endpoint(&self, key: &ApiKey, endpoint: Endpoint) -> Result<KeyVerdict, Error> {
        self.at(&provider_of(endpoint), key, self.url_of(endpoint))
            .await
    }

    /// Asks the server at a base URL of one's own.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) for a base URL that no key may be sent to.
    pub async fn at(
        &self,
        provider: &Provider,
        key: &ApiKey,
        base_url: &str,
    ) -> Result<KeyVerdict, Error> {
        let rules = EndpointRules::new().base_url(base_url);
        rules.decide(provider, None)?;
        let connection = Connection::builder(provider.clone(), rules)
            .credential(key.clone())
            .http(self.http.clone())
            .retry(RetryPolicy::none())
            .build()?;
        let request = RequestTemplate::get("models").head_timeout(TIMEOUT);
        Ok(match connection.call(request).answer_once(LARGEST).await {
            Ok(answer) if is_list(answer.json()) => KeyVerdict::Accepted,
            Ok(_) => KeyVerdict::Unclear(Error::from(
                qwen_openclaw_http::Error::new(ErrorKind::Protocol)
                    .with_message("the server's answer is not a list of models"),
            )),
            Err(error) => match error.kind() {
                ErrorKind::Authentication if error.status().is_some() => KeyVerdict::Refused(error),
                _ => KeyVerdict::Unclear(error),
            },
        })
    }

    /// Asks the endpoints other than `tried`, one after the other, until one accepts the key.
    ///
    /// The likeliest comes first. The portal, which accepts tokens of its own, is not asked.
    ///
    /// # Errors
    ///
    /// The same as [`at`](Self::at), for a base URL that was set.
    pub async fn search(&self, key: &ApiKey, tried: Endpoint) -> Result<KeySearch, Error> {
        let mut search = KeySearch {
            found: None,
            refused: Vec::new(),
            unclear: Vec::new(),
        };
        for endpoint in candidates(key.kind(), tried) {
            match self.endpoint(key, endpoint).await? {
                KeyVerdict::Accepted => {
                    search.found = Some(endpoint);
                    break;
                }
                KeyVerdict::Refused(_) => search.refused.push(endpoint),
                KeyVerdict::Unclear(error) => search.unclear.push((endpoint, error)),
            }
        }
        Ok(search)
    }
}

/// The endpoints to ask: those of the plan that the prefix names, then the plan's other region.
fn candidates(kind: KeyKind, tried: Endpoint) -> Vec<Endpoint> {
    let all = Endpoint::all().iter().copied();
    let mut endpoints: Vec<Endpoint> = all
        .filter(|endpoint| *endpoint != tried && endpoint.plan() != Plan::Portal)
        .collect();
    endpoints.sort_by_key(|endpoint| {
        (
            kind == KeyKind::CodingPlan && endpoint.plan() != Plan::Coding,
            endpoint.plan() != tried.plan(),
            endpoint.region() != tried.region(),
        )
    });
    endpoints
}

fn provider_of(endpoint: Endpoint) -> Provider {
    let mut choices = AuthChoice::all().iter();
    let choice = choices.find(|choice| choice.endpoint() == endpoint);
    choice.map_or(Provider::QWEN, AuthChoice::provider)
}

fn is_list(json: &[u8]) -> bool {
    let value = serde_json::from_slice::<Value>(json);
    value.is_ok_and(|value| value["data"].is_array())
}

#[cfg(test)]
mod tests;
