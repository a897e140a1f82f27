//! A route: provider, endpoint, credential and model, resolved together.

use std::fmt;

use qwen_openclaw_auth::{Credential, KeyKind};
use qwen_openclaw_catalog::{
    Availability, ChatModel, Edition, ModelRef, Plan, Provider, Region, aigc_origin_for,
    availability, find, nearest_models,
};
use qwen_openclaw_http::{BaseUrl, ErrorKind};
use serde::Serialize;

use crate::{EndpointRule, Error, Hint, RoutedEndpoint, hint::SentKey};

/// Where a request goes, with which key, and what is known of its model. Everything that depends on
/// one of these reads it here, so that no two parts of a program disagree.
#[derive(Clone, Debug)]
pub struct Route {
    pub(crate) provider: Provider,
    pub(crate) endpoint: RoutedEndpoint,
    pub(crate) credential: Result<Option<Credential>, qwen_openclaw_auth::Error>,
    pub(crate) model: Option<RoutedModel>,
}

#[derive(Clone, Debug)]
pub(crate) struct RoutedModel {
    id: String,
    row: Option<&'static ChatModel>,
    availability: Availability,
}

impl Route {
    /// Returns the provider, whose credential is used.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Returns the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &RoutedEndpoint {
        &self.endpoint
    }

    /// Returns the credential; `None` where the server needs none, or where there is none.
    #[must_use]
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref().ok()?.as_ref()
    }

    /// Returns why there is no credential, where one is needed.
    #[must_use]
    pub fn credential_error(&self) -> Option<&qwen_openclaw_auth::Error> {
        self.credential.as_ref().err()
    }

    /// Returns the id of the model; `None` for a route to a provider as a whole.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_ref().map(|model| model.id.as_str())
    }

    /// Returns the canonical ref of the model.
    #[must_use]
    pub fn model_ref(&self) -> Option<ModelRef> {
        ModelRef::new(self.provider.clone(), self.model()?).ok()
    }

    /// Returns the model's row; `None` for a model that the catalog does not know.
    #[must_use]
    pub fn row(&self) -> Option<&'static ChatModel> {
        self.model.as_ref()?.row
    }

    /// Returns whether the endpoint has the model, and if not, why and which one has.
    #[must_use]
    pub fn availability(&self) -> Availability {
        let model = self.model.as_ref();
        model.map_or(Availability::Available, |model| model.availability)
    }

    /// Returns what to say of a model that the catalog does not know, although it knows others of
    /// the provider. The request is sent all the same: new models come faster than catalogs.
    #[must_use]
    pub fn unknown_model(&self) -> Option<UnknownModel> {
        let model = self.model.as_ref()?;
        (model.row.is_none() && self.provider.is_qwen()).then(|| UnknownModel {
            model: format!("{}/{}", self.provider, model.id),
            nearest: nearest_models(&self.provider, &model.id),
        })
    }

    /// Returns the AIGC host of the same region, where tasks and uploads are. What the base URL was
    /// held to, holds for it too.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](qwen_openclaw_http::ErrorKind::InvalidRequest) on a route to the portal,
    /// which has none; [`Authentication`](qwen_openclaw_http::ErrorKind::Authentication) with a
    /// plan's key: the plan's hosts have no tasks, and the others do not know the key.
    pub fn aigc_base(&self) -> Result<BaseUrl, Error> {
        let base = self.endpoint.base_url();
        let origin = aigc_origin_for(Some(base.as_str())).ok_or_else(|| {
            Error::invalid_request("the portal has no tasks").with_hint(Some(
                Hint::TasksNeedStandardKey {
                    key: self.credential().map(SentKey::of),
                    origin: None,
                },
            ))
        })?;
        if let Some(credential) = self.credential()
            && credential.key().kind() == KeyKind::CodingPlan
        {
            let key = SentKey::of(credential);
            let error = qwen_openclaw_http::Error::unsent(ErrorKind::Authentication).with_message(
                format!("the key {key} is a Coding Plan's, which has no tasks"),
            );
            return Err(
                Error::from(error).with_hint(Some(Hint::TasksNeedStandardKey {
                    key: Some(key),
                    origin: None,
                })),
            );
        }
        let parsed = if base.is_encrypted() || base.is_loopback() {
            BaseUrl::parse(&origin)
        } else {
            BaseUrl::parse_allowing_plain_http(&origin)
        };
        Ok(parsed?)
    }

    /// Looks a model up on this route.
    #[must_use]
    pub fn with_model(mut self, id: &str, edition: Edition) -> Self {
        let base_url = self.endpoint.base_url().as_str();
        self.model = Some(RoutedModel {
            id: id.to_owned(),
            row: find(&self.provider, id, edition),
            availability: availability(&self.provider, id, edition, base_url),
        });
        self
    }

    /// Says which rule gave each part.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let class = self.endpoint.class();
        Explanation {
            provider: self.provider.id().to_owned(),
            model: self.model().map(str::to_owned),
            known: self.model.as_ref().map(|model| model.row.is_some()),
            available: self.availability().is_available(),
            unavailable: self.availability().reason().map(|why| why.to_string()),
            base_url: self.endpoint.base_url().to_string(),
            base_url_rule: self.endpoint.rule().as_str(),
            base_url_source: match self.endpoint.rule() {
                EndpointRule::Environment(source) | EndpointRule::Configured(source) => {
                    Some(source.to_string())
                }
                _ => None,
            },
            plan: class.plan(),
            region: class.region(),
            native: class.is_native(),
            key: self
                .credential()
                .map(|credential| credential.key().masked()),
            key_source: self
                .credential()
                .map(|credential| credential.source().to_string()),
            key_problem: self.credential_error().map(ToString::to_string),
        }
    }
}

/// A model that the catalog does not know.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct UnknownModel {
    /// The ref as it was understood.
    pub model: String,
    /// The known models of the provider with the most similar ids, at most three.
    pub nearest: Vec<&'static str>,
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the catalog does not know {}", self.model)?;
        match self.nearest[..] {
            [] => Ok(()),
            _ => write!(f, "; close to it: {}", self.nearest.join(", ")),
        }
    }
}

/// Each part of a route, and the rule that gave it. Holds no secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// The id of the provider.
    pub provider: String,
    /// The id of the model.
    pub model: Option<String>,
    /// Whether the catalog knows the model.
    pub known: Option<bool>,
    /// Whether the endpoint has the model, as far as the catalog knows.
    pub available: bool,
    /// Why the endpoint lacks the model, and which one has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    /// The base URL that requests go to.
    pub base_url: String,
    /// The rule that chose it.
    pub base_url_rule: &'static str,
    /// Where the base URL stands, when a variable or a configuration names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_source: Option<String>,
    /// The plan, if the host tells.
    pub plan: Option<Plan>,
    /// The region, if the host tells.
    pub region: Option<Region>,
    /// Whether the host is the service itself.
    pub native: bool,
    /// The key as it may be shown.
    pub key: Option<String>,
    /// Where the key was found.
    pub key_source: Option<String>,
    /// Why there is no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_problem: Option<String>,
}
