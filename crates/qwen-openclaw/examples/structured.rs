//! Asks for an answer as a Rust type.
//!
//! `cargo run --example structured`; set `QWEN_API_KEY` to use the service instead of the emulator.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod support;

use std::error::Error;

use qwen_openclaw::Qwen;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
struct Recipe {
    name: String,
    /// How many people it feeds.
    servings: u32,
    steps: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (qwen, _emulator) = support::connect().await?;
    run(&qwen).await
}

pub(crate) async fn run(qwen: &Qwen) -> Result<(), Box<dyn Error>> {
    let chat = qwen
        .chat("qwen/qwen3.7-plus")
        .user("A borscht recipe, please.");
    match chat.json::<Recipe>().await {
        Ok(recipe) => {
            println!("{}, for {}", recipe.name, recipe.servings);
            for step in recipe.steps {
                println!("- {step}");
            }
            Ok(())
        }
        Err(error) => {
            // Where an answer that does not match goes wrong, and the answer itself.
            if let Some(failure) = error.json() {
                println!("at {}: {}\n{}", failure.path, failure.reason, failure.text);
            }
            Err(error.into())
        }
    }
}
