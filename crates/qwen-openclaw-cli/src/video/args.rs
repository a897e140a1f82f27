//! The command line of `video`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use qwen_openclaw::{
    catalog::{
        Provider,
        video::{self, Mode, Resolution, Size, VideoModel},
    },
    video::AspectRatio,
};

use crate::{args::Connection, jobs::args::JobCommand};

#[derive(Debug, Subcommand)]
pub(crate) enum VideoCommand {
    /// Generate a video from text, images or videos
    Generate(Box<Generate>),
    #[command(flatten)]
    Jobs(JobCommand),
}

#[derive(Args, Debug)]
#[command(after_help = after_generate())]
pub(crate) struct Generate {
    /// Prompt: what the video shows
    pub(crate) prompt: Option<String>,

    #[arg(short, long, value_name = "REF", help = default_model())]
    pub(crate) model: Option<String>,

    /// URL of an image, used as the first frame or a subject; repeatable
    #[arg(long, value_name = "U")]
    pub(crate) image: Vec<String>,

    /// URL of a video whose subject is to appear; repeatable
    #[arg(long, value_name = "U")]
    pub(crate) video: Vec<String>,

    /// URL of an audio track to use
    #[arg(long, value_name = "U")]
    pub(crate) audio_track: Option<String>,

    /// Length of the video in seconds [default: 5]
    #[arg(long, value_name = "N")]
    pub(crate) seconds: Option<u32>,

    /// Resolution: 480P, 720P or 1080P [default: 720P if the model supports it]
    #[arg(long, value_name = "R")]
    pub(crate) resolution: Option<Resolution>,

    /// Aspect ratio, such as 16:9 [default: 16:9, or that of the image]
    #[arg(long, value_name = "R")]
    pub(crate) ratio: Option<AspectRatio>,

    /// Exact size, such as 1280x720, instead of resolution and ratio
    #[arg(long, value_name = "WxH", conflicts_with_all = ["resolution", "ratio"])]
    pub(crate) size: Option<Size>,

    /// Generate sound, if the model can be silent
    #[arg(long, conflicts_with = "no_audio")]
    pub(crate) audio: bool,

    /// Generate a silent video, if the model can: it costs less
    #[arg(long)]
    pub(crate) no_audio: bool,

    /// Add the vendor's watermark
    #[arg(long)]
    pub(crate) watermark: bool,

    /// What the video should not show
    #[arg(long, value_name = "TEXT")]
    pub(crate) negative_prompt: Option<String>,

    /// Do not let the service rewrite the prompt
    #[arg(long)]
    pub(crate) no_prompt_extend: bool,

    /// Seed, to get nearly the same video again
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,

    /// File to save the video in; `-` is standard output [default: the job id and .mp4]
    #[arg(short, long, value_name = "FILE", conflicts_with = "no_wait")]
    pub(crate) output: Option<PathBuf>,

    /// Overwrite the file if it exists
    #[arg(long, conflicts_with = "no_wait")]
    pub(crate) overwrite: bool,

    /// Submit the job and exit; `video wait` fetches the video
    #[arg(long)]
    pub(crate) no_wait: bool,

    /// Reject values that the model does not support instead of using the nearest ones
    #[arg(long)]
    pub(crate) strict: bool,

    /// Upload local files for the service to read; they are kept for 48 hours
    #[arg(long)]
    pub(crate) upload: bool,

    /// Print what the video would cost, without sending anything
    #[arg(long)]
    pub(crate) estimate: bool,

    /// Use an emulator in this process: no key, no network, a test video
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
        video::DEFAULT_MODEL
    )
}

fn after_generate() -> String {
    format!(
        "Examples:\n  \
         qwen-openclaw video generate \"A cat on a skateboard\" -o cat.mp4\n  \
         qwen-openclaw video generate --image cat.png --upload \"It jumps\" --seconds 10\n  \
         qwen-openclaw video generate \"A cat\" --estimate\n  \
         qwen-openclaw video generate \"A cat\" --no-wait\n\n{}",
        models()
    )
}

/// The models there are, for the help.
fn models() -> String {
    let of = |mode: Mode| {
        let models = video::models().iter();
        let models = models.filter(|model| model.mode() == mode);
        models.map(VideoModel::id).collect::<Vec<_>>().join(", ")
    };
    format!(
        "Models:\n  from text        {}\n  from an image    {}\n  from references  {}",
        of(Mode::TextToVideo),
        of(Mode::ImageToVideo),
        of(Mode::ReferenceToVideo)
    )
}

impl VideoCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Generate(generate) => generate.json,
            Self::Jobs(command) => command.wants_json(),
        }
    }
}
