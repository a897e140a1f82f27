//! The error of this crate: why a job has no result, and what can be done about it.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use qwen_openclaw_http::{Error as HttpError, ErrorKind};

use crate::{Hint, JobId, NextStep};

type BoxError = Box<dyn StdError + Send + Sync>;

/// The error of a job that failed, or that could not be submitted. Cheap to clone.
///
/// A submitted job is not lost with it: [`job_id`](Self::job_id) is its id in the ledger.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    /// Kind, message, the server's answer and the cause.
    http: HttpError,
    hint: Option<Hint>,
    next: Vec<NextStep>,
    job: Option<JobId>,
    task: Option<Box<str>>,
}

impl Error {
    /// Creates an error, for crates that define a [`Product`](crate::Product) and for
    /// implementations of [`JobStore`](crate::JobStore).
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        HttpError::new(kind).with_message(message).into()
    }

    /// Creates an error for a request that is rejected before anything is sent.
    #[must_use]
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    /// Creates an error for a ledger that cannot be read or written, for implementations of
    /// [`JobStore`](crate::JobStore).
    #[must_use]
    pub fn ledger(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Storage, message)
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        self.change_http(|http| http.with_source(source))
    }

    /// Adds a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: Hint) -> Self {
        self.change(|inner| inner.hint = Some(hint));
        self
    }

    pub(crate) fn with_next(mut self, steps: Vec<NextStep>) -> Self {
        self.change(|inner| inner.next = steps);
        self
    }

    /// Adds `cause`, and what the server had said in it.
    pub(crate) fn after(self, cause: Self) -> Self {
        self.change_http(|http| http.with_answer_of(&cause.inner.http).with_source(cause))
    }

    pub(crate) fn with_code(self, code: Option<&str>) -> Self {
        match code {
            Some(code) => self.change_http(|http| http.with_code(code)),
            None => self,
        }
    }

    pub(crate) fn of_job(mut self, job: &JobId, task: Option<&str>) -> Self {
        self.change(|inner| {
            inner.job = Some(job.clone());
            inner.task = task.map(Into::into);
        });
        self
    }

    /// Whether the same question may be answered a little later. Beside what is transient that is
    /// an answer which is not the service's own: the page of a gateway, or half of an answer.
    pub(crate) fn may_pass(&self) -> bool {
        let is_alien = match self.kind() {
            ErrorKind::Protocol | ErrorKind::TooLarge => true,
            _ => self.status().is_some_and(|status| status != 401) && self.code().is_none(),
        };
        self.is_transient() || is_alien
    }

    fn change(&mut self, change: impl FnOnce(&mut Inner)) {
        change(Arc::make_mut(&mut self.inner));
    }

    fn change_http(mut self, change: impl FnOnce(HttpError) -> HttpError) -> Self {
        self.change(|inner| inner.http = change(inner.http.clone()));
        self
    }

    /// Returns the underlying HTTP error: kind, message, the server's response and cause, without
    /// what this crate adds.
    #[must_use]
    pub fn as_http(&self) -> &HttpError {
        &self.inner.http
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.http.kind()
    }

    /// Returns the HTTP status, if the server responded with an error status. A failed task is
    /// reported with status 200, so this is `None` for it.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.http.status()
    }

    /// Returns the server's own error code, such as `InvalidParameter`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.http.code()
    }

    /// Returns the request id, for the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.http.request_id()
    }

    /// Returns how long the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.http.retry_after()
    }

    /// Returns the id of the job in the ledger.
    #[must_use]
    pub fn job_id(&self) -> Option<&JobId> {
        self.inner.job.as_ref()
    }

    /// Returns the task id assigned by the service.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        self.inner.task.as_deref()
    }

    /// Returns a hint, if there is one. `Display` ends with it.
    #[must_use]
    pub fn hint(&self) -> Option<&Hint> {
        self.inner.hint.as_ref()
    }

    /// Returns the possible next steps for the job, the most obvious first. `Display` does not show
    /// them.
    #[must_use]
    pub fn next_steps(&self) -> &[NextStep] {
        &self.inner.next
    }

    /// Returns true if the same call may succeed a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.inner.http.is_transient()
    }
}

/// `qwen-openclaw-http` is released together with this crate.
impl From<HttpError> for Error {
    fn from(http: HttpError) -> Self {
        Self {
            inner: Arc::new(Inner {
                http,
                hint: None,
                next: Vec::new(),
                job: None,
                task: None,
            }),
        }
    }
}

/// `qwen-openclaw-client` is released together with this crate.
impl From<qwen_openclaw_client::Error> for Error {
    fn from(error: qwen_openclaw_client::Error) -> Self {
        let mut this = Self::from(error.as_http().clone());
        if let Some(hint) = error.hint() {
            this = this.with_hint(hint.clone().into());
        }
        this
    }
}

/// `qwen-openclaw-auth` is released together with this crate.
impl From<qwen_openclaw_auth::Error> for Error {
    fn from(error: qwen_openclaw_auth::Error) -> Self {
        HttpError::from(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner.http, f)?;
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &self.kind())
            .field("message", &self.to_string());
        if let Some(status) = self.status() {
            debug.field("status", &status);
        }
        if let Some(code) = self.code() {
            debug.field("code", &code);
        }
        if let Some(job) = &inner.job {
            debug.field("job", &job.as_str());
        }
        if let Some(task) = &inner.task {
            debug.field("task", task);
        }
        if let Some(source) = self.source() {
            debug.field("source", &source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.http.source()
    }
}

#[cfg(test)]
mod tests {
    use qwen_openclaw_http::ServerError;

    use super::*;

    #[test]
    fn is_a_word_wide_and_crosses_threads() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn is_the_error_of_the_request_and_says_nothing_twice() {
        let server = ServerError::parse(br#"{"code":"LimitRequests","request_id":"r"}"#).unwrap();
        let http = HttpError::from_answer(429, server, None).with_source("the cause");
        let error = Error::from(http.clone()).with_hint(Hint::SubmitAnew);
        assert_eq!(error.to_string(), format!("{http}; submit it anew"));
        assert_eq!(error.source().unwrap().to_string(), "the cause");
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(
            (error.status(), error.code()),
            (Some(429), Some("LimitRequests"))
        );
        assert_eq!(error.request_id(), Some("r"));

        let late = Error::new(ErrorKind::Deadline, "late").after(error);
        assert_eq!((late.status(), late.request_id()), (Some(429), Some("r")));
        assert_eq!(late.kind(), ErrorKind::Deadline);
        assert_eq!(
            late.source().unwrap().to_string(),
            format!("{http}; submit it anew")
        );
    }
}
