//! The command line of `batch`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Connection;

#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// Check a file of requests, upload it, and create a batch of it
    Submit(Box<Submit>),
    /// Show a batch and its current state at the service
    #[command(after_help = "Example: qwen-openclaw batch status batch-6929d2e5")]
    Status(One),
    /// Save the results of a batch, in the order of its input
    Results(Results),
    /// Cancel a batch; what is done by then is billed
    #[command(after_help = "Example: qwen-openclaw batch cancel batch-6929d2e5")]
    Cancel(One),
    /// Go on with batches that a crash or a lost connection interrupted
    #[command(after_help = "Example: qwen-openclaw batch resume\n\n\
                      The service is asked what it has: nothing is uploaded, created or billed twice.")]
    Resume(Resume),
    /// List the batches submitted from this machine
    #[command(after_help = "Example: qwen-openclaw batch list --unfinished")]
    List(List),
}

#[derive(Args, Debug)]
#[command(
    after_help = "Each line of the file is a request, all of them to one model:\n  \
                  {\"custom_id\":\"1\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\n   \
                  \"body\":{\"model\":...}}\n\n\
                  Examples:\n  \
                  qwen-openclaw batch submit requests.jsonl --dry-run\n  \
                  qwen-openclaw batch submit requests.jsonl --window 48"
)]
pub(crate) struct Submit {
    /// File of requests, JSON lines
    pub(crate) file: PathBuf,

    /// How long the batch may take, in hours, from 24 to 336
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    pub(crate) window: u32,

    /// Name that the service's console shows
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,

    /// Check the file and estimate tokens and cost; sends nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct One {
    /// Batch: its id, its beginning, or the service's id
    pub(crate) batch: String,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
                  qwen-openclaw batch results batch-6929d2e5\n  \
                  qwen-openclaw batch results batch-6929d2e5 --wait -o results.jsonl")]
pub(crate) struct Results {
    /// Batch: its id, its beginning, or the service's id
    pub(crate) batch: String,

    /// File to write the results to [default: the batch's id with .results.jsonl]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Overwrite the file if it exists
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Wait until the batch is done, asking once a minute at most
    #[arg(long)]
    pub(crate) wait: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// Only this batch: its id, its beginning, or the service's id
    pub(crate) batch: Option<String>,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only batches for which something is left to do
    #[arg(long)]
    pub(crate) unfinished: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

impl BatchCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Submit(submit) => submit.json,
            Self::Status(one) | Self::Cancel(one) => one.json,
            Self::Results(results) => results.json,
            Self::Resume(resume) => resume.json,
            Self::List(list) => list.json,
        }
    }
}
