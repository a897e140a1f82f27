//! Replies served in order.

use std::{collections::VecDeque, sync::Mutex};

use crate::{lock::lock, reply::Reply};

/// A sequence of replies, one for each upcoming request.
///
/// After the last one the emulator generates its own responses again, unless
/// [`Script::repeat_last`] is set. Scripted replies are served whatever the request contains, even
/// with an invalid key.
///
/// ```
/// use qwen_openclaw_emulator::{Reply, Script};
///
/// let script = Script::new()
///     .then(Reply::text(503, "text/plain", "come back later"))
///     .then(Reply::event_stream().done())
///     .only("/chat/completions");
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Script {
    pub(crate) replies: VecDeque<Reply>,
    pub(crate) repeat_last: bool,
    pub(crate) path: String,
}

impl Script {
    /// Creates an empty script, for requests to any path.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the reply to the next request.
    pub fn then(mut self, reply: Reply) -> Self {
        self.replies.push_back(reply);
        self
    }

    /// Repeats the last reply forever.
    pub fn repeat_last(mut self) -> Self {
        self.repeat_last = true;
        self
    }

    /// Applies only to requests whose path ends with `path`. Default: all.
    pub fn only(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    fn next(&mut self, path: &str) -> Option<Reply> {
        if !path.ends_with(&self.path) {
            return None;
        }
        if self.repeat_last && self.replies.len() == 1 {
            return self.replies.front().cloned();
        }
        self.replies.pop_front()
    }
}

impl From<Reply> for Script {
    fn from(reply: Reply) -> Self {
        Self::new().then(reply)
    }
}

impl FromIterator<Reply> for Script {
    fn from_iter<T: IntoIterator<Item = Reply>>(replies: T) -> Self {
        replies.into_iter().fold(Self::new(), Self::then)
    }
}

/// The scripts of one emulator. The first that has a reply for the path gives it.
#[derive(Debug, Default)]
pub(crate) struct Scripts(Mutex<Vec<Script>>);

impl Scripts {
    pub(crate) fn new(scripts: Vec<Script>) -> Self {
        Self(Mutex::new(scripts))
    }

    pub(crate) fn push(&self, script: Script) {
        lock(&self.0).push(script);
    }

    pub(crate) fn all(&self) -> Vec<Script> {
        lock(&self.0).clone()
    }

    pub(crate) fn set(&self, scripts: Vec<Script>) {
        *lock(&self.0) = scripts;
    }

    pub(crate) fn next(&self, path: &str) -> Option<Reply> {
        let mut scripts = lock(&self.0);
        let reply = scripts.iter_mut().find_map(|script| script.next(path));
        scripts.retain(|script| !script.replies.is_empty());
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(scripts: &Scripts, path: &str, count: usize) -> Vec<Option<u16>> {
        (0..count)
            .map(|_| scripts.next(path).map(|reply| reply.status))
            .collect()
    }

    #[test]
    fn replies_come_in_order_and_run_out() {
        let scripts = Scripts::default();
        scripts.push([Reply::new(500), Reply::new(200)].into_iter().collect());
        assert_eq!(statuses(&scripts, "/x", 3), [Some(500), Some(200), None]);
    }

    #[test]
    fn the_last_repeats_when_asked() {
        let script = Script::from(Reply::new(500)).then(Reply::new(429));
        let scripts = Scripts::new(vec![script.repeat_last()]);
        assert_eq!(
            statuses(&scripts, "/x", 3),
            [Some(500), Some(429), Some(429)]
        );
    }

    #[test]
    fn a_path_chooses_its_script() {
        let scripts = Scripts::new(vec![
            Script::from(Reply::new(1)).only("/models"),
            Script::from(Reply::new(2)),
        ]);
        assert_eq!(statuses(&scripts, "/v1/chat", 2), [Some(2), None]);
        assert_eq!(statuses(&scripts, "/v1/models", 2), [Some(1), None]);
    }
}
