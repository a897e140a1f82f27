//! When tools are called, with what, and what is said about their results.

use super::{
    Chat,
    prose::quote,
    reply::Call,
    request::{Function, Message, Tool, ToolChoice},
    schema,
};

/// The calls that answer the request; none when text does.
pub(super) fn calls(chat: &Chat<'_>) -> Vec<Call> {
    let request = chat.request;
    if request.tools.is_empty() {
        return Vec::new();
    }
    let prompt = request.prompt();
    let functions = request.tools.iter().map(|Tool { function }| function);
    let chosen: Vec<&Function> = match &request.tool_choice {
        Some(ToolChoice::Word(word)) if word == "none" => Vec::new(),
        // What was asked for has been called already: now its result is told.
        _ if !results(chat).is_empty() => Vec::new(),
        Some(ToolChoice::Forced { function }) => {
            functions.filter(|f| f.name == function.name).collect()
        }
        Some(ToolChoice::Word(word)) if word == "required" => {
            let mut all: Vec<&Function> = functions.collect();
            let best = all.iter().position(|function| fits(function, &prompt));
            vec![all.swap_remove(best.unwrap_or_default())]
        }
        _ => functions
            .filter(|function| fits(function, &prompt))
            .collect(),
    };
    let most = if request.parallel_tool_calls {
        chosen.len()
    } else {
        1
    };
    let call = |(index, function): (usize, &Function)| Call {
        id: chat.id.call(index),
        name: function.name.clone(),
        arguments: arguments(function, &prompt),
    };
    chosen
        .into_iter()
        .take(most)
        .enumerate()
        .map(call)
        .collect()
}

/// What is said once tools have been run; `None` when none were.
pub(super) fn report(chat: &Chat<'_>) -> Option<String> {
    let results = results(chat);
    let told: Vec<String> = results
        .iter()
        .map(|message| {
            let name = called_name(chat, message).unwrap_or("the tool");
            format!("{name} says {}", quote(&message.text()))
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "I asked, and {}. That answers {}, as far as an emulator can tell.",
            told.join("; "),
            quote(&chat.request.prompt()),
        )
    })
}

/// The results that came since the user last spoke.
fn results<'a>(chat: &Chat<'a>) -> Vec<&'a Message> {
    let messages = &chat.request.messages;
    let spoke = messages.iter().rposition(|message| message.role == "user");
    let since = messages.iter().skip(spoke.map_or(0, |at| at + 1));
    since.filter(|message| message.role == "tool").collect()
}

/// The name of the tool whose call a result belongs to.
fn called_name<'a>(chat: &Chat<'a>, result: &Message) -> Option<&'a str> {
    let id = result.tool_call_id.as_deref()?;
    let messages = chat.request.messages.iter();
    let mut calls = messages.flat_map(|message| &message.tool_calls);
    let call = calls.find(|call| call["id"] == id)?;
    call["function"]["name"].as_str()
}

fn arguments(function: &Function, prompt: &str) -> String {
    let value = schema::example(&function.parameters, prompt);
    // Without a schema anything would fit, but arguments are always an object.
    if value.is_object() {
        schema::spaced(&value)
    } else {
        "{}".to_owned()
    }
}

/// Words of tool names that say nothing about when to use them.
const VAGUE: &[&str] = &[
    "get", "set", "list", "find", "lookup", "look", "fetch", "call", "run", "tool", "make", "the",
    "and", "for", "with", "from", "that", "this", "into", "function", "current", "given",
];

/// Whether a prompt plausibly asks for a tool: it has a word of the tool's name, or a telling word
/// of its description.
fn fits(function: &Function, prompt: &str) -> bool {
    let prompt = words(prompt);
    let telling = |word: &String, least: usize| {
        word.chars().count() >= least && !VAGUE.contains(&&**word) && prompt.contains(word)
    };
    words(&function.name).iter().any(|word| telling(word, 3))
        || words(&function.description)
            .iter()
            .any(|word| telling(word, 6))
}

/// The words of a text or of an identifier, in lower case and singular.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for character in text.chars() {
        let starts = character.is_uppercase() && lower_before;
        if starts || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        lower_before = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    for word in &mut words {
        if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
            word.pop();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, description: &str, prompt: &str) -> bool {
        let function = Function {
            name: name.to_owned(),
            description: description.to_owned(),
            parameters: serde_json::Value::Null,
        };
        fits(&function, prompt)
    }

    #[test]
    fn a_tool_fits_by_its_words() {
        assert!(check("get_weather", "", "What is the weather in Kyiv?"));
        assert!(check("getStockPrice", "", "price of tea"));
        assert!(check(
            "x",
            "Adds numbers together",
            "which numbers are these"
        ));
        assert!(!check("get_weather", "Looks it up", "Get me a sandwich"));
        assert!(!check("", "", ""));
    }

    #[test]
    fn identifiers_are_cut_into_words() {
        assert_eq!(
            words("getHTTPStatus_codes-v2"),
            ["get", "httpstatu", "code", "v2"]
        );
    }
}
