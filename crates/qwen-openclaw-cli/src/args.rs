//! The command line.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use qwen_openclaw::catalog::{self, Edition, Level, Plan, Provider, Region};
use qwen_openclaw_emulator::FaultRule;

use crate::video::args::VideoCommand;

/// Chat with Qwen Cloud (Alibaba Model Studio / DashScope), on every plan and region.
///
/// Unofficial; not affiliated with Alibaba Cloud or OpenClaw.
#[derive(Debug, Parser)]
#[command(
    name = "qwen-openclaw",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 ok, 1 other, 2 usage, 3 key or permission, 4 request at fault (whoever refuses it),\n\
                  5 rate limit, quota or billing, 6 network or timeout, 7 server, 8 truncated reply,\n\
                  130 interrupted.\n\n\
                  No key yet? Try: qwen-openclaw chat --emulator \"Why is the sky blue?\""
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask a model; without a prompt, hold a conversation
    Chat(Box<Chat>),
    /// Say what images, or a clip, show
    Describe(Describe),
    /// Make videos with Wan, as jobs that outlast a crash
    Video {
        #[command(subcommand)]
        command: VideoCommand,
    },
    /// See which models there are; store the keys and logins for them
    Models {
        #[command(subcommand)]
        command: ModelsCommand,
    },
    /// Serve Qwen Cloud on loopback, for tests and demos without a key
    Emulator(Emulator),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the models of a provider, as its endpoint offers them
    List(List),
    /// Explain where requests for a model go, with which key, and why; sends nothing
    Explain(Explain),
    /// Store keys, tokens and logins
    Auth {
        #[command(subcommand)]
        command: Box<crate::auth::args::AuthCommand>,
    },
}

/// Which endpoint is spoken to, and with which key.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Plan whose endpoint is used: standard, coding, token or portal
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<Plan>,

    /// Region of the endpoint: global or china
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,

    /// Base URL, in place of plan and region
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Workspace that requests to qwen belong to, in place of that of the key
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<String>,

    /// Read the key from standard input
    #[arg(long)]
    pub(crate) api_key_stdin: bool,

    /// Take keys and settings from this dotenv file too
    #[arg(long, value_name = "FILE")]
    pub(crate) dotenv: Option<PathBuf>,

    /// Send the key over plain http to other machines too
    #[arg(long)]
    pub(crate) allow_http: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Chat {
    /// What to ask; `-` reads it from standard input
    pub(crate) prompt: Option<String>,

    /// Model, such as qwen/qwen3.5-plus; an id without a provider belongs to qwen
    #[arg(short, long, value_name = "REF")]
    pub(crate) model: Option<String>,

    /// Instructions for the model
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// Most tokens of the reply
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_tokens: Option<u32>,

    /// How freely words are drawn, from 0 to below 2
    #[arg(long, value_name = "X", value_parser = temperature)]
    pub(crate) temperature: Option<f64>,

    /// Talk to an emulator in this process: no key, no network
    #[arg(long, conflicts_with_all = ["base_url", "api_key_stdin", "dotenv"])]
    pub(crate) emulator: bool,

    /// Send the request even when the catalog says that the endpoint lacks the model
    #[arg(long)]
    pub(crate) force: bool,

    /// Do not ask for token counts and do not show them
    #[arg(long)]
    pub(crate) no_usage: bool,

    /// Print the result as one JSON document, or each event as a line
    #[arg(
        long,
        value_name = "FORM",
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

/// What is asked besides the prompt.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Request")]
pub(crate) struct Request {
    /// Image to ask about: a file or an address; may be given several times
    #[arg(long, value_name = "F")]
    pub(crate) image: Vec<String>,

    /// Clip to ask about: a file or an address; may be given several times
    #[arg(long, value_name = "F")]
    pub(crate) video: Vec<String>,

    /// Sound to ask about: a file or an address; may be given several times
    #[arg(long, value_name = "F")]
    pub(crate) audio: Vec<String>,

    /// How much to think: off, minimal, low, medium, high, xhigh or max
    #[arg(long, value_name = "LEVEL")]
    pub(crate) think: Option<Level>,

    /// Most tokens to think with
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) think_budget: Option<u32>,

    /// Tools the model may call: a JSON file with an array of them
    #[arg(long, value_name = "FILE")]
    pub(crate) tools: Option<PathBuf>,

    /// Whether it calls them: auto, none, required, or the name of one
    #[arg(long, value_name = "CHOICE", requires = "tools")]
    pub(crate) tool_choice: Option<String>,

    /// Answer in JSON that fits the schema in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json_schema: Option<PathBuf>,

    /// Let the model search the web (billed by the call)
    #[arg(long)]
    pub(crate) search: bool,

    /// Put the instructions into the service's cache
    #[arg(long, requires = "system")]
    pub(crate) cache_system: bool,

    /// Set any other field of the request, to JSON or a text; may be given several times
    #[arg(long, value_name = "K=V", value_parser = field)]
    pub(crate) extra: Vec<(String, serde_json::Value)>,

    /// Keep the conversation in this file, and go on with what is in it
    #[arg(long, value_name = "FILE")]
    pub(crate) session: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Describe {
    /// Images, or one clip: files or addresses
    #[arg(required = true, value_name = "FILE|URL")]
    pub(crate) media: Vec<String>,

    /// What to ask [default: Describe the image in detail., or the video]
    #[arg(long, value_name = "P")]
    pub(crate) prompt: Option<String>,

    #[arg(short, long, value_name = "REF", help = media_model())]
    pub(crate) model: Option<String>,

    /// Talk to an emulator in this process: no key, no network
    #[arg(long, conflicts_with_all = ["base_url", "api_key_stdin", "dotenv"])]
    pub(crate) emulator: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// What `--json` prints.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Json {
    /// One document, when the reply is complete.
    Result,
    /// A line an event, the last one with the result or the error.
    Stream,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Provider whose models are listed [default: qwen, or that of the plan]
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,

    /// Show what the endpoint lacks too, with the reason
    #[arg(long)]
    pub(crate) all: bool,

    /// Ask the endpoint, and show what it has besides
    #[arg(long)]
    pub(crate) live: bool,

    /// Edition of the catalog: 2026.4, 2026.9, or all of them merged [default: all]
    #[arg(long, value_name = "EDITION", value_parser = edition)]
    pub(crate) edition: Option<Edition>,

    /// Print one JSON document
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,

    /// Print one ref a line
    #[arg(long)]
    pub(crate) plain: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Model, such as qwen/qwen3.5-plus [default: that of the provider]
    #[arg(value_name = "REF")]
    pub(crate) model: Option<String>,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct Emulator {
    /// Port to listen on [default: any that is free]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,

    /// Break answers in this way, such as `stall;after=5`; `times=1` breaks the first only, `on=`
    /// those of a video route (create, poll, list, cancel, result, policy, upload); may be given
    /// several times
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<FaultRule>,

    /// Seconds that a video task takes, a fifth of them in the queue
    #[arg(long, value_name = "N", value_parser = seconds, default_value = "1")]
    pub(crate) video_seconds: f64,

    /// List the faults and leave
    #[arg(long)]
    pub(crate) list_faults: bool,
}

impl Cli {
    /// The form in which errors are printed as JSON, when they are.
    pub(crate) fn json(&self) -> Option<Json> {
        let document = |asked: bool| asked.then_some(Json::Result);
        match &self.command {
            Command::Chat(chat) => chat.json,
            Command::Describe(describe) => document(describe.json),
            Command::Models {
                command: ModelsCommand::List(list),
            } => document(list.json),
            Command::Models {
                command: ModelsCommand::Explain(explain),
            } => document(explain.json),
            Command::Video { command } => document(command.wants_json()),
            Command::Models {
                command: ModelsCommand::Auth { command },
            } => document(command.wants_json()),
            Command::Emulator(_) => None,
        }
    }
}

/// What `--json` asks for on a command line that could not be understood otherwise.
pub(crate) fn json_asked_for(arguments: impl Iterator<Item = OsString>) -> Option<Json> {
    arguments
        .take_while(|argument| argument != "--")
        .filter_map(|argument| match argument.to_str()? {
            "--json=stream" => Some(Json::Stream),
            text if text == "--json" || text.starts_with("--json=") => Some(Json::Result),
            _ => None,
        })
        .next()
}

/// The help of the model that describes images and videos.
fn media_model() -> String {
    let default = catalog::default_media_model(Edition::default());
    format!("Model [default: {}/{default}]", Provider::QWEN)
}

/// `all` is short for the rows of all editions, merged.
fn edition(text: &str) -> Result<Edition, catalog::Error> {
    match text {
        "all" => Ok(Edition::Merged),
        _ => text.parse(),
    }
}

fn temperature(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..2.0).contains(&value) => Ok(value),
        _ => Err("must be a number from 0 to below 2".to_owned()),
    }
}

/// Up to a day: nobody remembers a task for longer.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=86_400.0).contains(&value) => Ok(value),
        _ => Err("must be a number from 0 to 86400".to_owned()),
    }
}

/// `key=value`, the value as JSON where it is JSON.
fn field(text: &str) -> Result<(String, serde_json::Value), String> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE")?;
    if key.trim().is_empty() {
        return Err("the key is empty".to_owned());
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((key.trim().to_owned(), value))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
