//! Where the examples send their requests.

use std::error::Error;

use qwen_openclaw::{Qwen, auth::ApiKey, catalog::Provider};
use qwen_openclaw_emulator::Emulator;

/// The service, with the key and the base URL of the environment (`QWEN_API_KEY`,
/// `QWEN_BASE_URL`); without a key an emulator in this process, which lives as long as what is
/// returned with it.
pub(crate) async fn connect() -> Result<(Qwen, Option<Emulator>), Box<dyn Error>> {
    let qwen = Qwen::from_env()?;
    if qwen.key(&Provider::QWEN).is_ok() {
        return Ok((qwen, None));
    }
    let (qwen, emulator) = emulated().await?;
    Ok((qwen, Some(emulator)))
}

/// An emulator in this process.
pub(crate) async fn emulated() -> Result<(Qwen, Emulator), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let qwen = Qwen::builder()
        .base_url(emulator.base_url())
        .api_key(ApiKey::parse("sk-test")?)
        .build()?;
    Ok((qwen, emulator))
}
