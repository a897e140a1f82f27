//! The decoder: the same bytes give the same reply, however they are cut, with and without templates.

use bytes::Bytes;
use qwen_openclaw_transport::{
    Error, ErrorKind, Event, Reply,
    decode::{Decoder, Limits},
};

use super::{
    cutting::cuttings,
    source::{Chance, Source},
    stream,
};

/// Bytes that begin with `=` are a stream, `~` the same under small limits; all others decide what a
/// stream is built of.
pub(super) fn check(data: &[u8]) {
    match data.split_first() {
        Some((b'=', bytes)) => compare(bytes, Limits::default()),
        Some((b'~', bytes)) => compare(bytes, small()),
        Some((first, rest)) => {
            let mut source = Source::new(rest);
            match first % 8 {
                0 => cut_short(&mut source),
                1 => compare(&stream::any(&mut source), small()),
                _ => compare(&stream::any(&mut source), Limits::default()),
            }
        }
        None => compare(b"", Limits::default()),
    }
}

fn small() -> Limits {
    let mut limits = Limits::default();
    limits.event = 300;
    limits.reply = 64;
    limits.tool_arguments = 24;
    limits.tool_calls = 2;
    limits
}

/// What came of a stream.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// Neighbors of one kind are one event here.
    events: Vec<Event>,
    reply: String,
    end: Option<(ErrorKind, String, Option<String>)>,
}

fn compare(bytes: &[u8], limits: Limits) {
    let mut expected: Option<Outcome> = None;
    for (how, pieces) in cuttings(bytes) {
        let mut decoders = vec![("with templates", Decoder::new(limits))];
        // Cutting is compared already: once in full is enough.
        if expected.is_none() {
            decoders.push(("without templates", Decoder::without_templates(limits)));
        }
        for (which, decoder) in decoders {
            let outcome = decode(decoder, &pieces);
            match &expected {
                Some(expected) => assert_eq!(
                    outcome,
                    *expected,
                    "{how}, {which}, differs from whole with templates: {}",
                    bytes.escape_ascii()
                ),
                None => expected = Some(outcome),
            }
        }
    }
}

fn decode(mut decoder: Decoder, pieces: &[&[u8]]) -> Outcome {
    let mut events = Vec::new();
    let end = run(&mut decoder, pieces, &mut events).err();
    if let Some(error) = &end {
        let again = decoder.next_event().expect_err("an error that comes again");
        assert_eq!(again.to_string(), error.to_string());
    }
    let reply = decoder.into_reply();
    agree(&events, &reply);
    if end.is_none() {
        assert!(
            reply.finish_reason().is_some()
                || !reply.text().is_empty()
                || !reply.reasoning().is_empty()
                || !reply.refusal().is_empty()
                || reply.encrypted_content().is_some()
                || !reply.tool_calls().is_empty()
                || reply.usage().is_some(),
            "a reply that says nothing is no success"
        );
    }
    let raw = reply
        .usage()
        .and_then(|usage| usage.raw())
        .unwrap_or_default();
    Outcome {
        events,
        reply: format!("{} {raw}", serde_json::to_string(&reply).unwrap()),
        end: end.map(|error| {
            let code = error.code().map(str::to_owned);
            (error.kind(), error.to_string(), code)
        }),
    }
}

fn run(decoder: &mut Decoder, pieces: &[&[u8]], events: &mut Vec<Event>) -> Result<(), Error> {
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(event) = decoder.next_event()? {
            add(events, event.to_owned());
        }
    }
    decoder.end();
    while let Some(event) = decoder.next_event()? {
        add(events, event.to_owned());
    }
    Ok(())
}

/// Adds an event, or its text to the one before.
fn add(events: &mut Vec<Event>, event: Event) {
    match (events.last_mut(), &event) {
        (Some(Event::Text(before)), Event::Text(more))
        | (Some(Event::Reasoning(before)), Event::Reasoning(more))
        | (Some(Event::Refusal(before)), Event::Refusal(more)) => {
            assert!(!more.is_empty(), "an event without text");
            before.push_str(more);
        }
        (Some(Event::ToolDelta { index: of, json }), Event::ToolDelta { index, json: more })
            if of == index =>
        {
            json.push_str(more)
        }
        _ => events.push(event),
    }
}

/// Who reads the events knows what stands in the reply.
fn agree(events: &[Event], reply: &Reply) {
    let (mut text, mut reasoning, mut refusal) = (String::new(), String::new(), String::new());
    let mut arguments = vec![None::<String>; reply.tool_calls().len()];
    for event in events {
        match event {
            Event::Text(more) => text.push_str(more),
            Event::Reasoning(more) => reasoning.push_str(more),
            Event::Refusal(more) => refusal.push_str(more),
            Event::ToolStart { index, .. } => {
                assert!(
                    arguments[*index].replace(String::new()).is_none(),
                    "a call begins twice"
                );
            }
            Event::ToolDelta { index, json } => {
                arguments[*index]
                    .as_mut()
                    .expect("a call that has begun")
                    .push_str(json);
            }
            _ => {}
        }
    }
    // What a limit refuses is in neither.
    assert_eq!(text, reply.text());
    assert_eq!(reasoning, reply.reasoning());
    assert_eq!(refusal, reply.refusal());
    for (told, call) in arguments.iter().zip(reply.tool_calls()) {
        if let Some(told) = told {
            assert!(
                call.arguments().starts_with(told),
                "{told:?} {:?}",
                call.arguments()
            );
        }
    }
}

/// A stream that the network cuts short is whole from the reason to stop on, and says before it that
/// it is not.
fn cut_short(source: &mut Source<'_>) {
    let stream = stream::ordinary(source);
    let whole = decode(Decoder::default(), &[&stream.bytes]);
    assert_eq!(whole.end, None, "{}", stream.bytes.escape_ascii());
    let mut chance = Chance::of(source.rest());
    let after = stream.bytes.len() - stream.said_all;
    let mut cuts: Vec<usize> = (0..3).map(|_| chance.below(stream.said_all)).collect();
    cuts.extend((0..4).map(|_| stream.said_all + chance.below(after + 1)));
    for cut in cuts {
        let bytes = &stream.bytes[..cut];
        for (how, pieces) in cuttings(bytes) {
            let outcome = decode(Decoder::default(), &pieces);
            let shown = bytes.escape_ascii();
            if cut < stream.said_all {
                let kind = outcome.end.as_ref().map(|(kind, ..)| *kind);
                assert_eq!(kind, Some(ErrorKind::Truncated), "{how}: {shown}");
            } else {
                assert_eq!(outcome.end, None, "{how}: {shown}");
                let without_usage = |events: &[Event]| {
                    let others = events
                        .iter()
                        .filter(|event| !matches!(event, Event::Usage(_)));
                    others.cloned().collect::<Vec<_>>()
                };
                assert_eq!(
                    without_usage(&outcome.events),
                    without_usage(&whole.events),
                    "{how}: {shown}"
                );
            }
        }
    }
}
