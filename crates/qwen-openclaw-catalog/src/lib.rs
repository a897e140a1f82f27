//! Endpoints, models, prices and limits of Qwen Cloud (Alibaba Model Studio), as data.
//!
//! Nothing here does I/O, reads the environment or knows HTTP: it is a set of tables with the
//! questions one asks of them.
//!
//! ```
//! use qwen_openclaw_catalog::{Edition, Endpoint, ModelRef, Plan, Provider, Region, find, listing};
//!
//! // Which model is meant?
//! let model = ModelRef::parse("modelstudio/qwen3.6-plus")?;
//! assert_eq!(model.to_string(), "qwen/qwen3.6-plus");
//! let row = find(&model.provider, &model.model, Edition::default()).expect("it is in the catalog");
//! assert_eq!(row.context(), Some(1_000_000));
//!
//! // Where does it run, and why not here?
//! let endpoint = Endpoint::of(Plan::Coding, Region::Global);
//! for row in listing(&Provider::QWEN, Edition::default(), endpoint.base_url()) {
//!     if let Some(reason) = row.availability.reason() {
//!         println!("{reason}");
//!     }
//! }
//! # Ok::<(), qwen_openclaw_catalog::Error>(())
//! ```
//!
//! # Places
//!
//! An [`Endpoint`] is the base URL of a [`Plan`] in a [`Region`]; keys belong to one of them.
//! [`classify`] says what any base URL is, and whether it is the service itself;
//! [`aigc_origin_for`] where its video jobs go. A [`Provider`] is the first half of a
//! [`ModelRef`], with its aliases, environment variables and defaults; an [`AuthChoice`] is a way
//! to set one up.
//!
//! # Models
//!
//! [`models`], [`find`] and [`nearest_models`] ask the chat catalog, [`listing`] and
//! [`availability`] what an endpoint has of it. The [`Edition`] decides which catalog is meant; the
//! default one merges both. A [`ChatModel`] knows its limits and modalities, its [`Thinking`]
//! contract and its kind of [`StructuredOutput`]; what is not known is `None`.
//!
//! [`Compat`] holds the request flags of a base URL, [`Row`] a model as OpenClaw's configuration
//! spells it. [`video`] is the catalog of the Wan models, [`price`] what chat costs.
//!
//! # Features
//!
//! - `schemars` (off by default): `JsonSchema` for the data types.

mod auth_choice;
mod chat;
mod classify;
mod compat;
mod edition;
mod endpoint;
mod error;
mod listing;
mod modality;
mod model_ref;
mod nearest;
mod plan;
pub mod price;
mod provider;
mod row;
mod structured;
mod thinking;
pub mod video;

pub use crate::{
    auth_choice::AuthChoice,
    chat::{ChatModel, default_media_model, find, models, nearest_models, standard_only},
    classify::{Classification, Host, aigc_origin_for, classify},
    compat::{Compat, compat},
    edition::Edition,
    endpoint::Endpoint,
    error::{Error, ErrorKind},
    listing::{Availability, HiddenReason, Listing, availability, listing},
    modality::Modality,
    model_ref::ModelRef,
    plan::{Plan, Region},
    provider::Provider,
    row::{LevelMap, Row, RowCompat, RowCost},
    structured::StructuredOutput,
    thinking::{
        Decision, Family, Level, Replay, Switch, Thinking, ThinkingProfile, ToolChoice,
        ToolChoiceRule,
    },
};

/// The examples of the README, so that they stay true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
