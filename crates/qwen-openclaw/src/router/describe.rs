//! Descriptions of images and videos that the router sends.

use std::sync::Arc;

use qwen_openclaw_auth::async_trait;
use qwen_openclaw_catalog::{ModelRef, Provider};
use qwen_openclaw_transport as transport;
use qwen_openclaw_transport::{ChatRequest, Describe, ProgressHook, ReplyStream, StreamSource};

use super::{Candidates, Request};
use crate::Qwen;

impl Qwen {
    /// Lets the router send a description, if there is one, to the first of the configured `models` that
    /// answers.
    pub(crate) fn route_description(&self, describe: Describe, models: Vec<String>) -> Describe {
        if self.router().is_none() {
            return describe;
        }
        describe.over(Arc::new(Viewers {
            qwen: self.clone(),
            models,
        }))
    }
}

/// The models that look at images or videos.
#[derive(Debug)]
struct Viewers {
    qwen: Qwen,
    models: Vec<String>,
}

impl Viewers {
    /// The models for a request whose model is the first of them, or one that the caller has set.
    fn for_request(&self, model: &str) -> Vec<String> {
        let first = self
            .models
            .first()
            .and_then(|first| self.qwen.parse(first).ok());
        match first {
            Some(first) if first.model == model => self.models.clone(),
            first => {
                let provider = first.map_or(Provider::QWEN, |first| first.provider);
                let model = ModelRef::new(provider, model);
                model.iter().map(ToString::to_string).collect()
            }
        }
    }
}

#[async_trait]
impl StreamSource for Viewers {
    async fn open(
        &self,
        request: &ChatRequest,
        progress: Option<ProgressHook>,
    ) -> Result<ReplyStream, transport::Error> {
        let models = self.for_request(&request.model);
        let found = Candidates::find(&self.qwen, &models, request, false).await?;
        let sent = Request {
            qwen: &self.qwen,
            service: "describe",
            agent: None,
            force: false,
            progress,
        };
        let (answered, _) = sent.send(&found, request.clone()).await?;
        Ok(answered.answer)
    }
}
