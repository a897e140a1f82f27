//! Recognition of audio that comes in pieces. It keeps the text of what is being said, and no audio.

use crate::speech::{
    audio::{CHARACTER, Ear, INVENTED, Timed},
    text,
};

/// What is heard in a piece of audio.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Change {
    /// Someone speaks, from a time in milliseconds on.
    Started(u64),
    /// There is more of the text.
    Grew,
    /// What was said is complete, and ended at a time in milliseconds.
    Ended(Vec<Timed>, u64),
}

/// How audio is listened to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    /// Bytes a second.
    pub(super) bytes: u64,
    /// Whether the audio is samples, in which silence can be heard.
    pub(super) samples: bool,
    /// Whether sentences end where they are written to.
    pub(super) sentences: bool,
    /// The silence that ends what is said, in milliseconds; `None` if none does.
    pub(super) pause: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Listener {
    setup: Setup,
    ear: Ear,
    text: Vec<Timed>,
    speaking: bool,
    /// Whether the audio carries its text.
    carries: bool,
    /// How long was spoken without any text, in milliseconds, and how many characters of an invented one
    /// were heard.
    unknown: u64,
    invented: usize,
    /// When something was heard last, in milliseconds.
    sounded: u64,
}

/// The quietest sample that counts. Silence carries text in its lowest bits.
const QUIET: u16 = 16;

/// Speech without any text that makes the emulator invent one, in milliseconds.
const UNKNOWN: u64 = 500;

impl Listener {
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            setup,
            ear: Ear::default(),
            text: Vec::new(),
            speaking: false,
            carries: false,
            unknown: 0,
            invented: 0,
            sounded: 0,
        }
    }

    /// How much audio was heard, in milliseconds.
    pub(super) fn milliseconds(&self) -> u64 {
        self.ear.heard() * 1000 / self.setup.bytes
    }

    /// How long nothing was heard, in milliseconds.
    pub(super) fn silent(&self) -> u64 {
        self.milliseconds().saturating_sub(self.sounded)
    }

    /// What is being said.
    pub(super) fn text(&self) -> &[Timed] {
        &self.text
    }

    /// Listens to a piece, at most a tenth of a second at once.
    pub(super) fn listen(&mut self, audio: &[u8]) -> Vec<Change> {
        let step = usize::try_from(self.setup.bytes / 10)
            .unwrap_or(usize::MAX)
            .max(2);
        let mut changes = Vec::new();
        for piece in audio.chunks(step) {
            self.step(piece, &mut changes);
        }
        // The last state counts.
        let last = changes.iter().rposition(|change| *change == Change::Grew);
        let mut at = 0;
        changes.retain(|change| {
            at += 1;
            *change != Change::Grew || Some(at - 1) == last
        });
        changes
    }

    fn step(&mut self, piece: &[u8], changes: &mut Vec<Change>) {
        let before = self.milliseconds();
        let loud = !self.setup.samples || is_loud(piece);
        let carried = self.ear.listen(piece);
        let now = self.milliseconds();
        if loud {
            self.sounded = now;
            if !self.speaking {
                self.speaking = true;
                changes.push(Change::Started(before));
            }
        }
        let mut grew = !carried.is_empty();
        for carried in carried {
            self.carries = true;
            let at = carried.at * 1000 / self.setup.bytes;
            self.add(carried.character, at, changes);
        }
        if loud && !self.carries {
            self.unknown += now - before;
            grew |= self.invent(now, changes);
        }
        if grew && text::is_heard(&self.text) {
            changes.push(Change::Grew);
        }
        if let Some(pause) = self.setup.pause
            && self.speaking
            && self.silent() >= pause
        {
            self.end(changes);
        }
    }

    /// Invents what is said in audio that does not tell, word by word.
    fn invent(&mut self, now: u64, changes: &mut Vec<Change>) -> bool {
        if self.unknown < UNKNOWN {
            return false;
        }
        let characters = INVENTED
            .iter()
            .flat_map(|sentence| sentence.chars().chain([' ']));
        let wanted = usize::try_from(self.unknown / CHARACTER).unwrap_or(usize::MAX);
        let text: Vec<char> = characters
            .cycle()
            .skip(self.invented)
            .take(wanted.saturating_sub(self.invented))
            .collect();
        let Some(end) = text.iter().rposition(|character| *character == ' ') else {
            return false;
        };
        let start = now.saturating_sub(CHARACTER * (end as u64 + 1));
        for (number, character) in text[..=end].iter().enumerate() {
            self.add(*character, start + CHARACTER * number as u64, changes);
        }
        self.invented += end + 1;
        true
    }

    fn add(&mut self, character: char, at: u64, changes: &mut Vec<Change>) {
        let ends = self.setup.sentences
            && text::ends(self.text.last().map(|last| last.character), character);
        self.text.push(Timed { character, at });
        if ends {
            self.take(changes);
        }
    }

    /// Ends what is being said.
    pub(super) fn end(&mut self, changes: &mut Vec<Change>) {
        self.take(changes);
        self.speaking = false;
    }

    fn take(&mut self, changes: &mut Vec<Change>) {
        let text = std::mem::take(&mut self.text);
        let text = text::trim(&text).to_vec();
        if text.is_empty() && self.setup.sentences {
            return;
        }
        let end = if text.is_empty() {
            self.sounded
        } else {
            text::end(&text)
        };
        changes.push(Change::Ended(text, end));
    }

    /// Whether someone speaks.
    pub(super) const fn is_speaking(&self) -> bool {
        self.speaking
    }
}

fn is_loud(samples: &[u8]) -> bool {
    let (samples, _) = samples.as_chunks::<2>();
    samples
        .iter()
        .any(|sample| i16::from_le_bytes(*sample).unsigned_abs() > QUIET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::audio::{Format, Sound, Speech};

    fn speech(text: &str) -> Vec<u8> {
        let sound = Sound {
            format: Format::Pcm,
            sample_rate: 16_000,
            volume: 50,
            speed: 1000,
            pitch: 1000,
            voice: 150,
        };
        Speech::new(text, sound)
            .pieces(100)
            .collect::<Vec<_>>()
            .concat()
    }

    fn listener(sentences: bool) -> Listener {
        Listener::new(Setup {
            bytes: 32_000,
            samples: true,
            sentences,
            pause: Some(800),
        })
    }

    fn shown(changes: &[Change]) -> Vec<String> {
        let show = |change: &Change| match change {
            Change::Started(at) => format!("started at {at}"),
            Change::Grew => "grew".to_owned(),
            Change::Ended(text, at) => {
                let text: String = text.iter().map(|timed| timed.character).collect();
                format!("{text} ended at {at}")
            }
        };
        changes.iter().map(show).collect()
    }

    #[test]
    fn sentences_end_where_they_are_written_to_and_after_a_pause() {
        let mut listener = listener(true);
        let mut audio = vec![0; 32_000];
        audio.extend(speech("One. Two"));
        audio.extend([0; 32_000]);
        assert_eq!(
            shown(&listener.listen(&audio)),
            [
                "started at 1000",
                "One. ended at 1240",
                "grew",
                "Two ended at 1480"
            ]
        );
        assert!(!listener.is_speaking() && listener.silent() >= 800);
    }

    #[test]
    fn a_turn_ends_with_a_pause_only() {
        let mut listener = listener(false);
        let mut audio = speech("One. Two.");
        assert_eq!(shown(&listener.listen(&audio)), ["started at 0", "grew"]);
        audio = vec![0; 32_000];
        assert_eq!(shown(&listener.listen(&audio)), ["One. Two. ended at 540"]);
    }

    #[test]
    fn other_speech_has_an_invented_text() {
        let noise: Vec<u8> = (0..64_000_u32).map(|at| (at * 37 % 251) as u8).collect();
        let mut one = listener(true);
        let changes = one.listen(&noise);
        assert_eq!(shown(&changes)[0], "started at 0");
        let text: String = one.text().iter().map(|timed| timed.character).collect();
        assert_eq!(text, "Good morning, and thank you for ");
        let mut pieces = listener(true);
        noise
            .chunks(3200)
            .for_each(|piece| drop(pieces.listen(piece)));
        assert_eq!(pieces.text(), one.text());
    }
}
