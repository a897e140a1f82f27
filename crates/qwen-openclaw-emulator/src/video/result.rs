//! Result files at signed, expiring URLs, as in an object store.

use std::{ops::Range, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Method;

use super::{Books, clock::DAY, mp4, work::Work};
use crate::{
    answer::{Answer, AnswerBody},
    embeddings,
    id::{Id, splitmix},
    images,
    query::{escape, parameter},
    route::Exchange,
    speech::Speech,
};

/// Where results are, below the origin.
const FOLDER: &str = "/dashscope-result/";

/// Where the fault `redirect` leads: the same files are there, too.
const ELSEWHERE: &str = "/elsewhere";

/// Who signs.
pub(super) const KEY_ID: &str = "LTAI5tEmulator";

/// Returns the URL of a file, valid for a day after it was made.
pub(super) fn signed_url(exchange: &Exchange<'_>, file: &str, made: Duration) -> String {
    let expires = made.saturating_add(DAY).as_secs();
    let path = format!("{FOLDER}{file}");
    let signature = escape(&sign(
        exchange.state.video.seed,
        &format!("{path}?{expires}"),
    ));
    let origin = exchange.origin();
    format!("{origin}{path}?Expires={expires}&OSSAccessKeyId={KEY_ID}&Signature={signature}")
}

/// A signature in the form of the store's: 20 bytes in base64. It is not a security measure.
pub(super) fn sign(seed: u64, text: &str) -> String {
    let mix = |state: u64, byte: u8| splitmix(state ^ u64::from(byte));
    let first = text.bytes().fold(splitmix(seed), mix);
    let words = [first, splitmix(first), splitmix(first ^ seed)];
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    STANDARD.encode(&bytes[..20])
}

/// An error as the object store words it.
pub(super) fn store_error(status: u16, code: &str, message: &str, id: Id) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>{code}</Code>\n  \
         <Message>{message}</Message>\n  <RequestId>{id}</RequestId>\n</Error>\n"
    );
    store_answer(status, "application/xml", body, id)
}

pub(super) fn store_answer(
    status: u16,
    content_type: &str,
    body: impl Into<Bytes>,
    id: Id,
) -> Answer {
    let headers = [
        ("server", "AliyunOSS"),
        ("content-type", content_type),
        ("x-oss-request-id", &id.to_string()),
    ];
    Answer {
        status,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        body: AnswerBody::Whole(body.into()),
        tokens: None,
    }
}

/// The name of the result at a path below the origin.
pub(super) fn name(path: &str) -> Option<&str> {
    path.strip_prefix(ELSEWHERE)
        .unwrap_or(path)
        .strip_prefix(FOLDER)
}

/// `GET` of a result; `None` for other paths.
pub(super) fn answer(exchange: &Exchange<'_>) -> Option<Answer> {
    let (state, request) = (exchange.state, exchange.request);
    let name = name(&request.path)?;
    let path = format!("{FOLDER}{name}");
    let id = exchange.id;
    let now = state.video.clock.now();
    let books = state.video.books();
    if request.method != Method::GET && request.method != Method::HEAD {
        let message = "The specified method is not allowed against this resource.";
        return Some(store_error(405, "MethodNotAllowed", message, id));
    }
    if let Some(refusal) = refused(exchange, &path, now) {
        return Some(refusal);
    }
    let file = if let Some((order, index)) = books.image(name, now) {
        File::Image(order.clone(), index)
    } else if let Some(speech) = books.speech(name) {
        File::Speech(speech.clone())
    } else if let Some(file) = of_task(&books, name, now) {
        file
    } else {
        let message = "The specified key does not exist.";
        return Some(store_error(404, "NoSuchKey", message, id));
    };
    // It is made while no other request waits for the books.
    drop(books);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let tag = format!("\"{:016X}\"", seed(stem));
    Some(ranged(exchange, file, &tag))
}

/// What a file is made of.
enum File {
    Clip {
        width: u32,
        height: u32,
        seconds: u64,
        seed: u64,
    },
    Image(images::Order, usize),
    Vectors(embeddings::Lines),
    Speech(Speech),
    Transcript(String),
}

impl File {
    const fn content_type(&self) -> &'static str {
        match self {
            Self::Clip { .. } => "video/mp4",
            Self::Image(..) => "image/png",
            Self::Vectors(_) => "application/gzip",
            Self::Speech(speech) => speech.format().content_type(),
            Self::Transcript(_) => "application/json",
        }
    }

    fn content(self) -> Content {
        match self {
            Self::Clip {
                width,
                height,
                seconds,
                seed,
            } => Content::Made(mp4::clip(width, height, seconds, seed)),
            Self::Speech(speech) => Content::Speech(speech),
            Self::Transcript(text) => Content::Made(text.into()),
            Self::Image(order, index) => Content::Made(images::draw(&order, index).into()),
            Self::Vectors(lines) => Content::Made(lines.file()),
        }
    }
}

/// The content of a file. Only what is asked for is made of speech.
enum Content {
    Made(Bytes),
    Speech(Speech),
}

impl Content {
    fn length(&self) -> usize {
        match self {
            Self::Made(bytes) => bytes.len(),
            Self::Speech(speech) => usize::try_from(speech.file_length()).unwrap_or(usize::MAX),
        }
    }

    fn part(&self, part: Range<usize>) -> Bytes {
        match self {
            Self::Made(bytes) => bytes.slice(part),
            Self::Speech(speech) => speech.file_part(part.start as u64..part.end as u64).into(),
        }
    }
}

/// Finds the file of a finished task by its name.
fn of_task(books: &Books, name: &str, now: Duration) -> Option<File> {
    let (stem, extension) = name.split_once('.')?;
    let mut tasks = books.board.all().iter();
    let task = tasks.find(|task| stem.starts_with(&task.id) && task.succeeded(now))?;
    let rest = &stem[task.id.len()..];
    match (&task.work, rest, extension) {
        (Work::Video(order), "", "mp4") => Some(File::Clip {
            width: order.width,
            height: order.height,
            seconds: order.seconds,
            seed: seed(&task.id),
        }),
        (Work::Vectors(lines), "", "gz") => Some(File::Vectors(lines.clone())),
        (Work::Transcripts(transcripts), number, "json") => {
            let number = number.strip_prefix('-')?.parse().ok()?;
            transcripts.file(number).map(File::Transcript)
        }
        _ => None,
    }
}

/// A number that follows from a name.
fn seed(name: &str) -> u64 {
    name.bytes()
        .fold(0, |state, byte| splitmix(state ^ u64::from(byte)))
}

/// What the store says to an address that it did not sign, or long ago.
fn refused(exchange: &Exchange<'_>, path: &str, now: Duration) -> Option<Answer> {
    let query = exchange.request.query.as_deref();
    let deny = |code, message| Some(store_error(403, code, message, exchange.id));
    let (Some(expires), Some(signature)) =
        (parameter(query, "Expires"), parameter(query, "Signature"))
    else {
        return deny(
            "AccessDenied",
            "You have no right to access this object because of bucket acl.",
        );
    };
    let seed = exchange.state.video.seed;
    if signature != sign(seed, &format!("{path}?{expires}")) {
        return deny(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
        );
    }
    let over = expires.parse().is_ok_and(|expires| now.as_secs() > expires);
    over.then(|| deny("AccessDenied", "Request has expired."))
        .flatten()
}

/// The file, or the part of it that is asked for.
fn ranged(exchange: &Exchange<'_>, file: File, tag: &str) -> Answer {
    let content_type = file.content_type();
    let content = file.content();
    let length = content.length();
    let request = exchange.request;
    let with = |answer: Answer| {
        answer
            .header("accept-ranges", "bytes")
            .header("etag", tag)
            .header("x-oss-object-type", "Normal")
    };
    // A part of another version would not fit to what the client has.
    let same = request
        .header("if-range")
        .is_none_or(|wanted| wanted == tag);
    let range = request.header("range").filter(|_| same);
    match range.and_then(|range| part(range, length)) {
        None => with(store_answer(
            200,
            content_type,
            content.part(0..length),
            exchange.id,
        )),
        Some(Err(())) => with(store_error(
            416,
            "InvalidRange",
            "The requested range cannot be satisfied.",
            exchange.id,
        ))
        .header("content-range", format!("bytes */{length}")),
        Some(Ok((first, last))) => {
            let part = content.part(first..last + 1);
            with(store_answer(206, content_type, part, exchange.id))
                .header("content-range", format!("bytes {first}-{last}/{length}"))
        }
    }
}

/// The first and the last byte of a range; `None` when it is not understood and thus ignored, an
/// error when there is no such byte.
fn part(range: &str, length: usize) -> Option<Result<(usize, usize), ()>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    if first.is_empty() {
        let count: usize = last.parse().ok()?;
        return Some(if count == 0 {
            Err(())
        } else {
            Ok((length.saturating_sub(count), end))
        });
    }
    let first: usize = first.parse().ok()?;
    let last = if last.is_empty() {
        end
    } else {
        last.parse::<usize>().ok()?.min(end)
    };
    if first > end {
        Some(Err(()))
    } else {
        (first <= last).then_some(Ok((first, last)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_http() {
        for (range, wanted) in [
            ("bytes=0-", Some(Ok((0, 9)))),
            ("bytes=3-5", Some(Ok((3, 5)))),
            ("bytes=9-100", Some(Ok((9, 9)))),
            ("bytes=-4", Some(Ok((6, 9)))),
            ("bytes=-40", Some(Ok((0, 9)))),
            ("bytes=10-", Some(Err(()))),
            ("bytes=-0", Some(Err(()))),
            ("bytes=5-3", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-", None),
            ("bytes=-", None),
        ] {
            assert_eq!(part(range, 10), wanted, "{range}");
        }
    }

    #[test]
    fn signatures_depend_on_all() {
        let sign_of = sign(1, "/a?1");
        assert_eq!(sign_of.len(), 28);
        assert_ne!(sign_of, sign(1, "/a?2"));
        assert_ne!(sign_of, sign(2, "/a?1"));
    }
}
