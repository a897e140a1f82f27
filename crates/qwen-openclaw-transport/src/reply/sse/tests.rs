//! The framer against the cases of the standard, in every way of cutting them.

use proptest::prelude::*;

use super::*;

/// All frames of `stream`, cut into pieces of `size` bytes.
fn frames(stream: &[u8], size: usize) -> Vec<(String, bool)> {
    let pieces = stream.chunks(size.max(1)).map(Bytes::copy_from_slice);
    collect(pieces, 1 << 20).unwrap()
}

fn collect(
    pieces: impl IntoIterator<Item = Bytes>,
    limit: usize,
) -> Result<Vec<(String, bool)>, TooLarge> {
    let own = |frame: Frame<'_>| {
        (
            String::from_utf8_lossy(frame.data).into_owned(),
            frame.is_error,
        )
    };
    let mut framer = Framer::new(limit);
    let mut all = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next_frame()? {
            all.push(own(frame));
        }
    }
    while let Some(frame) = framer.end()? {
        all.push(own(frame));
    }
    Ok(all)
}

fn check(stream: &str, expect: &[&str]) {
    for size in 1..=stream.len().max(1) {
        let found = frames(stream.as_bytes(), size);
        let found: Vec<_> = found.iter().map(|(data, _)| data.as_str()).collect();
        assert_eq!(found, expect, "{stream:?} in pieces of {size}");
    }
}

#[test]
fn line_endings() {
    check("data: a\n\ndata: b\n\n", &["a", "b"]);
    check("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]);
    check("data: a\r\rdata: b\r\r", &["a", "b"]);
    check("data: a\r\n\ndata: b\n\r\ndata: c\r\n\r", &["a", "b", "c"]);
    check("\n\r\n\rdata: a\n\n\n\n", &["a"]);
}

#[test]
fn fields() {
    check("data:a\n\ndata:  b\n\ndata\n\n", &["a", " b", ""]);
    check(": note\ndata: a\n:\n\n", &["a"]);
    check("id: 1\nretry: 10\nevent: message\ndata: a\n\n", &["a"]);
    check(" data: a\n\nData: b\n\n", &[]);
    check("data: a\ndata: b\ndata\n\n", &["a\nb\n"]);
}

#[test]
fn marks_and_ends() {
    check("\u{feff}data: a\n\n", &["a"]);
    check("data: a\n\n\u{feff}data: b\n\n", &["a"]);
    check("data: a\n\ndata: b\n", &["a", "b"]);
    check("data: a\n\ndata: b", &["a", "b"]);
    check("", &[]);
    check("data: é😀\n\n", &["é😀"]);
}

#[test]
fn an_object_behind_an_object_is_another_event() {
    check("data: {}\ndata: {\"a\":1}\n", &["{}", "{\"a\":1}"]);
    check("data:{}\r\ndata: { }\r\n\r\n", &["{}", "{ }"]);
    check("data: {}\ndata: [DONE]\ndata: x\n", &["{}", "[DONE]", "x"]);
    check("id: 1\ndata: {}\nid: 2\n: x\ndata: {}", &["{}", "{}"]);
    check("data: {\ndata: }\ndata: {}\n\n", &["{\n}", "{}"]);
    // Only whole ones, and nothing but objects.
    check(
        "data: {\"a\":{}\ndata: {}\ndata: }\n\n",
        &["{\"a\":{}\n{}\n}"],
    );
    check("data: {}\ndata: 1\ndata: {}\n\n", &["{}\n1\n{}"]);
    check("data: 1\ndata: {}\n\n", &["1\n{}"]);
    check("event: error\ndata: {}\ndata: {}\n\n", &["{}\n{}"]);
}

#[test]
fn a_name_behind_an_object_is_that_of_the_next_event() {
    let stream = b"data: {}\nevent: error\ndata: {}\n\ndata: {}\nevent: error\n\ndata: a\n";
    let expect = [("{}", false), ("{}", true), ("{}", true), ("a", false)];
    for size in 1..stream.len() {
        let found = frames(stream, size);
        assert_eq!(
            found,
            expect.map(|(data, is_error)| (data.to_owned(), is_error))
        );
    }
}

#[test]
fn the_end_waits_for_no_blank_line() {
    let mut framer = Framer::new(100);
    framer.push(Bytes::from_static(b"data: {}\ndata: [DONE]\n"));
    assert_eq!(framer.next_frame().unwrap().unwrap().data, b"{}");
    assert_eq!(framer.next_frame().unwrap().unwrap().data, b"[DONE]");
    assert_eq!(framer.next_frame(), Ok(None));
}

#[test]
fn the_error_name_holds_for_its_event_only() {
    for size in 1..40 {
        let found = frames(
            b"event: error\ndata: a\n\ndata: b\n\nevent: error\n\ndata: c\n\n",
            size,
        );
        let expect = [("a", true), ("b", false), ("c", false)];
        assert_eq!(
            found,
            expect.map(|(data, is_error)| (data.to_owned(), is_error)),
            "{size}"
        );
    }
}

#[test]
fn a_whole_event_is_borrowed_from_the_piece() {
    let mut framer = Framer::new(100);
    framer.push(Bytes::from_static(b"data: first\n\n"));
    assert_eq!(framer.next_frame().unwrap().unwrap().data, b"first");
    assert_eq!(framer.next_frame(), Ok(None));
    let piece = Bytes::from_static(b"data: second\n\n");
    let inside = piece.as_ptr() as usize + 6;
    framer.push(piece);
    assert_eq!(
        framer.next_frame().unwrap().unwrap().data.as_ptr() as usize,
        inside
    );
}

#[test]
fn nothing_above_the_limit() {
    let long = "x".repeat(200);
    for stream in [
        format!("data: {long}\n\n"),
        long.clone(),
        format!("data: y\n\ndata: {long}"),
    ] {
        for size in [1, 7, 1000] {
            let pieces = stream.as_bytes().chunks(size).map(Bytes::copy_from_slice);
            assert_eq!(collect(pieces, 100), Err(TooLarge { limit: 100 }), "{size}");
        }
    }
    let many = "data: 0123456789\n".repeat(20);
    assert_eq!(
        collect([Bytes::from(many)], 100),
        Err(TooLarge { limit: 100 })
    );
}

/// A stream put together from the things that occur in streams.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let parts: [&[u8]; 14] = [
        b"data: ",
        b"data:",
        b"event: error",
        b"\n",
        b"\n\n",
        b"\r\n",
        b"\r",
        b": x",
        b"{\"a\":1}",
        b"\ndata: {}",
        b"[DONE]",
        b"\xef\xbb\xbf",
        b"\xff\xf0\x9f",
        b" ",
    ];
    let part = prop::sample::select(parts.to_vec()).prop_map(<[u8]>::to_vec);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_frames(stream in stream(), cuts in prop::collection::vec(1usize..9, 1..50)) {
        let whole = collect([Bytes::copy_from_slice(&stream)], 1 << 20).unwrap();
        let mut rest = &stream[..];
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(Bytes::copy_from_slice(piece));
            rest = after;
        }
        prop_assert_eq!(collect(pieces, 1 << 20).unwrap(), whole);
    }

    #[test]
    fn agrees_with_a_naive_reading(stream in stream()) {
        prop_assert_eq!(collect([Bytes::copy_from_slice(&stream)], 1 << 20).unwrap(), naive(&stream));
    }
}

/// The standard, written down line by line.
fn naive(stream: &[u8]) -> Vec<(String, bool)> {
    let text = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' && bytes.peek() == Some(&b'\n') {
                    bytes.next();
                }
                lines.push(Vec::new());
            }
            other => lines.last_mut().unwrap().push(other),
        }
    }
    lines.push(Vec::new()); // the end of the stream completes an event
    let mut frames = Vec::new();
    let (mut data, mut is_error, mut later) = (Vec::<Vec<u8>>::new(), false, None);
    let own = |data: &[Vec<u8>], is_error| {
        let joined = data.join(&b'\n');
        (String::from_utf8_lossy(&joined).into_owned(), is_error)
    };
    for line in lines {
        if line.is_empty() {
            if !data.is_empty() {
                frames.push(own(&data, later.unwrap_or(is_error)));
            }
            data.clear();
            (is_error, later) = (false, None);
            continue;
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => {
                // The addition to the standard.
                let begins = value.trim_ascii().starts_with(b"{") || value.trim_ascii() == DONE;
                let so_far = data.join(&b'\n');
                let is_whole = so_far.trim_ascii().starts_with(b"{")
                    && serde_json::from_slice::<IgnoredAny>(&so_far).is_ok();
                if begins && is_whole && !is_error {
                    frames.push(own(&data, false));
                    data.clear();
                    is_error = later.take().unwrap_or_default();
                    if value.trim_ascii() == DONE {
                        frames.push(own(&[value.to_vec()], is_error));
                        is_error = false;
                        continue;
                    }
                }
                data.push(value.to_vec());
            }
            b"event" if data.is_empty() => is_error = value == b"error",
            b"event" => later = Some(value == b"error"),
            _ => {}
        }
    }
    frames
}
