//! The three clocks that tell a slow model from a dead stream.

use std::time::Duration;

/// Which clock ran out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Stall {
    /// The head of the response did not come.
    Head,
    /// No byte came, not even a keep-alive.
    Bytes,
    /// Bytes came, but nothing of the reply: only comments, keep-alives or empty chunks.
    Progress,
    /// The reply came, but not to its end in time.
    Total,
}

impl Stall {
    pub(crate) fn message(self, limit: Duration) -> String {
        let seconds = limit.as_secs_f32();
        match self {
            Self::Head => format!("the server did not answer within {seconds} s"),
            Self::Bytes => format!("the stream went silent: no byte for {seconds} s"),
            Self::Progress => {
                format!("the stream only kept itself alive: nothing of the reply for {seconds} s")
            }
            Self::Total => format!("the reply was not complete within {seconds} s"),
        }
    }
}

/// How long a server may be silent, by what it is silent about.
///
/// By default there is no limit on the whole reply: a long answer that keeps coming is a good answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StreamTimeouts {
    /// Until the head of the response. The default is 2 minutes: the service answers once the
    /// model has begun, and queues before that.
    pub head: Duration,
    /// Between two bytes, keep-alives included. The default is 2 minutes.
    pub bytes: Duration,
    /// Between two pieces of the reply; keep-alives do not count. The default is 3 minutes, and
    /// 10 for models that think, which may be silent while they do.
    pub progress: Duration,
    /// From sending the request to the end of the reply; `None` for no limit. The default is `None`.
    pub total: Option<Duration>,
}

impl StreamTimeouts {
    /// One limit for the whole request, whatever the server is silent about.
    #[must_use]
    pub fn total(limit: Duration) -> Self {
        Self {
            head: limit,
            bytes: limit,
            progress: limit,
            total: Some(limit),
        }
    }

    /// The defaults for a model that thinks before it answers.
    #[must_use]
    pub fn thinking() -> Self {
        Self {
            head: Duration::from_secs(300),
            bytes: Duration::from_secs(300),
            progress: Duration::from_secs(600),
            total: None,
        }
    }
}

impl Default for StreamTimeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(120),
            bytes: Duration::from_secs(120),
            progress: Duration::from_secs(180),
            total: None,
        }
    }
}
