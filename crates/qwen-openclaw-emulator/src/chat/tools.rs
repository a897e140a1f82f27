//! When tools are called, with what, and what is said about their results.

use serde_json::{Map, Value};

use super::{
    Chat,
    prose::quote,
    reply::Call,
    request::{Function, Message, Tool, ToolChoice},
    schema,
};

/// When the emulator calls tools.
///
/// Whatever is set, a call that was answered is never made again, so that every agent comes to an
/// end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ToolCalls {
    /// Never, not even when `tool_choice` asks for a call.
    Never,
    /// When the prompt names the tool, or `tool_choice` asks for a call. The default.
    ///
    /// A prompt names a tool if it has the words of its name, such as "weather" for `get_weather`.
    #[default]
    Named,
    /// The first tool of each request, whatever the prompt.
    First,
}

impl ToolCalls {
    /// Every policy with its name.
    pub(crate) const NAMES: [(&str, Self); 3] = [
        ("never", Self::Never),
        ("named", Self::Named),
        ("first", Self::First),
    ];
}

/// The calls that answer the request; none when text does.
pub(super) fn calls(chat: &Chat<'_>) -> Vec<Call> {
    let request = chat.request;
    let prompt = request.prompt();
    let all = || request.tools.iter().map(|Tool { function }| function);
    let chosen: Vec<&Function> = match (&request.tool_choice, chat.tool_calls) {
        (_, ToolCalls::Never) => Vec::new(),
        (Some(ToolChoice::Word(word)), _) if word == "none" => Vec::new(),
        // What was asked for has been called already: now its result is told.
        _ if !results(chat).is_empty() => Vec::new(),
        (Some(ToolChoice::Forced { function }), _) => {
            all().filter(|f| f.name == function.name).collect()
        }
        (Some(ToolChoice::Word(word)), policy) if word == "required" => match policy {
            ToolCalls::First => all().take(1).collect(),
            _ => named(all(), &prompt)
                .into_iter()
                .chain(all())
                .take(1)
                .collect(),
        },
        (_, ToolCalls::First) => all().take(1).collect(),
        (_, ToolCalls::Named) => named(all(), &prompt),
    };
    let most = if request.parallel_tool_calls {
        chosen.len()
    } else {
        1
    };
    let answered = answered(chat);
    chosen
        .into_iter()
        .map(|function| (function, arguments(function, &prompt)))
        .filter(|(function, arguments)| {
            let same = |call: &&Value| is_call(call, &function.name, arguments);
            !answered.iter().any(same)
        })
        .take(most)
        .enumerate()
        .map(|(index, (function, arguments))| Call {
            id: chat.id.call(index),
            name: function.name.clone(),
            arguments: schema::spaced(&arguments),
        })
        .collect()
}

/// The calls of the conversation that have a result.
fn answered<'a>(chat: &Chat<'a>) -> Vec<&'a Value> {
    let messages = chat.request.messages.iter();
    let ids: Vec<&str> = messages
        .clone()
        .filter_map(|message| message.tool_call_id.as_deref())
        .collect();
    messages
        .flat_map(|message| &message.tool_calls)
        .filter(|call| call["id"].as_str().is_some_and(|id| ids.contains(&id)))
        .collect()
}

fn is_call(call: &Value, name: &str, arguments: &Value) -> bool {
    let text = call["function"]["arguments"].as_str().unwrap_or_default();
    let given = serde_json::from_str(text).unwrap_or_else(|_| Value::Object(Map::new()));
    call["function"]["name"] == name && given == *arguments
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

/// The results that came since the last answer in text. A user message after them changes nothing:
/// some agents add one to every request.
fn results<'a>(chat: &Chat<'a>) -> Vec<&'a Message> {
    let messages = &chat.request.messages;
    let told = |message: &Message| message.role == "assistant" && message.tool_calls.is_empty();
    let answered = messages.iter().rposition(told);
    let since = messages.iter().skip(answered.map_or(0, |at| at + 1));
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

fn arguments(function: &Function, prompt: &str) -> Value {
    let value = schema::required(&function.parameters, prompt);
    // Without a schema anything would fit, but arguments are always an object.
    if value.is_object() {
        value
    } else {
        Value::Object(Map::new())
    }
}

/// Words of tool names that say nothing about when to use them.
const VAGUE: &[&str] = &[
    "get", "set", "list", "find", "lookup", "look", "fetch", "call", "run", "tool", "make", "the",
    "and", "for", "with", "from", "that", "this", "into", "function", "current", "given",
];

/// The functions that a prompt names, in their order, but first those whose names it spells out.
fn named<'a>(functions: impl Iterator<Item = &'a Function>, prompt: &str) -> Vec<&'a Function> {
    let named: Vec<(Naming, &Function)> = functions
        .filter_map(|function| Some((Naming::of(&function.name, prompt)?, function)))
        .collect();
    // Whoever speaks of a weather map does not speak of the weather.
    let vaguer = |naming: &Naming| {
        let mut others = named.iter().map(|(other, _)| other);
        !naming.spelled && others.any(|other| naming.is_part_of(other))
    };
    let mut kept: Vec<_> = named.iter().filter(|(naming, _)| !vaguer(naming)).collect();
    kept.sort_by_key(|(naming, _)| !naming.spelled);
    kept.into_iter().map(|(_, function)| *function).collect()
}

/// How a prompt names a tool.
#[derive(Debug, Eq, PartialEq)]
struct Naming {
    /// Whether it has a name that is not a mere word.
    spelled: bool,
    /// The words of the name that say something.
    words: Vec<String>,
}

impl Naming {
    /// Reads how `prompt` names a tool; `None` if it does not.
    fn of(name: &str, prompt: &str) -> Option<Self> {
        let mut identifiers = prompt.split(|c: char| !c.is_alphanumeric() && !"_-.".contains(c));
        let found = identifiers.any(|word| {
            let word = word.trim_matches(['.', '-']);
            !word.is_empty() && word.eq_ignore_ascii_case(name)
        });
        let all = words(name);
        let spelled = found && all.len() > 1;
        let mut telling = all;
        telling.retain(|word| word.chars().count() >= 3 && !VAGUE.contains(&&**word));
        let said = words(prompt);
        let mentioned = !telling.is_empty() && telling.iter().all(|word| said.contains(word));
        (found || mentioned).then_some(Self {
            spelled,
            words: telling,
        })
    }

    fn is_part_of(&self, other: &Self) -> bool {
        self.words.len() < other.words.len()
            && self.words.iter().all(|word| other.words.contains(word))
    }
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

    #[test]
    fn a_tool_is_named_by_its_words() {
        for (name, prompt) in [
            ("get_weather", "What is the weather in Kyiv?"),
            ("getStockPrice", "price of a stock"),
            ("list_directory", "List the directory"),
            ("run", "Use `run`."),
            ("get_time", "call get_time"),
        ] {
            assert!(Naming::of(name, prompt).is_some(), "{name}: {prompt}");
        }
        for (name, prompt) in [
            ("get_weather", "Get me a sandwich"),
            ("read_file", "Read the weather report"),
            ("get_list", "Get me a list"),
            ("", ""),
        ] {
            assert_eq!(Naming::of(name, prompt), None, "{name}: {prompt}");
        }
    }

    #[test]
    fn the_best_match_comes_first() {
        let functions = ["weather", "weather_map", "show_map"].map(|name| Function {
            name: name.to_owned(),
            description: String::new(),
            parameters: Value::Null,
        });
        let names = |prompt: &str| -> Vec<&str> {
            let named = named(functions.iter(), prompt).into_iter();
            named.map(|function| &*function.name).collect()
        };
        assert_eq!(names("a map of the weather"), ["weather_map"]);
        assert_eq!(
            names("Show a map (show_map, not weather_map)"),
            ["weather_map", "show_map"]
        );
        assert_eq!(names("Show the weather"), ["weather"]);
    }

    #[test]
    fn identifiers_are_cut_into_words() {
        assert_eq!(
            words("getHTTPStatus_codes-v2"),
            ["get", "httpstatu", "code", "v2"]
        );
    }
}
