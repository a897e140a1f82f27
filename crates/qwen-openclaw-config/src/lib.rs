//! OpenClaw's configuration file.
mod config;
mod document;
mod error;
mod file;
mod include;
mod operations;
mod path;
mod preset;
mod problem;
mod reference;
mod substitute;
mod syntax;
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;

pub use crate::{
    config::{
        Config,
        agents::{Agent, AgentDefaults, Agents, ModelChoice, ModelSettings},
        models::{
            Cost, EntryTokens, ModelRow, Models, ModelsMode, ProviderAuth, ProviderEntry, RowFlags,
        },
        secret::{Header, KeyForm, KeySetting},
        sections::{
            EnvSettings, MediaModel, MediaTools, Plugins, ProfileEntry, ProfileMode, Profiles,
            ShellEnv,
        },
        text::Text,
    },
    document::{Document, Duplicate},
    error::{Error, ErrorKind},
    file::{ConfigFile, Edited},
    operations::ModelSlot,
    path::{KeyPath, Segment},
    preset::Preset,
    problem::{Problem, ProblemKind},
    reference::Reference,
    syntax::Position,
};
