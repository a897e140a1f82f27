//! What the emulator says when nothing else is asked of it.

use super::{Chat, arithmetic, media, tokens};
use crate::id::splitmix;

/// How much of a text is quoted, in characters.
const QUOTED: usize = 80;

/// Writes an answer from what the request says. The same request gives the same text.
pub(super) fn answer(chat: &Chat<'_>) -> String {
    let prompt = chat.request.prompt();
    if let Some(number) = arithmetic::count_to(&prompt) {
        let numbers: Vec<String> = (1..=number).map(|number| number.to_string()).collect();
        return numbers.join(", ");
    }
    if let Some(start) = to_continue(chat) {
        return format!(" … and so on. The emulator went on from {}.", quote(&start));
    }
    if wants_brevity(chat) {
        return knowledge(&prompt)
            .or_else(|| attachments(chat))
            .unwrap_or_else(|| reflection(&prompt));
    }
    let mut sentences = vec![greeting(&prompt), introduction(chat)];
    sentences.extend(knowledge(&prompt));
    sentences.extend(attachments(chat));
    sentences.push(reflection(&prompt));
    sentences.extend(system(chat));
    sentences.extend(turns(chat));
    sentences.push(suggestion(&prompt).to_owned());
    sentences.join(" ")
}

/// Quotes a text, shortened, on one line.
pub(super) fn quote(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    if line.chars().count() <= QUOTED {
        return format!("“{line}”");
    }
    let start: String = line.chars().take(QUOTED).collect();
    format!("“{}…”", start.trim_end())
}

fn greeting(prompt: &str) -> String {
    let greetings: &[&str] = if is_chinese(prompt) {
        &["你好！", "您好！"]
    } else {
        &[
            "Hello!",
            "Hi there!",
            "Good to hear from you!",
            "Hello from loopback!",
        ]
    };
    pick(greetings, prompt).to_owned()
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

fn introduction(chat: &Chat<'_>) -> String {
    format!(
        "I am the qwen-openclaw emulator, standing in for {} on the {} endpoint: no model, no key, no bill.",
        chat.model.id, chat.endpoint,
    )
}

/// What the emulator knows: sums, and the questions people try first.
fn knowledge(prompt: &str) -> Option<String> {
    const TOPICS: &[(&[&str], &str)] = &[
        (
            &["sky", "blue"],
            "The sky is blue because air scatters short waves of light far more than long ones, so blue reaches you from every direction.",
        ),
        (
            &["who", "are", "you"],
            "As for who I am: a few thousand lines of Rust that answer like Model Studio does, quirks included.",
        ),
        (
            &["haiku"],
            "A haiku, then: tokens on loopback, / nothing leaves this small machine; / the stream ends with DONE.",
        ),
        (
            &["joke"],
            "A joke: two streams walk into a bar, and one of them says only data: [DONE].",
        ),
        (
            &["capital", "france"],
            "The capital of France is Paris; that one I know by heart.",
        ),
    ];
    if let Some(sum) = arithmetic::solve(prompt) {
        return Some(format!("Sums I can do: {sum}."));
    }
    let lower = prompt.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let topic = TOPICS
        .iter()
        .find(|(all, _)| all.iter().all(|word| words.contains(word)))?;
    Some(topic.1.to_owned())
}

fn attachments(chat: &Chat<'_>) -> Option<String> {
    let media: Vec<String> = chat
        .request
        .parts()
        .flat_map(media::of)
        .map(|medium| medium.describe())
        .collect();
    let last = media.last()?;
    Some(match media.len() {
        1 => format!("You attached {last}."),
        count if count <= 4 => format!("You attached {count} things: {}.", media.join("; ")),
        count => format!("You attached {count} things, the last of them {last}."),
    })
}

fn reflection(prompt: &str) -> String {
    match prompt.split_whitespace().count() {
        0 => "You sent me no words at all, which is a quiet way to begin.".to_owned(),
        1 if is_chinese(prompt) => format!(
            "You sent me {} characters, {}.",
            prompt.chars().filter(|c| c.is_alphanumeric()).count(),
            quote(prompt),
        ),
        1 => format!("You sent me a single word, {}.", quote(prompt)),
        words => format!(
            "You sent me {words} words, about {} tokens by my count: {}.",
            tokens::count(prompt),
            quote(prompt),
        ),
    }
}

fn system(chat: &Chat<'_>) -> Option<String> {
    let system: Vec<String> = chat.request.texts("system").collect();
    let system = system.join(" ");
    (!system.trim().is_empty()).then(|| {
        format!(
            "Your system prompt, {}, is noted and will be followed in spirit.",
            quote(&system)
        )
    })
}

fn turns(chat: &Chat<'_>) -> Option<String> {
    let mut said = chat.request.texts("user");
    let first = said.next()?;
    let turn = 1 + said.count();
    (turn > 1).then(|| {
        format!(
            "This is turn {turn} of our conversation, which began with {}.",
            quote(&first)
        )
    })
}

fn suggestion(prompt: &str) -> &'static str {
    const SUGGESTIONS: &[&str] = &[
        "Ask me a sum, such as 6*7, or give me a tool and I will call it.",
        "Send me a JSON schema and I will answer in it.",
        "Ask me to count to 500 if you want a longer stream.",
        "Send the header x-emulator-fault: stall and see what your program does when I fall silent.",
    ];
    // Another part of the hash than the greeting's, so that the two vary independently.
    pick(SUGGESTIONS, &format!("{prompt}?"))
}

fn wants_brevity(chat: &Chat<'_>) -> bool {
    let brief = |text: String| {
        let text = text.to_lowercase();
        ["one sentence", "a single sentence", "be brief", "be terse"]
            .iter()
            .any(|wish| text.contains(wish))
    };
    chat.request.texts("system").any(brief) || brief(chat.request.prompt())
}

/// The beginning of the answer, when the caller has written it.
fn to_continue(chat: &Chat<'_>) -> Option<String> {
    let last = chat.request.messages.last()?;
    (last.partial && last.role == "assistant").then(|| last.text())
}

fn pick<'a>(choices: &[&'a str], text: &str) -> &'a str {
    let hash = text
        .bytes()
        .fold(0, |hash, byte| splitmix(hash ^ u64::from(byte)));
    let index = usize::try_from(hash % choices.len().max(1) as u64).unwrap_or_default();
    choices.get(index).copied().unwrap_or_default()
}
