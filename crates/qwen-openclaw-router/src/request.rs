//! A request: candidates are tried until one answers.

use std::future::Future;

use crate::{Attempt, AttemptError, Candidate, Choice, RouteError, Router, Ticket, run::Run};

/// A request that is about to be sent.
#[derive(Clone, Debug)]
#[must_use]
pub struct RouteRequest {
    pub(crate) router: Router,
    pub(crate) service: String,
    pub(crate) agent: Option<String>,
    pub(crate) ignores_cooldowns: bool,
    pub(crate) unusable: Vec<Attempt>,
}

/// An answer, and how it was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Routed<T> {
    /// What was sent returned.
    pub answer: T,
    /// The position of the candidate that answered.
    pub position: usize,
    /// What became of each candidate up to the one that answered, which is the last.
    pub attempts: Vec<Attempt>,
    /// To be settled when it is known what the answer used.
    pub ticket: Ticket,
}

impl RouteRequest {
    pub(crate) fn new(router: Router, service: String) -> Self {
        let agent = router.shared.agent.clone();
        Self {
            router,
            service,
            agent,
            ignores_cooldowns: false,
            unusable: Vec::new(),
        }
    }

    /// Sets the agent that usage is counted for. The default is the router's.
    pub fn agent(mut self, agent: impl Into<String>) -> Self {
        self.agent = Some(agent.into());
        self
    }

    /// Tries candidates that are cooling down too, for a user who has chosen one model. The default is
    /// false.
    pub fn ignore_cooldowns(mut self, ignore: bool) -> Self {
        self.ignores_cooldowns = ignore;
        self
    }

    /// Lists a model that leads to no route among the attempts, before the candidate at `position`: its
    /// ref as written, and a reason as for [`Candidate::unfit`]. Positions must be given in order.
    pub fn unusable(
        mut self,
        position: usize,
        reference: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        let attempt = Attempt::unusable(position, reference.into(), reason.into());
        self.unusable.push(attempt);
        self
    }

    /// Sends to one candidate after the other until one answers.
    ///
    /// The candidates come in order: each account of a model before the next model. Left out are those
    /// that are unfit, cooling down, or over budget, and plan keys as fallbacks. `send` gets the
    /// position of the chosen one, and may be done as soon as the answer has begun. Which errors lead
    /// to the next candidate, and what they make cool down, is in
    /// [`Policy`](crate::Policy).
    ///
    /// If this future is dropped, the attempt counts as [`Canceled`](crate::Outcome::Canceled).
    ///
    /// # Errors
    ///
    /// When no candidate answered, when one failed in a way that the others would, and when a budget
    /// has no room. A store that fails is no error: see [`Router::store_failure`].
    pub async fn run<T, E, F, Fut>(
        &self,
        candidates: &[Candidate],
        send: F,
    ) -> Result<Routed<T>, RouteError<E>>
    where
        E: AttemptError,
        F: FnMut(Choice) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let run = Run::new(self, candidates);
        run.until_answered(send).await
    }
}
