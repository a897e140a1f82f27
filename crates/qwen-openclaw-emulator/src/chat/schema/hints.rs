//! What in a prompt could be a value.

use serde_json::Value;

/// What in a prompt could be an argument.
#[derive(Debug)]
pub(in crate::chat) struct Hints {
    /// Quoted texts first, then names: words with a capital letter that start no sentence.
    pub(in crate::chat) names: Vec<String>,
    pub(in crate::chat) words: Vec<String>,
    pub(in crate::chat) numbers: Vec<f64>,
}

impl Hints {
    pub(in crate::chat) fn of(prompt: &str) -> Self {
        let mut quoted: Vec<String> = prompt
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
            .collect();
        let words: Vec<String> = prompt
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
            .filter(|word| !word.is_empty())
            .collect();
        let numbers = words.iter().filter_map(|word| word.parse().ok());
        let numbers = numbers.filter(|number: &f64| number.is_finite()).collect();
        quoted.extend(names(prompt));
        Self {
            names: quoted,
            words,
            numbers,
        }
    }

    /// A text for the property `name`.
    pub(in crate::chat) fn word(&self, name: &str) -> String {
        let named = self.names.first();
        named.cloned().unwrap_or_else(|| match name {
            "" => "example".to_owned(),
            name => format!("example {}", name.replace(['_', '-'], " ")),
        })
    }

    /// The values, those first that the prompt mentions.
    pub(in crate::chat) fn sorted(&self, values: &[Value]) -> Vec<Value> {
        let mentioned = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            let mut words = self.words.iter();
            words.any(|word| word.eq_ignore_ascii_case(text))
        };
        let mut sorted = values.to_vec();
        sorted.sort_by_key(|value| !mentioned(value));
        sorted
    }
}

/// Runs of capitalized words, without those at the start of a sentence.
fn names(prompt: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut open = false;
    let mut starts = true;
    for raw in prompt.split_whitespace() {
        let word = raw.trim_matches(|c: char| !c.is_alphanumeric());
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        let is_name = capital && !starts && word != "I";
        match names.last_mut() {
            Some(last) if is_name && open => {
                last.push(' ');
                last.push_str(word);
            }
            _ if is_name => names.push(word.to_owned()),
            _ => {}
        }
        open = is_name && !raw.ends_with([',', ';', ':', '.', '!', '?']);
        starts = raw.ends_with(['.', '!', '?', ':']);
    }
    names
}
