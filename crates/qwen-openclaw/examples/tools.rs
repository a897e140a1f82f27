//! Lets the model call two functions, in parallel if it wants to, until it has its answer.
//!
//! `cargo run --example tools`; set `QWEN_API_KEY` to use the service instead of the emulator.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod support;

use std::error::Error;

use qwen_openclaw::{
    Qwen,
    chat::{Event, Tools},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Place {
    /// The name of a city.
    city: String,
}

#[derive(Serialize)]
struct Weather {
    sky: &'static str,
    degrees: i32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (qwen, _emulator) = support::connect().await?;
    run(&qwen).await
}

pub(crate) async fn run(qwen: &Qwen) -> Result<(), Box<dyn Error>> {
    let tools = Tools::new()
        .function("get_weather", "Looks up the weather", weather)
        .function(
            "get_time",
            "Tells the local time",
            |place: Place| async move { Ok::<_, String>(format!("It is noon in {}.", place.city)) },
        );
    let mut conversation = qwen
        .chat("qwen/qwen3-coder-plus")
        .user("What are the weather and the time in Kyiv?")
        .with(|request| request.parallel_tool_calls(true))
        .run_tools(&tools)
        .await?;
    let reply = conversation
        .finish_with(|event| {
            if let Event::ToolDone { call, .. } = event {
                println!("-> {}({})", call.name(), call.arguments());
            }
        })
        .await?;
    println!("{}", reply.text());
    if let Some(usage) = conversation.usage() {
        println!(
            "{} rounds, {} tokens",
            conversation.rounds(),
            usage.total_tokens
        );
    }
    Ok(())
}

async fn weather(place: Place) -> Result<Weather, String> {
    match place.city.as_str() {
        "" => Err("which city?".to_owned()),
        _ => Ok(Weather {
            sky: "clear",
            degrees: 21,
        }),
    }
}
