//! What a conversation has used so far.

use qwen_openclaw::{Route, catalog::price::Cost, chat::Usage};

/// Tokens and money of the replies since the conversation was started or resumed.
#[derive(Debug, Default)]
pub(super) struct Spent {
    replies: u64,
    input: u64,
    output: u64,
    cached: u64,
    /// One for each currency.
    costs: Vec<Cost>,
    /// Replies whose price is unknown, and answers that were interrupted.
    unknown: u64,
    /// How much of the context window the last reply has filled.
    context: Option<u64>,
}

impl Spent {
    /// Counts an answer and what it cost; the usage of one that was interrupted did not arrive.
    pub(super) fn add(&mut self, usage: Option<&Usage>, cost: Option<Cost>) {
        self.replies += 1;
        self.context = None;
        let Some(usage) = usage else {
            self.unknown += 1;
            return;
        };
        // A server may say anything.
        self.input = self.input.saturating_add(usage.input_tokens);
        self.output = self.output.saturating_add(usage.output_tokens);
        self.cached = self.cached.saturating_add(usage.cached_tokens);
        self.context = Some(usage.input_tokens.saturating_add(usage.output_tokens));
        let Some(cost) = cost else {
            self.unknown += 1;
            return;
        };
        for sum in &mut self.costs {
            if let Some(more) = sum.checked_add(cost) {
                *sum = more;
                return;
            }
        }
        self.costs.push(cost);
    }

    /// The turns have changed, and with them how much they fill.
    pub(super) fn forget_context(&mut self) {
        self.context = None;
    }

    /// The line above the prompt.
    pub(super) fn status(&self, route: &Route) -> String {
        let model = route.model().unwrap_or_default();
        let mut parts = vec![format!("{}/{model}", route.provider())];
        let window = route.row().and_then(|row| row.context());
        match (self.context, window) {
            (Some(used), Some(window)) => parts.push(format!(
                "context {} of {} ({}%)",
                tokens(used),
                tokens(window.into()),
                used.saturating_mul(100) / u64::from(window).max(1)
            )),
            (Some(used), None) => parts.push(format!("context {}", tokens(used))),
            (None, Some(window)) => parts.push(format!("context window {}", tokens(window.into()))),
            (None, None) => {}
        }
        parts.extend(self.cost());
        parts.join(" · ")
    }

    /// What `/usage` shows.
    pub(super) fn summary(&self) -> String {
        let replies = match self.replies {
            1 => "1 answer".to_owned(),
            replies => format!("{replies} answers"),
        };
        let mut text = format!("{replies} · {} in, {} out", self.input, self.output);
        if self.cached > 0 {
            text.push_str(&format!(", {} cached", self.cached));
        }
        if let Some(cost) = self.cost() {
            text.push_str(&format!(" · {cost}"));
        }
        if self.unknown > 0 {
            text.push_str(&format!(
                " · {} without a known cost, as when it was interrupted",
                self.unknown
            ));
        }
        text
    }

    fn cost(&self) -> Option<String> {
        let costs: Vec<String> = self.costs.iter().map(Cost::to_string).collect();
        let at_least = if self.unknown > 0 { "at least " } else { "" };
        (!costs.is_empty()).then(|| format!("{at_least}{}", costs.join(" + ")))
    }
}

/// A number of tokens, rounded down.
fn tokens(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}.{}M", count / 1_000_000, count / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use qwen_openclaw::{
        Qwen,
        auth::ApiKey,
        catalog::{
            Provider, Region,
            price::{self, Currency},
        },
    };

    use super::*;

    async fn route(model: &str) -> Route {
        let key = ApiKey::parse("sk-0123456789").unwrap();
        let builder = Qwen::builder().api_key_for(Provider::QWEN, key);
        builder.build().unwrap().route(model).await.unwrap()
    }

    fn usage(input: u64, output: u64) -> Usage {
        let mut usage = Usage::default();
        (usage.input_tokens, usage.output_tokens) = (input, output);
        usage
    }

    #[tokio::test]
    async fn the_status_says_how_full_the_context_is_and_what_it_cost() {
        let route = route("qwen/qwen3.7-plus").await;
        let mut spent = Spent::default();
        assert_eq!(
            spent.status(&route),
            "qwen/qwen3.7-plus · context window 1.0M"
        );
        let rate = price::chat("qwen3.7-plus", Region::Global).unwrap().tiers[0].output;
        let one = Cost::zero(Currency::Usd).plus(rate, 150_000);
        spent.add(Some(&usage(100_000, 50_000)), Some(one));
        assert_eq!(
            spent.status(&route),
            format!("qwen/qwen3.7-plus · context 150k of 1.0M (15%) · {one}")
        );
        spent.add(Some(&usage(100_000, 50_000)), Some(one));
        let both = one.checked_add(one).unwrap();
        assert_eq!(
            spent.summary(),
            format!("2 answers · 200000 in, 100000 out · {both}")
        );
        spent.add(None, None);
        assert!(
            spent
                .status(&route)
                .ends_with(&format!(" · at least {both}"))
        );
        assert!(spent.summary().contains("1 without a known cost"));
    }

    #[tokio::test]
    async fn no_count_is_too_large() {
        let route = route("qwen/qwen3.7-plus").await;
        let mut spent = Spent::default();
        for _ in 0..2 {
            spent.add(Some(&usage(u64::MAX, u64::MAX)), None);
        }
        assert!(
            spent
                .status(&route)
                .contains("context 18446744073709.5M of")
        );
    }

    #[test]
    fn tokens_are_short() {
        for (count, text) in [
            (0, "0"),
            (9_999, "9999"),
            (131_072, "131k"),
            (999_999, "999k"),
            (1_000_000, "1.0M"),
            (1_999_999, "1.9M"),
        ] {
            assert_eq!(tokens(count), text);
        }
    }
}
