//! Text to speech.

mod answer;
mod audio;
mod body;
mod http;
mod protocol;
mod request;
mod socket;
mod speaker;
mod stream;
mod text;
mod usage;

pub use self::{
    audio::{AudioFormat, save::AudioFile},
    request::SpeechRequest,
    speaker::{Speaker, Speech},
    stream::{Sentence, SpeechEnd, SpeechEvent, SpeechStream, Spoken, Word},
    usage::Usage,
};

use bytes::Bytes;

/// What a request, whichever way it is sent, makes known while it is answered.
#[derive(Debug)]
pub(crate) enum Note {
    /// This many requests were sent.
    Sent(u32),
    /// Audio as the server sends it.
    Audio(Bytes),
    /// A sentence has been spoken.
    Sentence(Sentence),
    /// This many characters more have been spoken, of which no sentence tells.
    Spoken(u64),
    /// What the current part has used so far.
    Usage(Usage),
    /// The part is complete: what follows is another audio file.
    PartEnd,
}
