//! `describe`: describes images or a video.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use clap::Args;
use qwen_openclaw::{
    catalog::{self, Edition, Modality, ModelRef, Provider},
    chat::Media,
};
use serde_json::json;

use crate::{
    args::Connection,
    block_on,
    chat::{media_at, with_article},
    connect::warn_about,
    failure::Failure,
    interrupt::Interrupt,
    output::{Aside, Out},
    settings::Settings,
    state::State,
    waiting::Waiting,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Example: qwen-openclaw describe photo.jpg --prompt \"What does the sign say?\""
)]
pub(crate) struct Describe {
    /// Images, or one video: files or URLs
    #[arg(required = true, value_name = "FILE|URL")]
    pub(crate) media: Vec<OsString>,

    /// Prompt to send [default: one that asks for a description]
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,

    #[arg(short, long, value_name = "REF", help = media_model())]
    pub(crate) model: Option<String>,

    /// File to write the description to; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Overwrite the file if it exists
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,

    /// Use the built-in emulator: no key, no network
    #[arg(long, conflicts_with_all = ["base_url", "api_key_stdin", "dotenv", "profile"])]
    pub(crate) emulator: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

pub(crate) fn run(arguments: Describe) -> Result<(), Failure> {
    let mut settings = arguments.connection.settings()?;
    if arguments.emulator {
        settings = settings.emulated();
    }
    let config = settings.usable_config();
    let media: Vec<Media> = arguments
        .media
        .iter()
        .map(|text| media_at(text, config))
        .collect::<Result<_, _>>()?;
    let is_video = check_kinds(&media, &arguments.media)?;
    let out = Out::to(arguments.output.as_deref(), arguments.overwrite)?;
    block_on(describe(arguments, settings, media, is_video, out))
}

async fn describe(
    arguments: Describe,
    settings: Settings,
    media: Vec<Media>,
    is_video: bool,
    mut out: Out,
) -> Result<(), Failure> {
    let connection = &arguments.connection;
    let mut media = media.into_iter();
    let Some(first) = media.next() else {
        return Err(Failure::usage("nothing to describe"));
    };
    let model = model(&arguments, &settings, is_video)?;
    let provider = model.as_ref().map_or_else(
        || connection.default_provider(),
        |model| model.provider.clone(),
    );
    // The emulator stops when this function returns.
    let (_emulator, builder) = settings.open(&provider).await?;
    let state = State::for_requests(&settings.environment, arguments.emulator).await;
    let router = state.router()?.build();
    let qwen = builder.router(router.clone()).build()?;
    warn_about(&qwen.route_to(&provider).await?);
    let mut request = match (&arguments.model, &model, is_video) {
        (Some(_), Some(model), true) => qwen.describe_video_with(model.to_string(), first)?,
        (Some(_), Some(model), false) => qwen.describe_image_with(model.to_string(), first)?,
        // The configured models, one after the other.
        (_, _, true) => qwen.describe_video(first)?,
        (_, _, false) => qwen.describe_image(first)?,
    };
    for other in media {
        request = request.and(other);
    }
    if let Some(prompt) = &arguments.prompt {
        request = request.prompt(prompt);
    }
    let mut interrupt = Interrupt::listen()?;
    let waiting = Waiting::start("describing");
    let request = request.on_progress(waiting.hook());
    let described = async {
        let sent = request.send().await;
        sent.map_err(|error| state.failure_of(error.into()))
    };
    let description = waiting.during(interrupt.or(described)).await;
    drop(waiting);
    state.close(&router).await;
    let description = description?;
    if arguments.json {
        let document = json!({
            "text": description.text,
            "model": description.model,
            "usage": description.usage,
        });
        out.document(&document)?;
        return out.finish();
    }
    out.line(&description.text)?;
    out.finish()?;
    if let Some(usage) = &description.usage {
        let (input, output) = (usage.input_tokens, usage.output_tokens);
        Aside::new().line(&format!(
            "[{} · {input} in, {output} out]",
            description.model
        ));
    }
    Ok(())
}

/// The help text of `describe --model`.
fn media_model() -> String {
    let default = catalog::default_media_model(Edition::default());
    format!(
        "Model to use, or an alias [default: the configured model, otherwise {}/{default}]",
        Provider::QWEN
    )
}

/// The model to ask: the one named, or else the configured one.
fn model(
    arguments: &Describe,
    settings: &Settings,
    is_video: bool,
) -> Result<Option<ModelRef>, Failure> {
    if let Some(text) = &arguments.model {
        return settings.model(Some(text)).map(Some);
    }
    let config = settings.config()?;
    let models = if is_video {
        config.video_models()?
    } else {
        config.image_models()?
    };
    let model = models.first().map(|text| settings.model(Some(text)));
    let model = model.transpose()?;
    // The emulator stands in for Qwen Cloud alone.
    Ok(model.filter(|model| !arguments.emulator || model.provider.is_qwen()))
}

/// Whether a video is to be described, or else images; all must be of one kind.
fn check_kinds(media: &[Media], names: &[OsString]) -> Result<bool, Failure> {
    let kinds: Vec<Modality> = media
        .iter()
        .zip(names)
        .map(|(media, name)| kind(media, name))
        .collect();
    let named = || names.iter().zip(&kinds);
    if let Some((name, _)) = named().find(|(_, kind)| **kind == Modality::Audio) {
        let name = name.display();
        return Err(
            Failure::invalid_request(format!("{name} is audio, not an image or a video"))
                .with_hint(format!(
                    "`qwen-openclaw chat --audio {name} \"What is said?\"` asks about audio"
                )),
        );
    }
    let Some((first, kind)) = named().next() else {
        return Err(Failure::usage("nothing to describe"));
    };
    if let Some((other, odd)) = named().find(|(_, other)| *other != kind) {
        return Err(Failure::invalid_request(format!(
            "{} is {}, and {} is {}: describe images and videos one after the other",
            first.display(),
            with_article(*kind),
            other.display(),
            with_article(*odd)
        )));
    }
    Ok(*kind == Modality::Video)
}

/// Judges by the content of a file, or by the extension of a URL; what is neither video nor audio is
/// an image.
fn kind(media: &Media, name: &OsStr) -> Modality {
    const VIDEO: [&str; 6] = ["mp4", "mov", "mkv", "avi", "webm", "flv"];
    const AUDIO: [&str; 6] = ["mp3", "wav", "ogg", "flac", "m4a", "aac"];
    if let Some(kind) = media.kind() {
        return kind;
    }
    let name = name.to_string_lossy().to_ascii_lowercase();
    let path = name.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some(extension) if VIDEO.contains(&extension) => Modality::Video,
        Some(extension) if AUDIO.contains(&extension) => Modality::Audio,
        _ => Modality::Image,
    }
}
