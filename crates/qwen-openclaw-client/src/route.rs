//! A route: provider, endpoint, credential and model, resolved together.

use std::{fmt, sync::Arc};

use qwen_openclaw_auth::{Credential, KeyKind};
use qwen_openclaw_catalog::{
    Availability, ChatModel, Edition, HiddenReason, LevelGroup, ModelRef, Plan, Provider, Region,
    Thinking, aigc_origin_for, availability, find, nearest_models,
};
use qwen_openclaw_http::{BaseUrl, ErrorKind};
use serde::Serialize;

use crate::{EndpointRule, Error, Hint, RoutedEndpoint, hint::SentKey};

/// Where a request goes, with which key, and what is known about its model.
///
/// It is the single source for all of these, so that no two parts of a program disagree.
#[derive(Clone, Debug)]
pub struct Route {
    pub(crate) provider: Provider,
    pub(crate) endpoint: Arc<RoutedEndpoint>,
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

    /// Returns the credential; `None` if there is none, or if the server does not need one.
    #[must_use]
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref().ok()?.as_ref()
    }

    /// Returns why there is no credential, if one is needed.
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

    /// Returns the model's row; `None` for a model that is not in the catalog.
    #[must_use]
    pub fn row(&self) -> Option<&'static ChatModel> {
        self.model.as_ref()?.row
    }

    /// Returns whether the endpoint offers the model; if not, why, and which endpoint does.
    #[must_use]
    pub fn availability(&self) -> Availability {
        let model = self.model.as_ref();
        model.map_or(Availability::Available, |model| model.availability)
    }

    /// Returns a warning if the model is not in the catalog although others of the provider are.
    ///
    /// The request is sent anyway: new models appear faster than catalogs are updated.
    #[must_use]
    pub fn unknown_model(&self) -> Option<UnknownModel> {
        let model = self.model.as_ref()?;
        (model.row.is_none() && self.provider.is_qwen()).then(|| UnknownModel {
            model: format!("{}/{}", self.provider, model.id),
            nearest: nearest_models(&self.provider, &model.id),
        })
    }

    /// Returns what may be a mistake, although requests are sent.
    #[must_use]
    pub fn warnings(&self) -> Vec<RouteWarning> {
        let base_url = self.endpoint.base_url();
        let cut = base_url.cut().map(|path| RouteWarning::RequestPathCut {
            path,
            base_url: base_url.to_string(),
        });
        let has_path = base_url.as_str() != base_url.origin();
        let no_path = (!has_path).then(|| RouteWarning::NoPath {
            base_url: base_url.to_string(),
        });
        let unknown = self.unknown_model().map(RouteWarning::UnknownModel);
        let doubt = self.availability().doubt().map(RouteWarning::MayLackModel);
        [cut, no_path, unknown, doubt]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Returns the AIGC host of the route's region, which serves tasks and uploads, under the same
    /// requirements as for the base URL.
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

    /// Sets the model of this route and looks up its row.
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

    /// Returns the thinking levels that differ in effect on the model; empty if none has an effect.
    ///
    /// A model that is not in the catalog is assumed to think when asked to.
    #[must_use]
    pub fn thinking_levels(&self) -> Vec<LevelGroup> {
        let levels = |id| match self.row() {
            Some(row) => row.thinking().levels(),
            None => Thinking::of(&self.provider, id, true).levels(),
        };
        self.model().map(levels).unwrap_or_default()
    }

    /// Explains which rule determined each part.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let class = self.endpoint.class();
        Explanation {
            provider: self.provider.id().to_owned(),
            model: self.model().map(str::to_owned),
            known: self.model.as_ref().map(|model| model.row.is_some()),
            available: self.availability().is_available(),
            unavailable: self.availability().reason().map(|why| why.to_string()),
            thinking_levels: self.thinking_levels(),
            warnings: self.warnings().iter().map(ToString::to_string).collect(),
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

/// A model that is not in the catalog.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct UnknownModel {
    /// The ref in canonical form.
    pub model: String,
    /// Up to three known models with similar ids, closest first; of another provider only if this
    /// one has none of that id.
    pub nearest: Vec<ModelRef>,
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not in the catalog", self.model)?;
        let mut lead = "; similar models:";
        for model in &self.nearest {
            write!(f, "{lead} {model}")?;
            lead = ",";
        }
        Ok(())
    }
}

/// Something about a route that may be a mistake, although requests are sent.
///
/// `Display` is meant for logs; a program with its own terminology can match on the variants and use
/// its own wording.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RouteWarning {
    /// The model is not in the catalog although others of the provider are.
    UnknownModel(UnknownModel),
    /// The editions of the catalog disagree on whether the endpoint offers the model.
    MayLackModel(HiddenReason),
    /// The base URL was given with the path of a request, which was cut off.
    RequestPathCut {
        /// The path that was cut off: `/chat/completions`.
        path: &'static str,
        /// The base URL without it, which is used.
        base_url: String,
    },
    /// The base URL has no path, which servers of this API usually have.
    NoPath {
        /// The base URL.
        base_url: String,
    },
}

impl fmt::Display for RouteWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownModel(unknown) => fmt::Display::fmt(unknown, f),
            Self::MayLackModel(reason) => fmt::Display::fmt(reason, f),
            Self::RequestPathCut { path, base_url } => write!(
                f,
                "the base URL was given with `{path}`, which is added to each request: using \
                 {base_url}"
            ),
            Self::NoPath { base_url } => {
                write!(f, "the base URL {base_url} has no path, such as /v1")
            }
        }
    }
}

/// The parts of a route and the rules that determined them. Contains no secrets.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// The id of the provider.
    pub provider: String,
    /// The id of the model.
    pub model: Option<String>,
    /// Whether the model is in the catalog.
    pub known: Option<bool>,
    /// Whether the endpoint offers the model, as far as the catalog knows.
    pub available: bool,
    /// Why the endpoint lacks the model, and which endpoint offers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    /// What may be a mistake, although requests are sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The thinking levels that differ in effect on the model.
    pub thinking_levels: Vec<LevelGroup>,
    /// The base URL that requests go to.
    pub base_url: String,
    /// The rule that chose it.
    pub base_url_rule: &'static str,
    /// Where the base URL was found, if a variable or a configuration sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_source: Option<String>,
    /// The plan, if the host belongs to one.
    pub plan: Option<Plan>,
    /// The region, if the host belongs to one.
    pub region: Option<Region>,
    /// Whether the host is the service itself.
    pub native: bool,
    /// The masked key.
    pub key: Option<String>,
    /// Where the key was found.
    pub key_source: Option<String>,
    /// Why there is no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_problem: Option<String>,
}
