//! How far an error reaches: which other requests it says something about.

use crate::ErrorKind;

/// Which other requests would fail for the same reason.
///
/// A program that chooses between models, keys and providers avoids exactly this much after an
/// error, and no more: on this service a 403 usually concerns a single model, whereas a 400 may
/// mean an unpaid bill.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorScope {
    /// Only this request, or the one object that it names.
    Request,
    /// Requests for the same model with the same account. Limits and free quotas are counted for
    /// each model.
    Model,
    /// Requests with the same key, for any model. Another key, or the key of another plan, may work.
    Account,
    /// Requests to the same server, with any key.
    Provider,
}

impl ErrorScope {
    /// Every scope, narrowest first.
    pub const ALL: &[Self] = &[Self::Request, Self::Model, Self::Account, Self::Provider];

    /// Returns the stable, machine-readable name, such as `model`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Model => "model",
            Self::Account => "account",
            Self::Provider => "provider",
        }
    }

    /// The scope of an error about which only the kind is known.
    pub(crate) const fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Setup | ErrorKind::Network | ErrorKind::Server => Self::Provider,
            ErrorKind::Authentication | ErrorKind::Billing => Self::Account,
            // A model that is slow to think is the usual cause of a timeout.
            ErrorKind::Permission
            | ErrorKind::RateLimited
            | ErrorKind::Quota
            | ErrorKind::Timeout => Self::Model,
            _ => Self::Request,
        }
    }
}
