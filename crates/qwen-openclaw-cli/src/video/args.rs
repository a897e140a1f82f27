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

use crate::args::Connection;

#[derive(Debug, Subcommand)]
pub(crate) enum VideoCommand {
    /// Generate a video from text, images or videos
    Generate(Box<Generate>),
    /// List the jobs submitted from this machine
    #[command(after_help = "Example: qwen-openclaw video list --unfinished")]
    List(List),
    /// Show a job and its current state at the service
    #[command(after_help = "Example: qwen-openclaw video show 20261128")]
    Show(One),
    /// Wait for a job and save its video
    #[command(after_help = "Example: qwen-openclaw video wait 20261128 -o cat.mp4")]
    Wait(Save),
    /// Resume jobs that a crash or a lost connection interrupted
    #[command(after_help = "Example: qwen-openclaw video resume")]
    Resume(Resume),
    /// Cancel a job that is still queued
    #[command(after_help = "Example: qwen-openclaw video cancel 20261128")]
    Cancel(One),
    /// Save the video of a finished job
    #[command(after_help = "Example: qwen-openclaw video download 20261128 -o cat.mp4")]
    Download(Save),
    /// Remove the records of old jobs for which nothing is left to do
    Prune(Prune),
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

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only unfinished jobs
    #[arg(long)]
    pub(crate) unfinished: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct One {
    /// Job id, its beginning, or the task id
    pub(crate) job: String,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct Save {
    /// Job id, its beginning, or the task id
    pub(crate) job: String,

    /// File to save the video in; `-` is standard output [default: the one given at submission, or the
    /// job id and .mp4]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Overwrite the file if it exists
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Print the result as one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Example: qwen-openclaw video prune --older-than 7 --dry-run\n\n\
                  Jobs are removed that were saved, refused or canceled, that failed, or whose video can no\n\
                  longer be fetched; never one that may still be running. Saved videos stay."
)]
pub(crate) struct Prune {
    /// Keep jobs that were submitted in the last N days
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) older_than: u32,

    /// Show what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// Only this job: its id, its beginning, or the task id
    pub(crate) job: Option<String>,

    /// Adopt this task of the service as the job's own
    #[arg(
        long,
        value_name = "TASK",
        requires = "job",
        conflicts_with = "resubmit"
    )]
    pub(crate) adopt: Option<String>,

    /// Submit the job again; if the service has it after all, it is generated and billed twice
    #[arg(long, requires = "job")]
    pub(crate) resubmit: bool,

    /// Print one JSON document
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
            Self::List(list) => list.json,
            Self::Show(one) | Self::Cancel(one) => one.json,
            Self::Wait(save) | Self::Download(save) => save.json,
            Self::Resume(resume) => resume.json,
            Self::Prune(prune) => prune.json,
        }
    }
}
