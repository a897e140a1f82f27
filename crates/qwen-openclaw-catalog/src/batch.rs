//! Batches: which models take them, their limits, and their half price.
//!
//! Source: help.aliyun.com model-studio, pages "batch-interfaces-compatible-with-openai",
//! "openai-compatible-batch-chat" and "openai-file-interface", as of 2026-05; the models from the
//! batch prices of "model-pricing", as of 2026-05-27. Both Standard regions have batches, Batch Chat
//! only mainland China.
//!
//! ```
//! use qwen_openclaw_catalog::batch::{self, Support};
//!
//! assert_eq!(batch::support("qwen3.5-flash"), Support::Yes);
//! assert_eq!(batch::support("qwen3-coder-plus"), Support::No);
//! // A model that no price list has: the service decides.
//! assert_eq!(batch::support("qwen4-max"), Support::Unknown);
//! ```

use crate::{
    classify::Classification,
    embedding,
    price::{BATCH_PERCENT, Charge, TokenUsage, charge as chat_charge},
};

/// The maximum size of a file in bytes: 500 MB, read as MiB, since the page does not say which.
pub const MAX_FILE_BYTES: u64 = 500 << 20;

/// The maximum number of lines of a file.
pub const MAX_LINES: u64 = 50_000;

/// The maximum size of a line in bytes: 6 MB, read as MiB.
pub const MAX_LINE_BYTES: usize = 6 << 20;

/// The shortest and the longest time that a batch may take, in hours.
pub const WINDOW_HOURS: (u32, u32) = (24, 336);

/// The most characters of a batch's name and of its description.
pub const MAX_NAME: (usize, usize) = (100, 200);

/// The maximum input of a line for the families Qwen 3.5 to 3.7, in tokens.
pub const MAX_INPUT_TOKENS: u64 = 256 << 10;

/// How long Batch Chat may hold a connection, in seconds; the longest is the service's default.
pub const CHAT_WAIT_SECONDS: (u32, u32) = (60, 3_600);

/// The base URL of Batch Chat, for keys of mainland China.
pub const CHAT_BASE_URL: &str = "https://batch.dashscope.aliyuncs.com/compatible-mode/v1";

/// The model of free trials, on the endpoint [`TEST_ENDPOINT`]: at most [`TEST_LINES`] lines and
/// [`TEST_FILE_BYTES`] bytes.
pub const TEST_MODEL: &str = "batch-test-model";

/// The endpoint of free trials.
pub const TEST_ENDPOINT: &str = "/v1/chat/ds-test";

/// The maximum number of lines of a free trial.
pub const TEST_LINES: u64 = 100;

/// The maximum size of the file of a free trial in bytes: 1 MB, read as MiB.
pub const TEST_FILE_BYTES: u64 = 1 << 20;

/// Models with a batch price.
const MODELS: &[&str] = &[
    "qwen3.7-max",
    "qwen3.6-plus",
    "qwen3.6-flash",
    "qwen3.5-plus",
    "qwen3.5-flash",
    "qwen3-max",
    "qwen-plus",
    "qwen-flash",
    "qwen-turbo",
    "qwen-max",
    "qwen3-vl-plus",
    "qwen3-vl-flash",
    "deepseek-v3.2",
    "qwq-plus",
    "text-embedding-v3",
    "text-embedding-v4",
    TEST_MODEL,
];

/// Models whose row in the price list has no batch price.
const WITHOUT: &[&str] = &[
    "qwen3-coder-plus",
    "qwen3-coder-flash",
    "qwen3-coder-next",
    "glm-5.1",
    "kimi-k2.6",
    "deepseek-v4-pro",
    "deepseek-v4-flash",
];

const CHAT_MODELS: &[&str] = &[
    "qwen3.7-max",
    "qwen3.6-plus",
    "qwen3.6-flash",
    "qwen3.5-plus",
    "qwen3.5-flash",
    "qwen3-max",
    "qwen-plus",
    "qwen-flash",
    "deepseek-v3.2",
    "qwen3-vl-plus",
    "qwen3-vl-flash",
];

/// The families whose lines are limited to [`MAX_INPUT_TOKENS`].
const LIMITED: &[&str] = &["qwen3.5-", "qwen3.6-", "qwen3.7-"];

/// Whether a model takes batches.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Support {
    /// It has a batch price.
    Yes,
    /// The price list has it without a batch price.
    No,
    /// The price list does not have it.
    Unknown,
}

/// Returns every model that is known to take batches.
#[must_use]
pub const fn models() -> &'static [&'static str] {
    MODELS
}

/// Returns whether a model takes batches, by its exact id, ignoring case.
#[must_use]
pub fn support(model: &str) -> Support {
    if is_in(MODELS, model) {
        Support::Yes
    } else if is_in(WITHOUT, model) {
        Support::No
    } else {
        Support::Unknown
    }
}

/// Returns whether a model is documented to take Batch Chat, by its exact id, ignoring case.
#[must_use]
pub fn takes_chat(model: &str) -> bool {
    is_in(CHAT_MODELS, model)
}

/// Returns the maximum input of a line in tokens, if the batches of a model have one of their own.
#[must_use]
pub fn max_input(model: &str) -> Option<u64> {
    let model = model.trim().to_ascii_lowercase();
    let is_limited = LIMITED.iter().any(|family| model.starts_with(family));
    is_limited.then_some(MAX_INPUT_TOKENS)
}

/// Returns what one successful line costs at list price on a classified base URL: half of the usual
/// price, without any discount for cached input. `None` if the price is unknown.
///
/// ```
/// use qwen_openclaw_catalog::{batch, classify, price::TokenUsage};
///
/// let china = classify("https://dashscope.aliyuncs.com/compatible-mode/v1");
/// let usage = TokenUsage { input: 1_000_000, ..Default::default() };
/// let charge = batch::charge(china, "qwen3.7-max", &usage).expect("it is in the list");
/// assert_eq!(charge.cost.to_string(), "CNY 6.00");
/// ```
#[must_use]
pub fn charge(class: Classification, model: &str, usage: &TokenUsage) -> Option<Charge> {
    if is_in(&[TEST_MODEL], model) {
        return None;
    }
    let usage = TokenUsage {
        implicit_cached: 0,
        explicit_cached: 0,
        cache_write: 0,
        batch: true,
        ..*usage
    };
    chat_charge(class, model, &usage).or_else(|| embedded(class, model, usage.input))
}

fn embedded(class: Classification, model: &str, text: u64) -> Option<Charge> {
    let tokens = embedding::Tokens { text, media: 0 };
    let Charge { cost, as_of } = embedding::charge(class, model, tokens)?;
    let cost = cost.percent(BATCH_PERCENT);
    Some(Charge { cost, as_of })
}

fn is_in(models: &[&str], model: &str) -> bool {
    let model = model.trim();
    models.iter().any(|known| known.eq_ignore_ascii_case(model))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Region, classify::classify, price};

    #[test]
    fn a_model_is_in_one_list_and_batch_chat_is_a_part_of_batches() {
        for model in MODELS {
            assert!(!is_in(WITHOUT, model), "{model}");
        }
        for model in CHAT_MODELS {
            assert_eq!(support(model), Support::Yes, "{model}");
        }
        assert_eq!(support(" Qwen-Plus "), Support::Yes);
        assert_eq!(max_input("qwen3.6-plus"), Some(262_144));
        assert_eq!(max_input("qwen3-max"), None);
    }

    #[test]
    fn a_line_costs_half_by_its_own_tier_and_nothing_less_for_what_is_cached() {
        let china = classify("https://dashscope.aliyuncs.com/compatible-mode/v1");
        let usage = TokenUsage {
            input: 200_000,
            implicit_cached: 100_000,
            output: 1_000,
            ..Default::default()
        };
        // 1 and 6 yuan per million in this tier.
        let line = charge(china, "qwen3.5-plus", &usage).unwrap();
        assert_eq!(line.cost.to_string(), "CNY 0.206");
        let tokens = TokenUsage {
            input: 2_000_000,
            ..Default::default()
        };
        let vectors = charge(china, "text-embedding-v4", &tokens).unwrap();
        assert_eq!(vectors.cost.to_string(), "CNY 0.50");
        assert!(charge(china, TEST_MODEL, &tokens).is_none());
        let coding = classify("https://coding.dashscope.aliyuncs.com/v1");
        assert!(charge(coding, "qwen3.5-plus", &tokens).is_none());
        // What takes batches has a price, except the trial and what is priced here.
        for model in MODELS.iter().filter(|model| !model.contains("embedding")) {
            let known = *model == TEST_MODEL || price::chat(model, Region::China).is_some();
            assert!(known, "{model}");
        }
    }
}
