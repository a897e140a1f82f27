//! Prints the reasoning and the answer as they arrive, then the token usage.
//!
//! `cargo run --example streaming`; set `QWEN_API_KEY` to use the service instead of the emulator.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod support;

use std::{
    error::Error,
    io::{Write as _, stdout},
};

use qwen_openclaw::{
    Qwen,
    chat::{Event, Level},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (qwen, _emulator) = support::connect().await?;
    run(&qwen).await
}

pub(crate) async fn run(qwen: &Qwen) -> Result<(), Box<dyn Error>> {
    let mut reply = qwen
        .chat("qwen/qwen3.6-plus")
        .system("Answer in one sentence.")
        .user("Why is the sky blue?")
        .think(Level::Low)
        .stream()
        .await?;
    while let Some(event) = reply.next().await {
        match event? {
            Event::Reasoning(text) | Event::Text(text) => print!("{text}"),
            _ => {}
        }
        stdout().flush()?;
    }
    let reply = reply.finish().await?;
    if let Some(usage) = reply.usage() {
        println!(
            "\n{} tokens in, {} out",
            usage.input_tokens, usage.output_tokens
        );
    }
    Ok(())
}
