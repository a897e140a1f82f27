//! How tiers, caching and thinking are billed.

use proptest::{
    prelude::{Strategy, any, prop, prop_assert, prop_assert_eq},
    proptest,
};

use super::*;
use crate::{classify::classify, endpoint::Endpoint};

fn bill(model: &str, region: Region, usage: TokenUsage) -> Option<String> {
    let list = chat(model, region)?;
    list.cost(&usage).map(|cost| cost.to_string())
}

fn check(model: &str, region: Region, usage: TokenUsage, expected: &str) {
    assert_eq!(
        bill(model, region, usage).as_deref(),
        Some(expected),
        "{model} {usage:?}"
    );
}

fn tokens(input: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input,
        output,
        ..TokenUsage::default()
    }
}

#[test]
fn the_whole_request_is_billed_at_the_tier_of_its_input() {
    let china = Region::China;
    check("qwen3-coder-plus", china, tokens(1_000_000, 0), "CNY 20.00");
    check(
        "qwen3-coder-plus",
        china,
        tokens(32_768, 1_000_000),
        "CNY 16.131072",
    );
    check(
        "qwen3-coder-plus",
        china,
        tokens(32_769, 1_000_000),
        "CNY 24.196614",
    );
    check(
        "QWEN3.7-PLUS",
        Region::Global,
        tokens(256_000, 1_000_000),
        "USD 1.7024",
    );
    check(
        "qwen3.7-plus",
        Region::Global,
        tokens(256_001, 1_000_000),
        "USD 5.107201",
    );
}

#[test]
fn unknown_models_and_tiers_have_no_price() {
    let known = |model, region, input| bill(model, region, tokens(input, 1)).is_some();
    assert!(!known("glm-5", Region::China, 1));
    assert!(!known("qwen3.5-plus", Region::Global, 1));
    assert!(!known("qwen3-max-2026-01-23", Region::China, 1));
    assert!(known("qwen3-max", Region::Global, 32 * 1_024));
    assert!(
        !known("qwen3-max", Region::Global, 32 * 1_024 + 1),
        "an unknown tier"
    );
    assert!(!known("", Region::China, 1));
}

#[test]
fn only_the_standard_endpoints_bill_by_the_token() {
    let priced = |endpoint: Endpoint, model| on(classify(endpoint.base_url()), model);
    let currency = |endpoint| priced(endpoint, "qwen3.7-max").map(|list| list.currency);
    assert_eq!(currency(Endpoint::StandardChina), Some(Currency::Cny));
    assert_eq!(currency(Endpoint::StandardGlobal), Some(Currency::Usd));
    for endpoint in [
        Endpoint::CodingChina,
        Endpoint::TokenGlobal,
        Endpoint::Portal,
    ] {
        assert_eq!(currency(endpoint), None, "{endpoint}");
    }
    assert!(on(classify("http://127.0.0.1:1/v1"), "qwen3.7-max").is_none());
}

#[test]
fn cached_input_costs_less_and_writing_it_more() {
    let usage = TokenUsage {
        implicit_cached: 400_000,
        ..tokens(1_000_000, 0)
    };
    check("qwen3.7-max", Region::China, usage, "CNY 8.16");
    let usage = TokenUsage {
        explicit_cached: 400_000,
        ..tokens(1_000_000, 0)
    };
    check("qwen3.7-max", Region::China, usage, "CNY 7.68");
    let usage = TokenUsage {
        cache_write: 1_000,
        ..tokens(1_000, 0)
    };
    check("qwen3.7-max", Region::China, usage, "CNY 0.015");
}

#[test]
fn a_missing_cache_price_uses_the_general_percentages() {
    let list = chat("qwen3-coder-next", Region::China).unwrap();
    let tier = list.tier(1).unwrap();
    assert_eq!(tier.read_rate(false).to_string(), "0.20");
    assert_eq!(tier.read_rate(true).to_string(), "0.10");
    assert_eq!(tier.write_rate().to_string(), "1.25");
}

#[test]
fn more_cached_than_sent_is_not_billed_twice() {
    let odd = TokenUsage {
        implicit_cached: 10,
        cache_write: 10,
        ..tokens(5, 0)
    };
    let sane = TokenUsage {
        implicit_cached: 5,
        ..tokens(5, 0)
    };
    let china = Region::China;
    assert_eq!(
        bill("qwen3.7-max", china, odd),
        bill("qwen3.7-max", china, sane)
    );
}

#[test]
fn thinking_may_raise_the_price_of_all_output() {
    let thinking = TokenUsage {
        reasoning: 1,
        ..tokens(0, 1_000_000)
    };
    check("qwen-plus", Region::China, thinking, "CNY 8.00");
    check("qwen-plus", Region::China, tokens(0, 1_000_000), "CNY 2.00");
    check("qwen3.7-max", Region::China, thinking, "CNY 36.00");
    let uncounted = TokenUsage {
        thinking: true,
        ..tokens(0, 1_000_000)
    };
    check("qwen-plus", Region::China, uncounted, "CNY 8.00");
}

#[test]
fn a_batch_costs_half() {
    let batch = TokenUsage {
        batch: true,
        ..tokens(1_000_000, 1)
    };
    check("qwen3.7-max", Region::China, batch, "CNY 6.000018");
}

#[test]
fn searches_are_billed_apart_where_their_price_is_known() {
    let searched = TokenUsage {
        agent_searches: 3,
        ..tokens(1_000_000, 0)
    };
    check("qwen3.7-max", Region::China, searched, "CNY 12.012");
    assert_eq!(bill("qwen3.7-max", Region::Global, searched), None);
    let other = TokenUsage {
        has_unpriced_calls: true,
        ..tokens(1_000_000, 0)
    };
    assert_eq!(bill("qwen3.7-max", Region::China, other), None);
}

#[test]
fn a_charge_depends_on_the_endpoint() {
    let usage = tokens(1_000_000, 0);
    let on = |base_url: &str| charge(classify(base_url), "qwen3.7-max", &usage);
    let china = on(Endpoint::StandardChina.base_url()).unwrap();
    assert_eq!(china.cost.to_string(), "CNY 12.00");
    assert_eq!(china.as_of, "2026-05-27");
    for endpoint in [
        Endpoint::CodingChina,
        Endpoint::TokenGlobal,
        Endpoint::Portal,
    ] {
        assert_eq!(on(endpoint.base_url()), None, "{endpoint}");
    }
    assert_eq!(on("https://api.openai.com/v1"), None);
}

/// Usage whose counts may be anything, even more cached than sent.
fn any_usage() -> impl Strategy<Value = TokenUsage> {
    let counts = (any::<[u64; 6]>(), any::<[u32; 6]>(), any::<bool>());
    (counts, any::<bool>()).prop_map(|((large, small, is_large), thinking)| {
        let count = |i: usize| {
            if is_large {
                large[i]
            } else {
                u64::from(small[i] % 2_000_000)
            }
        };
        TokenUsage {
            input: count(0),
            implicit_cached: count(1),
            explicit_cached: count(2),
            cache_write: count(3),
            output: count(4),
            reasoning: 0,
            thinking,
            agent_searches: count(5),
            ..TokenUsage::default()
        }
    })
}

proptest! {
    /// No count overflows, and more is never cheaper.
    #[test]
    fn any_usage_has_a_cost(usage in any_usage()) {
        for list in lists(Region::China) {
            if let Some(cost) = list.cost(&usage) {
                let batch = TokenUsage { batch: true, ..usage };
                prop_assert!(list.cost(&batch).unwrap().picos() <= cost.picos());
                let more = TokenUsage { output: usage.output.saturating_add(1), ..usage };
                prop_assert!(list.cost(&more).unwrap().picos() >= cost.picos());
            }
        }
    }

    /// However a number of tokens is split into requests, they cost the same to the last digit.
    #[test]
    fn the_parts_cost_what_the_whole_costs(
        parts in prop::collection::vec(prop::array::uniform5(0..1_000_000_u64), 1..20),
        thinking: bool,
    ) {
        let usage = |[plain, implicit, explicit, written, output]: [u64; 5]| TokenUsage {
            input: plain + implicit + explicit + written,
            implicit_cached: implicit,
            explicit_cached: explicit,
            cache_write: written,
            output,
            thinking,
            ..TokenUsage::default()
        };
        let mut whole = [0; 5];
        for part in &parts {
            for (sum, count) in whole.iter_mut().zip(part) {
                *sum += count;
            }
        }
        for region in Region::all() {
            for list in lists(*region) {
                for tier in list.tiers {
                    let cost = |tokens| tier.cost(list.currency, &usage(tokens));
                    let sum = parts.iter().map(|part| cost(*part));
                    let sum = sum.reduce(|sum, more| sum.checked_add(more).unwrap());
                    prop_assert_eq!(sum, Some(cost(whole)));
                }
            }
        }
    }
}

/// Every list of a region.
fn lists(region: Region) -> impl Iterator<Item = ChatPrice> {
    crate::chat::rows().filter_map(move |row| row.price(region))
}

#[test]
fn the_lists_are_in_order_and_name_their_source() {
    for region in Region::all() {
        for list in lists(*region) {
            let limits = list.tiers.iter().map(|tier| tier.up_to.unwrap_or(u64::MAX));
            assert!(
                limits.is_sorted() && !list.tiers.is_empty(),
                "{}",
                list.model
            );
            assert!(!list.source.is_empty() && list.as_of.len() == 10);
            let china = list.currency == Currency::Cny;
            assert_eq!(china, *region == Region::China, "{}", list.model);
            assert_eq!(chat(list.model, *region), Some(list));
            for tier in list.tiers {
                let hit = tier.implicit_hit.unwrap_or(tier.input);
                let read = tier.explicit_read.unwrap_or(tier.input);
                let write = tier.explicit_write.unwrap_or(tier.input);
                assert!(tier.input <= tier.output, "{}", list.model);
                assert!(hit <= tier.input && read <= tier.input && write >= tier.input);
                assert!(tier.input > Rate::of(0.0), "zero is not a price");
            }
        }
    }
}

#[test]
fn an_explicit_price_is_the_general_percentage_where_both_are_known() {
    for list in lists(Region::China) {
        for tier in list.tiers {
            if let Some(write) = tier.explicit_write {
                let computed = tier.input.percent(EXPLICIT_CACHE_WRITE_PERCENT);
                // The vendor rounds 0.1875 to 0.188 once.
                let difference = write.price() - computed.price();
                assert!(difference.abs() < 0.001, "{}", list.model);
            }
        }
    }
}
