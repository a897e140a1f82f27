//! Who speaks: the client's methods, and what keeps a connection from one text to the next.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use qwen_openclaw_catalog::synthesis::SocketApi;

use super::{
    audio::{AudioFormat, Joiner, wav},
    http,
    request::{Plan, SpeechRequest},
    socket::{self, Kept},
    stream::{Sentence, SpeechEvent, SpeechStream, Spoken},
    text,
    usage::Usage,
};
use crate::{Client, Error};

impl Client {
    /// Speaks a text and returns the audio as a whole. A text beyond the model's limit is split at
    /// sentences, and its parts are spoken one after another.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for a text without a word and for settings
    /// that the model does not have; otherwise the server's error, with [`Error::spoken`] about the
    /// parts before.
    pub async fn speak(&self, request: &SpeechRequest, text: &str) -> Result<Speech, Error> {
        let plan = request.plan()?;
        let Some(api) = plan.apis.http else {
            let texts = stream::iter([text.to_owned()]);
            return Speech::of(self.speaker(request)?.speak(texts), &plan).await;
        };
        let parts = text::parts(text, plan.limit);
        if parts.is_empty() {
            return Err(Error::refused("there is no text to speak"));
        }
        let mut speech = Speech::new(&plan);
        let mut joiner = Joiner::new(plan.format, plan.sample_rate);
        let mut audio = Vec::new();
        for part in parts {
            let spoken = http::whole(self, api, request, &plan, part).await;
            let whole = spoken.map_err(|error| error.with_spoken(speech.spoken))?;
            joiner.push(&whole.audio, &mut audio);
            speech.sample_rate = joiner.sample_rate();
            joiner.end_part(&mut audio);
            speech.usage = speech.usage.plus(whole.usage);
            speech.sends += whole.sends;
            speech.spoken.characters += part.chars().count() as u64;
            speech.spoken.bytes = audio.len() as u64;
            speech.spoken.duration = joiner.duration();
        }
        speech.take(audio);
        Ok(speech)
    }

    /// Creates a speaker, which keeps its connection from one text to the next.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for settings that the model does not have.
    pub fn speaker(&self, request: &SpeechRequest) -> Result<Speaker, Error> {
        Ok(Speaker {
            client: self.clone(),
            plan: Arc::new(request.plan()?),
            request: Arc::new(request.clone()),
            kept: Kept::default(),
        })
    }
}

/// Speaks texts while they are being written. Cheap to clone; clones share a connection.
///
/// A model with a WebSocket is sent the text as it comes. One without is sent each sentence, or several,
/// when they are complete.
///
/// ```no_run
/// # async fn run(client: qwen_openclaw_speech::Client) -> Result<(), qwen_openclaw_speech::Error> {
/// use futures_util::stream;
/// use qwen_openclaw_speech::{SpeechEvent, SpeechRequest};
///
/// let speaker = client.speaker(&SpeechRequest::new("cosyvoice-v3-flash"))?;
/// let texts = stream::iter(["Once upon ", "a time. ", "The end."].map(String::from));
/// let mut speech = speaker.speak(texts);
/// while let Some(event) = speech.next().await {
///     if let SpeechEvent::Audio(piece) = event? {
///         println!("{} bytes", piece.len());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Speaker {
    client: Client,
    request: Arc<SpeechRequest>,
    plan: Arc<Plan>,
    kept: Kept,
}

impl Speaker {
    /// Opens the connection that the next text uses, if the model has one that can wait for a text.
    /// Otherwise it does nothing.
    ///
    /// # Errors
    ///
    /// When the connection is refused or cannot be made.
    pub async fn connect(&self) -> Result<(), Error> {
        if let Some(api @ SocketApi::Inference) = self.plan.apis.socket {
            let (socket, _) = socket::open(&self.client, api, &self.request.model).await?;
            socket::keep(&self.kept, socket);
        }
        Ok(())
    }

    /// Returns the format of the audio.
    #[must_use]
    pub fn format(&self) -> AudioFormat {
        self.plan.format
    }

    /// Speaks the texts of a stream as one. Nothing is sent before the returned stream is polled;
    /// dropping it stops the speech.
    pub fn speak(&self, texts: impl Stream<Item = String> + Send + 'static) -> SpeechStream {
        let (client, texts) = (self.client.clone(), texts.boxed());
        let (request, plan) = (Arc::clone(&self.request), Arc::clone(&self.plan));
        let (format, sample_rate) = (plan.format, plan.sample_rate);
        let notes = match (plan.apis.socket, plan.apis.http) {
            (None, Some(api)) => {
                let speaking = http::Speaking::new(client, api, request, plan, texts);
                stream::unfold(speaking, |mut speaking| async move {
                    Some((speaking.next().await?, speaking))
                })
                .boxed()
            }
            (api, _) => {
                let api = api.unwrap_or(SocketApi::Inference);
                let kept = Arc::clone(&self.kept);
                let speaking = socket::Speaking::new(client, api, request, plan, kept, texts);
                stream::unfold(speaking, |mut speaking| async move {
                    Some((speaking.next().await?, speaking))
                })
                .boxed()
            }
        };
        SpeechStream::new(notes, format, sample_rate)
    }
}

/// Speech as a whole.
#[derive(Clone, Debug)]
pub struct Speech {
    audio: Bytes,
    format: AudioFormat,
    sample_rate: u32,
    sentences: Vec<Sentence>,
    usage: Usage,
    spoken: Spoken,
    sends: u32,
}

impl Speech {
    fn new(plan: &Plan) -> Self {
        Self {
            audio: Bytes::new(),
            format: plan.format,
            sample_rate: plan.sample_rate,
            sentences: Vec::new(),
            usage: Usage::default(),
            spoken: Spoken::default(),
            sends: 0,
        }
    }

    async fn of(mut stream: SpeechStream, plan: &Plan) -> Result<Self, Error> {
        let mut speech = Self::new(plan);
        let mut audio = Vec::new();
        while let Some(event) = stream.next().await {
            match event? {
                SpeechEvent::Audio(piece) => audio.extend_from_slice(&piece),
                SpeechEvent::Sentence(sentence) => speech.sentences.push(sentence),
            }
        }
        if speech.format == AudioFormat::Wav {
            audio.drain(..wav::HEADER.min(audio.len()));
        }
        speech.usage = stream.usage();
        speech.spoken = stream.spoken();
        speech.sends = stream.sends();
        speech.take(audio);
        Ok(speech)
    }

    /// Takes the audio, which has no header yet.
    fn take(&mut self, mut audio: Vec<u8>) {
        if self.format == AudioFormat::Wav {
            let header = wav::header(self.sample_rate, Some(audio.len() as u64));
            audio.splice(..0, header);
        }
        self.spoken.bytes = audio.len() as u64;
        self.audio = audio.into();
    }

    /// Returns the audio: a whole file.
    #[must_use]
    pub fn audio(&self) -> &Bytes {
        &self.audio
    }

    /// Takes the audio out.
    #[must_use]
    pub fn into_audio(self) -> Bytes {
        self.audio
    }

    /// Returns the format of the audio.
    #[must_use]
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Returns the sample rate in hertz: that of the audio where it says it, otherwise the one that was
    /// asked for.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Returns the sentences, if the server tells of them.
    #[must_use]
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// Returns what was used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Returns how much was spoken.
    #[must_use]
    pub fn spoken(&self) -> Spoken {
        self.spoken
    }

    /// Returns how long the audio lasts; `None` for a format of which that is not known.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.spoken.duration
    }

    /// Returns how many requests or tasks were sent.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.sends
    }
}
