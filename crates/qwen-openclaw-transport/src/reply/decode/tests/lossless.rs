//! What a reply says besides text: halves of characters, refusals, reasoning under other names and
//! encrypted, other choices, events without blank lines.

use super::*;

#[test]
fn a_pair_may_be_split_over_two_deltas() {
    // The first chunks are what the later ones are read by.
    let deltas = [
        r#"{"content":"a"}"#,
        r#"{"content":"b\ud83d"}"#,
        r#"{"content":"\ude00c"}"#,
        r#"{"content":"\ud83d"}"#,
        r#"{"content":"\ude00"}"#,
        r#"{"reasoning_content":"r\ud83d"}"#,
        r#"{"content":"\ud83d"}"#,
        r#"{"reasoning_content":"\ude00"}"#,
        r#"{"content":"x"}"#,
    ];
    let (events, reply) = in_every_way(&stream(&deltas, STOP));
    assert_eq!(reply.text(), "ab\u{1F600}c\u{1F600}\u{fffd}x");
    assert_eq!(reply.reasoning(), "r\u{1F600}");
    assert_eq!(
        events[1..4],
        [text("b"), text("\u{1F600}c"), text("\u{1F600}")]
    );

    let call = |arguments: &str| {
        format!(
            r#"{{"tool_calls":[{{"index":0,"id":"a","function":{{"name":"get","arguments":"{arguments}"}}}}]}}"#
        )
    };
    let more = |arguments: &str| {
        format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":"{arguments}"}}}}]}}"#)
    };
    let deltas = [
        call(r#"{\"x\":\""#),
        more(r"\ud83d"),
        more(r"\ude00"),
        more(r#"\"}"#),
    ];
    let deltas: Vec<_> = deltas.iter().map(String::as_str).collect();
    let (_, reply) = in_every_way(&stream(&deltas, CALLS));
    assert_eq!(reply.tool_calls()[0].arguments(), "{\"x\":\"\u{1F600}\"}");
}

#[test]
fn half_a_pair_that_stays_alone_is_marked() {
    let deltas = [
        r#"{"content":"a\ud83d"}"#,
        r#"{"content":"\ud83d"}"#,
        r#"{"content":"b"}"#,
        r#"{"refusal":"\uDBFF"}"#,
        r#"{"content":"\ude00\ud83d"}"#,
    ];
    let (events, reply) = in_every_way(&stream(&deltas, STOP));
    assert_eq!(reply.text(), "a\u{fffd}\u{fffd}b\u{fffd}\u{fffd}");
    assert_eq!(reply.refusal(), "\u{fffd}");
    assert_eq!(events[events.len() - 2], text("\u{fffd}"));
    // Neither is it lost when the stream breaks.
    for rest in [
        "",
        "data: {oops\n\n",
        "data: {\"error\":{\"message\":\"m\"}}\n\n",
    ] {
        let (events, _) = failed(&stream(&[r#"{"content":"a\ud83d"}"#], rest));
        assert_eq!(events, [text("a"), text("\u{fffd}")]);
    }
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":\"\ud83d"}}]}"#;
    let rest = "data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\n";
    let (_, reply) = in_every_way(&stream(&[call], rest));
    assert_eq!(reply.tool_calls()[0].arguments(), "{\"x\":\"\u{fffd}");
}

#[test]
fn a_refusal_is_an_answer() {
    let deltas = [
        r#"{"role":"assistant","content":null,"refusal":null}"#,
        r#"{"content":null,"refusal":"I can"}"#,
        r#"{"content":null,"refusal":"not."}"#,
        r#"{"content":[{"type":"refusal","refusal":" No."}]}"#,
    ];
    let (events, reply) = in_every_way(&stream(&deltas, STOP));
    assert_eq!(reply.refusal(), "I cannot. No.");
    assert_eq!(reply.text(), "");
    assert_eq!(events[0], Event::Refusal("I can".into()));
    assert!(!reply.has_no_content());
    let message = crate::Message::from(&reply);
    assert_eq!(message.refusal.as_deref(), Some("I cannot. No."));

    let whole = r#"{"choices":[{"message":{"content":null,"refusal":"No."}}]}"#;
    assert_eq!(
        in_every_way(&format!("data: {whole}\n\n{STOP}"))
            .1
            .refusal(),
        "No."
    );
    let document = r#"{"choices":[{"message":{"refusal":"No."},"finish_reason":"stop"}]}"#;
    assert_eq!(in_every_way(document).1.refusal(), "No.");
    // Until the model has stopped, it is the beginning of one.
    let (_, error) = failed(&stream(&deltas, ""));
    assert_eq!(
        error.to_string(),
        "the stream ended before the reply was complete"
    );
}

#[test]
fn reasoning_has_several_names() {
    for (delta, expect) in [
        (r#"{"reasoning_text":"c"}"#, "c"),
        (r#"{"reasoning_text":"c","reasoning":"b"}"#, "b"),
        (
            r#"{"reasoning_text":"c","reasoning":"b","reasoning_content":"a"}"#,
            "a",
        ),
        (
            r#"{"reasoning_text":"c","reasoning":null,"reasoning_content":""}"#,
            "c",
        ),
        (
            r#"{"reasoning_details":[{"text":"d"}],"reasoning_text":"c"}"#,
            "c",
        ),
    ] {
        let (events, reply) = in_every_way(&stream(&[delta, delta], STOP));
        assert_eq!(reply.reasoning(), expect.repeat(2), "{delta}");
        assert_eq!(events[0], Event::Reasoning(expect.into()));
        let document = format!(r#"{{"choices":[{{"message":{delta},"finish_reason":"stop"}}]}}"#);
        assert_eq!(in_every_way(&document).1.reasoning(), expect);
        let mut extra = reply.message_extra().keys();
        assert!(extra.all(|name| name == "reasoning_details"), "{delta}");
    }
}

const CIPHERTEXT: &str = "gAAAAAB+/=\u{e9}sk-0123456789abcdef";

#[test]
fn encrypted_reasoning_is_kept_byte_for_byte() {
    let (first, second) = CIPHERTEXT.split_at(7);
    let whole = format!(r#"{{"encrypted_content":"{CIPHERTEXT}"}}"#);
    let pieces = [first, second].map(|piece| format!(r#"{{"encrypted_content":"{piece}"}}"#));
    let beside = format!(r#"{{"content":"b","encrypted_content":"{CIPHERTEXT}"}}"#);
    let (summary, answer) = (r#"{"reasoning_content":"s"}"#, r#"{"content":"a"}"#);
    let last = format!(
        "data: {{\"choices\":[{{\"delta\":{whole},\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n"
    );
    let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let after = format!("{stop}data: {{\"choices\":[{{\"delta\":{whole}}}]}}\n\ndata: [DONE]\n\n");
    let document = format!(
        r#"{{"choices":[{{"message":{{"reasoning_content":"s","content":"a","encrypted_content":"{CIPHERTEXT}"}},"finish_reason":"stop"}}]}}"#
    );
    for bytes in [
        stream(&[summary, &whole, answer], STOP),
        stream(&[&whole, summary, answer, answer], STOP),
        stream(&[summary, &pieces[0], &pieces[1], answer], STOP),
        stream(&[summary, answer, answer, &beside, answer], STOP),
        stream(&[summary, answer], &last),
        stream(&[summary, answer], &after),
        document,
    ] {
        let (_, reply) = in_every_way(&bytes);
        assert_eq!(reply.encrypted_content(), Some(CIPHERTEXT), "{bytes}");
        assert_eq!(reply.reasoning(), "s", "{bytes}");
        let message = crate::Message::from(&reply);
        assert_eq!(message.encrypted_content.as_deref(), Some(CIPHERTEXT));
        assert!(reply.message_extra().is_empty());
    }
    let (_, reply) = in_every_way(&stream(&[answer, r#"{"encrypted_content":null}"#], STOP));
    assert_eq!(reply.encrypted_content(), None);
}

#[test]
fn a_key_is_not_looked_for_in_encrypted_reasoning() {
    let mut decoder = Decoder::default();
    decoder.hide(Secrets::default().with("sk-0123456789abcdef"));
    let delta = format!(r#"{{"encrypted_content":"{CIPHERTEXT}"}}"#);
    let bytes = stream(&[&delta], STOP);
    run(&mut decoder, [bytes.as_bytes()], &mut Vec::new()).unwrap();
    assert_eq!(decoder.reply().encrypted_content(), Some(CIPHERTEXT));
}

#[test]
fn the_lowest_choice_is_the_answer() {
    let choices = |choices: &[(u64, &str)]| {
        let choices: Vec<_> = choices
            .iter()
            .map(|(index, text)| format!(r#"{{"index":{index},"delta":{{"content":"{text}"}}}}"#))
            .collect();
        format!("data: {{\"choices\":[{}]}}\n\n", choices.join(","))
    };
    let check = |chunks: &[&[(u64, &str)]], expect: &str| {
        let stream: String = chunks.iter().map(|chunk| choices(chunk)).collect();
        let (events, reply) = in_every_way(&format!("{stream}{STOP}"));
        assert_eq!(reply.text(), expect, "{stream}");
        assert_eq!(events.last(), Some(&Event::Finish(FinishReason::Stop)));
    };
    check(&[&[(1, "b")], &[(0, "a")], &[(1, "d")], &[(0, "c")]], "ac");
    check(&[&[(2, "b"), (1, "a")], &[(1, "c")], &[(2, "d")]], "ac");
    check(&[&[(2, "x")], &[(1, "a"), (2, "b")], &[(1, "c")]], "ac");
    check(&[&[(3, "x")], &[(1, "y"), (0, "a")]], "a");
    // One that never stops being the only one is not waited for to the end.
    let mut decoder = Decoder::default();
    decoder.push(choices(&[(1, "b")]).repeat(20));
    assert_eq!(decoder.next_event().unwrap(), Some(EventRef::Text("b")));
    let only = r#"{"choices":[{"index":1,"delta":{"content":"one"},"finish_reason":"stop"}]}"#;
    assert_eq!(in_every_way(&format!("data: {only}\n\n")).1.text(), "one");
    let (_, error) = failed(&choices(&[(1, "b")]));
    assert_eq!(
        error.to_string(),
        "the stream ended before the reply was complete"
    );

    let choice = |index: &str, text: &str| {
        format!(r#"{{{index}"message":{{"content":"{text}"}},"finish_reason":"stop"}}"#)
    };
    let document = |choices: &[String]| format!(r#"{{"choices":[{}]}}"#, choices.join(","));
    let several = [choice("\"index\":2,", "b"), choice("\"index\":1,", "a")];
    assert_eq!(in_every_way(&document(&several)).1.text(), "a");
    let unnumbered = [choice("", "a"), choice("", "b")];
    assert_eq!(in_every_way(&document(&unnumbered)).1.text(), "a");
}

#[test]
fn blank_lines_may_be_missing() {
    let bytes = stream(&[r#"{"content":"a"}"#, r#"{"content":"b"}"#], STOP);
    for bytes in [
        bytes.replace("\n\n", "\n"),
        bytes.replace("\n\n", "\r\n"),
        bytes
            .replace("\n\n", "\n")
            .replace("data: ", "id:1\nevent:result\n:HTTP_STATUS/200\ndata:"),
        bytes.replace("\n\n", "\n").trim_end().to_owned(),
    ] {
        let (events, reply) = in_every_way(&bytes);
        assert_eq!(reply.text(), "ab", "{bytes}");
        assert_eq!(events.last(), Some(&Event::Finish(FinishReason::Stop)));
    }
    // They come as they arrive, the last one too.
    let mut decoder = Decoder::default();
    decoder.push(bytes.replace("\n\n", "\n"));
    while decoder.next_event().unwrap().is_some() {}
    assert!(decoder.is_complete());

    let error = "event: error\ndata: {\"code\":\"c\",\"message\":\"m\"}\n";
    let deltas = stream(&[r#"{"content":"a"}"#, r#"{"content":"b"}"#], "").replace("\n\n", "\n");
    let (events, error) = failed(&format!("{deltas}{error}"));
    assert_eq!((events.len(), error.to_string().as_str()), (2, "m"));
}

#[test]
fn an_event_of_several_lines_is_one_event() {
    let pretty = "data: {\"choices\":[\ndata: {\"delta\":\ndata: {\"content\":\"a\"}\ndata: }\ndata: ]\ndata: }\n\n";
    let (_, reply) = in_every_way(&format!("{pretty}{pretty}{STOP}"));
    assert_eq!(reply.text(), "aa");
    // Without their blank lines, too.
    let (_, reply) = in_every_way(&format!("{pretty}{pretty}{STOP}").replace("\n\n", "\n"));
    assert_eq!(reply.text(), "aa");
    let (_, error) = failed("data: {\"a\":1}x\ndata: {\"a\":1}\n\n");
    assert_eq!(error.kind(), ErrorKind::Protocol);
}
