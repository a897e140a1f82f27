//! The decoder against the ways in which servers speak, in every way of cutting the bytes.

use proptest::prelude::*;

use super::*;
use crate::{Event, FinishReason};

/// All events, and how it ended.
fn decode(bytes: &[u8], size: usize) -> (Vec<Event>, Result<Reply, Error>) {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let result = run(&mut decoder, bytes.chunks(size.max(1)), &mut events);
    (events, result.map(|()| decoder.into_reply()))
}

fn run<'a>(
    decoder: &mut Decoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    events: &mut Vec<Event>,
) -> Result<(), Error> {
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(event) = decoder.next_event()? {
            events.push(event.to_owned());
        }
    }
    decoder.end();
    while let Some(event) = decoder.next_event()? {
        events.push(event.to_owned());
    }
    Ok(())
}

/// The same with every chunk read in full.
fn decode_slowly(bytes: &[u8]) -> (Vec<Event>, Result<Reply, Error>) {
    let mut decoder = Decoder::without_templates(Limits::default());
    let mut events = Vec::new();
    let result = run(&mut decoder, [bytes], &mut events);
    (events, result.map(|()| decoder.into_reply()))
}

/// Chunks with these deltas, then `rest`.
fn stream(deltas: &[&str], rest: &str) -> String {
    let chunk = |delta| {
        format!(
            "data: {{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}\n\n"
        )
    };
    deltas.iter().map(chunk).chain([rest.to_owned()]).collect()
}

const STOP: &str =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
const CALLS: &str =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";

fn complete(bytes: &str) -> (Vec<Event>, Reply) {
    let (events, reply) = decode(bytes.as_bytes(), usize::MAX);
    (events, reply.unwrap())
}

fn failed(bytes: &str) -> (Vec<Event>, Error) {
    let (events, reply) = decode(bytes.as_bytes(), usize::MAX);
    (events, reply.unwrap_err())
}

fn text(text: &str) -> Event {
    Event::Text(text.into())
}

#[test]
fn text_reasoning_usage_and_reason() {
    let rest = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
                data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n\
                data: [DONE]\n\n";
    let deltas = [
        r#"{"role":"assistant","content":""}"#,
        r#"{"content":null,"reasoning_content":"hm "}"#,
        r#"{"content":null,"reasoning_content":"so"}"#,
        r#"{"content":"Hi "}"#,
        r#"{"content":"\u00e9\n"}"#,
        r#"{"content":"\"there\""}"#,
    ];
    let (events, reply) = complete(&stream(&deltas, rest));
    let usage = reply.usage().unwrap().clone();
    assert_eq!(
        events,
        [
            Event::Reasoning("hm ".into()),
            Event::Reasoning("so".into()),
            text("Hi "),
            text("é\n"),
            text("\"there\""),
            Event::Usage(usage.clone()),
            Event::Finish(FinishReason::Stop),
        ]
    );
    assert_eq!(
        (reply.text(), reply.reasoning()),
        ("Hi é\n\"there\"", "hm so")
    );
    assert_eq!((reply.id(), reply.model()), (Some("c1"), Some("m")));
    assert_eq!(usage.total_tokens, 7);
}

#[test]
fn tool_calls_in_fragments() {
    let deltas = [
        r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"get","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"","function":{"arguments":"{\"x\": "}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"b","function":{"name":"add","arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"","function":{"arguments":"\"y\"}"}}]}"#,
    ];
    let (events, reply) = complete(&stream(&deltas, CALLS));
    let start = |index, id: &str, name: &str| Event::ToolStart {
        index,
        id: id.into(),
        name: name.into(),
    };
    let delta = |index, json: &str| Event::ToolDelta {
        index,
        json: json.into(),
    };
    let calls = reply.tool_calls();
    assert_eq!(
        events,
        [
            start(0, "a", "get"),
            delta(0, "{\"x\": "),
            start(1, "b", "add"),
            delta(1, "{}"),
            delta(0, "\"y\"}"),
            Event::ToolDone {
                index: 0,
                call: calls[0].clone()
            },
            Event::ToolDone {
                index: 1,
                call: calls[1].clone()
            },
            Event::Finish(FinishReason::ToolCalls),
        ]
    );
    assert_eq!((calls[0].id(), calls[0].name()), ("a", "get"));
    assert_eq!(calls[0].arguments(), r#"{"x": "y"}"#);
    assert!(calls[0].is_complete());
}

/// The calls that the fragments make up, as `id name arguments`.
fn calls(fragments: &[&str]) -> Vec<String> {
    let deltas: Vec<_> = fragments
        .iter()
        .map(|f| format!(r#"{{"tool_calls":[{f}]}}"#))
        .collect();
    let deltas: Vec<_> = deltas.iter().map(String::as_str).collect();
    let (_, reply) = complete(&stream(&deltas, CALLS));
    let shown = |call: &crate::ToolCall| {
        let id = Some(&*call.id).filter(|id| !id.starts_with("call_made_"));
        format!(
            "{} {} {}",
            id.unwrap_or_default(),
            call.name,
            call.arguments
        )
    };
    reply.tool_calls().iter().map(shown).collect()
}

#[test]
fn fragments_find_their_call() {
    let add = r#"{"index":0,"id":"b","function":{"name":"add","arguments":"{\"a\":1}"}}"#;
    let get = r#"{"index":0,"id":"a","function":{"name":"get","arguments":"{}"}}"#;
    assert_eq!(calls(&[get, add]), ["a get {}", "b add {\"a\":1}"]);

    let by_id = [
        r#"{"id":"a","function":{"name":"get","arguments":"{"}}"#,
        r#"{"id":"b","function":{"name":"add","arguments":"{}"}}"#,
        r#"{"id":"a","function":{"arguments":"}"}}"#,
    ];
    assert_eq!(calls(&by_id), ["a get {}", "b add {}"]);

    let by_order = [
        r#"{"function":{"name":"get","arguments":"{"}}"#,
        r#"{"function":{"arguments":"}"}}"#,
        r#"{"function":{"name":"add","arguments":"{"}}"#,
        r#"{"function":{"arguments":"}"}}"#,
    ];
    assert_eq!(calls(&by_order), [" get {}", " add {}"]);

    let late_name = [
        r#"{"index":0,"id":"a","function":{"arguments":"{}"}}"#,
        r#"{"index":0,"function":{"name":"get"}}"#,
    ];
    assert_eq!(calls(&late_name), ["a get {}"]);
}

#[test]
fn a_call_is_announced_with_its_name_and_what_came_before_it() {
    let deltas = [
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"name":"get"}}]}"#,
    ];
    let (events, _) = complete(&stream(&deltas, CALLS));
    assert_eq!(
        events[0],
        Event::ToolStart {
            index: 0,
            id: "a".into(),
            name: "get".into()
        }
    );
    assert_eq!(
        events[1],
        Event::ToolDelta {
            index: 0,
            json: "{}".into()
        }
    );
}

/// A server may send what would take for ever, or all of the stack.
#[test]
fn parts_inside_parts_are_followed_a_few_levels_down() {
    let nested = |levels: usize| {
        let (open, close) = (r#"[{"thinking":"#.repeat(levels), "}]".repeat(levels));
        format!(r#"{{"content":{open}"deep"{close}}}"#)
    };
    let (events, _) = complete(&stream(&[&nested(2)], STOP));
    assert_eq!(events[0], Event::Reasoning("deep".into()));
    let (events, _) = complete(&stream(&[&nested(100_000), r#"{"content":"x"}"#], STOP));
    assert_eq!(events[0], text("x"));
}

#[test]
fn an_error_is_one_whatever_form_its_code_has() {
    for error in [
        r#"{"object":"error","message":"too long","code":40303}"#,
        r#"{"choices":[],"code":"DataInspectionFailed","message":"too long"}"#,
    ] {
        let (_, error) = failed(&format!("data: {error}\n\n"));
        assert_eq!(error.to_string(), "too long");
    }
    // Codes of success are none.
    let ok = r#"{"code":200,"message":"ok","choices":[{"delta":{"content":"x"}}]}"#;
    let (events, _) = complete(&format!("data: {ok}\n\n{STOP}"));
    assert_eq!(events[0], text("x"));
}

#[test]
fn the_first_answer_counts_wherever_it_stands() {
    let both =
        r#"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}"#;
    let (_, reply) = complete(&format!("data: {both}\n\n{STOP}"));
    assert_eq!(reply.text(), "a");
}

#[test]
fn counts_are_not_replaced_by_none() {
    let rest = format!(
        "data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":4}}}}\n\n\
         data: {{\"choices\":[],\"usage\":{{}}}}\n\n{STOP}"
    );
    let (_, reply) = complete(&stream(&[r#"{"content":"x"}"#], &rest));
    assert_eq!(reply.usage().unwrap().input_tokens, 3);
}

#[test]
fn a_byte_order_mark_hides_no_document() {
    let document = r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}"#;
    let (_, reply) = complete(&format!("\u{feff}{document}"));
    assert_eq!(reply.text(), "x");
}

#[test]
fn arguments_that_are_no_object_are_an_error_with_everything_else() {
    for arguments in ["[1]", r#"\"x\""#, r#"{\"a\":1"#, "{'a':1}", "{} {}", "null"] {
        let call = format!(
            r#"{{"content":"t","tool_calls":[{{"index":0,"id":"a","function":{{"name":"get","arguments":"{arguments}"}}}}]}}"#
        );
        let (events, error) = failed(&stream(&[&call], CALLS));
        assert_eq!(error.kind(), ErrorKind::ToolArguments, "{arguments}");
        assert_eq!(
            error.to_string(),
            "the model called the tool `get` with arguments that are not a JSON object"
        );
        assert_eq!(events[0], text("t"));
    }
}

#[test]
fn a_call_that_the_limit_cut_is_no_mistake() {
    let call =
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"get","arguments":"{\"a"}}]}"#;
    let rest = "data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\n";
    let (events, reply) = complete(&stream(&[call], rest));
    assert_eq!(events.last(), Some(&Event::Finish(FinishReason::Length)));
    assert!(!reply.tool_calls()[0].is_complete());
}

#[test]
fn how_a_reply_may_end() {
    let deltas = [r#"{"content":"a"}"#];
    let reason = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
    for rest in [STOP, reason, "data: [DONE]", "data: [DONE]\n\ndata: {oops"] {
        assert_eq!(complete(&stream(&deltas, rest)).1.text(), "a", "{rest}");
    }
    let (events, error) = failed(&stream(&deltas, ""));
    assert_eq!(events, [text("a")]);
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(
        error.to_string(),
        "the stream ended before the reply was complete"
    );
    let (_, error) = failed("");
    assert_eq!(error.to_string(), "the stream ended before the reply began");
}

/// Whole choices, not just deltas: a chunk that said more than its text is no template.
#[test]
fn a_template_is_learnt_only_from_a_text_alone() {
    let check = |choices: &[&str], text: &str, reason: FinishReason| {
        let chunk = |choice: &&str| format!("data: {{\"choices\":[{choice}]}}\n\n");
        let stream: String = choices.iter().map(chunk).collect();
        let (_, reply) = complete(&format!("{stream}data: [DONE]\n\n"));
        assert_eq!(reply.text(), text, "{stream}");
        assert_eq!(reply.finish_reason(), Some(&reason), "{stream}");
    };
    let beside_a_fragment = |arguments: &str| {
        format!(
            r#"{{"delta":{{"content":"A","tool_calls":[{{"index":0,"id":"x","function":{{"arguments":"{arguments}"}}}}]}}}}"#
        )
    };
    let named = r#"{"delta":{"tool_calls":[{"index":0,"function":{"name":"get"}}]}}"#;
    check(
        &[
            &beside_a_fragment("{"),
            &beside_a_fragment("}"),
            named,
            r#"{"finish_reason":"tool_calls"}"#,
        ],
        "AA",
        FinishReason::ToolCalls,
    );
    check(
        &[
            r#"{"delta":{"content":"a"},"finish_reason":"length"}"#,
            r#"{"delta":{},"finish_reason":"stop"}"#,
            r#"{"delta":{"content":"b"},"finish_reason":"length"}"#,
        ],
        "ab",
        FinishReason::Length,
    );
    // Two texts in one chunk, and a call that is renamed by each fragment.
    let parts =
        |text: &str| format!(r#"{{"delta":{{"content":[{{"text":"{text}"}},{{"text":"!"}}]}}}}"#);
    check(
        &[&parts("a"), &parts("b"), r#"{"finish_reason":"stop"}"#],
        "a!b!",
        FinishReason::Stop,
    );
    let stop = r#"{"delta":{"content":"."},"finish_reason":"stop"}"#;
    let renamed = |name: &str, arguments: &str| {
        format!(
            r#"{{"tool_calls":[{{"index":0,"function":{{"name":"{name}","arguments":"{arguments}"}}}}]}}"#
        )
    };
    let deltas = [renamed("a", "{"), renamed("b", " "), renamed("a", "}")];
    let deltas: Vec<_> = deltas.iter().map(String::as_str).collect();
    let (_, reply) = complete(&stream(
        &deltas,
        &format!("data: {{\"choices\":[{stop}]}}\n\n"),
    ));
    assert_eq!(reply.tool_calls()[0].name(), "a");
    assert_eq!(reply.tool_calls()[0].arguments(), "{ }");
}

#[test]
fn an_empty_text_is_left_to_the_full_reader() {
    let deltas = [
        r#"{"reasoning_content":"a","reasoning":"b"}"#,
        r#"{"reasoning_content":"","reasoning":"b"}"#,
    ];
    let (_, reply) = complete(&stream(&deltas, STOP));
    assert_eq!(reply.reasoning(), "ab");
}

/// The counts and the end of a stream may be lost with its connection, the reply may not.
#[test]
fn a_cut_after_the_model_has_stopped_costs_nothing_of_the_reply() {
    let start = stream(&[r#"{"content":"a"}"#], "");
    let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3}}\r\n\r\n";
    let whole = format!("{start}{stop}{usage}data: [DONE]\n\n");
    // The last chunk lacks no more than its line end from here on.
    let stopped = start.len() + stop.trim_end().len();
    let counted = start.len() + stop.len() + usage.trim_end().len();
    for cut in 0..whole.len() {
        let (_, result) = decode(&whole.as_bytes()[..cut], usize::MAX);
        if cut >= stopped {
            let reply = result.unwrap();
            assert_eq!(reply.text(), "a", "cut at {cut}");
            assert_eq!(reply.usage().is_some(), cut >= counted, "cut at {cut}");
        } else {
            assert_eq!(
                result.unwrap_err().kind(),
                ErrorKind::Truncated,
                "cut at {cut}"
            );
        }
    }
}

#[test]
fn a_cut_document_is_truncated() {
    let document = r#"{"choices":[{"message":{"content":"x\u00e9"},"finish_reason":"stop"}]}"#;
    for cut in 0..document.len() {
        let (_, error) = failed(&document[..cut]);
        assert_eq!(error.kind(), ErrorKind::Truncated, "cut at {cut}");
    }
    complete(document);
    assert_eq!(failed("{oops").1.kind(), ErrorKind::Protocol);
}

#[test]
fn a_cut_error_is_no_protocol_fault() {
    let error = "event: error\ndata: {\"code\":\"InternalError\",\"message\":\"m\"}";
    let kind_at = |cut: usize| {
        failed(&stream(&[r#"{"content":"a"}"#], &error[..cut]))
            .1
            .kind()
    };
    assert_eq!(kind_at(error.len()), ErrorKind::Server);
    for cut in 0..error.len() {
        assert_eq!(kind_at(cut), ErrorKind::Truncated, "cut at {cut}");
    }
}

#[test]
fn the_text_of_an_error_event_is_its_message() {
    let message = |event: &str| failed(event).1.to_string();
    assert_eq!(
        message("event: error\ndata: upstream gave up\n\n"),
        "upstream gave up"
    );
    assert_eq!(
        message("event: error\ndata: upstream gave up"),
        "upstream gave up"
    );
    assert_eq!(
        message("event: error\ndata: {}\n\n"),
        "the server reported an error without a message"
    );
    let (_, error) = failed(
        "data: {\"error\":{\"message\":\"a\",\"message\":\"b\",\"code\":\"x\",\"code\":\"y\"}}\n\n",
    );
    assert_eq!((error.to_string().as_str(), error.code()), ("b", Some("y")));
}

#[test]
fn a_repeated_count_costs_no_counts() {
    let rest = format!(
        "data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":1,\"prompt_tokens\":3,\"completion_tokens\":4}}}}\n\n{STOP}"
    );
    let (_, reply) = complete(&stream(&[r#"{"content":"x"}"#], &rest));
    assert_eq!(reply.usage().unwrap().input_tokens, 3);
}

#[test]
fn an_end_without_a_beginning_is_an_error() {
    for bytes in [
        "data: [DONE]\n\n",
        "data: {\"choices\":[]}\n\ndata: [DONE]\n\n",
        "{}",
    ] {
        let (_, error) = failed(bytes);
        assert_eq!(error.kind(), ErrorKind::Truncated, "{bytes}");
        assert_eq!(error.to_string(), "the stream ended before the reply began");
    }
    // A model may have nothing to say.
    complete(STOP);
}

#[test]
fn names_and_ids_count() {
    let limits = Limits {
        reply: 100,
        ..Limits::default()
    };
    let long = "x".repeat(30);
    let long = &long;
    let ids = (0..4).map(|i| format!(r#"{{"tool_calls":[{{"index":{i},"id":"{i}{long}"}}]}}"#));
    let names = (0..4)
        .map(|i| format!(r#"{{"tool_calls":[{{"index":{i},"function":{{"name":"{long}"}}}}]}}"#));
    for deltas in [ids.collect::<Vec<_>>(), names.collect()] {
        let deltas: Vec<_> = deltas.iter().map(String::as_str).collect();
        let mut decoder = Decoder::new(limits);
        let bytes = stream(&deltas, STOP);
        let error = run(&mut decoder, [bytes.as_bytes()], &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
    // What replaces something counts once.
    let mut decoder = Decoder::new(limits);
    let usage = |_: i32| {
        format!("data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":1,\"x\":\"{long}\"}}}}\n\n")
    };
    let bytes: String = (0..4).map(usage).chain([STOP.to_owned()]).collect();
    run(&mut decoder, [bytes.as_bytes()], &mut Vec::new()).unwrap();
}

/// Marks, blanks and limits, cut at each place.
#[test]
fn the_beginning_may_be_cut_anywhere() {
    let document = r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}"#;
    let stream = stream(&[r#"{"content":"x"}"#], STOP);
    for start in ["", "\u{feff}", "\u{c}", "\n \t", "\u{feff}\r\n\u{c}"] {
        for rest in [document, &stream] {
            let bytes = format!("{start}{rest}");
            for size in 1..=start.len() + 2 {
                let (_, reply) = decode(bytes.as_bytes(), size);
                assert_eq!(reply.unwrap().text(), "x", "{start:?} in pieces of {size}");
            }
        }
    }
    let half = b"\xef\xbbdata: x\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    for size in [1, 2, usize::MAX] {
        assert_eq!(decode(half, size).1.unwrap().text(), "x");
    }
}

#[test]
fn a_limit_does_not_depend_on_the_cutting() {
    for length in 85..120 {
        for bytes in [
            format!("data:{}\n\n{STOP}", " ".repeat(length)),
            format!(":{}\n\n{STOP}", "x".repeat(length)),
            format!("data: {}\n", " ".repeat(length / 3)).repeat(3) + "\n" + STOP,
        ] {
            let limits = Limits {
                event: 100,
                ..Limits::default()
            };
            let end = |size| {
                let mut decoder = Decoder::new(limits);
                let result = run(&mut decoder, bytes.as_bytes().chunks(size), &mut Vec::new());
                outcome(result.map(|()| decoder.into_reply()))
            };
            let whole = end(usize::MAX);
            assert!(
                [1, 7, 98].into_iter().all(|size| end(size) == whole),
                "{bytes:?}"
            );
        }
    }
}

#[test]
fn a_reason_is_what_was_said_last() {
    let rest = "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n\
                data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":null}]}\n\n\
                data: {\"choices\":[{\"finish_reason\":\"later\"}]}\n\ndata: [DONE]\n\n";
    let (events, reply) = complete(&stream(&[r#"{"content":"a"}"#], rest));
    assert_eq!(reply.text(), "ab");
    assert_eq!(
        events.last(),
        Some(&Event::Finish(FinishReason::Other("later".into())))
    );
}

#[test]
fn errors_inside_the_stream() {
    let deltas = [r#"{"content":"a"}"#];
    for error in [
        "data: {\"error\":{\"code\":\"InternalError\",\"message\":\"m\"},\"request_id\":\"r\"}\n\n",
        "data: {\"code\":\"InternalError\",\"message\":\"m\",\"request_id\":\"r\"}\n\n",
        "event: error\ndata: {\"code\":\"InternalError\",\"message\":\"m\",\"request_id\":\"r\"}\n\n",
    ] {
        let (events, error) = failed(&stream(&deltas, error));
        assert_eq!(events, [text("a")]);
        assert_eq!(error.kind(), ErrorKind::Server);
        assert_eq!(
            (error.code(), error.status()),
            (Some("InternalError"), None)
        );
        assert_eq!(
            (error.to_string().as_str(), error.request_id()),
            ("m", Some("r"))
        );
    }
    let (_, error) = failed(&stream(&deltas, "data: {oops\n\n"));
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let reason = "data: {\"choices\":[{\"finish_reason\":\"network_error\"}]}\n\n";
    assert_eq!(failed(&stream(&deltas, reason)).1.kind(), ErrorKind::Server);
}

#[test]
fn odd_chunks_spoil_nothing() {
    let odd = "data: null\n\ndata: []\n\ndata: 7\n\ndata:\n\ndata: {\"choices\":null}\n\n\
               data: {\"choices\":[{\"delta\":null}]}\n\ndata: {\"choices\":{}}\n\n\
               data: {\"choices\":[{\"delta\":{\"content\":5,\"tool_calls\":{}}}]}\n\n\
               data: {\"error\":null,\"choices\":[]}\n\n\
               data: {\"x\":1,\"choices\":[{\"delta\":{\"content\":\"x\",\"content\":\"b\"}}],\"x\":2}\n\n";
    let (events, reply) = complete(&stream(&[r#"{"content":"a"}"#], &format!("{odd}{STOP}")));
    assert_eq!(reply.text(), "ab");
    assert_eq!(events.len(), 3);
}

#[test]
fn bytes_that_are_no_text_are_marked() {
    let mut bytes = stream(&[r#"{"content":"a"}"#], "").into_bytes();
    bytes.extend_from_slice(b"data: {\"choices\":[{\"delta\":{\"content\":\"b\xffc\"}}]}\n\n");
    bytes.extend_from_slice(b"data: {\"choices\":[{\"delta\":{\"content\":\"\\ud83d!\"}}]}\n\n");
    bytes.extend_from_slice(STOP.as_bytes());
    let (_, reply) = decode(&bytes, usize::MAX);
    assert_eq!(reply.unwrap().text(), "ab\u{fffd}c\u{fffd}!");
}

#[test]
fn only_the_first_choice_is_read() {
    let other = "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other\"}}]}\n\n";
    let (_, reply) = complete(&stream(&[r#"{"content":"a"}"#], &format!("{other}{STOP}")));
    assert_eq!(reply.text(), "a");
}

#[test]
fn a_document_in_place_of_a_stream() {
    let document = r#" {"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"whole",
        "reasoning_content":"why","tool_calls":[{"id":"a","function":{"name":"get","arguments":"{}"}}]},
        "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let (events, reply) = complete(document);
    assert_eq!((reply.text(), reply.reasoning()), ("whole", "why"));
    assert_eq!(events.len(), 7);
    let (_, error) = failed(r#"{"error":{"message":"inner","code":"x"}}"#);
    assert_eq!(
        (error.to_string().as_str(), error.code()),
        ("inner", Some("x"))
    );
    assert_eq!(failed("<html>Login").1.kind(), ErrorKind::Protocol);
    assert_eq!(failed("{\"choices\":]").1.kind(), ErrorKind::Protocol);
}

#[test]
fn limits_hold() {
    let deltas = vec![r#"{"content":"0123456789"}"#; 20];
    let check = |limits: Limits, bytes: &str, message: &str| {
        let mut decoder = Decoder::new(limits);
        let error = run(&mut decoder, [bytes.as_bytes()], &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(error.to_string(), message);
        decoder.into_reply()
    };
    let limits = Limits {
        reply: 100,
        ..Limits::default()
    };
    let reply = check(
        limits,
        &stream(&deltas, STOP),
        "the reply is larger than 100 bytes",
    );
    // Id and model count too.
    assert_eq!(reply.text().len(), 90);

    let limits = Limits {
        event: 100,
        ..Limits::default()
    };
    let long = format!("data: {}", "x".repeat(200));
    check(
        limits,
        &long,
        "an event of the stream is larger than 100 bytes",
    );
    let document = format!("{{\"a\":\"{}\"}}", "x".repeat(200));
    check(limits, &document, "the reply is larger than 100 bytes");

    let limits = Limits {
        tool_arguments: 5,
        ..Limits::default()
    };
    let call =
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"0123456"}}]}"#;
    let message = "the arguments of a tool call is larger than 5 bytes";
    check(limits, &stream(&[call], ""), message);

    let limits = Limits {
        tool_calls: 1,
        ..Limits::default()
    };
    let two = r#"{"tool_calls":[{"index":0,"id":"a"},{"index":1,"id":"b"}]}"#;
    check(
        limits,
        &stream(&[two], ""),
        "the reply calls more than 1 tools",
    );
}

#[test]
fn a_tap_sees_every_chunk_as_it_came() {
    use std::sync::{Arc, Mutex};

    let check = |bytes: &str, expect: &[&str]| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let mut decoder = Decoder::default().tap(move |chunk| {
            let chunk = String::from_utf8(chunk.to_vec()).unwrap();
            sink.lock().unwrap().push(chunk);
        });
        let _ = run(&mut decoder, bytes.as_bytes().chunks(7), &mut Vec::new());
        assert_eq!(*seen.lock().unwrap(), expect);
    };
    // Those that say nothing, and those that are read by their template, too.
    let text = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
    let role = r#"{"choices":[{"delta":{"role":"assistant"}}]}"#;
    let stop = r#"{"choices":[{"finish_reason":"stop"}]}"#;
    let stream = format!("data: {role}\n\ndata: {text}\n\ndata: {text}\n\ndata: {stop}");
    check(&stream, &[role, text, text, stop]);
    check(
        &format!("{stream}\n\ndata: [DONE]\n\n"),
        &[role, text, text, stop, "[DONE]"],
    );
    check(role, &[role]);
}

#[test]
fn the_same_error_comes_again() {
    let mut decoder = Decoder::default();
    decoder.push(&b"data: {oops\n\n"[..]);
    let first = decoder.next_event().unwrap_err();
    assert_eq!(
        decoder.next_event().unwrap_err().to_string(),
        first.to_string()
    );
}

/// Chunks as servers send them, and some that no server should.
fn any_stream() -> impl Strategy<Value = String> {
    let delta = prop_oneof![
        "[a-c\\\\\"\u{e9}\u{1F600}\n]{0,6}".prop_map(|t| serde_json::json!({ "content": t }).to_string()),
        "[a-c]{0,6}".prop_map(|t| serde_json::json!({ "content": null, "reasoning_content": t }).to_string()),
        (0u8..3, "[ab]?", "(get|add)?", r#"[{}":a1,\\]{0,5}"#).prop_map(|(index, id, name, json)| {
            serde_json::json!({"tool_calls":[{"index":index,"id":id,"function":{"name":name,"arguments":json}}]})
                .to_string()
        }),
        "[ab]?".prop_map(|json| {
            serde_json::json!({"tool_calls":[{"function":{"arguments":json}}]}).to_string()
        }),
        Just(r#"{"content":"\ud83d"}"#.to_owned()),
        Just(r#"{"content":"\ude00a"}"#.to_owned()),
        "[ab]{0,2}".prop_map(|t| serde_json::json!({"content": t, "x": t, "y": 1}).to_string()),
        "[ab]{0,2}".prop_map(|t| serde_json::json!({"content": t, "y": 1, "z": []}).to_string()),
        "(refusal|encrypted_content|reasoning_text)"
            .prop_map(|name| serde_json::json!({name: "a"}).to_string()),
        Just("{}".to_owned()),
    ];
    let rest = prop_oneof![
        Just(STOP),
        Just(CALLS),
        Just(""),
        Just("data: {oops\n\n"),
        Just(": x\r\ndata: {\"choices\":[{\"finish_reason\":\"length\"}]}\r\n\r\ndata: [DONE]"),
    ];
    (prop::collection::vec(delta, 0..12), rest).prop_map(|(deltas, rest)| {
        stream(&deltas.iter().map(String::as_str).collect::<Vec<_>>(), rest)
    })
}

fn outcome(result: Result<Reply, Error>) -> String {
    match result {
        Ok(reply) => serde_json::to_string(&reply).unwrap(),
        Err(error) => format!("{error:?}"),
    }
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_events(stream in any_stream(), size in 1usize..40) {
        let (whole, whole_end) = decode(stream.as_bytes(), usize::MAX);
        let (cut, cut_end) = decode(stream.as_bytes(), size);
        prop_assert_eq!(cut, whole);
        prop_assert_eq!(outcome(cut_end), outcome(whole_end));
    }

    /// A stream that breaks delivers the beginning of what the whole one would have.
    #[test]
    fn a_broken_stream_delivers_a_prefix(stream in any_stream(), keep in 0.0f64..1.0) {
        let cut = (stream.len() as f64 * keep) as usize;
        let (whole, _) = decode(stream.as_bytes(), usize::MAX);
        let mut decoder = Decoder::default();
        decoder.push(Bytes::copy_from_slice(&stream.as_bytes()[..cut]));
        let mut part = Vec::new();
        while let Ok(Some(event)) = decoder.next_event() {
            part.push(event.to_owned());
        }
        prop_assert_eq!(&whole[..part.len().min(whole.len())], &part[..]);
    }

    /// Chunks read by their template give what the full reader gives.
    #[test]
    fn templates_change_nothing(stream in any_stream()) {
        let (with, with_end) = decode(stream.as_bytes(), usize::MAX);
        let (without, without_end) = decode_slowly(stream.as_bytes());
        prop_assert_eq!(with, without);
        prop_assert_eq!(outcome(with_end), outcome(without_end));
    }

    #[test]
    fn takes_any_bytes(bytes: Vec<u8>, size in 1usize..20) {
        let _ = decode(&bytes, size);
    }

    #[test]
    fn takes_any_text_after_data(text in "(data: [ -~]{0,30}\n\n){0,5}") {
        let _ = decode(text.as_bytes(), usize::MAX);
    }
}

mod calls;
mod extra;
mod lossless;

/// The events and the reply, which are the same however the bytes are cut, and without templates.
fn in_every_way(bytes: &str) -> (Vec<Event>, Reply) {
    let (events, reply) = complete(bytes);
    for size in [1, 7, 64] {
        let (cut, cut_reply) = decode(bytes.as_bytes(), size);
        assert_eq!(cut, events, "in pieces of {size}: {bytes}");
        assert_eq!(cut_reply.unwrap(), reply, "in pieces of {size}: {bytes}");
    }
    let (slow, slow_reply) = decode_slowly(bytes.as_bytes());
    assert_eq!(slow, events, "{bytes}");
    assert_eq!(slow_reply.unwrap(), reply, "{bytes}");
    (events, reply)
}
