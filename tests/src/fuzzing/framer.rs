//! The framer against the simplest reading of the standard, which needs all bytes at once.

use bytes::Bytes;
use qwen_openclaw_transport::sse::Framer;

use super::cutting::cuttings;

/// The first byte sets the limit, the others are the stream.
pub(super) fn check(data: &[u8]) {
    let (first, bytes) = data.split_first().unwrap_or((&0, &[]));
    unlimited(bytes);
    limited(bytes, 8 + usize::from(first % 64));
}

type Frames = Vec<(Vec<u8>, bool)>;

fn unlimited(bytes: &[u8]) {
    let expected = simple(bytes);
    for (how, pieces) in cuttings(bytes) {
        let (frames, too_large) = framed(&pieces, usize::MAX);
        assert_eq!(frames, expected, "{how}: {}", bytes.escape_ascii());
        assert!(!too_large);
    }
}

/// No event passes the limit, and whether one does is no matter of cutting.
fn limited(bytes: &[u8], limit: usize) {
    let mut expected = None;
    for (how, pieces) in cuttings(bytes) {
        let outcome = framed(&pieces, limit);
        assert!(
            outcome.0.iter().all(|(data, _)| data.len() <= limit),
            "{how}"
        );
        let shown = bytes.escape_ascii();
        assert_eq!(
            &outcome,
            expected.get_or_insert_with(|| outcome.clone()),
            "{how}: {shown}"
        );
    }
}

fn framed(pieces: &[&[u8]], limit: usize) -> (Frames, bool) {
    let mut framer = Framer::new(limit);
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece));
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push((frame.data.to_vec(), frame.is_error)),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    loop {
        match framer.end() {
            Ok(Some(frame)) => frames.push((frame.data.to_vec(), frame.is_error)),
            Ok(None) => return (frames, false),
            Err(_) => return (frames, true),
        }
    }
}

fn simple(bytes: &[u8]) -> Frames {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = vec![Vec::new()];
    let mut before = 0;
    for byte in bytes {
        match byte {
            b'\n' if before == b'\r' => {}
            b'\n' | b'\r' => lines.push(Vec::new()),
            _ => lines.last_mut().unwrap().push(*byte),
        }
        before = *byte;
    }
    // The last line has no ending: what it belongs to is delivered all the same.
    lines.push(Vec::new());
    let mut frames = Vec::new();
    let (mut data, mut is_error, mut later): (Option<Vec<u8>>, bool, _) = (None, false, None);
    for line in lines {
        if line.is_empty() {
            let named = later.take().unwrap_or(is_error);
            frames.extend(data.take().map(|data| (data, named)));
            is_error = false;
            continue;
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => match &mut data {
                // Where blank lines are missing, an object behind an object is another event.
                Some(whole) if !is_error && begins_event(value) && is_object(whole) => {
                    frames.push((std::mem::replace(whole, value.to_vec()), false));
                    is_error = later.take().unwrap_or_default();
                    if value.trim_ascii() == b"[DONE]" {
                        frames.extend(data.take().map(|data| (data, is_error)));
                        is_error = false;
                    }
                }
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => data = Some(value.to_vec()),
            },
            b"event" if data.is_some() => later = Some(value == b"error"),
            b"event" => is_error = value == b"error",
            _ => {}
        }
    }
    frames
}

fn begins_event(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.starts_with(b"{") || value == b"[DONE]"
}

fn is_object(data: &[u8]) -> bool {
    data.trim_ascii().starts_with(b"{")
        && serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
}
