//! The emulator as a client sees it on the wire.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, too, end a test that cannot go on"
)]

mod agents;
mod anthropic;
mod anthropic_faults;
mod anthropic_refusals;
mod batches;
mod batches_files;
mod browser;
mod chat;
mod client;
mod control;
mod control_limits;
mod control_requests;
mod embedding_tasks;
mod embeddings;
mod encrypted;
mod endpoints;
mod faults;
mod files;
mod images;
mod images_faults;
mod images_files;
mod images_open_ai;
mod images_refusals;
mod images_tasks;
mod multimodal;
mod native;
mod native_faults;
mod native_lists;
mod native_refusals;
mod oauth;
mod png;
mod qwen4;
mod recorded;
mod refusal_table;
mod refusals;
mod rerank;
mod responses;
mod responses_conversations;
mod responses_faults;
mod responses_refusals;
mod responses_store;
mod screen;
mod scripts;
mod served;
mod server;
mod socket;
mod sockets;
mod speech;
mod speech_faults;
mod speech_recognition;
mod speech_sessions;
mod speech_sockets;
mod speech_voices;
mod typed;
mod video;
mod video_faults;
mod video_files;
mod video_uploads;
