//! An answer read as JSON.

use qwen_openclaw_client::Hint;
use serde::de::DeserializeOwned;

use crate::{Error, FinishReason, Reply};

/// An answer that is not the JSON that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct JsonFailure {
    /// Where in the JSON: `steps[2].minutes`, or `.` for all of it.
    pub path: String,
    /// What is wrong there, in the words of the JSON reader, which may quote the answer.
    pub reason: String,
    /// The answer's text as it came.
    pub text: String,
}

impl Reply {
    /// Reads the answer's text as a `T`. A code fence around it is left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Json`](crate::ErrorKind::Json), with the place inside the JSON and the text in
    /// [`Error::json`], and this reply in [`Error::partial`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let mut reader = serde_json::Deserializer::from_str(without_fence(self.text()));
        let read = serde_path_to_error::deserialize(&mut reader);
        let read = read.and_then(|value| match reader.end() {
            Ok(()) => Ok(value),
            // The path of the whole.
            Err(error) => Err(serde_path_to_error::Error::new(
                serde_path_to_error::Track::new().path(),
                error,
            )),
        });
        read.map_err(|error| {
            // A place whose name had not been read whole is that of its surroundings.
            let path = match error.path().to_string() {
                path if path == "?" => ".".to_owned(),
                path => path.trim_end_matches(".?").to_owned(),
            };
            let text = self.text().to_owned();
            let cause = error.into_inner();
            let reason = cause.to_string();
            let failure = JsonFailure { path, reason, text };
            let error = Error::not_json(failure, &cause).with_partial(self.clone());
            match self.finish_reason() {
                Some(FinishReason::Length) => error.with_hint(Hint::RaiseTokenLimit),
                _ => error,
            }
        })
    }
}

/// The inside of a Markdown code fence, if the text is nothing else.
fn without_fence(text: &str) -> &str {
    let trimmed = text.trim();
    let inside = trimmed
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .map(|rest| rest.strip_prefix("json").unwrap_or(rest));
    inside.unwrap_or(trimmed)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::ErrorKind;

    fn reply(text: &str) -> Reply {
        Reply {
            text: text.to_owned(),
            ..Reply::default()
        }
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Recipe {
        steps: Vec<Step>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Step {
        minutes: u32,
    }

    #[test]
    fn an_answer_is_read_with_and_without_a_fence() {
        let expected = Recipe {
            steps: vec![Step { minutes: 3 }],
        };
        for text in [
            r#"{"steps": [{"minutes": 3}]}"#,
            "```json\n{\"steps\": [{\"minutes\": 3}]}\n```",
            " ```\n{\"steps\": [{\"minutes\": 3}]}``` \n",
        ] {
            assert_eq!(reply(text).json::<Recipe>().unwrap(), expected);
        }
    }

    #[test]
    fn a_failure_says_where_and_keeps_the_text() {
        let check = |text: &str, path: &str| {
            let error = reply(text).json::<Recipe>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Json);
            let failure = error.json().unwrap();
            assert_eq!((&*failure.path, &*failure.text), (path, text));
            assert_eq!(error.partial().unwrap().text(), text);
            assert!(!failure.reason.is_empty());
            assert!(!format!("{error} {error:?}").contains("secret"));
            assert!(std::error::Error::source(&error).is_some());
        };
        check(
            r#"{"steps": [{"minutes": 3}, {"minutes": "secret"}]}"#,
            "steps[1].minutes",
        );
        check("I'd rather not tell the secret.", ".");
        check(r#"{"steps": []} and a secret"#, ".");
        check("", ".");
    }

    #[test]
    fn an_answer_that_was_cut_off_says_so() {
        let cut = Reply {
            finish_reason: Some(FinishReason::Length),
            ..reply(r#"{"steps": [{"min"#)
        };
        assert_eq!(
            cut.json::<Recipe>().unwrap_err().to_string(),
            "the answer is not the JSON that was asked for, at steps[0]; it was cut off: raise the \
             token limit"
        );
    }
}
