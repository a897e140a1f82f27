//! Requests that the router sends: to another account or model when one does not answer, within budgets,
//! and accounted for.

mod accounting;
#[cfg(feature = "batch")]
mod batch;
mod candidates;
mod describe;
#[cfg(any(feature = "embeddings", feature = "speech"))]
mod places;
#[cfg(feature = "speech")]
mod speech;
#[cfg(feature = "__tasks")]
mod tasks;
mod tools;
#[cfg(feature = "embeddings")]
mod vectors;

use std::sync::{Mutex, PoisonError};

use qwen_openclaw_client::Route;
use qwen_openclaw_router::{Attempt, Choice, Router};
use qwen_openclaw_transport::{Billing, ChatRequest, ProgressHook, Reply, ReplyStream};

use self::candidates::{Candidates, Target};
#[cfg(feature = "speech")]
pub(crate) use self::speech::SpeechSender;
#[cfg(feature = "__tasks")]
pub(crate) use self::tasks::Accepted;
#[cfg(feature = "embeddings")]
pub(crate) use self::vectors::VectorSender;
pub(crate) use self::{accounting::SendError, candidates::AccountClients};
use crate::{Chat, Error, Qwen, QwenBuilder};

impl QwenBuilder {
    /// Sends every request through `router`: chats, descriptions, images, videos, speech, embeddings, rankings.
    /// The default is none, and then each request goes to its model with the first account of its
    /// provider.
    ///
    /// With a router, every request is counted and kept within the budgets. If an account of the
    /// provider fails, its other accounts are tried
    /// ([`Routes::accounts`](crate::client::Routes::accounts)). [`Qwen::chat`] is strict about the model,
    /// and tries it even if all of its accounts are cooling down; only `Qwen::chat_default` and
    /// [`Chat::fallbacks`] go on to other models. Models that cannot serve a request are left out: those
    /// that do not take its images, video or audio, cannot answer with JSON as asked, or cannot read that
    /// much by an estimate.
    ///
    /// A chat reserves its estimated input and the limit of its answer, or 1,000 tokens without one, in
    /// the budgets until it is known what it used. Money is [`Qwen::cost`]: free quotas are not known.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), qwen_openclaw::Error> {
    /// use qwen_openclaw::{Qwen, routing::Router};
    ///
    /// let qwen = Qwen::builder().api_key("sk-...").router(Router::new()).build()?;
    /// let chat = qwen.chat("qwen/qwen3.7-max").fallbacks(["qwen/qwen3.6-plus"]).user("Hi");
    /// let answered = chat.send_answered().await?;
    /// println!("{} answered: {}", answered.model_ref(), answered.answer.text());
    /// for attempt in &answered.attempts {
    ///     println!("{attempt}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn router(mut self, router: Router) -> Self {
        self.router = Some(router);
        self
    }
}

/// An answer, and how it was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answered<T> {
    /// The answer: a [`Reply`], or a [`ReplyStream`] that has begun.
    pub answer: T,
    /// The model that answered, and where it is.
    pub route: Route,
    /// What became of each model and account up to the one that answered, which is the last. Empty
    /// without a router.
    pub attempts: Vec<Attempt>,
}

impl<T> Answered<T> {
    /// Returns the ref of the model that answered, such as `qwen/qwen3.5-plus`.
    #[must_use]
    pub fn model_ref(&self) -> String {
        format!(
            "{}/{}",
            self.route.provider(),
            self.route.model().unwrap_or_default()
        )
    }
}

impl Qwen {
    /// Returns the router, if one was set.
    #[must_use]
    pub fn router(&self) -> Option<&Router> {
        self.inner.settings.router.as_ref()
    }
}

impl Chat {
    /// As [`stream`](Self::stream), and says who answers.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream). [`Error::attempts`] lists who was asked.
    pub async fn stream_answered(self) -> Result<Answered<ReplyStream>, Error> {
        if self.qwen.router().is_none() {
            let (route, answer) = self.stream_with_route().await?;
            return Ok(Answered {
                answer,
                route,
                attempts: Vec::new(),
            });
        }
        let models = self.models()?;
        let request = Request {
            qwen: &self.qwen,
            service: "chat",
            agent: self.agent.as_deref(),
            force: self.force,
            progress: self.progress,
        };
        let found = Candidates::find(&self.qwen, &models, &self.request, self.force).await?;
        let (answered, _) = request.send(&found, self.request).await?;
        Ok(answered)
    }

    /// As [`send`](Self::send), and says who answered.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). [`Error::attempts`] lists who was asked.
    pub async fn send_answered(self) -> Result<Answered<Reply>, Error> {
        let Answered {
            answer,
            route,
            attempts,
        } = self.stream_answered().await?;
        let answer = answer.finish().await?;
        Ok(Answered {
            answer,
            route,
            attempts,
        })
    }
}

/// What the router is told of a request beside its candidates.
pub(crate) struct Request<'a> {
    pub(crate) qwen: &'a Qwen,
    pub(crate) service: &'static str,
    pub(crate) agent: Option<&'a str>,
    pub(crate) force: bool,
    pub(crate) progress: Option<ProgressHook>,
}

impl Request<'_> {
    /// Sends a chat to one candidate after the other until one has begun to answer. Returns its position
    /// too.
    pub(crate) async fn send(
        &self,
        found: &Candidates,
        request: ChatRequest,
    ) -> Result<(Answered<ReplyStream>, usize), Error> {
        let router = self.qwen.router().cloned().unwrap_or_default();
        let mut routed = router.request(self.service);
        if let Some(agent) = self.agent {
            routed = routed.agent(agent);
        }
        for (position, reference, reason) in &found.unusable {
            routed = routed.unusable(*position, reference, reason);
        }
        let billing = request.billing();
        // It is handed from one attempt to the next, so that it is not copied.
        let request = Mutex::new(request);
        let send = |choice: Choice| {
            let target = &found.targets[choice.position];
            self.open(target, choice.base_url, &request, billing)
        };
        let mut result = routed.run(&found.candidates, send).await;
        // The user wants this model and no other: a cooldown alone is no reason not to try.
        if found.is_strict && result.as_ref().is_err_and(accounting::only_cooldowns) {
            result = routed
                .ignore_cooldowns(true)
                .run(&found.candidates, send)
                .await;
        }
        let routed = result?;
        let (stream, route) = routed.answer;
        let answer =
            accounting::settled_at_end(stream, self.qwen, &route, billing, router, routed.ticket);
        let answered = Answered {
            answer,
            route,
            attempts: routed.attempts,
        };
        Ok((answered, routed.position))
    }

    async fn open(
        &self,
        target: &Target,
        base_url: Option<String>,
        request: &Mutex<ChatRequest>,
        billing: Billing,
    ) -> Result<(ReplyStream, Route), SendError> {
        let route = async {
            let known = target.route.clone().filter(|_| base_url.is_none());
            let client = self.qwen.client_for(target, base_url)?;
            let route = match known {
                Some(route) => route,
                None => {
                    let route = client.connection().route().await?;
                    let edition = self.qwen.routes().catalog_edition();
                    route.with_model(&target.model.model, edition)
                }
            };
            if let Some(reason) = route.availability().reason()
                && !self.force
            {
                return Err(Error::refused(reason.to_string()));
            }
            for warning in route.warnings() {
                tracing::warn!("{warning}");
            }
            Ok((client, route))
        };
        let (client, route) = route.await.map_err(SendError::unsent)?;
        let take = || {
            let request = request.lock();
            std::mem::take(&mut *request.unwrap_or_else(PoisonError::into_inner))
        };
        let mut taken = take();
        taken.model.clone_from(&target.model.model);
        let begun = async {
            let mut stream = client
                .stream_on_with_progress(route.clone(), &taken, self.progress.clone())
                .await?;
            stream.ready().await?;
            Ok(stream)
        };
        let begun: Result<_, qwen_openclaw_transport::Error> = begun.await;
        let mut place = request.lock().unwrap_or_else(PoisonError::into_inner);
        *place = taken;
        match begun {
            Ok(stream) => Ok((stream, route)),
            Err(error) => Err(SendError::chat(error, self.qwen, &route, billing)),
        }
    }
}
