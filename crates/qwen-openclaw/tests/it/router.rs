//! Requests through a router, against three emulators: one is Qwen Cloud, one stands for `anthropic`, one
//! for `openai`.

mod accounting;
mod batch;
mod budgets;
mod chain;
mod rows;
#[cfg(feature = "speech")]
mod speech;
#[cfg(feature = "embeddings")]
mod vectors;

use std::sync::Arc;

use qwen_openclaw::{
    CustomProvider, Error, Qwen, QwenBuilder,
    auth::ApiKey,
    chat::RetryPolicy,
    routing::{Attempt, MemoryUsage, Outcome, Router, UsageEntry},
};
use qwen_openclaw_emulator::{Emulator, FaultKind, FaultRule, Plan, Region};

const QWEN: &str = "qwen/qwen3.6-plus";
const CLAUDE: &str = "anthropic/claude-sonnet-4-20250514";
const GPT: &str = "openai/gpt-4o";
const CHAIN: [&str; 2] = [CLAUDE, GPT];

fn standard() -> ApiKey {
    let key = Emulator::key_for(Plan::Standard, Region::Global);
    ApiKey::parse(key).unwrap()
}

/// Three servers.
struct Three {
    qwen: Emulator,
    anthropic: Emulator,
    openai: Emulator,
}

impl Three {
    async fn start() -> Self {
        let emulator = |model: &str| Emulator::builder().model(model).start();
        Self {
            qwen: Emulator::start().await.unwrap(),
            anthropic: emulator("claude-sonnet-4-20250514").await.unwrap(),
            openai: emulator("gpt-4o").await.unwrap(),
        }
    }

    fn builder(&self) -> QwenBuilder {
        let other = |id, emulator: &Emulator| {
            let provider = CustomProvider::new(id, emulator.base_url()).unwrap();
            provider.api_key(standard())
        };
        Qwen::builder()
            .base_url(self.qwen.base_url())
            .provider(other("anthropic", &self.anthropic))
            .provider(other("openai", &self.openai))
            .retry(RetryPolicy::none())
    }

    fn routed(&self, router: &Router) -> Qwen {
        let builder = self.builder().api_key(standard());
        builder.router(router.clone()).build().unwrap()
    }

    /// How many requests each has seen since the last call.
    fn seen(&self) -> [usize; 3] {
        [&self.qwen, &self.anthropic, &self.openai].map(|emulator| emulator.take_requests().len())
    }

    /// Lets Qwen fail.
    fn break_qwen(&self, fault: FaultKind) {
        self.qwen.fault(FaultRule::new(fault));
    }
}

fn shown(attempts: &[Attempt]) -> Vec<String> {
    attempts.iter().map(ToString::to_string).collect()
}

/// The usage entries, oldest first.
async fn entries(router: &Router) -> Vec<UsageEntry> {
    router.flush().await;
    let mut entries = router.usage().latest(100).await.unwrap();
    entries.reverse();
    entries
}

/// Model, outcome, and whether it ended its request, of each entry.
async fn outcomes(router: &Router) -> Vec<(String, Outcome, bool)> {
    let entries = entries(router).await;
    let entry = |entry: UsageEntry| (entry.model, entry.outcome, entry.is_last);
    entries.into_iter().map(entry).collect()
}

fn refused<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("it was answered"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn the_router_and_its_stores_are_the_callers() {
    let three = Three::start().await;
    let usage = Arc::new(MemoryUsage::new());
    let router = Router::builder().usage_store(usage).build();
    let qwen = three.routed(&router);
    qwen.chat(QWEN).user("hi").send().await.unwrap();
    assert_eq!(entries(qwen.router().unwrap()).await.len(), 1);
}
