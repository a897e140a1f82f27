//! Where a request goes, which depends on who serves the route.

use qwen_openclaw_catalog::{Plan, rerank::Api};
use qwen_openclaw_client::{Hint, Route, ServiceHost};
use qwen_openclaw_http::Error as HttpError;

use crate::Error;

/// One of the services of this crate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Service {
    /// Texts on the path that OpenAI has too.
    Texts,
    /// Texts on the service's own path.
    NativeTexts,
    Contents,
    Rerank(Api),
}

impl Service {
    /// Returns the host and the path below it.
    ///
    /// Plans have none of these services, and neither their keys nor their hosts are used: the host of
    /// the same region is, with a Standard key.
    pub(crate) fn place(self, route: &Route) -> Result<(ServiceHost, &'static str), Error> {
        let is_qwen = route.provider().is_qwen();
        if is_qwen {
            refuse_plan_key(route)?;
        }
        let is_plan = !matches!(route.endpoint().plan(), None | Some(Plan::Standard));
        Ok(match self {
            Self::Texts if !is_plan || !is_qwen => (ServiceHost::Api, "embeddings"),
            Self::Texts => (ServiceHost::Aigc, "compatible-mode/v1/embeddings"),
            // Where other servers rank documents, they do so as Cohere and Jina do.
            Self::Rerank(_) if !is_qwen => (ServiceHost::Api, "rerank"),
            Self::Rerank(Api::Compatible) => (ServiceHost::Aigc, "compatible-api/v1/reranks"),
            Self::NativeTexts | Self::Contents if !is_qwen => {
                let provider = route.provider().id();
                let what = match self {
                    Self::Contents => "embeddings of images and videos",
                    _ => "text types and instructions",
                };
                return Err(Error::refused(format!(
                    "the provider {provider} has no {what}"
                )));
            }
            Self::NativeTexts => (ServiceHost::Aigc, TEXTS),
            Self::Contents => (ServiceHost::Aigc, CONTENTS),
            Self::Rerank(_) => (ServiceHost::Aigc, RERANK),
        })
    }
}

const TEXTS: &str = "api/v1/services/embeddings/text-embedding/text-embedding";

const CONTENTS: &str = "api/v1/services/embeddings/multimodal-embedding/multimodal-embedding";

const RERANK: &str = "api/v1/services/rerank/text-rerank/text-rerank";

/// Refuses the keys that tasks refuse too, in words of this crate.
fn refuse_plan_key(route: &Route) -> Result<(), Error> {
    let Err(refused) = route.aigc_base() else {
        return Ok(());
    };
    let Some(hint @ Hint::TasksNeedStandardKey { key, .. }) = refused.hint() else {
        return Err(refused.into());
    };
    let what = "embeddings and reranking need a Standard key";
    let message = match key {
        Some(key) => format!("{what}, and {key} is that of a plan"),
        None => what.to_owned(),
    };
    let error = HttpError::unsent(refused.kind()).with_message(message);
    Err(Error::from(error).with_hint(hint.clone()))
}
