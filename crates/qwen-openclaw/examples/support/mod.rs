//! Connects the examples to the service, or to an emulator.

use std::error::Error;

use qwen_openclaw::{Qwen, catalog::Provider};
use qwen_openclaw_emulator::Emulator;

/// Connects to the service with a stored key or the one in the environment (`QWEN_API_KEY`).
/// Without a key, starts an emulator in this process, which runs until it is dropped.
pub(crate) async fn connect() -> Result<(Qwen, Option<Emulator>), Box<dyn Error>> {
    let qwen = from_home()?;
    if qwen.route_to(&Provider::QWEN).await?.credential().is_some() {
        return Ok((qwen, None));
    }
    let (qwen, emulator) = emulated().await?;
    Ok((qwen, Some(emulator)))
}

/// An emulator in this process, and a client that talks to it.
pub(crate) async fn emulated() -> Result<(Qwen, Emulator), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let qwen = Qwen::builder()
        .base_url(emulator.base_url())
        .api_key("sk-test")
        .build()?;
    Ok((qwen, emulator))
}

#[cfg(feature = "store")]
fn from_home() -> Result<Qwen, qwen_openclaw::Error> {
    Qwen::from_home()
}

/// Without the feature `store` there are no stored keys, and jobs are kept in memory.
#[cfg(not(feature = "store"))]
fn from_home() -> Result<Qwen, qwen_openclaw::Error> {
    Qwen::from_env()
}
