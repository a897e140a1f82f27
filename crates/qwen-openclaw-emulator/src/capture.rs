//! Requests recorded by the emulator.

use std::{collections::VecDeque, fmt, sync::Mutex, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::{key, lock::lock};

/// A recorded request. `Debug` shows neither credentials nor the body.
#[derive(Clone)]
pub struct CapturedRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) at: Duration,
}

impl CapturedRequest {
    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query, without the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns a header's value; `None` if it is absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the key of the `Authorization` header.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        key::bearer(&self.headers)
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the body as JSON; [`Value::Null`] if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns when the request arrived, relative to the emulator's start on tokio's clock.
    #[must_use]
    pub fn at(&self) -> Duration {
        self.at
    }
}

impl fmt::Debug for CapturedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body_length", &self.body.len())
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// The recorded requests, limited in number and bytes. The oldest are dropped first.
#[derive(Debug)]
pub(crate) struct Captures {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    requests: VecDeque<CapturedRequest>,
    bytes: usize,
    /// How many there have been, those that are gone included.
    total: u64,
}

/// The maximum total size of recorded bodies. The newest request is kept whatever its size.
const MAX_BYTES: usize = 256 << 20;

impl Captures {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn push(&self, request: CapturedRequest) {
        let mut kept = lock(&self.kept);
        kept.total += 1;
        if self.limit == 0 {
            return;
        }
        kept.bytes += request.body.len();
        kept.requests.push_back(request);
        while kept.requests.len() > self.limit
            || (kept.bytes > MAX_BYTES && kept.requests.len() > 1)
        {
            let Some(oldest) = kept.requests.pop_front() else {
                break;
            };
            kept.bytes -= oldest.body.len();
        }
    }

    pub(crate) fn all(&self) -> Vec<CapturedRequest> {
        lock(&self.kept).requests.iter().cloned().collect()
    }

    /// How many there have been, and those that came after `last` and are kept, with their numbers,
    /// from 1.
    pub(crate) fn numbered(&self, last: u64) -> (u64, Vec<(u64, CapturedRequest)>) {
        let kept = lock(&self.kept);
        let gone = kept.total - kept.requests.len() as u64;
        let numbered = (gone + 1..).zip(&kept.requests);
        let newer = numbered.filter(|(number, _)| *number > last);
        let newer = newer.map(|(number, request)| (number, request.clone()));
        (kept.total, newer.collect())
    }

    pub(crate) fn take(&self) -> Vec<CapturedRequest> {
        let mut kept = lock(&self.kept);
        kept.bytes = 0;
        std::mem::take(&mut kept.requests).into()
    }

    pub(crate) fn reset(&self) {
        *lock(&self.kept) = Kept::default();
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header::AUTHORIZATION};

    use super::*;

    fn request(body: &'static str) -> CapturedRequest {
        CapturedRequest {
            method: Method::POST,
            path: "/x".to_owned(),
            query: None,
            headers: HeaderMap::from_iter([(
                AUTHORIZATION,
                HeaderValue::from_static("Bearer sk-secret"),
            )]),
            body: Bytes::from_static(body.as_bytes()),
            at: Duration::ZERO,
        }
    }

    #[test]
    fn the_oldest_go_first() {
        let captures = Captures::new(2);
        for body in ["1", "2", "3"] {
            captures.push(request(body));
        }
        let bodies: Vec<_> = captures.all().iter().map(CapturedRequest::json).collect();
        assert_eq!(bodies, [2, 3]);
        let (total, numbered) = captures.numbered(1);
        let numbers: Vec<_> = numbered.iter().map(|(number, _)| *number).collect();
        assert_eq!((total, numbers), (3, vec![2, 3]));
        assert_eq!(captures.take().len(), 2);
        assert!(captures.all().is_empty());
    }

    #[test]
    fn debug_hides_key_and_body() {
        let request = request("the prompt");
        assert_eq!(request.bearer(), Some("sk-secret"));
        let shown = format!("{request:?}");
        assert!(
            !shown.contains("secret") && !shown.contains("prompt"),
            "{shown}"
        );
    }
}
