//! The command line of what is done with jobs.

use std::path::PathBuf;

use clap::{Args, Command, Subcommand};

use crate::args::Connection;

#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// List the jobs submitted from this machine
    List(List),
    /// Show a job and its current state at the service
    Show(One),
    /// Wait for a job and save its result
    Wait(Save),
    /// Resume jobs that a crash or a lost connection interrupted
    Resume(Resume),
    /// Cancel a job that is still queued
    Cancel(One),
    /// Save the result of a finished job
    Download(Save),
    /// Remove the records of old jobs for which nothing is left to do
    Prune(Prune),
}

/// Ends the help of what is done with jobs of a kind with an example.
pub(crate) fn with_example(command: Command, kind: &str, file: &str) -> Command {
    let name = command.get_name();
    let arguments = match name {
        "list" => "--unfinished".to_owned(),
        "show" | "cancel" => "20261128".to_owned(),
        "wait" | "download" => format!("20261128 -o {file}"),
        "prune" => "--older-than 7 --dry-run".to_owned(),
        "resume" => String::new(),
        // It has its own.
        _ => return command,
    };
    let line = format!("qwen-openclaw {kind} {name} {arguments}");
    let mut help = format!("Example: {}", line.trim_end());
    if name == "prune" {
        help += "\n\nJobs are removed that were saved, refused or canceled, that failed, or whose result \
                 can no\nlonger be fetched; never one that may still be running. Saved files stay.";
    }
    command.after_help(help)
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

    /// File to save the result in; `-` is standard output [default: the one given at submission, or
    /// one named after the job]
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

impl JobCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List(list) => list.json,
            Self::Show(one) | Self::Cancel(one) => one.json,
            Self::Wait(save) | Self::Download(save) => save.json,
            Self::Resume(resume) => resume.json,
            Self::Prune(prune) => prune.json,
        }
    }
}
