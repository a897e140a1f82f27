//! What a batch is asked to do.

use std::time::Duration;

use serde_json::Value;

use crate::{
    fields::{self, Fields},
    refusal::Refusal,
    route::Exchange,
};

/// What the lines of a batch ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Work {
    Chat,
    Embeddings,
    /// A chat with the test model, which costs nothing.
    Test,
}

impl Work {
    const ALL: [Self; 3] = [Self::Chat, Self::Embeddings, Self::Test];

    /// The word for it in a batch and in its lines.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Embeddings => "/v1/embeddings",
            Self::Test => "/v1/chat/ds-test",
        }
    }
}

/// A batch as it was asked for.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) work: Work,
    /// The id of the file.
    pub(super) input: String,
    /// How long it may take, as it was written.
    pub(super) window: String,
    pub(super) expires_after: Duration,
    /// An object, or null.
    pub(super) metadata: Value,
}

impl Order {
    pub(super) fn read(exchange: &Exchange<'_>) -> Result<Self, Refusal> {
        let body = fields::body(&exchange.request.body)?;
        let fields = Fields::of(&body);
        let required = |name| {
            let text = fields.text(name)?.filter(|text| !text.is_empty());
            text.ok_or_else(|| fields::missing(name, "InvalidParameter"))
        };
        let input = required("input_file_id")?;
        // The emulator fetches nothing.
        if ["http://", "https://", "oss:"]
            .iter()
            .any(|start| input.starts_with(start))
        {
            return Err(Refusal::not_offered("a batch of a file that is elsewhere"));
        }
        let path = required("endpoint")?;
        let work = Work::ALL.into_iter().find(|work| work.path() == path);
        let work = work.ok_or_else(|| {
            let paths = Work::ALL.map(Work::path);
            Refusal::parameter(format!("{path} is not one of {paths:?} - 'endpoint'"))
        })?;
        let window = required("completion_window")?;
        let expires_after = duration(window).ok_or_else(|| {
            Refusal::parameter("Range of completion_window should be [24h, 336h] or [1d, 14d]")
        })?;
        Ok(Self {
            work,
            input: input.to_owned(),
            window: window.to_owned(),
            expires_after,
            metadata: metadata(fields)?,
        })
    }

    /// The name in the metadata.
    pub(super) fn name(&self) -> &str {
        self.metadata["ds_name"].as_str().unwrap_or_default()
    }
}

/// A time of 24 to 336 hours, or of 1 to 14 days.
fn duration(text: &str) -> Option<Duration> {
    let hours = |text: &str| text.parse::<u64>().ok();
    let hours = match text.strip_suffix('h') {
        Some(number) => hours(number)?,
        None => hours(text.strip_suffix('d')?)?.checked_mul(24)?,
    };
    (24..=336)
        .contains(&hours)
        .then(|| Duration::from_secs(hours * 3600))
}

/// Checks the metadata. The address that wants to be told of the end is not called.
fn metadata(fields: Fields<'_>) -> Result<Value, Refusal> {
    let Some(metadata) = fields.get("metadata") else {
        return Ok(Value::Null);
    };
    if !metadata.is_object() {
        return Err(Refusal::parameter("metadata must be an object"));
    }
    let own = Fields::of(metadata);
    for (name, most) in [("ds_name", 100), ("ds_description", 200)] {
        let text = own.text(name)?.unwrap_or_default();
        if text.chars().count() > most {
            return Err(Refusal::parameter(format!(
                "Range of {name} length should be [0, {most}]"
            )));
        }
    }
    let callback = own.text("ds_batch_finish_callback")?;
    let is_url = |url: &str| {
        ["http://", "https://"]
            .iter()
            .any(|start| url.strip_prefix(start).is_some_and(|host| !host.is_empty()))
    };
    if callback.is_some_and(|url| !is_url(url)) {
        return Err(Refusal::parameter("ds_batch_finish_callback must be a URL"));
    }
    Ok(metadata.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_of_a_day_to_two_weeks() {
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        for (text, wanted) in [
            ("24h", hours(24)),
            ("1d", hours(24)),
            ("336h", hours(336)),
            ("14d", hours(336)),
            ("23h", None),
            ("0d", None),
            ("337h", None),
            ("15d", None),
            ("18446744073709551615d", None),
            ("24", None),
            ("h", None),
            ("24m", None),
        ] {
            assert_eq!(duration(text), wanted, "{text}");
        }
    }
}
