//! What became of the values of a request that a model does not accept.

use std::fmt;

use crate::Error;

/// What to do with a value that the model does not take.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Strictness {
    /// Refuse it, before anything is sent.
    #[default]
    Exact,
    /// Take the nearest value that the model takes, and report the change.
    Normalise,
}

/// A value that was changed to one that the model takes.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The parameter.
    pub what: &'static str,
    /// What was asked for.
    pub requested: String,
    /// What is sent; `None` when it is left out.
    pub applied: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.applied {
            Some(applied) => write!(f, "{} {} becomes {applied}", self.what, self.requested),
            None => write!(f, "{} {} is left out", self.what, self.requested),
        }
    }
}

/// The changes of a request that is being checked, for crates that define a
/// [`Product`](crate::Product).
#[derive(Debug)]
pub struct Changes {
    strictness: Strictness,
    changes: Vec<Change>,
}

impl Changes {
    /// Starts a check.
    #[must_use]
    pub fn new(strictness: Strictness) -> Self {
        Self {
            strictness,
            changes: Vec::new(),
        }
    }

    /// Notes that `requested` becomes `applied`. `is` says what the model takes.
    ///
    /// # Errors
    ///
    /// With [`Strictness::Exact`].
    pub fn note(
        &mut self,
        what: &'static str,
        requested: impl ToString,
        applied: Option<String>,
        is: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        let requested = requested.to_string();
        if self.strictness == Strictness::Exact {
            let message = format!("the model does not take the {what} {requested}: {}", is());
            return Err(Error::refused(message));
        }
        self.changes.push(Change {
            what,
            requested,
            applied,
        });
        Ok(())
    }

    /// Returns a text cut to `limit` characters, if there is a limit. The service cuts one that is
    /// too long without a word; here it is noted.
    ///
    /// # Errors
    ///
    /// With [`Strictness::Exact`], if it is too long.
    pub fn cut(
        &mut self,
        what: &'static str,
        text: &str,
        limit: Option<u32>,
    ) -> Result<String, Error> {
        let count = text.chars().count();
        let Some(limit) = limit
            .map(|limit| limit as usize)
            .filter(|limit| count > *limit)
        else {
            return Ok(text.to_owned());
        };
        let applied = Some(format!("its first {limit}"));
        self.note(what, format!("of {count} characters"), applied, || {
            format!("at most {limit} characters")
        })?;
        Ok(text.chars().take(limit).collect())
    }

    /// Returns a seed of at most `max`.
    ///
    /// # Errors
    ///
    /// With [`Strictness::Exact`], if it is larger.
    pub fn seed(&mut self, seed: u32, max: u32) -> Result<u32, Error> {
        if seed <= max {
            return Ok(seed);
        }
        let applied = seed % max.saturating_add(1);
        self.note("seed", seed, Some(applied.to_string()), || {
            format!("at most {max}")
        })?;
        Ok(applied)
    }

    /// Returns the changes.
    #[must_use]
    pub fn finish(self) -> Vec<Change> {
        self.changes
    }
}

/// Returns the error for a model that the catalog does not have: with those `close` to it, otherwise
/// with `all`. `what` is what it would make, such as `video`.
#[must_use]
pub fn unknown_model<'a>(
    what: &str,
    id: &str,
    close: Vec<&'a str>,
    all: impl Iterator<Item = &'a str>,
) -> Error {
    let (lead, ids) = match close.is_empty() {
        true => ("it has", all.collect()),
        false => ("close to it:", close),
    };
    let ids = ids.join(", ");
    Error::refused(format!(
        "the catalog has no {what} model `{id}`; {lead} {ids}"
    ))
}

/// Whether the service can read a file at this URL: http, https, or its own storage.
#[must_use]
pub fn is_remote(url: &str) -> bool {
    let scheme = url.split_once("://");
    let scheme = scheme.map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "oss"))
}
