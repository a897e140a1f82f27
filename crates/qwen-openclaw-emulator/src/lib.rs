#![doc = include_str!("../README.md")]

mod answer;
mod anthropic;
mod batches;
mod body;
mod builder;
mod capture;
mod chat;
mod clock;
mod control;
mod cors;
mod embeddings;
mod emulator;
mod endpoint;
mod event_form;
mod fault;
mod fields;
mod files;
mod form;
mod id;
mod images;
mod inline;
mod key;
mod limits;
mod lock;
mod models;
mod native;
mod numbered;
mod oauth;
mod query;
mod refusal;
mod reply;
mod rerank;
mod responses;
mod rewind;
mod route;
mod screen;
mod script;
mod served;
mod server;
mod speech;
mod spool;
mod state;
mod unoffered;
mod video;
mod wire;

pub use crate::{
    builder::EmulatorBuilder,
    capture::CapturedRequest,
    chat::{EncryptedDelivery, ToolCalls},
    control::{ControlToken, ParseControlTokenError},
    emulator::Emulator,
    endpoint::{BaseUrl, Plan, Region},
    fault::{ErrorShape, FAULT_HEADER, Fault, FaultKind, FaultRule, ParseFaultError},
    limits::{Gate, Quota},
    oauth::{IssuedLogin, OAuth, OAuthScenario, OAuthStats, ParseScenarioError},
    reply::{End, Framing, Reply},
    script::Script,
    served::ServedRequest,
    state::Connections,
    video::{Video, VideoLimits, VideoRoute, VideoStatus, VideoTask, VideoUpload},
};
