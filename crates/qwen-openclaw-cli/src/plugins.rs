//! `plugins`: the switches of OpenClaw's Qwen plugins, one of which turns the portal on.

use clap::{Args, Subcommand};
use qwen_openclaw::config::{self, Config};
use serde_json::{Value, json};

use crate::{
    block_on,
    configuration::Configuration,
    failure::Failure,
    output::{Out, note},
};

/// The plugin that turns logins at the portal on.
pub(crate) const PORTAL: &str = "qwen-portal-auth";

struct Plugin {
    id: &'static str,
    what: &'static str,
    /// Whether it is on where the configuration does not say.
    by_default: bool,
}

const PLUGINS: [Plugin; 2] = [
    Plugin {
        id: "qwen",
        what: "the providers qwen and qwen-token-plan",
        by_default: true,
    },
    Plugin {
        id: PORTAL,
        what: "logins at the Qwen portal",
        by_default: false,
    },
];

#[derive(Debug, Subcommand)]
pub(crate) enum PluginsCommand {
    /// List the plugins, and whether they are on
    #[command(after_help = "Example: qwen-openclaw plugins list")]
    List(List),
    /// Turn a plugin on
    #[command(after_help = "Example: qwen-openclaw plugins enable qwen-portal-auth")]
    Enable(Switch),
    /// Turn a plugin off
    #[command(after_help = "Example: qwen-openclaw plugins disable qwen-portal-auth")]
    Disable(Switch),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Switch {
    /// Plugin: qwen or qwen-portal-auth
    #[arg(value_name = "PLUGIN")]
    plugin: String,

    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl PluginsCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List(list) => list.json,
            Self::Enable(switch) | Self::Disable(switch) => switch.json,
        }
    }
}

pub(crate) fn run(command: &PluginsCommand) -> Result<(), Failure> {
    match command {
        PluginsCommand::List(arguments) => list(arguments),
        PluginsCommand::Enable(arguments) => switch(arguments, true),
        PluginsCommand::Disable(arguments) => switch(arguments, false),
    }
}

fn list(arguments: &List) -> Result<(), Failure> {
    let config = Configuration::locate()?.load()?;
    let mut out = Out::new();
    if arguments.json {
        let plugins: Vec<Value> = PLUGINS
            .iter()
            .map(|plugin| plugin.to_json(&config))
            .collect();
        return out.document(&json!({ "plugins": plugins }));
    }
    out.line(&format!(
        "{:16}  {:8}  {}",
        "Plugin", "Status", "What it is for"
    ))?;
    PLUGINS.iter().try_for_each(|plugin| {
        let Plugin { id, what, .. } = plugin;
        out.line(&format!("{id:16}  {:8}  {what}", plugin.status(&config)))
    })
}

fn switch(arguments: &Switch, is_enabled: bool) -> Result<(), Failure> {
    let id = arguments.plugin.trim();
    let plugin = PLUGINS.iter().find(|plugin| plugin.id == id);
    let plugin = plugin.ok_or_else(|| {
        Failure::from(config::Error::no_plugin(id)).with_hint("`plugins list` shows the plugins")
    })?;
    let configuration = Configuration::locate()?;
    let environment = &configuration.environment;
    let obstacle = block_on(configuration.edit(|document| {
        let before = document.clone();
        document.switch_plugin(id, is_enabled)?;
        let config = Config::of(document, environment);
        let is_off = config.plugins.is_on(id) == Some(false);
        let obstacle = (is_enabled && is_off).then(|| plugin.obstacle(&config));
        if obstacle.is_some() {
            *document = before;
        }
        Ok(obstacle)
    }))?;
    if let Some(failure) = obstacle {
        return Err(failure);
    }
    let mut out = Out::new();
    if arguments.json {
        let plugin = plugin.to_json(&configuration.load()?);
        return out.document(&json!({ "ok": true, "plugin": plugin }));
    }
    let done = if is_enabled { "Enabled" } else { "Disabled" };
    out.line(&format!("{done} plugin \"{id}\"."))?;
    if id != PORTAL && !is_enabled {
        note("Requests to qwen and qwen-token-plan are refused until `plugins enable qwen`.");
    }
    if id == PORTAL && is_enabled {
        note("Log in with `qwen-openclaw models auth login --provider qwen-portal`.");
    }
    Ok(())
}

impl Plugin {
    fn is_on(&self, config: &Config) -> bool {
        config
            .plugins
            .is_on(self.id)
            .unwrap_or(self.by_default && config.plugins.is_enabled)
    }

    fn status(&self, config: &Config) -> &'static str {
        if self.is_on(config) {
            "enabled"
        } else {
            "disabled"
        }
    }

    fn to_json(&self, config: &Config) -> Value {
        json!({
            "id": self.id,
            "enabled": self.is_on(config),
            "status": self.status(config),
            "description": self.what,
        })
    }

    /// What keeps the plugin off although its own switch is on.
    fn obstacle(&self, config: &Config) -> Failure {
        let (id, plugins) = (self.id, &config.plugins);
        let (what, key) = if plugins.deny.iter().any(|other| other == id) {
            ("plugins.deny names it", "plugins.deny")
        } else {
            ("plugins.enabled is false", "plugins.enabled")
        };
        Failure::config(format!("the plugin {id} would stay off: {what}"))
            .with_hint(format!("`config unset {key}` removes that"))
    }
}
