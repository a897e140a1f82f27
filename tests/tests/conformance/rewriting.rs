//! Recorded cases with other values, where it can be told what the real program would do: streams
//! that are cut elsewhere or written in another way, and requests with other texts, names and ids.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use qwen_openclaw_tests::conformance::{Case, FileReport, Unreadable, compare};
use serde_json::{Value, json};

use crate::{deviations, folders, json_text, seeded::Seeded};

type Cases = Vec<Result<Case, Unreadable>>;

/// Runs `rewrite` over the cases of an area. Those it leaves alone (`None`) are not run; of all
/// others the outcome is as it was.
fn check(area: &str, rewrite: impl Fn(&Case) -> Option<Case>) {
    let deviations = deviations();
    for folder in folders() {
        let recorded = Case::read(&folder.join(format!("{area}.json"))).unwrap();
        let recorded = recorded.into_iter().map(Result::unwrap);
        let pairs = recorded.filter_map(|case| rewrite(&case).map(|other| (Ok(case), Ok(other))));
        let (before, after): (Cases, Cases) = pairs.unzip();
        let outcome = |cases: &Cases| {
            let report: FileReport = compare(area, cases, &deviations).unwrap();
            (report.passed, report.deviating, report.failed)
        };
        assert!(after.len() >= 10, "{} cases are rewritten", after.len());
        let (before, after) = (outcome(&before), outcome(&after));
        assert_eq!(after.2, Vec::<String>::new());
        assert_eq!((after.0, after.1), (before.0, before.1));
    }
}

/// A case whose responses have other pieces; `None` when it has no stream.
fn with_stream(case: &Case, change: impl Fn(Vec<u8>) -> Option<Vec<Vec<u8>>>) -> Option<Case> {
    let mut case = case.clone();
    let mut changed = false;
    for response in case.input.get_mut("responses")?.as_array_mut()? {
        let Some(pieces) = response["chunks_base64"].as_array() else {
            continue;
        };
        let pieces = pieces
            .iter()
            .map(|piece| STANDARD.decode(piece.as_str().unwrap()).unwrap());
        let pieces = change(pieces.collect::<Vec<_>>().concat())?;
        let pieces = pieces.iter().map(|piece| json!(STANDARD.encode(piece)));
        response["chunks_base64"] = pieces.collect();
        changed = true;
    }
    changed.then_some(case)
}

fn cut(bytes: &[u8], mut length: impl FnMut() -> usize) -> Vec<Vec<u8>> {
    let (mut rest, mut pieces) = (bytes, Vec::new());
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(length().min(rest.len()));
        pieces.push(piece.to_vec());
        rest = left;
    }
    pieces
}

/// The lines of an event stream, changed; `None` for bytes that are no text or no event stream.
fn lines(bytes: Vec<u8>, change: impl Fn(&str) -> String) -> Option<Vec<u8>> {
    let text = String::from_utf8(bytes).ok()?;
    let streamed = text.starts_with("data:") && !text.contains('\r');
    let lines: Vec<_> = text.split('\n').map(change).collect();
    streamed.then(|| lines.join("\n").into_bytes())
}

#[test]
fn a_stream_may_be_cut_anywhere() {
    check("transport", |case| {
        with_stream(case, |bytes| Some(vec![bytes]))
    });
    check("transport", |case| {
        with_stream(case, |bytes| Some(cut(&bytes, || 1)))
    });
    for seed in 0..3 {
        check("transport", |case| {
            with_stream(case, |bytes| {
                let mut seeded = Seeded(seed);
                Some(cut(&bytes, || 1 + seeded.below(40)))
            })
        });
    }
}

#[test]
fn a_stream_may_be_written_in_another_way() {
    let whole = |bytes: Option<Vec<u8>>| bytes.map(|bytes| cut(&bytes, || 11));
    // Fields in reverse, and white space between them.
    check("transport", |case| {
        let line = |line: &str| match line.strip_prefix("data:") {
            Some(data) => match json_text::rewritten(data) {
                Some(data) => format!("data: {data}"),
                None => line.to_owned(),
            },
            None => line.to_owned(),
        };
        with_stream(case, |bytes| whole(lines(bytes, line)))
    });
    // Comments after every event.
    check("transport", |case| {
        let line = |line: &str| match line {
            "" => "\n: keep-alive\n".to_owned(),
            line => line.to_owned(),
        };
        // What is after the last blank line is no event, and stays so.
        with_stream(case, |bytes| match bytes.ends_with(b"\n\n") {
            true => whole(lines(bytes, line)),
            false => None,
        })
    });
    // Other ends of lines.
    check("transport", |case| {
        let crlf = |bytes: Vec<u8>| {
            let bytes = lines(bytes, str::to_owned)?;
            Some(
                String::from_utf8(bytes)
                    .ok()?
                    .replace('\n', "\r\n")
                    .into_bytes(),
            )
        };
        with_stream(case, |bytes| whole(crlf(bytes)))
    });
}

/// Puts more behind every piece of text that is one of `texts`, where the request has texts.
fn lengthen(value: &mut Value, texts: &dyn Fn(&str) -> bool) {
    match value {
        Value::String(text) => {
            let pieces = text.split('\n').map(|piece| match texts(piece) {
                true => format!("{piece} \"é\" 世界 \\ 😀"),
                false => piece.to_owned(),
            });
            *text = pieces.collect::<Vec<_>>().join("\n");
        }
        Value::Array(items) => items.iter_mut().for_each(|item| lengthen(item, texts)),
        Value::Object(fields) => {
            let names = [
                "content",
                "messages",
                "prompt",
                "reasoning",
                "reasoning_content",
                "systemPrompt",
                "text",
                "thinking",
            ];
            for (name, value) in fields {
                if names.contains(&&**name) {
                    lengthen(value, texts);
                }
            }
        }
        _ => {}
    }
}

/// The pieces of text that are inside `value`.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let pieces = text.split('\n').filter(|piece| !piece.trim().is_empty());
            found.extend(pieces.map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if !matches!(&**name, "type" | "data" | "mimeType" | "role") {
                    texts(value, found);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_request_may_say_something_else() {
    check("transport", |case| {
        let mut case = case.clone();
        let context = case.input.get_mut("context")?;
        let mut said = Vec::new();
        texts(&context["systemPrompt"], &mut said);
        texts(&context["messages"], &mut said);
        let said = |text: &str| said.iter().any(|said| said == text);
        lengthen(context, &said);
        lengthen(case.expected.get_mut("json")?, &said);
        Some(case)
    });
}

#[test]
fn tools_and_calls_may_have_other_names() {
    let names = [
        ("\"add\"", "\"add_2\""),
        ("(add)", "(add_2)"),
        ("call_a", "chatcmpl-tool-9"),
        ("call_b", "b"),
        ("get_weather", "get_weather_of"),
        ("image/png", "image/webp"),
    ];
    check("transport", |case| {
        let rename = |value: &Value| {
            let text = names.iter().fold(value.to_string(), |text, (name, other)| {
                text.replace(name, other)
            });
            serde_json::from_str(&text).ok()
        };
        let (input, expected) = (rename(&case.input)?, rename(&case.expected)?);
        let differs = input != case.input && case.input["kind"] == "request";
        differs.then(|| Case::new(&*case.name, input, expected))
    });
}

#[test]
fn descriptions_and_videos_may_be_asked_for_in_other_words() {
    let suffix = " \"é\" 世界 \\ 😀";
    check("video", |case| {
        let mut case = case.clone();
        let prompt = case.input.get_mut("request")?.get_mut("prompt")?;
        let text = prompt
            .as_str()
            .filter(|text| text.len() < 100 && text.trim() == *text)?;
        let other = json!(format!("{text}{suffix}"));
        let sent = case.expected.get_mut("http")?.get_mut(0)?;
        let sent = sent.get_mut("json")?.get_mut("input")?.get_mut("prompt")?;
        (sent == prompt).then_some(())?;
        (*sent, *prompt) = (other.clone(), other);
        Some(case)
    });
    check("media", |case| {
        let mut case = case.clone();
        let params = case.input.get_mut("params")?.as_object_mut()?;
        let prompt = format!(" Say what there is{suffix}\n");
        let sent = case.expected.get_mut("http")?.get_mut(0)?;
        let sent = sent.pointer_mut("/json/messages/0/content/0/text")?;
        *sent = prompt.trim().into();
        params.insert("prompt".to_owned(), prompt.into());
        Some(case)
    });
}
