//! Asks a question about an image, then has it described.
//!
//! `cargo run --example vision -- FILE`; set `QWEN_API_KEY` to use the service instead of the emulator.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod support;

use std::error::Error;

use qwen_openclaw::{Qwen, chat::Media};

/// A red pixel, used when no file is given.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\
    \0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let image = match std::env::args_os().nth(1) {
        Some(file) => Media::file(file)?,
        None => Media::bytes(PIXEL)?,
    };
    let (qwen, _emulator) = support::connect().await?;
    run(&qwen, image).await
}

pub(crate) async fn run(qwen: &Qwen, image: Media) -> Result<(), Box<dyn Error>> {
    let reply = qwen
        .chat("qwen/qwen3.6-plus")
        .user("What color is it?")
        .image(image.clone())
        .send()
        .await?;
    println!("{}", reply.text());

    let description = qwen.describe_image(image)?.send().await?;
    println!("{}: {}", description.model, description.text);
    Ok(())
}
