//! Endpoints, models, prices and limits of Qwen Cloud (Alibaba Model Studio), as data.
//!
//! The crate is a set of tables and lookups. It does no I/O, reads no environment variables and
//! knows nothing of HTTP.
//!
//! ```
//! use qwen_openclaw_catalog::{Edition, Endpoint, ModelRef, Plan, Provider, Region, find, listing};
//!
//! // Parse a model ref; aliases of the provider are resolved.
//! let model = ModelRef::parse("modelstudio/qwen3.6-plus")?;
//! assert_eq!(model.to_string(), "qwen/qwen3.6-plus");
//! let row = find(&model.provider, &model.model, Edition::default()).expect("it is in the catalog");
//! assert_eq!(row.context(), Some(1_000_000));
//!
//! // Print why the Coding Plan lacks some models, and which endpoints offer them.
//! let endpoint = Endpoint::of(Plan::Coding, Region::Global);
//! for row in listing(&Provider::QWEN, Edition::default(), endpoint.base_url()) {
//!     if let Some(reason) = row.availability.reason() {
//!         println!("{reason}");
//!     }
//! }
//! # Ok::<(), qwen_openclaw_catalog::Error>(())
//! ```
//!
//! # Endpoints and providers
//!
//! An [`Endpoint`] is the base URL of a [`Plan`] in a [`Region`]; each key belongs to one endpoint.
//! [`classify`] identifies any base URL and tells whether it is the service itself, and
//! [`aigc_origin_for`] returns where its image and video jobs go. A [`Provider`] is the first half of a
//! [`ModelRef`], with its aliases, environment variables and defaults; an [`AuthChoice`] is a way
//! to set one up.
//!
//! # Models
//!
//! [`models`], [`find`] and [`nearest_models`] query the chat catalog; [`listing`] and
//! [`availability`] tell what an endpoint offers of it, and [`image::listing`] and [`video::listing`]
//! of the image and video models.
//! The [`Edition`] selects the catalog; the default merges them all. A [`ChatModel`] has limits,
//! modalities, a [`Thinking`] contract and a kind of [`StructuredOutput`]; unknown values are
//! `None`.
//!
//! [`Compat`] holds the request flags of a base URL, and [`Row`] a model in the form that OpenClaw's
//! configuration uses. [`image`] is the catalog of the image models, [`video`] that of the Wan video
//! models, [`synthesis`] of those that speak, [`embedding`] and [`rerank`] are those of the models for
//! search, [`batch`] is what batches take, and [`price`] computes what chat costs.
//!
//! # Features
//!
//! - `schemars` (off by default): implements `JsonSchema` for the data types.

mod auth_choice;
pub mod batch;
mod cache;
mod chat;
mod classify;
mod compat;
mod edition;
pub mod embedding;
mod endpoint;
mod error;
pub mod image;
mod listing;
mod modality;
mod model_ref;
mod nearest;
mod plan;
pub mod price;
mod provider;
pub mod rerank;
mod row;
mod size;
mod structured;
pub mod synthesis;
mod thinking;
pub mod video;

pub use crate::{
    auth_choice::AuthChoice,
    cache::CacheMarker,
    chat::{ChatModel, default_media_model, find, models, nearest_models, standard_only},
    classify::{Classification, Host, aigc_origin_for, classify},
    compat::{Compat, compat},
    edition::Edition,
    endpoint::Endpoint,
    error::{Error, ErrorKind},
    listing::{Availability, HiddenReason, Listing, availability, listing},
    modality::Modality,
    model_ref::ModelRef,
    nearest::nearest_names,
    plan::{Plan, Region},
    provider::Provider,
    row::{LevelMap, Row, RowCompat, RowCost},
    structured::StructuredOutput,
    thinking::{
        Decision, Family, Level, LevelGroup, Replay, Switch, Thinking, ThinkingProfile, ToolChoice,
        ToolChoiceRule,
    },
};

/// Runs the examples of the README as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
