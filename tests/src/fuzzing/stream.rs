//! Event streams, built from the bytes of an input.

use super::{
    objects::{self, Shape},
    source::Source,
};

/// Chunks as servers send them and as they should not: most are like one before.
pub(super) fn any(source: &mut Source<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let start: &[&[u8]] = &[
        b"",
        b"",
        b"",
        b"",
        b"\xef\xbb\xbf",
        b"\n",
        b"\r\n",
        b": hello\n\n",
        b" ",
        b"\x0c",
        b"\xef\xbb",
    ];
    out.extend_from_slice(source.pick(start));
    let ending = source.pick(&["\n", "\n", "\n", "\r\n", "\r"]);
    if source.one_in(12) {
        // A document in place of a stream.
        let chunk = objects::chunk(source);
        out.extend(chunk.fill(|| objects::text(source)));
        out.extend_from_slice(source.pick(&[b"".as_slice(), b"\n", b" x", b"\0"]));
        return out;
    }
    let mut shapes: Vec<Shape> = Vec::new();
    while !source.is_empty() && shapes.len() < 24 && out.len() < 4 << 10 {
        let shape = match shapes.len() {
            0 => objects::chunk(source),
            known => match source.below(4) {
                0 => objects::chunk(source),
                1 => shapes[source.below(known)].clone(),
                _ => shapes[known - 1].clone(),
            },
        };
        let json = shape.fill(|| objects::text(source));
        shapes.push(shape);
        event(source, &mut out, &json, ending);
    }
    let stop = "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
    match source.below(8) {
        0..=3 => {
            event(source, &mut out, stop.as_bytes(), ending);
            event(source, &mut out, b"[DONE]", ending);
        }
        4 => event(source, &mut out, b"[DONE]", ending),
        5 => event(source, &mut out, b"{oops", ending),
        6 => event(source, &mut out, stop.as_bytes(), ending),
        _ => {}
    }
    if source.one_in(3) {
        let cut = source.below(64).min(out.len());
        out.truncate(out.len() - cut);
    }
    out
}

fn event(source: &mut Source<'_>, out: &mut Vec<u8>, data: &[u8], ending: &str) {
    let end = |source: &mut Source<'_>, out: &mut Vec<u8>| {
        let ending = match source.one_in(32) {
            true => source.pick(&["\n", "\r\n", "\r"]),
            false => ending,
        };
        out.extend_from_slice(ending.as_bytes());
    };
    if source.one_in(12) {
        out.extend_from_slice(source.pick(&[
            b": keep-alive".as_slice(),
            b"event: error",
            b"event: message",
            b"event",
            b"id: 1",
            b"retry: 5",
            b"data",
            b"data:",
            b"data : x",
            b"\xef\xbb\xbfdata: {}",
        ]));
        end(source, out);
    }
    let prefix = match source.one_in(16) {
        true => source.pick(&["data:", "data:  ", "data:\t"]),
        false => "data: ",
    };
    // A line feed inside the JSON makes another line of data.
    for (number, line) in data.split(|byte| matches!(byte, b'\n')).enumerate() {
        if number > 0 {
            end(source, out);
        }
        out.extend_from_slice(prefix.as_bytes());
        out.extend_from_slice(line);
    }
    end(source, out);
    if !source.one_in(24) {
        end(source, out);
    }
}

/// A stream in which nothing is wrong.
#[derive(Debug)]
pub(super) struct Ordinary {
    pub(super) bytes: Vec<u8>,
    /// The end of the document that says why the model stopped: from here on the reply is complete.
    pub(super) said_all: usize,
}

/// A reply with text, reasoning and tool calls, its end, its usage and `[DONE]`.
pub(super) fn ordinary(source: &mut Source<'_>) -> Ordinary {
    const TEXTS: &[&str] = &[
        "a",
        "b ",
        "\\n",
        "\u{e9}",
        "\\ud83d\\ude00",
        "\\\"",
        "\u{1F600}",
    ];
    let ending = source.pick(&["\n\n", "\n\n", "\r\n\r\n", "\r\r"]);
    let mut bytes = Vec::new();
    let mut event = |data: &str| {
        bytes.extend_from_slice(b"data: ");
        bytes.extend_from_slice(data.as_bytes());
        let end = bytes.len();
        bytes.extend_from_slice(ending.as_bytes());
        end
    };
    let delta = |delta: &str| {
        format!(
            "{{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}"
        )
    };
    for _ in 0..source.below(8) {
        let field = source.pick(&["content", "content", "reasoning_content"]);
        event(&delta(&format!(
            "{{\"{field}\":\"{}\"}}",
            source.pick(TEXTS)
        )));
    }
    let calls = source.below(3);
    for index in 0..calls {
        let fragment = |function: &str| {
            delta(&format!(
                "{{\"tool_calls\":[{{\"index\":{index},\"id\":\"c{index}\",\"function\":{function}}}]}}"
            ))
        };
        event(&fragment("{\"name\":\"f\",\"arguments\":\"\"}"));
        event(&fragment("{\"arguments\":\"{\\\"x\\\":\"}"));
        for _ in 0..source.below(3) {
            event(&fragment(&format!(
                "{{\"arguments\":\"{}\"}}",
                source.pick(&["1", "2", "34"])
            )));
        }
        event(&fragment("{\"arguments\":\"5}\"}"));
    }
    let reason = match calls {
        0 => "stop",
        _ => "tool_calls",
    };
    let said_all = event(&format!(
        "{{\"choices\":[{{\"delta\":{{\"content\":\"\"}},\"finish_reason\":\"{reason}\"}}]}}"
    ));
    if source.below(2) == 0 {
        event(
            "{\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9,\"total_tokens\":16}}",
        );
    }
    event("[DONE]");
    Ordinary { bytes, said_all }
}
