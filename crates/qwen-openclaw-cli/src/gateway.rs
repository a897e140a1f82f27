//! `gateway`: OpenClaw's service, which this program does not have.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{failure::Failure, output::Out};

#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    /// Explain why nothing needs a restart, and what to run instead
    #[command(after_help = "Example: qwen-openclaw gateway restart")]
    Restart(Gateway),
    /// Explain where to look instead: this program runs no gateway
    #[command(after_help = "Example: qwen-openclaw gateway status")]
    Status(Gateway),
}

#[derive(Args, Debug)]
pub(crate) struct Gateway {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl GatewayCommand {
    pub(crate) fn wants_json(&self) -> bool {
        let (Self::Restart(gateway) | Self::Status(gateway)) = self;
        gateway.json
    }
}

pub(crate) fn run(command: &GatewayCommand) -> Result<(), Failure> {
    let (name, text, next) = match command {
        GatewayCommand::Restart(_) => (
            "restart",
            "Nothing needs a restart: this program runs no gateway, and each command reads the \
             configuration anew.",
            "qwen-openclaw plugins list",
        ),
        GatewayCommand::Status(_) => (
            "status",
            "This program runs no gateway: each command talks to Qwen Cloud itself.",
            "qwen-openclaw models explain",
        ),
    };
    let mut out = Out::new();
    if command.wants_json() {
        let document = json!({
            "ok": true,
            "action": name,
            "running": false,
            "message": text,
            "next": next,
        });
        return out.document(&document);
    }
    out.line(text)?;
    out.line(&format!("Try: {next}"))?;
    out.line(&format!("OpenClaw's own gateway: openclaw gateway {name}"))
}
