//! JSON objects as no serializer writes them: with fields in any order, repeated, and of any kind.

use super::source::Source;

/// A chunk without its texts. The same shape with other texts is what servers send, and what the
/// decoder's templates are made for.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Fixed(String),
    Text,
}

impl Shape {
    pub(super) fn push(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Part::Fixed(fixed)) => fixed.push_str(text),
            _ => self.0.push(Part::Fixed(text.to_owned())),
        }
    }

    fn hole(&mut self) {
        self.push("\"");
        self.0.push(Part::Text);
        self.push("\"");
    }

    /// The chunk with texts that `text` gives, in what stands between the quotes.
    pub(super) fn fill(&self, mut text: impl FnMut() -> Vec<u8>) -> Vec<u8> {
        let mut filled = Vec::new();
        for part in &self.0 {
            match part {
                Part::Fixed(fixed) => filled.extend_from_slice(fixed.as_bytes()),
                Part::Text => filled.extend(text()),
            }
        }
        filled
    }
}

/// Texts as they stand in JSON, and some that may not stand there.
const TEXTS: &[&[u8]] = &[
    b"a",
    b"",
    b"b ",
    b"\\n",
    b"\\u00e9",
    b"\\ud83d\\ude00",
    b"\\ud83d",
    b"\\ude00",
    b"\\\"",
    b"\\\\",
    b"{\\\"x\\\":",
    b"1}",
    b"{}",
    b"{\\\"y\\\":\\\"z\\\"}",
    b"\xc3\xa9",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xae",
    b"data: ",
    b"[DONE]",
    b"0123456789012345678901234567890123456789",
    b"\\/",
    b" ",
    b"\xff",
    b"\xc3",
    b"\\x",
    b"\\u12",
    b"\x01",
    b"\t",
    b"\"",
    b"\",\"content\":\"c",
    b"\\",
    b"\0",
];

/// The first of [`TEXTS`] that break the JSON around them.
const GOOD_TEXTS: usize = 24;

pub(super) fn text(source: &mut Source<'_>) -> Vec<u8> {
    let known = match source.one_in(24) {
        true => TEXTS.len(),
        false => GOOD_TEXTS,
    };
    let mut text = Vec::new();
    for _ in 0..=source.below(2) {
        text.extend_from_slice(TEXTS[source.below(known)]);
    }
    text
}

/// A chunk of a stream, or a whole completion.
pub(super) fn chunk(source: &mut Source<'_>) -> Shape {
    let mut shape = Shape::default();
    if source.below(4) == 0 {
        any_chunk(source, &mut shape);
        return shape;
    }
    // As the service sends it: everything stands there each time, most of it null.
    shape.push("{\"choices\":[{\"finish_reason\":");
    let reason = source.pick(&[
        "null",
        "null",
        "null",
        "null",
        "\"\"",
        "\"stop\"",
        "\"length\"",
    ]);
    shape.push(reason);
    shape.push(",\"delta\":");
    delta(source, &mut shape);
    shape.push(",\"index\":0,\"logprobs\":null}],\"object\":\"chat.completion.chunk\",\"usage\":");
    match source.one_in(16) {
        true => usage(source, &mut shape),
        false => shape.push("null"),
    }
    shape.push(",\"created\":1,\"system_fingerprint\":");
    shape.push(source.pick(&["null", "null", "\"f1\"", "\"f2\""]));
    shape.push(",\"model\":\"m\",\"id\":\"c1\"}");
    shape
}

fn any_chunk(source: &mut Source<'_>, shape: &mut Shape) {
    object(source, shape, 5, |source, shape| match source.below(14) {
        12 | 13 => unknown(source, shape),
        0..=3 => {
            shape.push("\"choices\":");
            list(source, shape, 2, choice);
        }
        4 => {
            shape.push("\"usage\":");
            match source.one_in(3) {
                true => shape.push("null"),
                false => usage(source, shape),
            }
        }
        5 => {
            shape.push(source.pick(&["\"id\":\"c1\"", "\"id\":\"c2\"", "\"id\":null", "\"id\":5"]))
        }
        6 => shape.push(source.pick(&["\"model\":\"m\"", "\"model\":\"\"", "\"model\":null"])),
        7 => shape.push(source.pick(&[
            "\"error\":null",
            "\"error\":{\"code\":\"c\",\"message\":\"m\",\"code\":\"d\"}",
            "\"error\":\"words\"",
            "\"error\":{}",
        ])),
        8 => shape.push(source.pick(&[
            "\"code\":\"c\"",
            "\"code\":0",
            "\"code\":7",
            "\"code\":\"\"",
            "\"message\":\"m\"",
            "\"message\":null",
        ])),
        9 => shape.push("\"x\":{\"choices\":[{\"delta\":{\"content\":\"no\"}}]}"),
        _ => {
            shape.push(source.pick(&["\"created\":1", "\"object\":\"o\"", "\"request_id\":\"r\""]))
        }
    });
}

fn choice(source: &mut Source<'_>, shape: &mut Shape) {
    object(source, shape, 4, |source, shape| match source.below(9) {
        8 => unknown(source, shape),
        0..=3 => {
            shape.push(source.pick(&["\"delta\":", "\"delta\":", "\"message\":"]));
            delta(source, shape);
        }
        4 | 5 => {
            shape.push("\"finish_reason\":");
            shape.push(source.pick(&[
                "null",
                "\"stop\"",
                "\"length\"",
                "\"tool_calls\"",
                "\"\"",
                "\"network_error\"",
                "\"later\"",
                "5",
            ]));
        }
        6 => {
            shape.push("\"index\":");
            shape.push(source.pick(&["0", "1", "null", "\"0\"", "0.0", "-1"]));
        }
        _ => {
            shape.push("\"usage\":");
            usage(source, shape);
        }
    });
}

fn delta(source: &mut Source<'_>, shape: &mut Shape) {
    object(source, shape, 3, |source, shape| match source.below(20) {
        16 => {
            shape.push(source.pick(&["\"refusal\":", "\"reasoning_text\":"]));
            value(source, shape);
        }
        17 => {
            shape.push("\"encrypted_content\":");
            value(source, shape);
        }
        18 | 19 => unknown(source, shape),
        0..=4 => {
            shape.push("\"content\":");
            value(source, shape);
        }
        5..=7 => {
            shape.push("\"reasoning_content\":");
            value(source, shape);
        }
        8 => {
            shape.push("\"reasoning\":");
            value(source, shape);
        }
        9 => {
            shape.push("\"reasoning_details\":");
            list(source, shape, 2, part);
        }
        10..=13 => {
            shape.push("\"tool_calls\":");
            list(source, shape, 2, fragment);
        }
        14 => {
            shape.push("\"function_call\":");
            function(source, shape);
        }
        _ => shape.push("\"role\":\"assistant\""),
    });
}

/// A field that no version knows.
fn unknown(source: &mut Source<'_>, shape: &mut Shape) {
    shape.push(source.pick(&["\"x\":", "\"x\":", "\"y\":", "\"logprobs\":"]));
    match source.below(8) {
        0 => shape.hole(),
        1 => shape.push(source.pick(&["null", "1", "2", "true", "\"\"", "1e999"])),
        2 => shape.push(source.pick(&["[]", "[1]", "[{\"a\":1}]", "{}", "[[[]]]"])),
        3 => shape.push("\"a\""),
        4 => shape.push("{\"a\":\"b\",\"id\":\"c\"}"),
        5 => shape.push("[{\"index\":0,\"a\":\"b\"},{\"index\":5}]"),
        6 => {
            shape.push("{\"a\":");
            shape.hole();
            shape.push(",\"a\":[]}");
        }
        _ => {
            shape.push("{\"content\":[{\"token\":");
            shape.hole();
            shape.push("}]}");
        }
    }
}

/// Mostly a text; otherwise what stands for one, or for none.
fn value(source: &mut Source<'_>, shape: &mut Shape) {
    match source.below(16) {
        0..=11 => shape.hole(),
        12 => shape.push("null"),
        13 => shape.push("5"),
        14 => list(source, shape, 2, part),
        _ => shape.push("\"\""),
    }
}

fn part(source: &mut Source<'_>, shape: &mut Shape) {
    object(source, shape, 2, |source, shape| match source.below(4) {
        0 | 1 => {
            shape.push("\"text\":");
            shape.hole();
        }
        2 => {
            shape.push("\"thinking\":");
            match source.one_in(4) {
                true => list(source, shape, 1, part),
                false => shape.hole(),
            }
        }
        _ => shape.push("\"type\":\"text\""),
    });
}

fn fragment(source: &mut Source<'_>, shape: &mut Shape) {
    object(source, shape, 4, |source, shape| match source.below(10) {
        8 => shape.push("\"type\":\"custom\""),
        9 => unknown(source, shape),
        0 | 1 => shape.push(source.pick(&[
            "\"index\":0",
            "\"index\":0",
            "\"index\":1",
            "\"index\":null",
            "\"index\":\"0\"",
        ])),
        2 | 3 => {
            shape.push(source.pick(&["\"id\":\"x\"", "\"id\":\"\"", "\"id\":\"y\"", "\"id\":null"]))
        }
        4 => shape.push("\"type\":\"function\""),
        _ => {
            shape.push("\"function\":");
            function(source, shape);
        }
    });
}

fn function(source: &mut Source<'_>, shape: &mut Shape) {
    object(source, shape, 2, |source, shape| match source.below(10) {
        8 => shape.push(source.pick(&[
            "\"arguments\":{}",
            "\"arguments\":{\"a\":\"\\n\"}",
            "\"arguments\":[1]",
            "\"arguments\":null",
        ])),
        9 => unknown(source, shape),
        0..=4 => {
            shape.push("\"arguments\":");
            shape.hole();
        }
        5 | 6 => shape.push(source.pick(&[
            "\"name\":\"f\"",
            "\"name\":\"g\"",
            "\"name\":\"\"",
            "\"name\":null",
        ])),
        _ => {
            shape.push("\"name\":");
            shape.hole();
        }
    });
}

pub(super) fn usage(source: &mut Source<'_>, shape: &mut Shape) {
    object(source, shape, 4, |source, shape| {
        shape.push(&usage_field(source));
    });
}

/// A field of a `usage` object.
pub(super) fn usage_field(source: &mut Source<'_>) -> String {
    const NAMES: &[&str] = &[
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_cache_hit_tokens",
        "cache_creation_input_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "x",
    ];
    const DETAILS: &[&str] = &[
        "cached_tokens",
        "cache_creation_input_tokens",
        "reasoning_tokens",
    ];
    let name = source.pick(NAMES);
    if name.ends_with("_details") && !source.one_in(4) {
        let fields: Vec<String> = (0..source.below(3))
            .map(|_| format!("\"{}\":{}", source.pick(DETAILS), count(source)))
            .collect();
        return format!("\"{name}\":{{{}}}", fields.join(","));
    }
    format!("\"{name}\":{}", count(source))
}

/// A count, in forms that are seen and in some that are not.
fn count(source: &mut Source<'_>) -> String {
    match source.below(12) {
        0..=5 => source.byte().to_string(),
        6 => "null".to_owned(),
        7 => format!("\"{}\"", source.byte()),
        8 => format!("{}.0", source.byte()),
        9 => "-1".to_owned(),
        10 => "18446744073709551615".to_owned(),
        _ => source
            .pick(&[
                "1e3",
                "[]",
                "{}",
                "true",
                "\"many\"",
                "18446744073709551616",
            ])
            .to_owned(),
    }
}

/// Writes up to `most` fields, each as `field` decides: nothing keeps it from repeating itself.
fn object(
    source: &mut Source<'_>,
    shape: &mut Shape,
    most: usize,
    mut field: impl FnMut(&mut Source<'_>, &mut Shape),
) {
    shape.push("{");
    for number in 0..source.below(most + 1) {
        if number > 0 {
            shape.push(",");
        }
        if source.one_in(32) {
            shape.push(source.pick(&[" ", "\r\n", "\n", "\t", "\"\":0,"]));
        }
        field(source, shape);
    }
    shape.push("}");
}

fn list(
    source: &mut Source<'_>,
    shape: &mut Shape,
    most: usize,
    mut item: impl FnMut(&mut Source<'_>, &mut Shape),
) {
    if source.one_in(16) {
        return shape.push(source.pick(&["null", "{}", "5", "[]"]));
    }
    shape.push("[");
    for number in 0..=source.below(most) {
        if number > 0 {
            shape.push(",");
        }
        item(source, shape);
    }
    shape.push("]");
}
