//! `speak`: text to speech, also while the text is being written.

mod sink;
mod text;
mod voices;

use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::stream;
use qwen_openclaw::{
    Qwen,
    catalog::{
        ModelRef, Provider,
        price::Cost,
        synthesis::{self, DEFAULT_MODEL},
    },
    speech::{AudioFormat, Sentence, SpeechEvent, Spoken, Usage},
};
use serde_json::{Value, json};

use self::{sink::Sink, text::Text};
use crate::{
    args::{Connection, Seconds},
    block_on,
    failure::Failure,
    interrupt::Interrupt,
    number::thousands,
    output::{Aside, Out},
    settings::Settings,
    state::State,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Nothing is played: the audio goes to a file, or to standard output if that is no terminal.\n\
                  Text from standard input is spoken while it comes.\n\n\
                  Examples:\n  \
                  qwen-openclaw speak \"Good morning.\" -o morning.wav\n  \
                  qwen-openclaw chat \"Tell me a story\" | qwen-openclaw speak -o story.wav\n  \
                  qwen-openclaw speak --stream \"Hello.\" | ffplay -\n  \
                  qwen-openclaw speak --voices"
)]
pub(crate) struct Speak {
    /// Text to speak [default: standard input]
    #[arg(value_name = "TEXT", conflicts_with = "voices")]
    pub(crate) text: Option<String>,

    #[arg(short, long, value_name = "REF", help = model_help())]
    pub(crate) model: Option<String>,

    /// Voice, which may be a cloned one [default: the first that is known of the model]
    #[arg(long, value_name = "NAME")]
    pub(crate) voice: Option<String>,

    /// Format of the audio: mp3, wav, pcm or opus [default: what the file is named for, otherwise the
    /// model's]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<AudioFormat>,

    /// Sample rate in hertz [default: the model's]
    #[arg(long, value_name = "HERTZ")]
    pub(crate) sample_rate: Option<u32>,

    /// Speaking rate, from 0.5 to 2 [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub(crate) rate: Option<f32>,

    /// Pitch, from 0.5 to 2 [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub(crate) pitch: Option<f32>,

    /// Volume, from 0 to 100 [default: 50]
    #[arg(long, value_name = "N")]
    pub(crate) volume: Option<u8>,

    /// Language of the text, such as en [default: it is recognized]
    #[arg(long, value_name = "CODE")]
    pub(crate) language: Option<String>,

    /// How to speak, in words, for models that follow instructions
    #[arg(long, value_name = "TEXT")]
    pub(crate) instructions: Option<String>,

    /// Write the audio as it arrives; always so for text from standard input
    #[arg(long, conflicts_with = "voices")]
    pub(crate) stream: bool,

    /// Add the time of each word to the JSON document, where the model gives it
    #[arg(long, requires = "json", conflicts_with = "voices")]
    pub(crate) words: bool,

    /// Count the characters and estimate the cost; sends nothing
    #[arg(long, conflicts_with_all = ["output", "emulator", "voices"])]
    pub(crate) estimate: bool,

    /// List the models and the voices that are known of them
    #[arg(long, conflicts_with_all = ["output", "emulator"])]
    pub(crate) voices: bool,

    /// File to write the audio to; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Overwrite the file if it exists
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,

    /// Use the built-in emulator: no key, no network
    #[arg(long, conflicts_with_all = ["base_url", "api_key_stdin", "dotenv", "profile"])]
    pub(crate) emulator: bool,

    /// Print one JSON document about what was made
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// The help text of `--model`.
fn model_help() -> String {
    format!(
        "Model to use, or an alias [default: {}/{DEFAULT_MODEL}]",
        Provider::QWEN
    )
}

pub(crate) fn run(arguments: Speak) -> Result<(), Failure> {
    if arguments.voices {
        return voices::run(arguments.model.as_deref(), arguments.json);
    }
    let mut settings = arguments.connection.settings()?;
    if arguments.emulator {
        settings = settings.emulated();
    }
    let is_key = arguments.connection.api_key_stdin;
    let text = Text::of(arguments.text.clone(), is_key)?;
    if arguments.estimate {
        return block_on(estimate(&arguments, settings, text));
    }
    let file = arguments
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    if arguments.json && file.is_none() {
        return Err(
            Failure::usage("the JSON document would be in the middle of the audio")
                .with_hint("name a file for the audio with `-o FILE`"),
        );
    }
    let out = Out::to(arguments.output.as_deref(), arguments.overwrite)?;
    if out.width().is_some() {
        return Err(Failure::usage("audio is not written to a terminal")
            .with_hint("pass `-o FILE`, or pipe it into a player"));
    }
    block_on(speak(arguments, settings, text, out))
}

/// The model named, otherwise the default of the catalog.
fn model(arguments: &Speak, settings: &Settings) -> Result<ModelRef, Failure> {
    let default = format!("{}/{DEFAULT_MODEL}", Provider::QWEN);
    settings.model(Some(arguments.model.as_deref().unwrap_or(&default)))
}

/// What was made.
#[derive(Default)]
struct Made {
    format: Option<AudioFormat>,
    usage: Usage,
    spoken: Spoken,
    sentences: Vec<Sentence>,
}

async fn speak(arguments: Speak, settings: Settings, text: Text, out: Out) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let model = model(&arguments, &settings)?;
    // The emulator stops when this function returns.
    let (_emulator, builder) = settings.open(&model.provider).await?;
    let state = State::for_requests(&settings.environment, arguments.emulator).await;
    let router = state.router()?.build();
    let qwen = builder.router(router.clone()).build()?;
    let mut sink = Sink::new(out);
    let mut made = Made::default();
    let spoken = write(&arguments, &qwen, &model, text, &mut sink, &mut made);
    let spoken = interrupt
        .or(async { spoken.await.map_err(|failed| failed.told(&state)) })
        .await;
    state.close(&router).await;
    if let Err(failure) = spoken {
        sink.abandon();
        return Err(failure);
    }
    sink.finish()?;
    let route = qwen.speech_route(&model.to_string()).await?;
    let cost = qwen.speech_cost(&route, made.usage).map(|cost| cost.cost);
    if arguments.json {
        Out::new().document(&document(&arguments, &model, &made, cost))?;
    }
    Aside::new().line(&summary(&model, &made, cost));
    Ok(())
}

/// Why nothing, or not all, was spoken.
enum Failed {
    Request(Box<qwen_openclaw::Error>),
    Other(Failure),
}

impl From<qwen_openclaw::Error> for Failed {
    fn from(error: qwen_openclaw::Error) -> Self {
        Self::Request(Box::new(error))
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl Failed {
    fn told(self, state: &State) -> Failure {
        let error = match self {
            Self::Request(error) => *error,
            Self::Other(failure) => return failure,
        };
        let spoken = error.as_speech().and_then(|error| error.spoken().copied());
        let failure = state.failure_of(error);
        match spoken.filter(|spoken| spoken.bytes > 0) {
            Some(spoken) => {
                let characters = thousands(spoken.characters);
                failure.with_another_hint(format!(
                    "{characters} characters of the text had been spoken"
                ))
            }
            None => failure,
        }
    }
}

async fn write(
    arguments: &Speak,
    qwen: &Qwen,
    model: &ModelRef,
    text: Text,
    sink: &mut Sink,
    made: &mut Made,
) -> Result<(), Failed> {
    let request = request(arguments, qwen, model);
    let (mut speech, input) = match text {
        Text::Given(text) if !arguments.stream => {
            let speech = request.send(text).await?;
            sink.begin(speech.format())?;
            sink.write(speech.audio())?;
            made.format = Some(speech.format());
            made.usage = speech.usage();
            made.spoken = speech.spoken();
            made.sentences = speech.sentences().to_vec();
            return Ok(());
        }
        Text::Given(text) => (request.stream(stream::iter([text])).await?, None),
        Text::Stdin(input) => (request.stream(input.stream()).await?, Some(input)),
    };
    sink.begin(speech.format())?;
    made.format = Some(speech.format());
    while let Some(event) = speech.next().await {
        made.usage = speech.usage();
        made.spoken = speech.spoken();
        match event.map_err(qwen_openclaw::Error::from) {
            Ok(SpeechEvent::Audio(piece)) => sink.write(&piece)?,
            Ok(SpeechEvent::Sentence(sentence)) if arguments.words => {
                made.sentences.push(sentence);
            }
            Ok(_) => {}
            // Text that could not be read may be why there was nothing to speak.
            Err(error) => match input.as_ref().and_then(text::Stdin::take_failure) {
                Some(failure) => return Err(failure.into()),
                None => return Err(error.into()),
            },
        }
    }
    made.usage = speech.usage();
    made.spoken = speech.spoken();
    match input.and_then(|input| input.take_failure()) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

fn request(arguments: &Speak, qwen: &Qwen, model: &ModelRef) -> qwen_openclaw::Speak {
    let mut request = qwen.speak(model.to_string());
    let named_for = arguments.output.as_deref().and_then(format_of);
    if let Some(format) = arguments.format.or(named_for) {
        request = request.format(format);
    }
    if let Some(Seconds(limit)) = arguments.connection.timeout {
        request = request.timeout(limit);
    }
    request.with(|mut request| {
        if let Some(voice) = &arguments.voice {
            request = request.voice(voice);
        }
        if let Some(hertz) = arguments.sample_rate {
            request = request.sample_rate(hertz);
        }
        if let Some(rate) = arguments.rate {
            request = request.rate(rate);
        }
        if let Some(pitch) = arguments.pitch {
            request = request.pitch(pitch);
        }
        if let Some(volume) = arguments.volume {
            request = request.volume(volume);
        }
        if let Some(language) = &arguments.language {
            request = request.language(language);
        }
        if let Some(instructions) = &arguments.instructions {
            request = request.instructions(instructions);
        }
        request.word_timestamps(arguments.words)
    })
}

/// The format that a file is named for.
fn format_of(path: &Path) -> Option<AudioFormat> {
    let extension = path.extension()?.to_str()?;
    match extension.to_ascii_lowercase().as_str() {
        "ogg" => Some(AudioFormat::Opus),
        other => other.parse().ok(),
    }
}

fn document(arguments: &Speak, model: &ModelRef, made: &Made, cost: Option<Cost>) -> Value {
    let sentence = |sentence: &Sentence| {
        let words = sentence.words.iter().map(|word| {
            json!({
                "text": word.text,
                "begin": word.begin.as_secs_f64(),
                "end": word.end.as_secs_f64(),
            })
        });
        json!({ "text": sentence.text, "words": words.collect::<Vec<_>>() })
    };
    let mut document = json!({
        "model": model.to_string(),
        "file": arguments.output,
        "format": made.format.map(AudioFormat::as_str),
        "bytes": made.spoken.bytes,
        "seconds": made.spoken.duration.map(|duration| duration.as_secs_f64()),
        "usage": {
            "characters": made.usage.characters,
            "input_tokens": made.usage.input_tokens,
            "output_tokens": made.usage.output_tokens,
        },
        "cost": cost,
    });
    if arguments.words {
        document["sentences"] = made.sentences.iter().map(sentence).collect();
    }
    document
}

/// The model, what was spoken and what it used, in one line.
fn summary(model: &ModelRef, made: &Made, cost: Option<Cost>) -> String {
    let mut parts = vec![model.to_string()];
    let seconds = made.spoken.duration.map(|duration| duration.as_secs_f64());
    parts.extend(seconds.map(|seconds| format!("{seconds:.1} s")));
    let characters = made.usage.characters;
    parts.extend(characters.map(|count| format!("{} characters", thousands(count))));
    let tokens = made.usage.input_tokens.unwrap_or(0) + made.usage.output_tokens.unwrap_or(0);
    parts.extend((tokens > 0).then(|| format!("{} tokens", thousands(tokens))));
    parts.extend(cost.map(|cost| cost.to_string()));
    format!("[{}]", parts.join(" · "))
}

async fn estimate(arguments: &Speak, settings: Settings, text: Text) -> Result<(), Failure> {
    let characters = synthesis::characters(&text.whole().await?);
    let model = model(arguments, &settings)?;
    let qwen = settings.without_key().builder(&model.provider)?.build()?;
    let route = qwen.speech_route(&model.to_string()).await?;
    let mut usage = Usage::default();
    usage.characters = Some(characters);
    let cost = qwen.speech_cost(&route, usage).map(|cost| cost.cost);
    if arguments.json {
        return Out::new().document(&json!({
            "model": model.to_string(),
            "characters": characters,
            "estimate": cost,
        }));
    }
    let characters = thousands(characters);
    Out::new().line(&match cost {
        Some(cost) => format!("{model}, {characters} characters: {cost} at list price"),
        None => format!("{model}, {characters} characters: the price is not known"),
    })
}
