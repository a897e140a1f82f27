//! What is asked for.

use qwen_openclaw_catalog::synthesis::{self, Apis, HttpApi, SocketApi, SynthesisModel};

use crate::{AudioFormat, Error};

/// The settings of speech: model, voice, audio. The text is given when it is spoken.
///
/// What is not set is not sent, and the service decides.
#[derive(Clone, Debug)]
#[must_use]
pub struct SpeechRequest {
    pub(crate) model: String,
    pub(crate) voice: Option<String>,
    pub(crate) format: Option<AudioFormat>,
    pub(crate) sample_rate: Option<u32>,
    pub(crate) volume: Option<u8>,
    pub(crate) rate: Option<f32>,
    pub(crate) pitch: Option<f32>,
    pub(crate) seed: Option<u16>,
    pub(crate) language: Option<String>,
    pub(crate) instructions: Option<String>,
    pub(crate) words: bool,
}

impl SpeechRequest {
    /// Creates a request for a model such as `qwen3-tts-flash`.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            voice: None,
            format: None,
            sample_rate: None,
            volume: None,
            rate: None,
            pitch: None,
            seed: None,
            language: None,
            instructions: None,
            words: false,
        }
    }

    /// Returns the id of the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Replaces the model.
    pub fn model_id(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets the voice, which may be a cloned one. The default is the first one that the catalog knows
    /// for the model; without one the request is refused.
    pub fn voice(mut self, voice: impl Into<String>) -> Self {
        self.voice = Some(voice.into());
        self
    }

    /// Sets the format of the audio. The default is the model's.
    pub fn format(mut self, format: AudioFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets the sample rate in hertz. The default is the model's.
    pub fn sample_rate(mut self, hertz: u32) -> Self {
        self.sample_rate = Some(hertz);
        self
    }

    /// Sets the volume, from 0 to 100. The service's default is 50.
    pub fn volume(mut self, volume: u8) -> Self {
        self.volume = Some(volume);
        self
    }

    /// Sets the speaking rate, from 0.5 to 2. The service's default is 1.
    pub fn rate(mut self, rate: f32) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Sets the pitch, from 0.5 to 2. The service's default is 1.
    pub fn pitch(mut self, pitch: f32) -> Self {
        self.pitch = Some(pitch);
        self
    }

    /// Sets the seed. The service's default is 0.
    pub fn seed(mut self, seed: u16) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the language of the text, as a code such as `en`. By default it is recognized.
    pub fn language(mut self, code: impl Into<String>) -> Self {
        self.language = Some(code.into());
        self
    }

    /// Says in words how to speak, for models that follow instructions.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Asks for the time of each word, which only streams of some models have.
    pub fn word_timestamps(mut self, words: bool) -> Self {
        self.words = words;
        self
    }

    /// Decides what is not set, and checks the rest against the catalog. A model that is not in it gets
    /// what its family has.
    pub(crate) fn plan(&self) -> Result<Plan, Error> {
        let row = synthesis::find(&self.model);
        let apis = synthesis::apis(&self.model);
        let refused = |problem: String| Error::refused(format!("{} {problem}", self.model));
        let voice = match (&self.voice, row.and_then(|row| row.voices().first())) {
            (Some(voice), _) if voice.trim().is_empty() => {
                return Err(Error::refused("the voice is empty"));
            }
            (Some(voice), _) => voice.clone(),
            (None, Some(usual)) => (*usual).to_owned(),
            (None, None) => return Err(refused("needs a voice: none of its own is known".into())),
        };
        let is_generation = apis.http == Some(HttpApi::Generation);
        let format = self.format.unwrap_or_else(|| usual_format(apis));
        let has_format = match row {
            Some(row) => row.formats().contains(&format.as_str()),
            None => !is_generation || format == AudioFormat::Wav,
        };
        // Its audio is wav, whose header can be left out.
        let can_unwrap = is_generation && format == AudioFormat::Pcm;
        if !has_format && !can_unwrap {
            return Err(refused(format!("has no audio in {format}")));
        }
        let sample_rate = self.sample_rate.unwrap_or_else(|| usual_rate(row, apis));
        if row.is_some_and(|row| !row.sample_rates().contains(&sample_rate)) {
            return Err(refused(format!("has no sample rate of {sample_rate} Hz")));
        }
        self.check_manner(is_generation).map_err(refused)?;
        Ok(Plan {
            apis,
            voice,
            format,
            sample_rate,
            limit: row
                .and_then(SynthesisModel::max_characters)
                .map_or(USUAL_LIMIT, u64::from),
        })
    }

    /// Checks how to speak.
    fn check_manner(&self, is_generation: bool) -> Result<(), String> {
        let between = |name: &str, value: Option<f32>| match value {
            Some(value) if !(0.5..=2.0).contains(&value) => {
                Err(format!("takes a {name} from 0.5 to 2, not {value}"))
            }
            Some(_) if is_generation => Err(format!("has no {name}")),
            _ => Ok(()),
        };
        between("rate", self.rate)?;
        between("pitch", self.pitch)?;
        match self.volume {
            Some(volume) if volume > 100 => {
                return Err(format!("takes a volume from 0 to 100, not {volume}"));
            }
            Some(_) if is_generation => return Err("has no volume".to_owned()),
            _ => {}
        }
        if is_generation && self.seed.is_some() {
            return Err("has no seed".to_owned());
        }
        Ok(())
    }
}

/// The text of a request is cut at this many characters where no limit is known.
const USUAL_LIMIT: u64 = 2_000;

/// A request with everything decided.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) apis: Apis,
    pub(crate) voice: String,
    pub(crate) format: AudioFormat,
    pub(crate) sample_rate: u32,
    /// How much text an HTTP request takes.
    pub(crate) limit: u64,
}

impl Plan {
    /// The format that is asked for where audio comes in pieces: a wav file's header would have the
    /// length of the first piece or none, so that it is written here.
    pub(crate) fn streamed_format(&self) -> AudioFormat {
        match self.format {
            AudioFormat::Wav => AudioFormat::Pcm,
            other => other,
        }
    }
}

fn usual_format(apis: Apis) -> AudioFormat {
    match (apis.http, apis.socket) {
        (Some(HttpApi::Generation), _) => AudioFormat::Wav,
        (_, Some(SocketApi::Realtime)) => AudioFormat::Pcm,
        _ => AudioFormat::Mp3,
    }
}

fn usual_rate(row: Option<&SynthesisModel>, apis: Apis) -> u32 {
    let of_family = match apis.http {
        Some(HttpApi::Synthesizer) => 22_050,
        _ => 24_000,
    };
    row.map_or(of_family, SynthesisModel::default_sample_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: SpeechRequest, expected: Result<(&str, AudioFormat, u32, u64), &str>) {
        let plan = request.plan().map_err(|error| error.to_string());
        let plan = plan
            .as_ref()
            .map(|plan| (&*plan.voice, plan.format, plan.sample_rate, plan.limit));
        assert_eq!(plan, expected.map_err(str::to_owned).as_ref().copied());
    }

    #[test]
    fn what_is_not_set_is_the_models() {
        let new = SpeechRequest::new;
        check(
            new("qwen3-tts-flash"),
            Ok(("Cherry", AudioFormat::Wav, 24_000, 600)),
        );
        check(
            new("cosyvoice-v3-flash"),
            Ok(("longanyang", AudioFormat::Mp3, 22_050, 2_000)),
        );
        let mine = new("cosyvoice-v9").voice("mine");
        check(mine, Ok(("mine", AudioFormat::Mp3, 22_050, 2_000)));
        let pcm = new("qwen3-tts-flash").format(AudioFormat::Pcm);
        check(pcm, Ok(("Cherry", AudioFormat::Pcm, 24_000, 600)));
    }

    #[test]
    fn what_a_model_does_not_have_is_refused() {
        let new = SpeechRequest::new;
        let no_voice = "cosyvoice-v2 needs a voice: none of its own is known";
        check(new("cosyvoice-v2"), Err(no_voice));
        let mp3 = new("qwen3-tts-flash").format(AudioFormat::Mp3);
        check(mp3, Err("qwen3-tts-flash has no audio in mp3"));
        let fast = new("qwen3-tts-flash").rate(1.5);
        check(fast, Err("qwen3-tts-flash has no rate"));
        let loud = new("cosyvoice-v3-plus").volume(101);
        check(
            loud,
            Err("cosyvoice-v3-plus takes a volume from 0 to 100, not 101"),
        );
        let slow = new("cosyvoice-v3-plus").rate(0.1);
        check(
            slow,
            Err("cosyvoice-v3-plus takes a rate from 0.5 to 2, not 0.1"),
        );
        let odd = new("cosyvoice-v3-plus").sample_rate(11_025);
        check(odd, Err("cosyvoice-v3-plus has no sample rate of 11025 Hz"));
    }
}
