#![doc = include_str!("../README.md")]

mod answer;
mod body;
mod capture;
mod chat;
mod clock;
mod emulator;
mod endpoint;
mod fault;
mod id;
mod key;
mod lock;
mod models;
mod oauth;
mod refusal;
mod reply;
mod rewind;
mod route;
mod screen;
mod script;
mod server;
mod state;
mod video;
mod wire;

pub use crate::{
    capture::CapturedRequest,
    chat::EncryptedDelivery,
    emulator::{Emulator, EmulatorBuilder},
    endpoint::{BaseUrl, Plan, Region},
    fault::{FAULT_HEADER, Fault, FaultKind, FaultRule, ParseFaultError},
    oauth::{IssuedLogin, OAuth, OAuthScenario, OAuthStats, ParseScenarioError},
    reply::{End, Framing, Reply},
    script::Script,
    state::Connections,
    video::{Video, VideoLimits, VideoRoute, VideoStatus, VideoTask, VideoUpload},
};
