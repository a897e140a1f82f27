//! Saves a conversation with Qwen4 after each turn, and continues it from the file. The model gets
//! its encrypted reasoning back, byte for byte.
//!
//! `cargo run --example conversation`; set `QWEN_API_KEY` to use the service instead of the emulator.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod support;

use std::{error::Error, fs, path::Path};

use qwen_openclaw::{
    Qwen,
    chat::{Message, Tools},
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Place {
    /// The name of a city.
    city: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (qwen, _emulator) = support::connect().await?;
    let folder = tempfile::tempdir()?;
    run(&qwen, &folder.path().join("conversation.json")).await
}

pub(crate) async fn run(qwen: &Qwen, file: &Path) -> Result<(), Box<dyn Error>> {
    fs::write(file, "[]")?;
    for question in [
        "What is the weather in Kyiv?",
        "And the weather in Lima?",
        "Which of the two is warmer?",
    ] {
        println!("> {question}\n{}", ask(qwen, file, question).await?);
    }
    Ok(())
}

/// Adds a question, the model's tool calls and its answer to the conversation in `file`.
async fn ask(qwen: &Qwen, file: &Path, question: &str) -> Result<String, Box<dyn Error>> {
    let tools = Tools::new().function(
        "get_weather",
        "Looks up the weather",
        |place: Place| async move { Ok::<_, String>(format!("It is 12 C in {}.", place.city)) },
    );
    let saved: Vec<Message> = serde_json::from_slice(&fs::read(file)?)?;
    let mut conversation = qwen
        .chat("qwen/qwen4-max")
        .messages(saved)
        .user(question)
        .run_tools(&tools)
        .await?;
    let reply = conversation.finish().await?;
    fs::write(file, serde_json::to_vec(conversation.messages())?)?;
    Ok(reply.into_text())
}
