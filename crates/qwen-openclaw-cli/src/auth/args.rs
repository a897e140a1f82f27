//! The command line of `models auth`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use qwen_openclaw::catalog::{Plan, Region};

#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Log in to the Qwen portal (Qwen discontinued its free tier on 2026-04-15)
    #[command(
        after_help = "Example: qwen-openclaw models auth login --provider qwen-portal --enable-portal"
    )]
    Login(Login),
    /// Store an API key, typed at a hidden prompt or piped in
    #[command(
        after_help = "Example: qwen-openclaw models auth paste-api-key --provider qwen < key.txt"
    )]
    PasteApiKey(Paste),
    /// Store a token, typed at a hidden prompt or piped in
    #[command(
        after_help = "Example: qwen-openclaw models auth paste-token --provider qwen < token.txt"
    )]
    PasteToken(Paste),
    /// List stored profiles, without showing keys or tokens
    #[command(after_help = "Example: qwen-openclaw models auth list")]
    List(List),
    /// Remove a stored profile
    #[command(after_help = "Example: qwen-openclaw models auth logout qwen:default")]
    Logout(Logout),
    /// Import credentials from another program
    #[command(after_help = "Example: qwen-openclaw models auth import openclaw")]
    Import(Import),
    /// Show or set the order in which a provider's profiles are used
    Order {
        #[command(subcommand)]
        command: OrderCommand,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Login {
    /// Provider to log in to: qwen-portal
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: String,

    /// Do not open a browser
    #[arg(long)]
    pub(crate) no_browser: bool,

    /// Account name to store the login under
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) profile: String,

    /// Use the Qwen Code CLI's own login file, refreshed under that program's lock
    #[arg(long)]
    pub(crate) share_qwen_cli: bool,

    /// Login server: an https URL, or loopback [default: QWEN_OAUTH_BASE_URL, or
    /// https://chat.qwen.ai]
    #[arg(long, value_name = "URL")]
    pub(crate) oauth_base_url: Option<String>,

    /// Log in although the portal is off, which it is because its free tier has ended; `plugins enable
    /// qwen-portal-auth` turns it on for good
    #[arg(long)]
    pub(crate) enable_portal: bool,

    /// Make the portal's model the default
    #[arg(long)]
    pub(crate) set_default: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Paste {
    /// Provider to store it for, such as qwen
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: String,

    /// Plan the key belongs to (standard or coding), remembered with the key
    #[arg(long, value_name = "PLAN", conflicts_with = "base_url")]
    pub(crate) plan: Option<Plan>,

    /// Region the key belongs to (global or china), remembered with the key
    #[arg(long, value_name = "REGION", conflicts_with = "base_url")]
    pub(crate) region: Option<Region>,

    /// Base URL the key belongs to; the key is sent to that server only
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Account name to store it under; videos use the key stored as `standard`, if any
    #[arg(
        long,
        value_name = "NAME",
        alias = "profile-id",
        default_value = "default"
    )]
    pub(crate) profile: String,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// List only this provider's profiles
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Logout {
    /// Profile to remove, such as qwen:default
    #[arg(value_name = "PROFILE")]
    pub(crate) profile: String,

    /// Skip the confirmation; there is none anyway
    #[arg(long, hide = true)]
    pub(crate) yes: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// Program to import from
    #[arg(value_enum, value_name = "PROGRAM")]
    pub(crate) from: From,

    /// File to read [default: the one that program uses]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Account name to store the Qwen Code CLI's login under
    #[arg(long, value_name = "NAME", default_value = "qwen-cli")]
    pub(crate) profile: String,

    /// Server that issued the Qwen Code CLI's login [default: QWEN_OAUTH_BASE_URL, or https://chat.qwen.ai]
    #[arg(long, value_name = "URL")]
    pub(crate) oauth_base_url: Option<String>,

    /// OpenClaw agent whose credentials to import [default: all agents]
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub(crate) agent: Option<String>,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum From {
    /// The Qwen Code CLI's login (~/.qwen/oauth_creds.json)
    QwenCli,
    /// OpenClaw's databases, or the auth-profiles.json of earlier releases
    Openclaw,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Show the order
    #[command(after_help = "Example: qwen-openclaw models auth order get --provider qwen")]
    Get(Order),
    /// Set the order
    #[command(
        after_help = "Example: qwen-openclaw models auth order set --provider qwen qwen:work qwen:default"
    )]
    Set(SetOrder),
    /// Clear the order
    #[command(after_help = "Example: qwen-openclaw models auth order clear --provider qwen")]
    Clear(Order),
}

#[derive(Args, Debug)]
pub(crate) struct Order {
    /// Provider whose profiles to order
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: String,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SetOrder {
    /// Profiles, most preferred first
    #[arg(required = true, value_name = "PROFILE")]
    pub(crate) profiles: Vec<String>,

    #[command(flatten)]
    pub(crate) order: Order,
}

impl AuthCommand {
    /// True when errors are to be printed as JSON.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Login(login) => login.json,
            Self::PasteApiKey(paste) | Self::PasteToken(paste) => paste.json,
            Self::List(list) => list.json,
            Self::Logout(logout) => logout.json,
            Self::Import(import) => import.json,
            Self::Order { command } => match command {
                OrderCommand::Get(order) | OrderCommand::Clear(order) => order.json,
                OrderCommand::Set(set) => set.order.json,
            },
        }
    }
}
