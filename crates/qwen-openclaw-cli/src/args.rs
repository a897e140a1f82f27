//! The command line.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use qwen_openclaw::catalog::{self, Edition, Level, Plan, Provider, Region};
use qwen_openclaw_emulator::FaultRule;

use crate::{
    config::ConfigCommand,
    gateway::GatewayCommand,
    models::{
        aliases::AliasesCommand,
        choice::example,
        fallbacks::{FallbacksCommand, with_example},
        set::Set,
    },
    plugins::PluginsCommand,
    video::args::VideoCommand,
};

/// Chat with Qwen Cloud (Alibaba Model Studio / DashScope), on every plan and in both regions.
///
/// Unofficial; not affiliated with Alibaba Cloud or OpenClaw.
#[derive(Debug, Parser)]
#[command(
    name = "qwen-openclaw",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 ok, 1 other, 2 usage, 3 authentication, 4 invalid request (refused by us or by the\n\
                  server: unknown model, bad parameter, content), 5 rate limit, quota or billing,\n\
                  6 network or timeout, 7 server, 8 truncated, 130 interrupted.\n\n\
                  No key yet? Try: qwen-openclaw chat --emulator \"Why is the sky blue?\""
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up a provider: store its key and write OpenClaw's configuration
    Onboard(Box<crate::onboard::args::Onboard>),
    /// Chat with a model; without a prompt, start a conversation
    Chat(Box<Chat>),
    /// Describe images or a video
    Describe(Describe),
    /// Generate videos with Wan, as jobs that survive a crash
    Video {
        #[command(subcommand)]
        command: VideoCommand,
    },
    /// List and explain models; manage stored keys and logins
    Models {
        #[command(subcommand)]
        command: ModelsCommand,
    },
    /// Show what is set up: models, endpoint, key, logins and video jobs
    Status(crate::status::Status),
    /// Look for problems with configuration, keys and files, and say what fixes each
    Doctor(crate::doctor::Doctor),
    /// Show, change and check OpenClaw's configuration file
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// List OpenClaw's Qwen plugins, and turn them on or off
    Plugins {
        #[command(subcommand)]
        command: PluginsCommand,
    },
    /// Explain what to do instead of restarting OpenClaw's gateway
    Gateway {
        #[command(subcommand)]
        command: GatewayCommand,
    },
    /// Run an emulator of Qwen Cloud on loopback, for tests and demos without a key
    Emulator(Emulator),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the models that an endpoint offers
    List(List),
    /// Show the configured models, and whether there are credentials for them
    Status(crate::models_status::ModelsStatus),
    /// Set the default model
    #[command(after_help = example("models set"))]
    Set(Set),
    /// Set the model that looks at images
    #[command(after_help = example("models set-image"))]
    SetImage(Set),
    /// Manage short names for models
    Aliases {
        #[command(subcommand)]
        command: AliasesCommand,
    },
    /// Manage the fallbacks of the default model
    #[command(mut_subcommands(|command| with_example(command, "fallbacks")))]
    Fallbacks {
        #[command(subcommand)]
        command: FallbacksCommand,
    },
    /// Manage the fallbacks of the image model
    #[command(mut_subcommands(|command| with_example(command, "image-fallbacks")))]
    ImageFallbacks {
        #[command(subcommand)]
        command: FallbacksCommand,
    },
    /// Explain where requests for a model go, with which key, and why; sends nothing
    Explain(Explain),
    /// Manage stored keys, tokens and logins
    Auth {
        #[command(subcommand)]
        command: Box<crate::auth::args::AuthCommand>,
    },
}

/// Which endpoint to use, and with which key.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Plan to use: standard, coding, token or portal
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<Plan>,

    /// Region to use: global or china
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,

    /// Base URL, instead of plan and region
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Workspace for requests to qwen, instead of the key's own
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<String>,

    /// Stored account to use: its name or profile id, such as work or qwen:work
    #[arg(long, value_name = "NAME", conflicts_with = "api_key_stdin")]
    pub(crate) profile: Option<String>,

    /// Read the API key from standard input
    #[arg(long)]
    pub(crate) api_key_stdin: bool,

    /// Also read keys and settings from this dotenv file
    #[arg(long, value_name = "FILE")]
    pub(crate) dotenv: Option<PathBuf>,

    /// Allow sending the key to other machines over plain HTTP
    #[arg(long)]
    pub(crate) allow_http: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Chat {
    /// Prompt to send; `-` reads it from standard input
    pub(crate) prompt: Option<String>,

    /// Model to use, such as qwen/qwen3.5-plus, or an alias; an id without a provider means qwen
    /// [default: the configured model, otherwise qwen's]
    #[arg(short, long, value_name = "REF")]
    pub(crate) model: Option<String>,

    /// Use the model of this configured agent
    #[arg(long, value_name = "ID", conflicts_with = "model")]
    pub(crate) agent: Option<String>,

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

/// What goes into the request besides the prompt.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Request")]
pub(crate) struct Request {
    /// Attach an image (file or URL); can be repeated
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) image: Vec<String>,

    /// Attach a video (file or URL); can be repeated
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) video: Vec<String>,

    /// Attach audio (file or URL); can be repeated
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) audio: Vec<String>,

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

    /// Save the conversation to this file, and continue from what it holds
    #[arg(long, value_name = "FILE")]
    pub(crate) session: Option<PathBuf>,
}

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

/// What `--json` prints.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Json {
    /// One document, once the reply is complete.
    Result,
    /// One event per line; the last line is the result or the error.
    Stream,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Provider whose models to list [default: qwen, or the plan's own]
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,

    /// Include models the endpoint does not offer, with the reason
    #[arg(long)]
    pub(crate) all: bool,

    /// Query the endpoint, and include models the catalog does not know
    #[arg(long)]
    pub(crate) live: bool,

    /// Catalog edition: 2026.4, 2026.9, or all of them merged [default: all]
    #[arg(long, value_name = "EDITION", value_parser = edition)]
    pub(crate) edition: Option<Edition>,

    /// Print one JSON document
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,

    /// Print one model ref per line
    #[arg(long)]
    pub(crate) plain: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Model, such as qwen/qwen3.5-plus, or an alias [default: the configured model, otherwise the
    /// provider's]
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
    /// Port to listen on [default: any free port]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,

    /// Fault to inject, such as `stall;after=5`; `times=1` limits it to the first response, `on=` to
    /// one video route (create, poll, list, cancel, result, policy, upload); `shape=` chooses the body
    /// of an error (openai, native, anthropic, text); can be repeated
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<FaultRule>,

    /// Seconds a video task takes, a fifth of them in the queue
    #[arg(long, value_name = "N", value_parser = seconds, default_value = "1")]
    pub(crate) video_seconds: f64,

    /// List the faults and exit
    #[arg(long)]
    pub(crate) list_faults: bool,
}

impl Cli {
    /// How errors are printed as JSON, if `--json` was given.
    pub(crate) fn json(&self) -> Option<Json> {
        let document = |asked: bool| asked.then_some(Json::Result);
        match &self.command {
            Command::Chat(chat) => chat.json,
            Command::Describe(describe) => document(describe.json),
            Command::Onboard(onboard) => document(onboard.json),
            Command::Models {
                command: ModelsCommand::List(list),
            } => document(list.json),
            Command::Models {
                command: ModelsCommand::Explain(explain),
            } => document(explain.json),
            Command::Models {
                command: ModelsCommand::Set(set) | ModelsCommand::SetImage(set),
            } => document(set.json),
            Command::Models {
                command: ModelsCommand::Aliases { command },
            } => document(command.wants_json()),
            Command::Models {
                command:
                    ModelsCommand::Fallbacks { command } | ModelsCommand::ImageFallbacks { command },
            } => document(command.wants_json()),
            Command::Config { command } => document(command.wants_json()),
            Command::Plugins { command } => document(command.wants_json()),
            Command::Gateway { command } => document(command.wants_json()),
            Command::Video { command } => document(command.wants_json()),
            Command::Models {
                command: ModelsCommand::Auth { command },
            } => document(command.wants_json()),
            Command::Models {
                command: ModelsCommand::Status(status),
            } => document(status.json),
            Command::Status(status) => document(status.json),
            Command::Doctor(doctor) => document(doctor.json),
            Command::Emulator(_) => None,
        }
    }
}

/// What `--json` asks for on a command line that could not be parsed.
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

/// The help text of `describe --model`.
fn media_model() -> String {
    let default = catalog::default_media_model(Edition::default());
    format!(
        "Model to use, or an alias [default: the configured model, otherwise {}/{default}]",
        Provider::QWEN
    )
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

/// Up to a day: the service forgets a task after that.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=86_400.0).contains(&value) => Ok(value),
        _ => Err("must be a number from 0 to 86400".to_owned()),
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Each example that ends a help parses as it is printed.
    #[test]
    fn examples_are_command_lines() {
        fn check(command: &clap::Command) -> usize {
            let help = command.get_after_help().map(ToString::to_string);
            let example = help
                .as_deref()
                .and_then(|help| help.lines().next())
                .and_then(|line| line.strip_prefix("Example: qwen-openclaw "));
            if let Some(example) = example {
                let words = example
                    .split(' ')
                    .take_while(|word| !matches!(*word, "<" | ">" | "|"));
                let parsed = Cli::try_parse_from(["qwen-openclaw"].into_iter().chain(words));
                assert!(parsed.is_ok(), "{example}");
            }
            let below = command.get_subcommands().map(check).sum::<usize>();
            below + usize::from(example.is_some())
        }
        assert!(check(&Cli::command()) > 20);
    }
}
