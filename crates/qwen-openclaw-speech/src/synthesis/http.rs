//! Speech over HTTP: a request for each part of the text.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{BoxStream, Fuse},
};
use qwen_openclaw_catalog::synthesis::HttpApi;
use qwen_openclaw_client::{Call, RequestTemplate, ServiceHost};
use qwen_openclaw_http::{Body, Error as HttpError, ErrorKind, UrlPolicy};
use qwen_openclaw_transport::sse::{Framer, TooLarge};
use tokio::time::{sleep, timeout};

use super::{
    Note,
    answer::Answer,
    body,
    request::{Plan, SpeechRequest},
    text::{cut, is_speakable},
    usage::Usage,
};
use crate::{Client, Error};

/// The largest answer, and the largest event: audio in base64 is in both.
const ANSWER_LIMIT: usize = 64 << 20;

/// The largest file that is downloaded: ten hours of speech.
const FILE_LIMIT: usize = 2 << 30;

fn call(client: &Client, api: HttpApi, model: &str, body: Vec<u8>, in_pieces: bool) -> Call {
    let path = match api {
        HttpApi::Generation => "api/v1/services/aigc/multimodal-generation/generation",
        _ => "api/v1/services/audio/tts/SpeechSynthesizer",
    };
    let mut template = RequestTemplate::post(path, body)
        .host(ServiceHost::Aigc)
        .model(model)
        .head_timeout(client.timeout);
    template = if in_pieces {
        let template = template.accept("text/event-stream");
        template.header("X-DashScope-SSE", "enable")
    } else {
        template.accept("application/json")
    };
    client.connection.call(template)
}

/// A part of a text, spoken as a whole.
pub(crate) struct Whole {
    pub(crate) audio: Bytes,
    pub(crate) usage: Usage,
    pub(crate) sends: u32,
}

/// Has a text spoken that a request can hold, and fetches the audio.
pub(crate) async fn whole(
    client: &Client,
    api: HttpApi,
    request: &SpeechRequest,
    plan: &Plan,
    text: &str,
) -> Result<Whole, Error> {
    let body = body::http(api, request, plan, plan.format, text);
    let mut call = call(client, api, &request.model, body, false);
    let answered = call.answer(ANSWER_LIMIT).await;
    let sends = call.attempts();
    let buffered = answered.map_err(|error| Error::from(error).with_attempts(sends))?;
    // What follows fails behind a request that was answered.
    let failed = |error: Error| error.with_sends(sends);
    let answer = Answer::read(buffered.json()).map_err(failed)?;
    let audio = match answer.url {
        Some(url) => fetched(client, &url).await.map_err(failed)?,
        None if answer.audio.is_empty() => {
            return Err(failed(Error::protocol("the answer has no audio")));
        }
        None => answer.audio.into(),
    };
    Ok(Whole {
        audio,
        usage: answer.usage,
        sends,
    })
}

/// The file at a URL that the server gave, which no key is sent to.
async fn fetched(client: &Client, url: &str) -> Result<Bytes, Error> {
    let mut policy = UrlPolicy::strict();
    let connection = &client.connection;
    if connection.endpoint_without_key()?.base_url().is_loopback() {
        policy = policy.allow_loopback();
    }
    let url = policy.check(&encrypted(url))?;
    let mut attempts = connection.retry().attempts();
    loop {
        let fetched = async {
            let mut body = connection
                .http()
                .fetch(&url, policy, &[])
                .await?
                .into_body();
            let mut audio = Vec::new();
            while let Some(chunk) = in_time(client, body.chunk()).await? {
                let chunk = chunk?;
                if audio.len() + chunk.len() > FILE_LIMIT {
                    return Err(HttpError::new(ErrorKind::TooLarge)
                        .with_message(format!("the audio is larger than {FILE_LIMIT} bytes")));
                }
                audio.extend_from_slice(&chunk);
            }
            Ok(Bytes::from(audio))
        };
        let error: HttpError = match fetched.await {
            Ok(audio) => return Ok(audio),
            Err(error) => error,
        };
        // The audio has been paid for.
        let wait = error
            .is_transient()
            .then(|| attempts.after_transient(error.retry_after()));
        match wait.flatten() {
            Some(wait) => sleep(wait).await,
            None => return Err(error.into()),
        }
    }
}

/// The same URL over https if it is one of the service's own, which gives out http ones.
fn encrypted(url: &str) -> String {
    let Some(rest) = url.strip_prefix("http://") else {
        return url.to_owned();
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match host.to_ascii_lowercase().ends_with(".aliyuncs.com") && !host.contains(['@', '\\']) {
        true => format!("https://{rest}"),
        false => url.to_owned(),
    }
}

async fn in_time<T>(client: &Client, wait: impl Future<Output = T>) -> Result<T, HttpError> {
    let limit = client.timeout;
    timeout(limit, wait).await.map_err(|_| {
        let seconds = limit.as_secs_f32();
        HttpError::new(ErrorKind::Timeout)
            .with_message(format!("the server sent nothing for {seconds} s"))
    })
}

/// A text that is being spoken, one request after another, each for the sentences that are there.
pub(crate) struct Speaking {
    client: Client,
    api: HttpApi,
    request: Arc<SpeechRequest>,
    plan: Arc<Plan>,
    texts: Fuse<BoxStream<'static, String>>,
    text: String,
    has_all_text: bool,
    has_spoken: bool,
    answering: Option<Answering>,
    notes: VecDeque<Note>,
    /// What is said behind the notes that came before it.
    failure: Option<Error>,
    has_failed: bool,
}

/// An answer that is arriving.
struct Answering {
    body: Body,
    framer: Framer,
    characters: u64,
    is_complete: bool,
}

impl Speaking {
    pub(crate) fn new(
        client: Client,
        api: HttpApi,
        request: Arc<SpeechRequest>,
        plan: Arc<Plan>,
        texts: BoxStream<'static, String>,
    ) -> Self {
        Self {
            client,
            api,
            request,
            plan,
            texts: texts.fuse(),
            text: String::new(),
            has_all_text: false,
            has_spoken: false,
            answering: None,
            notes: VecDeque::new(),
            failure: None,
            has_failed: false,
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Note, Error>> {
        loop {
            if let Some(note) = self.notes.pop_front() {
                return Some(Ok(note));
            }
            if self.has_failed {
                return self.failure.take().map(Err);
            }
            let step = if self.answering.is_some() {
                self.read().await
            } else if let Some(at) = cut(&self.text, self.plan.limit, self.has_all_text) {
                let rest = self.text.split_off(at);
                let part = std::mem::replace(&mut self.text, rest);
                match is_speakable(&part) {
                    true => self.send(part.trim()).await,
                    false => Ok(()),
                }
            } else if self.has_all_text {
                if self.has_spoken {
                    return None;
                }
                Err(Error::refused("there is no text to speak"))
            } else {
                match self.texts.next().await {
                    Some(piece) => self.text.push_str(&piece),
                    None => self.has_all_text = true,
                }
                Ok(())
            };
            if let Err(error) = step {
                self.has_failed = true;
                self.answering = None;
                self.failure = Some(error);
            }
        }
    }

    async fn send(&mut self, text: &str) -> Result<(), Error> {
        let format = self.plan.streamed_format();
        let body = body::http(self.api, &self.request, &self.plan, format, text);
        let mut call = call(&self.client, self.api, &self.request.model, body, true);
        let sent = call.send().await;
        let attempts = call.attempts();
        let sent = sent.map_err(|error| Error::from(error).with_attempts(attempts))?;
        self.has_spoken = true;
        self.notes.push_back(Note::Sent(attempts));
        self.answering = Some(Answering {
            body: sent.into_body(),
            framer: Framer::new(ANSWER_LIMIT),
            characters: text.chars().count() as u64,
            is_complete: false,
        });
        Ok(())
    }

    /// Reads what arrives next.
    async fn read(&mut self) -> Result<(), Error> {
        let Some(answering) = &mut self.answering else {
            return Ok(());
        };
        let chunk = in_time(&self.client, answering.body.chunk()).await?;
        let has_ended = chunk.is_none();
        if let Some(chunk) = chunk {
            answering.framer.push(chunk?);
        }
        loop {
            let frame = match has_ended {
                true => answering.framer.end(),
                false => answering.framer.next_frame(),
            };
            let Some(frame) = frame.map_err(too_large)? else {
                break;
            };
            let answer = Answer::read(frame.data).map_err(|error| {
                let error = error.as_http().clone();
                Error::from(self.client.connection.reported(error))
            })?;
            if !answer.audio.is_empty() {
                self.notes.push_back(Note::Audio(answer.audio.into()));
            }
            if let Some(sentence) = answer.sentence {
                let text = sentence.text.as_deref();
                let spoken = text.map_or(0, |text| text.chars().count() as u64);
                answering.characters = answering.characters.saturating_sub(spoken);
                self.notes.push_back(Note::Sentence(sentence));
            }
            if !answer.usage.is_empty() {
                self.notes.push_back(Note::Usage(answer.usage));
            }
            answering.is_complete |= answer.is_last;
        }
        if has_ended {
            if !answering.is_complete {
                return Err(HttpError::new(ErrorKind::Network)
                    .with_message("the speech ended before it was complete")
                    .into());
            }
            self.notes.push_back(Note::Spoken(answering.characters));
            self.notes.push_back(Note::PartEnd);
            self.answering = None;
        }
        Ok(())
    }
}

fn too_large(error: TooLarge) -> Error {
    HttpError::new(ErrorKind::TooLarge)
        .with_message(format!("an event is larger than {} bytes", error.limit))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_services_own_urls_are_made_https() {
        let check = |url: &str, expected: &str| assert_eq!(encrypted(url), expected);
        let own = "dashscope-result-bj.oss-cn-beijing.aliyuncs.com/a.mp3?Expires=1";
        check(&format!("http://{own}"), &format!("https://{own}"));
        check(&format!("https://{own}"), &format!("https://{own}"));
        for other in [
            "http://127.0.0.1:80/a.mp3",
            "http://a.example/x.aliyuncs.com",
            "http://aliyuncs.com.example/",
            "http://a@b.aliyuncs.com/",
        ] {
            check(other, other);
        }
    }
}
