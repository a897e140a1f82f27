//! `describe`: describes images or a video.

use std::sync::Arc;

use clap::Args;
use qwen_openclaw::{
    Qwen,
    auth::async_trait,
    catalog::{self, Edition, Modality, ModelRef, Provider},
    chat::{self, ChatRequest, Media, ReplyStream, StreamSource},
};
use serde_json::json;

use crate::{
    args::Connection,
    block_on,
    chat::media_at,
    connect::warn_about,
    failure::Failure,
    interrupt::Interrupt,
    output::{Aside, Out},
    settings::Settings,
    state::State,
};

#[derive(Args, Debug)]
pub(crate) struct Describe {
    /// Images, or one video: files or URLs
    #[arg(required = true, value_name = "FILE|URL")]
    pub(crate) media: Vec<String>,

    /// Prompt to send [default: one that asks for a description]
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,

    #[arg(short, long, value_name = "REF", help = media_model())]
    pub(crate) model: Option<String>,

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
    block_on(describe(arguments, settings, media))
}

async fn describe(
    arguments: Describe,
    settings: Settings,
    media: Vec<Media>,
) -> Result<(), Failure> {
    let connection = &arguments.connection;
    let mut media = media.into_iter();
    let Some(first) = media.next() else {
        return Err(Failure::usage("nothing to describe"));
    };
    let is_video = is_video(&first, &arguments.media[0]);
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
    let mut request = match (&arguments.model, is_video) {
        // The configured models, one after the other.
        (None, true) => qwen.describe_video(first)?,
        (None, false) => qwen.describe_image(first)?,
        (Some(_), true) => qwen.client(&provider)?.describe_video(first),
        (Some(_), false) => qwen.client(&provider)?.describe_image(first),
    };
    if let Some(model) = model.as_ref().filter(|_| arguments.model.is_some()) {
        request = request.model(&model.model).over(Arc::new(Named {
            qwen: qwen.clone(),
            model: model.to_string(),
        }));
    }
    for other in media {
        request = request.and(other);
    }
    if let Some(prompt) = &arguments.prompt {
        request = request.prompt(prompt);
    }
    let description = Interrupt::listen()?
        .or(async {
            let sent = request.send().await;
            sent.map_err(|error| state.failure_of(error.into()))
        })
        .await;
    state.close(&router).await;
    let description = description?;
    if arguments.json {
        let document = json!({
            "text": description.text,
            "model": description.model,
            "usage": description.usage,
        });
        return Out::new().document(&document);
    }
    Out::new().line(&description.text)?;
    if let Some(usage) = &description.usage {
        let (input, output) = (usage.input_tokens, usage.output_tokens);
        Aside::new().line(&format!(
            "[{} · {input} in, {output} out]",
            description.model
        ));
    }
    Ok(())
}

/// Sends a description to the model that was named, and to no other.
#[derive(Debug)]
struct Named {
    qwen: Qwen,
    model: String,
}

#[async_trait]
impl StreamSource for Named {
    async fn open(&self, request: &ChatRequest) -> Result<ReplyStream, chat::Error> {
        let chat = self.qwen.chat(&self.model).with(|_| request.clone());
        Ok(chat.stream().await?)
    }
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

/// Judges by the content of a file, or by the extension of a URL.
fn is_video(media: &Media, text: &str) -> bool {
    const EXTENSIONS: [&str; 6] = ["mp4", "mov", "mkv", "avi", "webm", "flv"];
    match media.kind() {
        Some(kind) => kind == Modality::Video,
        None => {
            let path = text
                .split(['?', '#'])
                .next()
                .unwrap_or(text)
                .to_ascii_lowercase();
            path.rsplit_once('.')
                .is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
        }
    }
}
