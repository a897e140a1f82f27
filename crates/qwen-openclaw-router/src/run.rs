//! The loop behind a request.

use std::{future::Future, sync::Arc, time::SystemTime};

use qwen_openclaw_catalog::Plan;
use qwen_openclaw_http::{Error as HttpError, ErrorKind};

use crate::{
    Attempt, AttemptError, AttemptOutcome, Candidate, Choice, Cooldown, CooldownScope, EntryId,
    Exceeded, Failure, Outcome, Policy, Reservation, RouteError, RouteRequest, Routed, Target,
    Ticket, UsageEntry, router::Shared,
};

/// A request that is being sent to one candidate after the other.
pub(crate) struct Run<'a, E> {
    shared: &'a Arc<Shared>,
    request: &'a RouteRequest,
    candidates: &'a [Candidate],
    attempts: Vec<Attempt>,
    /// What is cooling down, as of the last attempt.
    cooling: Vec<Cooldown>,
    /// The last attempt that failed. It is stored once it is known whether another one follows.
    failed: Option<(Ticket, E)>,
}

/// What follows a candidate that did not answer.
enum Next {
    Candidate,
    Error(ErrorKind),
}

/// A budget that has no room for a candidate.
struct Refusal {
    exceeded: Exceeded,
    /// Whether the next candidate is tried.
    advances: bool,
}

impl<'a, E: AttemptError> Run<'a, E> {
    pub(crate) fn new(request: &'a RouteRequest, candidates: &'a [Candidate]) -> Self {
        Self {
            shared: &request.router.shared,
            request,
            candidates,
            attempts: Vec::new(),
            cooling: Vec::new(),
            failed: None,
        }
    }

    pub(crate) async fn until_answered<T, F, Fut>(
        mut self,
        mut send: F,
    ) -> Result<Routed<T>, RouteError<E>>
    where
        F: FnMut(Choice) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.shared.flush().await;
        self.shared.expire().await;
        self.look_at_cooldowns().await;
        let mut unusable = self.request.unusable.iter().cloned().peekable();
        for (position, candidate) in self.candidates.iter().enumerate() {
            while let Some(next) = unusable.next_if(|next| next.position <= position) {
                self.attempts.push(next);
            }
            if let Some(reason) = self.reason_to_skip(position, candidate) {
                self.note(position, candidate, reason);
                continue;
            }
            match self.attempt(position, candidate, &mut send).await {
                Ok(routed) => return Ok(routed),
                Err(Next::Candidate) => {}
                Err(Next::Error(kind)) => return Err(self.end(kind).await),
            }
        }
        self.attempts.extend(unusable);
        let kind = self.kind();
        Err(self.end(kind).await)
    }

    /// Tries one candidate; a second time if its key belongs to another endpoint.
    async fn attempt<T, F, Fut>(
        &mut self,
        position: usize,
        candidate: &Candidate,
        send: &mut F,
    ) -> Result<Routed<T>, Next>
    where
        F: FnMut(Choice) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut elsewhere = self.shared.remembered_endpoint(candidate).await;
        let mut may_probe = elsewhere.is_none();
        loop {
            if let Some(found) = &elsewhere
                && self.bars(position, Some(found.plan))
            {
                self.note(position, candidate, AttemptOutcome::PlanKey);
                return Err(Next::Candidate);
            }
            let ticket = match self.reserve(candidate).await {
                Ok(ticket) => ticket,
                Err(refusal) => return Err(self.over_budget(position, candidate, refusal)),
            };
            if let Some((failed, _)) = self.failed.take() {
                failed.store_superseded().await;
            }
            let choice = Choice {
                position,
                base_url: elsewhere.take().map(|found| found.base_url),
            };
            let error = match send(choice).await {
                Ok(answer) => {
                    self.note(position, candidate, AttemptOutcome::Answered);
                    return Ok(Routed {
                        answer,
                        position,
                        attempts: std::mem::take(&mut self.attempts),
                        ticket,
                    });
                }
                Err(error) => error,
            };
            if may_probe && is_refused(error.as_http()) {
                elsewhere = self.shared.probe(candidate).await;
            }
            may_probe = false;
            let is_repeated = elsewhere.is_some();
            let next = self
                .fail(position, candidate, ticket, error, is_repeated)
                .await;
            if !is_repeated {
                return Err(next);
            }
        }
    }

    /// Notes a failure, and says what follows unless the attempt is repeated elsewhere.
    async fn fail(
        &mut self,
        position: usize,
        candidate: &Candidate,
        mut ticket: Ticket,
        error: E,
        is_repeated: bool,
    ) -> Next {
        let http = error.as_http();
        let kind = http.kind();
        ticket.fill(error.used(), Outcome::Failed(kind));
        let until = if is_repeated || error.has_content() {
            None
        } else {
            self.shared.cool_down(&candidate.target, http).await
        };
        let may_advance = Policy::of(kind).advances && !error.has_content();
        self.note(position, candidate, AttemptOutcome::Failed { kind, until });
        self.failed = Some((ticket, error));
        if !may_advance {
            return Next::Error(kind);
        }
        tracing::debug!(position, kind = kind.as_str(), "a candidate failed");
        if position + 1 < self.candidates.len() {
            self.look_at_cooldowns().await;
        }
        Next::Candidate
    }

    fn over_budget(&mut self, position: usize, candidate: &Candidate, refusal: Refusal) -> Next {
        let Refusal { exceeded, advances } = refusal;
        let outcome = AttemptOutcome::OverBudget(Box::new(exceeded));
        self.note(position, candidate, outcome);
        if advances {
            Next::Candidate
        } else {
            Next::Error(ErrorKind::Budget)
        }
    }

    fn reason_to_skip(&self, position: usize, candidate: &Candidate) -> Option<AttemptOutcome> {
        if let Some(reason) = &candidate.unfit {
            return Some(AttemptOutcome::Unfit(reason.clone()));
        }
        if candidate.has_plan_key() && self.bars(position, None) {
            return Some(AttemptOutcome::PlanKey);
        }
        let target = &candidate.target;
        let covers = |cooldown: &&Cooldown| cooldown.target.covers(target);
        let cooling = self.cooling.iter().filter(covers);
        let last = cooling.max_by_key(|cooldown| cooldown.until)?;
        Some(AttemptOutcome::CoolingDown {
            kind: last.kind,
            until: last.until,
        })
    }

    /// Returns true if a plan key at this position is a fallback from another provider; so is a key
    /// that turned out to be that of a `plan`.
    fn bars(&self, position: usize, plan: Option<Plan>) -> bool {
        let is_plan = plan.is_none_or(|plan| matches!(plan, Plan::Coding | Plan::Token));
        let provider = |at: usize| self.candidates.get(at).map(|one| &one.target.provider);
        is_plan && !self.shared.allow_plan_keys && provider(0) != provider(position)
    }

    async fn look_at_cooldowns(&mut self) {
        if !self.request.ignores_cooldowns {
            let running = self.shared.failover.running(self.shared.now()).await;
            self.cooling = self.shared.checked(running).unwrap_or_default();
        }
    }

    async fn reserve(&self, candidate: &Candidate) -> Result<Ticket, Refusal> {
        let now = self.shared.now();
        let reservation = Reservation {
            entry: self.entry(candidate, now),
            expires: now.checked_add(self.shared.expiry).unwrap_or(now),
        };
        let budgets = self.shared.budgets.iter();
        let counting = budgets.filter(|budget| budget.counted().matches(&reservation.entry));
        let windows: Vec<_> = counting.clone().map(|budget| budget.window(now)).collect();
        let reserved = self.shared.usage.reserve(&reservation, &windows).await;
        match self.shared.checked(reserved).flatten() {
            Some(exceeded) => {
                // By all of the window: names need not be unique.
                let mut refusing = counting.zip(&windows);
                let budget = refusing.find(|(_, window)| **window == exceeded.budget);
                let advances = budget.is_some_and(|(budget, _)| budget.is_advancing());
                Err(Refusal { exceeded, advances })
            }
            None => Ok(Ticket::new(
                Arc::clone(self.shared),
                reservation.entry,
                candidate.target.clone(),
            )),
        }
    }

    fn entry(&self, candidate: &Candidate, time: SystemTime) -> UsageEntry {
        let target = &candidate.target;
        UsageEntry {
            id: EntryId::random(),
            time,
            provider: target.provider.id().to_owned(),
            credential: target.credential.clone(),
            model: target.model.clone().unwrap_or_default(),
            agent: self.request.agent.clone(),
            kind: self.request.service.clone(),
            is_last: true,
            sends: 1,
            tokens: candidate.tokens,
            images: 0,
            media: std::time::Duration::ZERO,
            cost: candidate.cost,
            price_date: None,
            outcome: Outcome::Lost,
            latency: std::time::Duration::ZERO,
        }
    }

    fn note(&mut self, position: usize, candidate: &Candidate, outcome: AttemptOutcome) {
        let attempt = Attempt::new(position, &candidate.target, outcome);
        self.attempts.push(attempt);
    }

    /// The kind of the error after the last candidate.
    fn kind(&self) -> ErrorKind {
        if let Some((_, error)) = &self.failed {
            return error.as_http().kind();
        }
        let cooling = self.attempts.iter().filter_map(|one| match one.outcome {
            AttemptOutcome::CoolingDown { kind, until } => Some((until, kind)),
            _ => None,
        });
        if let Some((_, kind)) = cooling.min_by_key(|(until, _)| *until) {
            return kind;
        }
        let is_over = |one: &Attempt| matches!(one.outcome, AttemptOutcome::OverBudget(_));
        if self.attempts.iter().any(is_over) {
            ErrorKind::Budget
        } else {
            ErrorKind::InvalidRequest
        }
    }

    async fn end(mut self, kind: ErrorKind) -> RouteError<E> {
        let last = match self.failed.take() {
            Some((ticket, error)) => {
                ticket.store().await;
                Some(error)
            }
            None => None,
        };
        RouteError::new(kind, self.attempts, last, self.shared.now())
    }
}

impl Shared {
    /// Starts the cooldown that an error leads to, and returns its end.
    async fn cool_down(&self, target: &Target, error: &HttpError) -> Option<SystemTime> {
        let kind = error.kind();
        let policy = Policy::of(kind);
        policy.cooldown?;
        // There is no key, which says nothing about the key that will be set.
        if kind == ErrorKind::Authentication && !error.was_sent() {
            return None;
        }
        let failure = Failure {
            target: match policy.scope_of(error.scope()) {
                CooldownScope::Credential => target.of_credential(),
                CooldownScope::Model => target.clone(),
            },
            kind,
            retry_after: error.retry_after(),
        };
        let now = self.now();
        let cooldown = self.checked(self.failover.fail(&failure, now).await)?;
        cooldown.is_running(now).then_some(cooldown.until)
    }
}

/// The server does not accept the key.
fn is_refused(error: &HttpError) -> bool {
    error.kind() == ErrorKind::Authentication && error.status().is_some()
}

#[cfg(test)]
mod tests;
