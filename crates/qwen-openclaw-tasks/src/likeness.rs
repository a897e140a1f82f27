//! Whether a task of the service is that of a request.

/// Whether a task was created by a request, judging by the service's report of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Likeness {
    /// The report matches the request, in enough detail to rule out other requests.
    Same,
    /// The task was created by another request.
    Other,
    /// The report does not say enough.
    Untold,
}

impl Likeness {
    /// Compares the prompt of a request with the one that the service reports. `is_all` is true for
    /// a request that is its prompt, but for what a batch of requests has in common.
    ///
    /// Without a prompt nothing tells one request from another of that model. Neither does a prompt
    /// that is not all there is to it: the same words go with many images and seeds, and the
    /// service says nothing of those.
    #[must_use]
    pub fn of_prompts(asked: Option<&str>, told: Option<&str>, is_all: bool) -> Self {
        let (Some(asked), Some(told)) = (words(asked), words(told)) else {
            return Self::Untold;
        };
        // The service cuts what is too long, without a word.
        match (asked == told, is_all) {
            (true, true) => Self::Same,
            (true, false) => Self::Untold,
            (false, _) if asked.starts_with(&told) => Self::Untold,
            (false, _) => Self::Other,
        }
    }
}

/// A text, however its words are set apart.
fn words(text: Option<&str>) -> Option<String> {
    let words: Vec<&str> = text?.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}
