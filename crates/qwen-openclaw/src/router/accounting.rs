//! What an attempt used, and how it ended.

use std::{error::Error as StdError, fmt};

use qwen_openclaw_client::Route;
use qwen_openclaw_http::Error as HttpError;
use qwen_openclaw_router::{
    AttemptError, AttemptOutcome, Outcome, RouteError, Router, Ticket, Tokens, Used,
};
use qwen_openclaw_transport::{Billing, Reply, ReplyEnd, ReplyStream};

use crate::{Error, Qwen};

/// An attempt that failed, and what it used.
pub(crate) struct SendError {
    pub(crate) error: Error,
    used: Used,
}

impl SendError {
    /// Nothing was sent.
    pub(crate) fn unsent(error: Error) -> Self {
        Self {
            error,
            used: Used::default(),
        }
    }

    pub(super) fn chat(
        error: qwen_openclaw_transport::Error,
        qwen: &Qwen,
        route: &Route,
        billing: Billing,
    ) -> Self {
        Self {
            used: used(error.partial(), error.attempts(), qwen, route, billing),
            error: error.into(),
        }
    }

    #[cfg(feature = "embeddings")]
    pub(super) fn embeddings(error: qwen_openclaw_embeddings::Error) -> Self {
        Self {
            used: Used {
                sends: error.attempts(),
                ..Used::default()
            },
            error: error.into(),
        }
    }

    #[cfg(feature = "speech")]
    pub(super) fn speech(error: qwen_openclaw_speech::Error) -> Self {
        Self {
            used: Used {
                sends: error.attempts(),
                ..Used::default()
            },
            error: error.into(),
        }
    }

    #[cfg(any(feature = "__tasks", feature = "batch"))]
    pub(super) fn task(error: Error) -> Self {
        let sends = u32::from(error.as_http().was_sent());
        Self {
            error,
            used: Used {
                sends,
                ..Used::default()
            },
        }
    }
}

impl AttemptError for SendError {
    fn as_http(&self) -> &HttpError {
        self.error.as_http()
    }

    fn used(&self) -> Used {
        self.used.clone()
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

impl StdError for SendError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Whether nothing was sent, and only because of cooldowns.
pub(super) fn only_cooldowns(error: &RouteError<SendError>) -> bool {
    let is_cooling =
        |outcome: &AttemptOutcome| matches!(outcome, AttemptOutcome::CoolingDown { .. });
    let mut attempts = error.attempts().iter();
    error.last().is_none() && attempts.all(|attempt| is_cooling(&attempt.outcome))
}

/// Settles `ticket` when the stream ends, however it does.
pub(super) fn settled_at_end(
    stream: ReplyStream,
    qwen: &Qwen,
    route: &Route,
    billing: Billing,
    router: Router,
    ticket: Ticket,
) -> ReplyStream {
    let (qwen, route) = (qwen.clone(), route.clone());
    stream.on_end(move |end| {
        let outcome = match &end {
            ReplyEnd::Complete(_) => Outcome::Answered,
            ReplyEnd::Failed(error) => Outcome::Failed(error.kind()),
            _ => Outcome::Canceled,
        };
        let attempts = match &end {
            ReplyEnd::Failed(error) => error.attempts(),
            _ => end.reply().map_or(0, Reply::attempts),
        };
        let used = used(end.reply(), attempts, &qwen, &route, billing);
        // Noted now: the rest is lost if there is no runtime to do it.
        ticket.settle_later(used, outcome);
        async move { router.flush().await }
    })
}

/// What an attempt used, as far as the server has counted it.
fn used(reply: Option<&Reply>, sends: u32, qwen: &Qwen, route: &Route, billing: Billing) -> Used {
    let Some(billed) = reply.and_then(|reply| reply.billed(billing)) else {
        return Used {
            sends,
            ..Used::default()
        };
    };
    let charge = qwen.cost(route, &billed);
    Used {
        sends,
        tokens: Tokens {
            input: billed.input,
            implicit_cached: billed.implicit_cached,
            explicit_cached: billed.explicit_cached,
            cache_write: billed.cache_write,
            output: billed.output,
            reasoning: billed.reasoning,
        },
        cost: charge.map(|charge| charge.cost),
        price_date: charge.and_then(|charge| charge.as_of).map(str::to_owned),
        ..Used::default()
    }
}
