//! Serves until Ctrl-C: point any OpenAI-compatible client at one of the printed URLs.
//!
//! ```text
//! cargo run -p qwen-openclaw-emulator --example serve [FAULT]
//! ```

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{env, error::Error, future};

use qwen_openclaw_emulator::{Emulator, Fault};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut builder = Emulator::builder();
    if let Some(fault) = env::args().nth(1) {
        builder = builder.fault(fault.parse::<Fault>()?);
    }
    let emulator = builder.start().await?;
    for url in emulator.base_urls() {
        println!("{url}");
    }
    future::pending().await
}
