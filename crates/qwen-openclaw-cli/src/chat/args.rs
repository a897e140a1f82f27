//! The command line of `chat`.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};
use qwen_openclaw::catalog::Level;

use crate::{
    args::{Connection, Json, Seconds, seconds},
    chat::tools::ToolCommand,
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
                  qwen-openclaw chat \"Why is the sky blue?\"\n  \
                  qwen-openclaw chat \"Summarize in three lines.\" < notes.txt\n  \
                  qwen-openclaw chat --image photo.jpg \"What does the sign say?\"\n  \
                  qwen-openclaw chat --think high --reasoning hide \"Is 8191 a prime?\"\n  \
                  qwen-openclaw chat --json \"Name a color.\" | jq .text\n  \
                  qwen-openclaw chat --session trip.json")]
pub(crate) struct Chat {
    /// Prompt to send, in one or more words; `-` reads it from standard input. What is piped in goes
    /// before it
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: Vec<String>,

    /// Model to use, such as qwen/qwen3.5-plus, or an alias; an id without a provider means qwen
    /// [default: the configured model, otherwise qwen's]
    #[arg(short, long, value_name = "REF")]
    pub(crate) model: Option<String>,

    /// Use the model of this configured agent
    #[arg(long, value_name = "ID", conflicts_with = "model")]
    pub(crate) agent: Option<String>,

    /// Model to ask if the one before it does not answer, instead of the configured fallbacks; can be
    /// repeated. With --model alone, no other model is asked
    #[arg(long, value_name = "REF")]
    pub(crate) fallback: Vec<String>,

    /// Also fall back onto the key of a Coding Plan or Token Plan from another provider: its vendor
    /// suspends keys that are used unattended
    #[arg(long)]
    pub(crate) allow_plan_keys: bool,

    /// System prompt
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// Maximum tokens to generate
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_tokens: Option<u32>,

    /// Sampling temperature, 0 to below 2
    #[arg(long, value_name = "X", value_parser = temperature)]
    pub(crate) temperature: Option<f64>,

    /// Use the built-in emulator: no key, no network
    #[arg(long, conflicts_with_all = ["base_url", "api_key_stdin", "dotenv", "profile"])]
    pub(crate) emulator: bool,

    /// Send the request even if the catalog says the endpoint does not offer the model
    #[arg(long)]
    pub(crate) force: bool,

    /// Do not request or show token usage
    #[arg(long)]
    pub(crate) no_usage: bool,

    /// Do not read standard input
    #[arg(long)]
    pub(crate) no_stdin: bool,

    /// File to write the answer to; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Overwrite the file if it exists
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,
    /// Show or hide the model's reasoning [default: show; hide while the answer goes from a terminal
    /// into a pipe, as to a pager]
    #[arg(long, value_name = "WHEN")]
    pub(crate) reasoning: Option<Reasoning>,

    /// Print the answer as the model wrote it; on a terminal, Markdown is rendered otherwise
    #[arg(long)]
    pub(crate) raw: bool,

    /// Keep no history of what is typed in a conversation
    #[arg(long)]
    pub(crate) no_history: bool,

    /// Print the result as one JSON document, or one event per line
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "result"
    )]
    pub(crate) json: Option<Json>,

    #[command(flatten)]
    pub(crate) request: Request,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// What `--reasoning` asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Reasoning {
    Show,
    Hide,
}

/// What goes into the request besides the prompt.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Request")]
pub(crate) struct Request {
    /// Attach an image (file or URL); can be repeated
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) image: Vec<OsString>,

    /// Attach a video (file or URL); can be repeated
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) video: Vec<OsString>,

    /// Attach audio (file or URL); can be repeated
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) audio: Vec<OsString>,

    /// Thinking level: off, minimal, low, medium, high, xhigh or max; `models explain` shows which of
    /// them differ for a model
    #[arg(long, value_name = "LEVEL")]
    pub(crate) think: Option<Level>,

    /// Maximum tokens for thinking
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) think_budget: Option<u32>,

    /// Tools the model may call: a JSON file with an array of tools
    #[arg(long, value_name = "FILE")]
    pub(crate) tools: Option<PathBuf>,

    /// Command that runs the tool NAME: it gets the arguments as JSON on its standard input, and what
    /// it prints is the result. Split into words without a shell; can be repeated. Without it, a call
    /// is printed
    #[arg(
        long,
        value_name = "NAME=COMMAND",
        value_parser = ToolCommand::parse,
        requires = "tools"
    )]
    pub(crate) tool_cmd: Vec<ToolCommand>,

    /// Longest time a tool may run, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    pub(crate) tool_timeout: Seconds,

    /// Run the commands of tools without asking
    #[arg(long, requires = "tool_cmd")]
    pub(crate) yes: bool,

    /// Tool choice: auto, none, required, or the name of a tool
    #[arg(long, value_name = "CHOICE", requires = "tools")]
    pub(crate) tool_choice: Option<String>,

    /// Answer in JSON that matches the schema in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json_schema: Option<PathBuf>,

    /// Let the model search the web (billed per call)
    #[arg(long)]
    pub(crate) search: bool,

    /// Put the system prompt into the service's explicit cache
    #[arg(long, requires = "system")]
    pub(crate) cache_system: bool,

    /// Send no cache markers, whatever the request has of them
    #[arg(long, conflicts_with = "cache_system")]
    pub(crate) no_cache: bool,

    /// Start from the request body in this JSON file, such as another program's; flags and the prompt
    /// are added to it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["system", "session"])]
    pub(crate) body: Option<PathBuf>,

    /// Set any other request field to a JSON value or a string; can be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = field)]
    pub(crate) extra: Vec<(String, serde_json::Value)>,

    /// Save the conversation to this file, and continue from what it holds. A system prompt is kept
    /// with it
    #[arg(long, value_name = "FILE")]
    pub(crate) session: Option<PathBuf>,
}

fn temperature(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..2.0).contains(&value) => Ok(value),
        _ => Err("must be a number from 0 to below 2".to_owned()),
    }
}

/// `KEY=VALUE`; the value is JSON if it parses as JSON, otherwise a string.
fn field(text: &str) -> Result<(String, serde_json::Value), String> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE")?;
    if key.trim().is_empty() {
        return Err("the key is empty".to_owned());
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((key.trim().to_owned(), value))
}
