//! Usage and error objects: the last value of a field counts, in whatever order fields come.

use qwen_openclaw_http::{ServerError, classify};
use qwen_openclaw_transport::{Error, Usage, decode::Decoder};

use super::{objects, source::Source};

const SECRET: &str = "sk-0123456789abcdef";

/// Bytes that begin with `=` are an error body, `!` the data of an error event, `?` a `usage` object;
/// all others decide what such objects are built of.
pub(super) fn check(data: &[u8]) {
    match data.split_first() {
        Some((b'=', body)) => error_body(body),
        Some((b'!', text)) => error_event(text),
        Some((b'?', usage)) => {
            if let Ok(usage) = std::str::from_utf8(usage) {
                let _ = usage_of(usage);
            }
        }
        Some((first, rest)) => {
            let mut source = Source::new(rest);
            match first % 2 {
                0 => repeated_usage(&mut source),
                _ => repeated_errors(&mut source),
            }
        }
        None => error_body(b""),
    }
}

fn error_body(body: &[u8]) {
    let Some(error) = ServerError::parse(body) else {
        return;
    };
    fit_to_be_shown(&error);
    let hidden = error.without(Some(SECRET));
    for text in texts(&hidden) {
        assert!(!text.contains(SECRET), "{text:?}");
    }
    for status in [0, 200, 301, 400, 401, 403, 404, 429, 500, 599, 1000] {
        let _ = classify(status, hidden.code(), hidden.message());
    }
}

fn texts(error: &ServerError) -> impl Iterator<Item = &str> {
    let texts = [
        error.code(),
        error.error_type(),
        error.message(),
        error.request_id(),
    ];
    texts.into_iter().flatten()
}

fn fit_to_be_shown(error: &ServerError) {
    for text in texts(error) {
        assert!(!text.is_empty() && text.chars().count() <= 301, "{text:?}");
        let odd = |c: char| {
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(odd), "{text:?}");
    }
}

/// Whatever a server says in an error event, somebody can read it.
fn error_event(text: &[u8]) {
    let mut stream = Vec::new();
    stream.extend_from_slice(b"event: error\n");
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        stream.extend_from_slice(b"data: ");
        stream.extend_from_slice(line);
        stream.push(b'\n');
    }
    stream.extend_from_slice(b"\n");
    let blank = text
        .iter()
        .all(|byte| byte.is_ascii_whitespace() || *byte == 0);
    let Err(error) = decode(&stream) else {
        assert!(
            blank || text.trim_ascii() == b"[DONE]",
            "an error event that is no error"
        );
        return;
    };
    let shown = error.to_string();
    assert!(
        !shown.ends_with("status 0 and no error message"),
        "{shown}: {}",
        text.escape_ascii()
    );
    assert!(!shown.contains(char::is_control), "{shown:?}");
    // Words that are no JSON are the message.
    let words = std::str::from_utf8(text).ok().map(str::trim);
    if let Some(words) = words.filter(|words| {
        (1..200).contains(&words.len())
            && words
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b' ')
            && !matches!(*words, "null" | "true" | "false")
    }) {
        assert!(shown.contains(words), "{shown:?} without {words:?}");
    }
}

fn decode(stream: &[u8]) -> Result<Option<Usage>, Error> {
    let mut decoder = Decoder::default();
    decoder.push(stream.to_vec());
    while decoder.next_event()?.is_some() {}
    decoder.end();
    while decoder.next_event()?.is_some() {}
    Ok(decoder.into_reply().usage().cloned())
}

/// The usage of a reply that ends with this object.
fn usage_of(json: &str) -> Option<Usage> {
    let text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let stop =
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let json = json.replace(['\n', '\r'], " ");
    decode(format!("{text}data: {{\"choices\":[],\"usage\":{json}}}\n\n{stop}").as_bytes()).ok()?
}

fn repeated_usage(source: &mut Source<'_>) {
    let mut fields = Vec::new();
    while !source.is_empty() && fields.len() < 24 {
        fields.push(objects::usage_field(source));
    }
    let (as_it_came, once) = (object(&fields), object(&once(&fields)));
    assert_eq!(
        usage_of(&as_it_came),
        usage_of(&once),
        "{as_it_came} and {once}"
    );
}

fn repeated_errors(source: &mut Source<'_>) {
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    while !source.is_empty() && inner.len() + outer.len() < 24 {
        match source.below(2) {
            0 => inner.push(error_field(
                source,
                &["code", "message", "type", "request_id", "id", "param"],
            )),
            _ => outer.push(error_field(
                source,
                &[
                    "code",
                    "message",
                    "detail",
                    "request_id",
                    "id",
                    "error",
                    "x",
                ],
            )),
        }
    }
    let with_inner = |inner: &str| {
        let mut fields = outer.clone();
        fields.insert(fields.len() / 2, format!("\"error\":{inner}"));
        fields
    };
    let as_it_came = object(&with_inner(&object(&inner)));
    let once = object(&once(&with_inner(&object(&once(&inner)))));
    let expected = ServerError::parse(once.as_bytes());
    assert_eq!(
        ServerError::parse(as_it_came.as_bytes()),
        expected,
        "{as_it_came} and {once}"
    );
    error_body(as_it_came.as_bytes());
    error_event(as_it_came.as_bytes());
}

fn error_field(source: &mut Source<'_>, names: &[&str]) -> String {
    const VALUES: &[&str] = &[
        "null",
        "\"a\"",
        "\"InvalidApiKey\"",
        "\"\"",
        "\" \"",
        "401",
        "0",
        "-1.5",
        "true",
        "[]",
        "{}",
        "\"\\u001b[31mred\\u202e\"",
        "\"\\ud83d\"",
        "\"the key sk-0123456789abcdef is wrong\"",
        "\"line\\nline\"",
    ];
    format!("\"{}\":{}", source.pick(names), source.pick(VALUES))
}

fn object(fields: &[String]) -> String {
    format!("{{{}}}", fields.join(","))
}

/// Each field once, with its last value, in another order.
fn once(fields: &[String]) -> Vec<String> {
    let name = |field: &str| field.split(':').next().unwrap_or_default().to_owned();
    let last = |(at, field): &(usize, &String)| {
        fields.iter().rposition(|other| name(other) == name(field)) == Some(*at)
    };
    let mut once: Vec<String> = fields
        .iter()
        .enumerate()
        .filter(last)
        .map(|(_, field)| field.clone())
        .collect();
    once.reverse();
    once
}
