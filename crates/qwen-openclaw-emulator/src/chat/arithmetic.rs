//! Arithmetic expressions found in a prompt, and their results.

/// Finds the first sum in a text, such as `2+2` or `(1.5 - 3) * 4`, and gives it with its result.
pub(super) fn solve(text: &str) -> Option<String> {
    text.split(|c: char| !is_sum(c)).find_map(|candidate| {
        let sum = candidate
            .trim_matches(|c: char| c == ' ' || c == '.')
            .trim_end_matches([' ', '.', '+', '-', '*', '/', '(']);
        evaluate(sum).map(|result| format!("{sum} = {result}"))
    })
}

/// How far a prompt asks to count, for streams of a chosen length.
pub(super) fn count_to(text: &str) -> Option<u32> {
    let lower = text.to_lowercase();
    let (_, rest) = lower.split_once("count to ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let number: u32 = digits.parse().ok()?;
    (1..=100_000).contains(&number).then_some(number)
}

fn is_sum(c: char) -> bool {
    c.is_ascii_digit() || " .+-*/×÷()".contains(c)
}

/// The result of a sum with at least one operator.
fn evaluate(text: &str) -> Option<String> {
    let has_operator = text
        .char_indices()
        .any(|(at, c)| at > 0 && "+-*/×÷".contains(c));
    // A date such as 2026-01-23 is not an expression.
    let date = text.matches('-').count() == 2 && !text.contains(' ');
    if !has_operator || date || text.len() > 200 {
        return None;
    }
    let mut parser = Parser {
        rest: text,
        depth: 0,
    };
    let value = parser.sum()?;
    (parser.rest.trim().is_empty() && value.is_finite()).then(|| show(value))
}

/// At most six decimals, and none that say nothing.
fn show(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

struct Parser<'a> {
    rest: &'a str,
    depth: u32,
}

impl Parser<'_> {
    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        while let Some(operator) = self.one_of("+-") {
            let right = self.product()?;
            value += if operator == '+' { right } else { -right };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.atom()?;
        while let Some(operator) = self.one_of("*/×÷") {
            let right = self.atom()?;
            match operator {
                '*' | '×' => value *= right,
                _ => value /= right,
            }
        }
        Some(value)
    }

    fn atom(&mut self) -> Option<f64> {
        self.depth += 1;
        if self.depth > 64 {
            return None;
        }
        let value = if self.one_of("-").is_some() {
            -self.atom()?
        } else if self.one_of("(").is_some() {
            let inner = self.sum()?;
            self.one_of(")")?;
            inner
        } else {
            self.number()?
        };
        self.depth -= 1;
        Some(value)
    }

    fn number(&mut self) -> Option<f64> {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits.parse().ok()
    }

    fn one_of(&mut self, wanted: &str) -> Option<char> {
        let rest = self.rest.trim_start();
        let first = rest.chars().next().filter(|&c| wanted.contains(c))?;
        self.rest = &rest[first.len_utf8()..];
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_what_it_finds() {
        for (prompt, expected) in [
            ("What is 2+2?", "2+2 = 4"),
            ("2 + 3 * 4.", "2 + 3 * 4 = 14"),
            ("please do (1.5 - 3) × 4", "(1.5 - 3) × 4 = -6"),
            ("1/3", "1/3 = 0.333333"),
            ("is 7 - 7 nothing", "7 - 7 = 0"),
        ] {
            assert_eq!(solve(prompt).as_deref(), Some(expected));
        }
    }

    #[test]
    fn leaves_other_text_alone() {
        for prompt in [
            "",
            "hello",
            "in 2026",
            "on 2026-01-23",
            "1/0",
            "a - b",
            "((((",
            "-5",
            "3.",
        ] {
            assert_eq!(solve(prompt), None, "{prompt}");
        }
        assert_eq!(solve(&format!("{}1+1", "(".repeat(150))), None);
    }

    #[test]
    fn counts_as_far_as_asked() {
        assert_eq!(count_to("Please count to 12."), Some(12));
        for prompt in ["count to", "count to 0", "count to 99999999999", "count"] {
            assert_eq!(count_to(prompt), None, "{prompt}");
        }
    }
}
