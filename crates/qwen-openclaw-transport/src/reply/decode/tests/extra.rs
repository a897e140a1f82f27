//! Fields that this version does not know.

use serde_json::{Value, json};

use super::*;
use crate::Message;

/// Chunks in the service's own form, with these fields beside the choices.
fn with_fields(texts: &[&str], fields: &str) -> String {
    let chunk = |text: &&str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}},\"index\":0,\"logprobs\":null}}],\"id\":\"c1\"{fields}}}\n\n"
        )
    };
    texts.iter().map(chunk).collect()
}

#[test]
fn what_a_message_says_besides_is_sent_back() {
    let deltas = [
        r#"{"role":"assistant","content":"a","annotations":[{"type":"url_citation","url":"u"}]}"#,
        r#"{"content":"b","audio":{"id":"x","data":"AB"},"function_call":null,"x":null}"#,
        r#"{"content":"","audio":{"id":"x","data":"CD","expires_at":7},"seen":true}"#,
        r#"{"content":"c","annotations":[{"type":"file"}]}"#,
    ];
    let (_, reply) = in_every_way(&stream(&deltas, STOP));
    let extra = json!({
        "annotations": [{"type": "url_citation", "url": "u"}, {"type": "file"}],
        "audio": {"id": "x", "data": "ABCD", "expires_at": 7},
        "seen": true,
    });
    assert_eq!(Value::from(reply.message_extra().clone()), extra);
    assert_eq!(reply.text(), "abc");
    let message = Message::from(&reply);
    assert_eq!(Value::from(message.extra.clone()), extra);
    let kept = serde_json::to_string(&message).unwrap();
    assert_eq!(serde_json::from_str::<Message>(&kept).unwrap(), message);

    let document = r#"{"choices":[{"message":{"content":"a","annotations":[1],"z":"\ud83d"},"finish_reason":"stop"}]}"#;
    let (_, reply) = in_every_way(document);
    assert_eq!(
        Value::from(Message::from(&reply).extra),
        json!({"annotations": [1], "z": "\u{fffd}"})
    );
}

#[test]
fn what_stands_beside_the_message_is_not() {
    let chunk = |text: &str, fields: &str, choice: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}{choice}}}]{fields}}}\n\n"
        )
    };
    let tier = r#","system_fingerprint":"f1","service_tier":"default""#;
    let info = r#","search_info":{"search_results":[{"index":1,"title":"t","url":"u"}]}"#;
    let bytes = [
        chunk("a", tier, ""),
        chunk("b", &format!("{tier}{info}"), ",\"matched\":\"x\""),
        chunk("c", tier, ",\"matched\":\"y\""),
        chunk("d", &tier.replace("f1", "f2"), ""),
    ]
    .concat();
    let (_, reply) = in_every_way(&format!("{bytes}{STOP}"));
    assert_eq!(
        Value::from(reply.extra().clone()),
        json!({
            "system_fingerprint": "f2",
            "service_tier": "default",
            "matched": "y",
            "search_info": {"search_results": [{"index": 1, "title": "t", "url": "u"}]},
        })
    );
    assert!(Message::from(&reply).extra.is_empty());
    assert_eq!(reply.text(), "abcd");
}

#[test]
fn a_field_that_comes_back_is_what_it_was() {
    // The third chunk is like the first, but no longer says nothing new.
    let (one, two) = (r#","tier":"one""#, r#","tier":"two""#);
    let bytes = with_fields(&["a", "b"], one)
        + &with_fields(&["c"], two)
        + &with_fields(&["d", "e"], one)
        + STOP;
    let (_, reply) = in_every_way(&bytes);
    assert_eq!(reply.extra()["tier"], "one");
    assert_eq!(reply.text(), "abcde");
    // What is joined is joined each time.
    let deltas = [r#"{"content":"a","x":"y"}"#; 4];
    let (_, reply) = in_every_way(&stream(&deltas, STOP));
    assert_eq!(reply.message_extra()["x"], "yyyy");
}

#[test]
fn constant_fields_do_not_keep_a_template_from_being_learnt() {
    let mut decoder = Decoder::default();
    let fields = r#","system_fingerprint":"f","service_tier":"default","found":[1],"info":{"a":1}"#;
    decoder.push(with_fields(&["a"], fields));
    assert!(decoder.next_event().unwrap().is_some());
    assert_eq!(decoder.next_event().unwrap(), None);
    assert!(decoder.assembly.has_learnt(assembly::Target::Text));
    let mut decoder = Decoder::default();
    decoder.push(stream(&[r#"{"content":"a","x":"y"}"#], ""));
    while decoder.next_event().unwrap().is_some() {}
    assert!(!decoder.assembly.has_learnt(assembly::Target::Text));
}

#[test]
fn probabilities_of_tokens_can_be_read() {
    let chunk = |token: &str, logprob: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{token}\"}},\"logprobs\":{{\"content\":[{{\"token\":\"{token}\",\"logprob\":{logprob},\"bytes\":[97],\"top_logprobs\":[{{\"token\":\"b\",\"logprob\":-2.5,\"bytes\":null}}],\"x\":1}}],\"refusal\":null}}}}]}}\n\n"
        )
    };
    let bytes = format!(
        "{}{}{}{STOP}",
        chunk("a", "-0.25"),
        chunk("a", "-0.5"),
        chunk("c", "\"?\"")
    );
    let (_, reply) = in_every_way(&bytes);
    let tokens = reply.logprobs();
    assert_eq!(tokens.len(), 2);
    assert_eq!((&*tokens[1].token, tokens[1].logprob), ("a", -0.5));
    assert_eq!(tokens[0].bytes.as_deref(), Some(&[97][..]));
    assert_eq!(
        (&*tokens[0].top[0].token, tokens[0].top[0].logprob),
        ("b", -2.5)
    );
    assert_eq!(tokens[0].extra["x"], 1);
    assert_eq!(
        reply.extra()["logprobs"]["content"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert!(
        complete(&stream(&[r#"{"content":"a"}"#], STOP))
            .1
            .logprobs()
            .is_empty()
    );
}

#[test]
fn unknown_fields_count() {
    let limits = Limits {
        reply: 2000,
        ..Limits::default()
    };
    let end = |bytes: String| {
        let mut decoder = Decoder::new(limits);
        run(&mut decoder, [bytes.as_bytes()], &mut Vec::new())
    };
    let long = "x".repeat(100);
    for chunk in [
        stream(&[&format!(r#"{{"content":"","x":"{long}"}}"#)], ""),
        stream(
            &[&format!(r#"{{"tool_calls":[{{"index":0,"x":"{long}"}}]}}"#)],
            "",
        ),
        stream(&[r#"{"x":[0,0,0,0,0,0,0,0,0,0]}"#], ""),
        format!("data: {{\"choices\":[{{\"index\":1,\"delta\":{{\"content\":\"{long}\"}}}}]}}\n\n"),
        with_fields(&["a"], r#","l":{"c":[{"index":0}]}"#).replace("null", "{\"content\":[{},{}]}"),
    ] {
        assert_eq!(
            end(chunk.repeat(40)).unwrap_err().kind(),
            ErrorKind::TooLarge,
            "{chunk}"
        );
    }
    // What replaces something counts once.
    let fields = format!(r#","x":"{long}","y":["{long}"]"#);
    let other = format!(r#","x":"{long}","y":["{long}","{long}"]"#);
    let chunks = with_fields(&["a"], &fields) + &with_fields(&["a"], &other);
    end(chunks.repeat(100) + STOP).unwrap();
}

#[test]
fn details_of_the_reasoning_are_read_and_sent_back() {
    let detail = |more: &str| {
        format!(
            r#"{{"content":null,"reasoning_details":[{{"index":0,"type":"reasoning.text",{more}}}]}}"#
        )
    };
    let deltas = [
        detail(r#""text":"hm""#),
        detail(r#""text":", well","format":"f""#),
        detail(r#""text":null,"signature":"sig""#),
        r#"{"content":"a","reasoning_details":[{"type":"reasoning.encrypted","data":"gA"}]}"#
            .to_owned(),
    ];
    let deltas: Vec<_> = deltas.iter().map(String::as_str).collect();
    let (_, reply) = in_every_way(&stream(&deltas, STOP));
    assert_eq!((reply.reasoning(), reply.text()), ("hm, well", "a"));
    let details = json!([
        {"index": 0, "type": "reasoning.text", "text": "hm, well", "format": "f", "signature": "sig"},
        {"type": "reasoning.encrypted", "data": "gA"},
    ]);
    let sent = serde_json::to_value(Message::from(&reply)).unwrap();
    assert_eq!(sent["reasoning_details"], details);
    assert_eq!(sent["reasoning_content"], "hm, well");

    // What has come under another name is not said twice.
    let plain = r#"{"reasoning":"hm","reasoning_details":[{"text":"hm"}]}"#;
    let again = r#"{"reasoning_details":[{"text":"hm"}]}"#;
    let (_, reply) = in_every_way(&stream(&[plain, again], STOP));
    assert_eq!(reply.reasoning(), "hm");
    assert_eq!(
        reply.message_extra()["reasoning_details"],
        json!([{"text": "hm"}, {"text": "hm"}])
    );

    let document = r#"{"choices":[{"message":{"content":"a","reasoning_details":[{"text":"d"}]},"finish_reason":"stop"}]}"#;
    let (_, reply) = in_every_way(document);
    assert_eq!(reply.reasoning(), "d");
    assert_eq!(
        reply.message_extra()["reasoning_details"],
        json!([{"text": "d"}])
    );
}

#[test]
fn parts_of_the_content_that_are_no_text_are_kept() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let reference = json!({"type": "reference", "reference_ids": [1]});
    let parts = json!([{"type": "text", "text": "a"}, image, {"type": "text", "text": ""}, null]);
    let more = json!(["b", reference]);
    let deltas = [&parts, &more].map(|parts| json!({ "content": parts }).to_string());
    let (_, reply) = in_every_way(&stream(&[&deltas[0], &deltas[1]], STOP));
    assert_eq!(reply.text(), "ab");
    assert_eq!(reply.message_extra()["content"], json!([image, reference]));
    let sent = serde_json::to_value(Message::from(&reply)).unwrap();
    assert_eq!(
        sent,
        json!({"role": "assistant", "content": [{"type": "text", "text": "ab"}, image, reference]})
    );

    let message = json!({"content": [image]});
    let document = json!({"choices": [{"message": message, "finish_reason": "stop"}]});
    let (_, reply) = in_every_way(&document.to_string());
    assert_eq!(Message::from(&reply).content, Some(json!([image])));
}
