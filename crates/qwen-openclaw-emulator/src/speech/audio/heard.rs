//! What is heard in audio: the text that it carries, or for other audio an invented one.

use super::{carry::Ear, mp3, wav};
use crate::{
    id::splitmix,
    inline,
    speech::text::{self, Language},
};

/// What was heard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Heard {
    pub(in crate::speech) text: Vec<Timed>,
    /// The length of the audio.
    pub(in crate::speech) milliseconds: u64,
    pub(in crate::speech) sample_rate: u32,
    /// The name of the encoding.
    pub(in crate::speech) encoding: &'static str,
}

/// A character and when it is spoken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::speech) struct Timed {
    pub(in crate::speech) character: char,
    /// In milliseconds since the start.
    pub(in crate::speech) at: u64,
}

/// Bytes a second of audio whose encoding the emulator cannot measure.
const OTHER_RATE: u64 = 4_000;

/// Listens to a file.
pub(crate) fn hear(file: &[u8]) -> Heard {
    let (encoding, sample_rate, milliseconds) = measure(file);
    let carried = Ear::default().listen(file);
    let total = (file.len() as u64).max(1);
    let text: Vec<Timed> = carried
        .iter()
        .map(|carried| Timed {
            character: carried.character,
            at: milliseconds * carried.at / total,
        })
        .collect();
    if text.is_empty() {
        let digest = file.chunks(8).fold(0, |state, bytes| {
            let number = bytes
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte));
            splitmix(state ^ number)
        });
        return Heard {
            text: invented(digest, milliseconds),
            milliseconds,
            sample_rate,
            encoding,
        };
    }
    Heard {
        text,
        milliseconds,
        sample_rate,
        encoding,
    }
}

/// The encoding of a file, its sample rate, and its length.
fn measure(file: &[u8]) -> (&'static str, u32, u64) {
    if let Some(wav) = wav::read(file) {
        return ("pcm_s16le", wav.sample_rate, wav.milliseconds);
    }
    if let Some(mp3) = mp3::read(file) {
        return ("mp3", mp3.sample_rate, mp3.milliseconds);
    }
    let encoding = match inline::sniff(file) {
        Some("FLAC") => "flac",
        Some("Ogg") => "opus",
        Some("MP4" | "QuickTime" | "WebM") => "aac",
        _ => "unknown",
    };
    (encoding, 16_000, file.len() as u64 * 1000 / OTHER_RATE)
}

impl Heard {
    /// What is heard at a URL that is not fetched: the same each time.
    pub(in crate::speech) fn invented(url: &str) -> Self {
        let mix = |state, byte| splitmix(state ^ u64::from(byte));
        let digest = url.bytes().fold(0, mix);
        let milliseconds = 2_000 + digest % 28_000;
        Self {
            text: invented(digest, milliseconds),
            milliseconds,
            sample_rate: 16_000,
            encoding: "pcm_s16le",
        }
    }

    /// The text alone.
    pub(in crate::speech) fn text(&self) -> String {
        let text: String = self.text.iter().map(|timed| timed.character).collect();
        text.trim().to_owned()
    }

    /// The length in seconds that were started.
    pub(in crate::speech) const fn seconds(&self) -> u64 {
        self.milliseconds.div_ceil(1000)
    }

    pub(in crate::speech) fn language(&self) -> Language {
        text::language(&self.text())
    }
}

/// What the emulator hears where nothing was said to it.
pub(in crate::speech) const INVENTED: [&str; 8] = [
    "Good morning, and thank you for calling.",
    "The meeting was moved to Thursday afternoon.",
    "Please send me the report before the weekend.",
    "We walked along the river until it got dark.",
    "Nobody expected the train to be on time.",
    "The second half of the film is better than the first.",
    "There is fresh bread on the kitchen table.",
    "I will call you back as soon as I know more.",
];

/// Invents what is said in some time. Short audio has the start of a sentence.
fn invented(digest: u64, milliseconds: u64) -> Vec<Timed> {
    const EACH: u64 = super::CHARACTER;
    let sentences = (0..).map(|number| {
        let pick = splitmix(digest ^ number) % INVENTED.len() as u64;
        INVENTED[usize::try_from(pick).unwrap_or_default()]
    });
    let count = usize::try_from(milliseconds / EACH).unwrap_or(usize::MAX);
    let characters = sentences.flat_map(|sentence| sentence.chars().chain([' ']));
    let text: String = characters.take(count).collect();
    // Only whole words are heard.
    let whole = text.rfind(' ').map_or("", |end| &text[..end]);
    whole
        .chars()
        .zip((0..).step_by(EACH as usize))
        .map(|(character, at)| Timed { character, at })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::audio::{Format, Speech, tests::sound};

    #[test]
    fn own_speech_is_heard_when_it_was_spoken() {
        for format in [Format::Wav, Format::Mp3] {
            let speech = Speech::new("Hello there, you.", sound(format, 16_000)).at_least(1000);
            let heard = hear(&speech.file_part(0..u64::MAX));
            assert_eq!(heard.text(), "Hello there, you.");
            assert_eq!(heard.sample_rate, 16_000);
            for (index, timed) in heard.text.iter().enumerate() {
                let spoken = speech.starts(index);
                assert!(timed.at.abs_diff(spoken) < 50, "{timed:?}, not {spoken}");
            }
        }
    }

    #[test]
    fn other_audio_has_an_invented_text_that_depends_on_it() {
        let file = |byte| [b"OggS".to_vec(), vec![byte; 40_000]].concat();
        let (one, other) = (hear(&file(1)), hear(&file(2)));
        assert_eq!(one, hear(&file(1)));
        assert_ne!(one.text(), other.text());
        assert_eq!((one.milliseconds, one.encoding), (10_001, "opus"));
        assert!(one.text.last().unwrap().at < one.milliseconds);
        let url = Heard::invented("https://a.example/b.wav");
        assert_eq!(url, Heard::invented("https://a.example/b.wav"));
        assert!(!url.text().is_empty() && url.text.last().unwrap().at < url.milliseconds);
        assert_eq!(hear(b"").text(), "");
    }
}
