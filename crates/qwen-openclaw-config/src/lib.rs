//! OpenClaw's configuration file, `openclaw.json`: found, read, edited, and typed.
//!
//! ```no_run
//! use qwen_openclaw_config::{ConfigFile, ModelSlot, auth::Environment};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let environment = Environment::capture().with_openclaw_dotenv();
//! let file = ConfigFile::locate(&environment)?;
//!
//! let config = file.load(&environment)?;
//! println!("{:?} {:?}", config.default_model()?, config.fallbacks()?);
//! for problem in config.problems() {
//!     println!("{}: {problem}", file.shown());
//! }
//!
//! let model = config.reference("qwen3-coder-plus")?;
//! file.edit(|document| document.set_model(ModelSlot::Chat, &model.text)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//!
//! - [`ConfigFile`] is the file: [`locate`](ConfigFile::locate) finds it, [`load`](ConfigFile::load)
//!   reads it with what it includes, and [`edit`](ConfigFile::edit) changes it under a lock,
//!   atomically, with OpenClaw's backups.
//! - [`Document`] is its text and what it says. Edits keep comments, order, indentation, line endings,
//!   and the spelling of everything that they do not concern. [`KeyPath`] names a value.
//! - [`Config`] is the typed view: providers and their keys, models, aliases, agents, plugins.
//!   Whatever is odd is a [`Problem`], not an error; a variable that is not set is an [`Error`] where
//!   its value is used.
//! - [`Preset`] is what onboarding writes, for each auth choice and for the portal's login. What
//!   OpenClaw's other commands do are methods of [`Document`], such as
//!   [`set_model`](Document::set_model) and [`add_alias`](Document::add_alias).
//!
//! # Secrets
//!
//! A literal key leaves this crate as an [`ApiKey`](auth::ApiKey) only, and no key is ever written,
//! except one that is in the file already. `Debug` shows none; the excerpt of a broken file is masked.
//! [`Document::redacted`] is a value as it may be shown.
//!
//! # What is read, and what is not
//!
//! The login shell (`env.shellEnv`) is asked by [`load_with_shell`](ConfigFile::load_with_shell) alone.
//!
//! JSON5 as the program reads it (the package `json5`), except for unicode escapes in unquoted names
//! and for lone surrogates, which are refused. `$include`, `${NAME}` and `env.vars` as OpenClaw
//! documents them ("Configuration" page). An edit below an `$include` is refused: the included file is
//! the one to edit.
//!
//! Most people want the crate `qwen-openclaw`, which takes keys, endpoints, and models from this file.
//!
//! # Features
//!
//! - `schemars` (off by default): `schema`, the JSON Schema of the file. Costs the schemars crate.

mod config;
mod document;
mod error;
mod file;
mod include;
mod operations;
mod path;
mod preset;
mod problem;
mod redact;
mod reference;
#[cfg(feature = "schemars")]
mod schema;
mod substitute;
mod syntax;

// Re-exported so that users of this crate alone can name the types in its API.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;

#[cfg(feature = "schemars")]
pub use crate::schema::schema;
pub use crate::{
    config::{
        Config,
        agents::{Agent, AgentDefaults, Agents, ModelChoice, ModelSettings},
        models::{EntryTokens, Models, ModelsMode, ProviderAuth, ProviderEntry},
        rows::{Cost, ModelRow, RowFlags},
        secret::{Header, KeyForm, KeySetting},
        sections::{
            EnvSettings, MediaLimit, MediaModel, MediaTools, Plugins, ProfileEntry, ProfileMode,
            Profiles, ShellEnv,
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
    redact::Redacted,
    reference::Reference,
    syntax::Position,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
