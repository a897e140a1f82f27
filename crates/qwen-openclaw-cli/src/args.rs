//! The command line.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use qwen_openclaw::catalog::{self, Edition, Plan, Region};

use crate::{
    batch::args::BatchCommand,
    config::ConfigCommand,
    gateway::GatewayCommand,
    image::args::ImageCommand,
    jobs::args::with_example as with_job_example,
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
                  server: unknown model, bad parameter, content), 5 rate limit, quota, billing or budget,\n\
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
    Chat(Box<crate::chat::args::Chat>),
    /// Describe images or a video
    Describe(crate::describe::Describe),
    /// Generate and edit images
    #[command(mut_subcommands(|command| with_job_example(command, "image", "cat.png")))]
    Image {
        #[command(subcommand)]
        command: ImageCommand,
    },
    /// Generate videos with Wan, as jobs that survive a crash
    #[command(mut_subcommands(|command| with_job_example(command, "video", "cat.mp4")))]
    Video {
        #[command(subcommand)]
        command: VideoCommand,
    },
    /// Submit files of requests at half the price, and save their results
    Batch {
        #[command(subcommand)]
        command: BatchCommand,
    },
    /// Turn texts into vectors (embeddings), any number of them
    Embed(Box<crate::embed::Embed>),
    /// Order documents by how well they answer a query
    Rerank(Box<crate::rerank::Rerank>),
    /// Turn text into speech, also while the text is being written
    Speak(Box<crate::speak::Speak>),
    /// List and explain models; manage stored keys and logins
    Models {
        #[command(subcommand)]
        command: ModelsCommand,
    },
    /// Show what is set up: models, endpoint, key, logins and jobs
    Status(crate::status::Status),
    /// Show what was used and what it cost; manage budgets and cooldowns
    Usage(Box<crate::usage::Usage>),
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
    Emulator(crate::emulator::Emulator),
    /// Print the script that completes commands in a shell
    Completions(crate::completions::Completions),
    /// Print a manual page, or write those of all commands
    Man(crate::completions::Man),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the models that an endpoint offers, with their prices
    #[command(
        after_help = "Prices are list prices: input/output per million tokens (1M), per second of video (/s), \
                            or per image.\nSubscriptions have none, and what is not known is left out.\n\n\
                            Example: qwen-openclaw models list --plan coding --all"
    )]
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
    Explain(crate::explain::Explain),
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

    /// Longest time a request may take, in seconds [default: none, while data arrives]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Seconds>,

    /// Show each request on standard error: host, status, request id, time
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Allow sending the key to other machines over plain HTTP
    #[arg(long)]
    pub(crate) allow_http: bool,
}

/// A time limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seconds(pub(crate) Duration);

/// Up to a week; a limit beyond that is a mistake.
pub(crate) fn seconds(text: &str) -> Result<Seconds, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 604_800.0 => {
            Ok(Seconds(Duration::from_secs_f64(value)))
        }
        _ => Err("must be a number of seconds, more than 0".to_owned()),
    }
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

    /// Query the built-in emulator, in place of the official endpoint
    #[arg(
        long,
        requires = "live",
        conflicts_with_all = ["base_url", "api_key_stdin", "dotenv", "profile"]
    )]
    pub(crate) emulator: bool,

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

impl Cli {
    /// How errors are printed as JSON, if `--json` was given.
    pub(crate) fn json(&self) -> Option<Json> {
        let document = |asked: bool| asked.then_some(Json::Result);
        match &self.command {
            Command::Chat(chat) => chat.json,
            Command::Config { command } => document(command.wants_json()),
            Command::Describe(describe) => document(describe.json),
            Command::Doctor(doctor) => document(doctor.json),
            Command::Embed(embed) => document(embed.json),
            Command::Emulator(_) | Command::Completions(_) | Command::Man(_) => None,
            Command::Gateway { command } => document(command.wants_json()),
            Command::Models { command } => document(command.wants_json()),
            Command::Onboard(onboard) => document(onboard.json),
            Command::Plugins { command } => document(command.wants_json()),
            Command::Rerank(rerank) => document(rerank.json),
            Command::Speak(speak) => document(speak.json),
            Command::Status(status) => document(status.json),
            Command::Usage(usage) => document(usage.wants_json()),
            Command::Batch { command } => document(command.wants_json()),
            Command::Image { command } => document(command.wants_json()),
            Command::Video { command } => document(command.wants_json()),
        }
    }
}

impl ModelsCommand {
    fn wants_json(&self) -> bool {
        match self {
            Self::List(list) => list.json,
            Self::Status(status) => status.json,
            Self::Set(set) | Self::SetImage(set) => set.json,
            Self::Aliases { command } => command.wants_json(),
            Self::Fallbacks { command } | Self::ImageFallbacks { command } => command.wants_json(),
            Self::Explain(explain) => explain.json,
            Self::Auth { command } => command.wants_json(),
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

/// `all` is short for the rows of all editions, merged.
fn edition(text: &str) -> Result<Edition, catalog::Error> {
    match text {
        "all" => Ok(Edition::Merged),
        _ => text.parse(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Each command's help ends with an example at least, and each example parses as it is printed.
    #[test]
    fn every_help_has_examples_that_are_command_lines() {
        for (name, command) in commands() {
            if command.has_subcommands() {
                continue;
            }
            let help = command.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            let examples = help.lines().filter_map(|line| {
                let line = line.trim_start();
                let line = line.strip_prefix("Example: ").unwrap_or(line);
                line.strip_prefix("qwen-openclaw ")
            });
            let examples: Vec<&str> = examples.collect();
            let is_shown_otherwise = help.contains("$(qwen-openclaw ");
            assert!(!examples.is_empty() || is_shown_otherwise, "{name}");
            for example in examples {
                let parsed = Cli::try_parse_from(
                    ["qwen-openclaw".to_owned()]
                        .into_iter()
                        .chain(words(example)),
                );
                assert!(parsed.is_ok(), "{example}");
            }
        }
    }

    /// The words of a line up to a pipe, without redirections.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (index, part) in line.split('"').enumerate() {
            match index % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        let mut words = words.into_iter().take_while(|word| word != "|");
        let mut kept = Vec::new();
        while let Some(word) = words.next() {
            match word.as_str() {
                "<" | ">" => drop(words.next()),
                _ => kept.push(word),
            }
        }
        kept
    }

    /// All commands with their names.
    fn commands() -> Vec<(String, clap::Command)> {
        fn add(command: &clap::Command, all: &mut Vec<(String, clap::Command)>) {
            let name = command.get_bin_name().unwrap_or_default().to_owned();
            let below = command
                .get_subcommands()
                .filter(|below| below.get_name() != "help");
            below.for_each(|below| add(below, all));
            all.push((name, command.clone()));
        }
        let mut command = Cli::command().term_width(80);
        command.build();
        let mut all = Vec::new();
        add(&command, &mut all);
        all
    }

    #[test]
    fn help_fits_80_columns() {
        for (name, command) in commands() {
            let help = command.term_width(80).render_long_help().to_string();
            for line in help.lines() {
                // What is one command is not broken.
                let is_whole = line.starts_with("Usage: ") || line.contains(": qwen-openclaw ");
                let fits = line.chars().count() <= 80 || is_whole;
                assert!(fits, "{name}: {line}");
            }
        }
    }
}
