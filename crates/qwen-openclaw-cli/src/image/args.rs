//! The command line of `image`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use qwen_openclaw::catalog::{
    Provider,
    image::{self, ImageModel, ImageSize, Mode},
};

use crate::{args::Connection, jobs::args::JobCommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Generate images from text
    Generate(Box<Generate>),
    /// Edit images as a prompt says
    Edit(Box<Edit>),
    #[command(flatten)]
    Jobs(JobCommand),
}

#[derive(Args, Debug)]
#[command(after_help = after_generate())]
pub(crate) struct Generate {
    /// Prompt: what the image shows
    pub(crate) prompt: String,

    #[command(flatten)]
    pub(crate) request: Request,
}

#[derive(Args, Debug)]
#[command(after_help = after_edit())]
pub(crate) struct Edit {
    /// Images to edit or to refer to: files or URLs
    #[arg(required = true, value_name = "FILE|URL")]
    pub(crate) images: Vec<String>,

    /// Prompt: how the images are edited
    pub(crate) prompt: String,

    #[command(flatten)]
    pub(crate) request: Request,
}

/// What both commands take.
#[derive(Args, Debug)]
pub(crate) struct Request {
    #[arg(short, long, value_name = "REF", help = default_model())]
    pub(crate) model: Option<String>,

    /// Size, such as 1328x1328 or 2K [default: that of the model, or of the edited image]
    #[arg(long, value_name = "WxH")]
    pub(crate) size: Option<ImageSize>,

    /// Number of images, each of which is billed
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    pub(crate) count: u32,

    /// Seed, to get nearly the same image again
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,

    /// What the image should not show
    #[arg(long, value_name = "TEXT")]
    pub(crate) negative_prompt: Option<String>,

    /// Do not let the service rewrite the prompt
    #[arg(long)]
    pub(crate) no_prompt_extend: bool,

    /// Add the vendor's watermark
    #[arg(long)]
    pub(crate) watermark: bool,

    /// File to save the image in, several as NAME-1.png and so on; `-` is standard output [default:
    /// the job id and .png]
    #[arg(short, long, value_name = "FILE", conflicts_with = "no_wait")]
    pub(crate) output: Option<PathBuf>,

    /// Overwrite files that exist
    #[arg(long, conflicts_with = "no_wait")]
    pub(crate) overwrite: bool,

    /// Submit the job and exit; `image wait` fetches the images
    #[arg(long)]
    pub(crate) no_wait: bool,

    /// Reject values that the model does not support instead of using the nearest ones
    #[arg(long)]
    pub(crate) strict: bool,

    /// Upload local files, kept for 48 hours, instead of sending them inline
    #[arg(long)]
    pub(crate) upload: bool,

    /// Print the request and what the images would cost, without sending anything
    #[arg(long, visible_alias = "dry-run")]
    pub(crate) estimate: bool,

    /// Use an emulator in this process: no key, no network, test images
    #[arg(long, conflicts_with_all = ["base_url", "api_key_stdin", "dotenv", "profile", "no_wait"])]
    pub(crate) emulator: bool,

    /// Print the result as one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// The help of the model.
fn default_model() -> String {
    format!(
        "Model, or an alias [default: the configured model, otherwise {}/{}]",
        Provider::QWEN,
        image::DEFAULT_MODEL
    )
}

fn after_generate() -> String {
    format!(
        "Examples:\n  \
         qwen-openclaw image generate \"A red crane, woodcut\" -o crane.png\n  \
         qwen-openclaw image generate \"A red crane\" --size 1536x1024 -n 4 -o crane.png\n  \
         qwen-openclaw image generate \"A red crane\" --estimate\n\n{}",
        models(Mode::generates)
    )
}

fn after_edit() -> String {
    format!(
        "Examples:\n  \
         qwen-openclaw image edit cat.png \"Make it winter\" -o winter.png\n  \
         qwen-openclaw image edit cat.png hat.png \"Give the cat the hat\" -o hat-on.png\n\n{}",
        models(Mode::edits)
    )
}

/// The models there are, for the help.
fn models(does: fn(Mode) -> bool) -> String {
    let models = image::models().iter().filter(|model| does(model.mode()));
    let ids: Vec<&str> = models.map(ImageModel::id).collect();
    format!("Models: {}", ids.join(", "))
}

impl ImageCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Generate(generate) => generate.request.json,
            Self::Edit(edit) => edit.request.json,
            Self::Jobs(command) => command.wants_json(),
        }
    }
}
