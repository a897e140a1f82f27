//! Speech as it arrives.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream::BoxStream;

use super::{
    Note,
    audio::{AudioFormat, Joiner, wav},
    usage::Usage,
};
use crate::Error;

/// A part of speech as it arrives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SpeechEvent {
    /// Audio. All pieces together are one file of the format asked for; the header of a wav file says
    /// no length, since it is not known yet: see [`AudioFile`](crate::AudioFile).
    Audio(Bytes),
    /// A sentence is complete, and its audio has come before.
    Sentence(Sentence),
}

/// A sentence that was spoken.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Sentence {
    /// The text, if the server repeats it.
    pub text: Option<String>,
    /// Its words, if the server gives their times.
    pub words: Vec<Word>,
}

/// A word that was spoken.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Word {
    /// The word.
    pub text: String,
    /// When it begins, from the start of the audio.
    pub begin: Duration,
    /// When it ends.
    pub end: Duration,
}

/// How far speech has come.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Spoken {
    /// Characters of the text that have been spoken as a whole: those of complete sentences, or of
    /// complete requests where the server does not tell of sentences.
    pub characters: u64,
    /// Bytes of audio.
    pub bytes: u64,
    /// How long the audio lasts; `None` for a format of which that is not known.
    pub duration: Option<Duration>,
}

/// How a stream of speech ended, for [`SpeechStream::on_end`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SpeechEnd {
    /// The error, if it failed.
    pub error: Option<Error>,
    /// Whether all of the text was spoken. False without an error means that the stream was dropped.
    pub is_complete: bool,
    /// What was used, as far as the server has told.
    pub usage: Usage,
    /// How far it came.
    pub spoken: Spoken,
    /// How many requests or tasks were sent.
    pub sends: u32,
}

type Hook = Box<dyn FnOnce(SpeechEnd) + Send>;

/// Speech as it arrives, created by [`Speaker::speak`](crate::Speaker::speak). Nothing is sent before it
/// is polled; dropping it stops the work, and closes the connection.
#[must_use = "nothing is sent before the stream is polled"]
pub struct SpeechStream {
    notes: BoxStream<'static, Result<Note, Error>>,
    joiner: Joiner,
    format: AudioFormat,
    events: VecDeque<SpeechEvent>,
    /// Of the complete parts, and of the current one.
    usage: (Usage, Usage),
    spoken: Spoken,
    sends: u32,
    has_ended: bool,
    hook: Option<Hook>,
}

impl SpeechStream {
    pub(crate) fn new(
        notes: BoxStream<'static, Result<Note, Error>>,
        format: AudioFormat,
        sample_rate: u32,
    ) -> Self {
        Self {
            notes,
            joiner: Joiner::new(format, sample_rate),
            format,
            events: VecDeque::new(),
            usage: Default::default(),
            spoken: Spoken::default(),
            sends: 0,
            has_ended: false,
            hook: None,
        }
    }

    /// Waits for the next event; `None` after the last one, and after an error.
    ///
    /// # Errors
    ///
    /// The server's, or that of the connection. [`Error::spoken`] says how far it came.
    pub async fn next(&mut self) -> Option<Result<SpeechEvent, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns the format of the audio.
    #[must_use]
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Returns what has been used so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage.0.plus(self.usage.1)
    }

    /// Returns how far it has come.
    #[must_use]
    pub fn spoken(&self) -> Spoken {
        self.spoken
    }

    /// Returns how many requests or tasks have been sent.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.sends
    }

    /// Calls `hook` once when the stream ends, however it does: complete, with an error, or dropped.
    /// A second hook replaces the first one.
    pub fn on_end(mut self, hook: impl FnOnce(SpeechEnd) + Send + 'static) -> Self {
        self.hook = Some(Box::new(hook));
        self
    }

    fn take(&mut self, note: Note) {
        match note {
            Note::Sent(sends) => self.sends = self.sends.saturating_add(sends),
            Note::Audio(piece) => {
                let mut audio = Vec::with_capacity(piece.len() + wav::HEADER);
                self.joiner.push(&piece, &mut audio);
                self.hand_out(audio);
            }
            Note::Sentence(mut sentence) => {
                // The server counts from the start of the part.
                let before = self.joiner.before();
                for word in &mut sentence.words {
                    word.begin = word.begin.saturating_add(before);
                    word.end = word.end.saturating_add(before);
                }
                let text = sentence.text.as_deref();
                self.count(text.map_or(0, |text| text.chars().count() as u64));
                self.events.push_back(SpeechEvent::Sentence(sentence));
            }
            Note::Spoken(characters) => self.count(characters),
            Note::Usage(usage) => self.usage.1 = usage,
            Note::PartEnd => {
                let mut audio = Vec::new();
                self.joiner.end_part(&mut audio);
                self.hand_out(audio);
                self.usage = (self.usage(), Usage::default());
            }
        }
    }

    fn count(&mut self, characters: u64) {
        self.spoken.characters = self.spoken.characters.saturating_add(characters);
    }

    fn hand_out(&mut self, mut audio: Vec<u8>) {
        self.spoken.duration = self.joiner.duration();
        if audio.is_empty() {
            return;
        }
        if self.format == AudioFormat::Wav && self.spoken.bytes == 0 {
            let header = wav::header(self.joiner.sample_rate(), None);
            audio.splice(..0, header);
        }
        self.spoken.bytes += audio.len() as u64;
        self.events.push_back(SpeechEvent::Audio(audio.into()));
    }

    fn end(&mut self, error: Option<Error>) {
        self.has_ended = true;
        let Some(hook) = self.hook.take() else {
            return;
        };
        hook(SpeechEnd {
            is_complete: error.is_none(),
            error,
            usage: self.usage(),
            spoken: self.spoken,
            sends: self.sends,
        });
    }
}

impl Stream for SpeechStream {
    type Item = Result<SpeechEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if self.has_ended {
                return Poll::Ready(None);
            }
            let error = match self.notes.as_mut().poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(note))) => {
                    self.take(note);
                    continue;
                }
                Poll::Ready(Some(Err(error))) => error,
                Poll::Ready(None) if self.spoken.bytes == 0 => {
                    Error::protocol("the server sent no audio")
                }
                Poll::Ready(None) => {
                    self.end(None);
                    continue;
                }
            };
            // Of those that failed only the error tells.
            self.sends = self.sends.saturating_add(error.attempts());
            let error = error.with_spoken(self.spoken).with_sends(self.sends);
            self.end(Some(error.clone()));
            return Poll::Ready(Some(Err(error)));
        }
    }
}

impl Drop for SpeechStream {
    fn drop(&mut self) {
        if let Some(hook) = self.hook.take() {
            hook(SpeechEnd {
                error: None,
                is_complete: false,
                usage: self.usage(),
                spoken: self.spoken,
                sends: self.sends,
            });
        }
    }
}

impl fmt::Debug for SpeechStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpeechStream")
            .field("format", &self.format)
            .field("spoken", &self.spoken)
            .field("has_ended", &self.has_ended)
            .finish_non_exhaustive()
    }
}
