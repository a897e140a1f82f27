//! The headers of a configured provider, which go to its own server alone.

use std::collections::HashMap;

use qwen_openclaw_http::{BaseUrl, ExtraHeaders, Request, UrlText};

use crate::{Error, Route};

/// The headers of a configured provider, for all of its models and for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct EntryHeaders {
    /// The origin of the entry's base URL.
    place: Place,
    pub(crate) all: ExtraHeaders,
    models: HashMap<String, ModelEntry>,
}

/// Where the headers belong.
#[derive(Clone, Debug, Default)]
enum Place {
    /// To the provider's own hosts: the entry has no base URL.
    #[default]
    Provider,
    Origin(String),
    /// The base URL is malformed, so that it leads nowhere.
    Nowhere,
}

/// What a configuration says of requests for one model.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModelEntry {
    pub(crate) headers: ExtraHeaders,
    pub(crate) unusable: Option<Error>,
}

impl EntryHeaders {
    pub(crate) fn belong_to(&mut self, url: &UrlText) {
        self.place = match origin(url.as_str()) {
            Some(origin) => Place::Origin(origin),
            None => Place::Nowhere,
        };
    }

    pub(crate) fn model(&mut self, id: String) -> &mut ModelEntry {
        self.models.entry(id).or_default()
    }

    /// Adds the headers to a request to `base`, if they belong there.
    ///
    /// Fails if requests for the model cannot be sent.
    pub(crate) fn apply(
        &self,
        request: Request,
        route: &Route,
        base: &BaseUrl,
        model: Option<&str>,
    ) -> Result<Request, Error> {
        let model = model.and_then(|model| self.models.get(model));
        if let Some(error) = model.and_then(|model| model.unusable.as_ref()) {
            return Err(error.clone());
        }
        if !self.belongs(route, base) {
            return Ok(request);
        }
        let request = self.all.apply(request)?;
        Ok(match model {
            Some(model) => model.headers.apply(request)?,
            None => request,
        })
    }

    fn belongs(&self, route: &Route, base: &BaseUrl) -> bool {
        match &self.place {
            Place::Origin(own) => base.origin() == *own,
            Place::Nowhere => false,
            Place::Provider if route.provider().is_qwen() => {
                let class = route.endpoint().class();
                class.plan().is_some() && !class.is_loopback()
            }
            Place::Provider => {
                let own = route.provider().default_base_url().and_then(origin);
                own.is_some_and(|own| base.origin() == own)
            }
        }
    }
}

/// The origin of a base URL, whether or not keys may be sent there.
fn origin(url: &str) -> Option<String> {
    Some(BaseUrl::parse_allowing_plain_http(url).ok()?.origin())
}
