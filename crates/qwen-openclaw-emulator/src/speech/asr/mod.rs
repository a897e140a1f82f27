//! Recognition over HTTP: short audio in a chat, and files as tasks.
//!
//! Fields and rules: help.aliyun.com, Model Studio, "qwen-asr-api-reference" and
//! "paraformer-recorded-speech-recognition-restful-api".

mod chat;
mod files;
mod result;

use std::sync::Arc;

pub(super) use self::chat::{in_chat, multimodal};
pub(crate) use self::files::{TRANSCRIPTION_PATH, Transcripts};
use super::audio::{Heard, hear};
use crate::{inline, refusal::Refusal, route::Exchange, video};

/// Why nothing is heard at a URL.
#[derive(Clone, Debug)]
enum Deaf {
    /// The request is refused.
    Refused(Refusal),
    /// The file cannot be fetched.
    Missing,
}

/// Hears what is said at a URL. Foreign ones are not fetched; those of hosts below `invalid`, which no
/// host is (RFC 2606), cannot be.
fn listen(
    exchange: &Exchange<'_>,
    books: &video::Books,
    url: &str,
    model: &str,
) -> Result<Arc<Heard>, Deaf> {
    if let Some(data) = inline::data(url) {
        let data = data.map_err(|_| Deaf::Refused(broken_data()))?;
        return Ok(Arc::new(hear(&data)));
    }
    if let Some(key) = url.strip_prefix("oss://") {
        let file = books.upload(key, exchange, model).map_err(Deaf::Refused)?;
        let heard = file.heard.clone();
        return Ok(heard.unwrap_or_else(|| Arc::new(Heard::invented(url))));
    }
    if video::own_file(exchange, url).is_some() {
        let speech = books.speech_at(exchange, url).ok_or(Deaf::Missing)?;
        return Ok(Arc::new(hear(&speech.file_part(0..u64::MAX))));
    }
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#', ':']).next());
    match host {
        None | Some("") => Err(Deaf::Refused(video::not_valid())),
        Some(host) if host == "invalid" || host.ends_with(".invalid") => Err(Deaf::Missing),
        Some(_) => Ok(Arc::new(Heard::invented(url))),
    }
}

/// Inferred, as for other media.
fn broken_data() -> Refusal {
    Refusal::parameter("The data of a data-uri item is not valid base64.")
}
