//! Tool loops whose rounds the router sends.

use std::sync::{Mutex, PoisonError};

use qwen_openclaw_auth::async_trait;
use qwen_openclaw_transport as transport;
use qwen_openclaw_transport::{
    ChatRequest, ProgressHook, ReplyStream, StreamSource, ToolLoop, Tools,
};

use super::{Candidates, Request};
use crate::{Chat, Error, Qwen};

impl Chat {
    pub(crate) async fn run_tools_routed(self, tools: &Tools) -> Result<ToolLoop, Error> {
        let models = self.models()?;
        let offered = self.request.clone().tools(tools.offered().cloned());
        let found = Candidates::find(&self.qwen, &models, &offered, self.force).await?;
        let rounds = Rounds {
            qwen: self.qwen,
            agent: self.agent,
            force: self.force,
            found: Mutex::new(found.for_later()),
        };
        let mut request = self.request;
        request.model = models.into_iter().next().unwrap_or_default();
        Ok(ToolLoop::new(std::sync::Arc::new(rounds), request, tools))
    }
}

/// The rounds of a conversation. They stay with the model that answered the first one: no other would
/// understand its reasoning, and its cache is warm.
#[derive(Debug)]
struct Rounds {
    qwen: Qwen,
    agent: Option<String>,
    force: bool,
    found: Mutex<Candidates>,
}

impl Rounds {
    fn found(&self) -> Candidates {
        let found = self.found.lock();
        found.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn stay_with(&self, only: Candidates) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = only;
    }
}

#[async_trait]
impl StreamSource for Rounds {
    async fn open(
        &self,
        request: &ChatRequest,
        progress: Option<ProgressHook>,
    ) -> Result<ReplyStream, transport::Error> {
        let sent = Request {
            qwen: &self.qwen,
            service: "chat",
            agent: self.agent.as_deref(),
            force: self.force,
            progress,
        };
        let found = self.found();
        let (answered, position) = sent.send(&found, request.clone()).await?;
        if found.candidates.len() > 1 {
            self.stay_with(found.only(position));
        }
        Ok(answered.answer)
    }
}
