//! What an attempt used, and the error of one.

use std::{error::Error, time::Duration};

use qwen_openclaw_catalog::price::Cost;
use qwen_openclaw_http::Error as HttpError;

use crate::Tokens;

/// What an attempt used.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Used {
    /// How often it was sent, including the retries of the client.
    pub sends: u32,
    /// The tokens.
    pub tokens: Tokens,
    /// The number of images made.
    pub images: u64,
    /// The length of what was made or heard.
    pub media: Duration,
    /// What it cost at list price; `None` if unknown.
    pub cost: Option<Cost>,
    /// The date of the price, as `YYYY-MM-DD`.
    pub price_date: Option<String>,
}

/// The error of an attempt, as far as the router needs it.
pub trait AttemptError: Error + Send + Sync + 'static {
    /// Returns the kind, scope, status and `Retry-After`.
    fn as_http(&self) -> &HttpError;

    /// Returns what the attempt used. By default it was sent once, if it was sent, and used nothing.
    fn used(&self) -> Used {
        Used {
            sends: u32::from(self.as_http().was_sent()),
            ..Used::default()
        }
    }

    /// Returns true if content had arrived, so that no other candidate is tried. The default is false.
    fn has_content(&self) -> bool {
        false
    }
}

impl AttemptError for qwen_openclaw_client::Error {
    fn as_http(&self) -> &HttpError {
        self.as_http()
    }
}

impl AttemptError for HttpError {
    fn as_http(&self) -> &HttpError {
        self
    }
}
