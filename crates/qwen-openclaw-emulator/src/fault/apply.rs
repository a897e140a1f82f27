//! What a fault makes of an answer.

use std::time::Duration;

use bytes::Bytes;

use super::{
    ErrorShape, Fault, FaultKind, error_body, named, native,
    sse::{self, Style},
};
use crate::{
    answer::{Answer, AnswerBody, EventStream, Outgoing},
    endpoint::Protocol,
    event_form::{EventForm, native_error},
    refusal::Refusal,
    reply::{End, Framing, Reply},
    route::Exchange,
};

/// What a gateway in front of the service says.
const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>tengine</center>\r\n</body>\r\n</html>\r\n";

/// Sends a fault in place of the answer, or the answer with a fault in it.
pub(crate) fn apply(
    fault: &Fault,
    exchange: &Exchange<'_>,
    answer: impl FnOnce() -> Answer,
) -> Outgoing {
    if let Some(answer) = refuse(fault, exchange) {
        return Outgoing::Plain(answer);
    }
    if fault.kind == FaultKind::ResetBefore {
        return Outgoing::Exact(Reply::raw().end(End::Reset));
    }
    let answer = answer();
    if fault.kind == FaultKind::LostAnswer {
        return Outgoing::Exact(Reply::raw().end(End::Reset));
    }
    if let (AnswerBody::Socket(_), FaultKind::HeadersStall) = (&answer.body, fault.kind) {
        return Outgoing::Exact(Reply::raw().head_never());
    }
    let harmless = fault.kind.is_of_tasks() || fault.kind == FaultKind::ReasoningLost;
    if !(200..300).contains(&answer.status) || harmless {
        return Outgoing::Plain(answer);
    }
    match answer.body.clone() {
        AnswerBody::Whole(file) if is_file(&answer) => in_file(fault, answer, file),
        AnswerBody::Stream(stream) => in_stream(fault, exchange, answer, stream),
        // It breaks itself.
        AnswerBody::Socket(_) => Outgoing::Plain(answer),
        AnswerBody::Whole(body) => {
            let cut = body.len() / 2;
            let halves = [body.slice(..cut), body.slice(cut..)];
            let mut reply = head(&answer).framing(Framing::Chunked);
            reply = match fault.kind {
                FaultKind::EmptyBody => head(&answer).framing(Framing::Length),
                FaultKind::Truncate
                | FaultKind::Reset
                | FaultKind::Stall
                | FaultKind::TruncateCleanly => reply.chunk(halves[0].clone()),
                FaultKind::SplitUtf8 => {
                    reply.chunks(sse::cut_characters(&String::from_utf8_lossy(&body)))
                }
                _ => reply.chunks(halves),
            };
            Outgoing::Exact(timed(fault, reply))
        }
    }
}

/// The error that a fault answers with; `None` for other faults.
pub(crate) fn refuse(fault: &Fault, exchange: &Exchange<'_>) -> Option<Answer> {
    let answer = instead(fault, exchange)?;
    Some(match &fault.retry_after {
        Some(value) => answer.header("retry-after", value),
        None => answer,
    })
}

/// Tells whether a fault answers with an error.
pub(crate) fn is_refusal(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::NoBody429 | FaultKind::BadGateway | FaultKind::WrongRegion => true,
        FaultKind::StreamError | FaultKind::StreamErrorNative | FaultKind::StreamErrorEvent => {
            false
        }
        _ => error_body::refusal(fault).is_some(),
    }
}

/// The answer that takes the place of the right one.
fn instead(fault: &Fault, exchange: &Exchange<'_>) -> Option<Answer> {
    let id = exchange.id;
    match fault.kind {
        FaultKind::NoBody429 => Some(Answer::whole(429, "text/plain", "", id)),
        FaultKind::BadGateway => Some(Answer::whole(502, "text/html", GATEWAY_PAGE, id)),
        FaultKind::Redirect => {
            let elsewhere = format!("{}/elsewhere", exchange.state.origin);
            Some(redirect(exchange, &elsewhere))
        }
        FaultKind::RedirectLoop => Some(redirect(exchange, &exchange.state.origin)),
        FaultKind::RedirectPrivate => Some(redirect(exchange, "http://10.0.0.1")),
        FaultKind::StreamError | FaultKind::StreamErrorNative | FaultKind::StreamErrorEvent => None,
        kind => {
            let refusal = match kind {
                FaultKind::WrongRegion => Refusal::wrong_key(exchange.endpoint),
                _ => error_body::refusal(fault)?,
            };
            let shape = fault.shape.or(match kind {
                FaultKind::Throttling => Some(ErrorShape::Native),
                FaultKind::PlanGate => Some(ErrorShape::Text),
                FaultKind::ErrorAsData => Some(ErrorShape::OpenAi),
                _ => None,
            });
            if kind == FaultKind::ErrorAsData && fault.shape.is_none() && is_native(exchange) {
                return Some(Answer::native_error_stream(&refusal, id));
            }
            Some(match shape.map(|shape| shape.body(&refusal, id)) {
                Some(body) if kind == FaultKind::ErrorAsData => {
                    let event = format!("data: {body}\n\n");
                    Answer::whole(refusal.status, "text/event-stream;charset=UTF-8", event, id)
                }
                Some(body) => Answer::json(refusal.status, body, id),
                None => exchange.refuse(&refusal),
            })
        }
    }
}

fn is_native(exchange: &Exchange<'_>) -> bool {
    exchange.endpoint.protocol == Protocol::Native
}

/// Sends to the same path and query below another origin.
fn redirect(exchange: &Exchange<'_>, origin: &str) -> Answer {
    let request = exchange.request;
    let query = request.query().map(|query| format!("?{query}"));
    let target = format!("{origin}{}{}", request.path(), query.unwrap_or_default());
    Answer::whole(307, "text/plain", "", exchange.id).header("location", target)
}

/// Whether an answer is a result file, or a part of one.
fn is_file(answer: &Answer) -> bool {
    let mut headers = answer.headers.iter();
    headers.any(|(name, value)| name == "x-oss-object-type" && value == "Normal")
}

/// Breaks a file off, or puts something else in its place. The length in the headers is that of
/// the whole, unless it all is to look right.
fn in_file(fault: &Fault, answer: Answer, file: Bytes) -> Outgoing {
    let length = file.len();
    let part = |most: usize| file.slice(..fault.size.unwrap_or(most).min(length));
    let reply = match fault.kind {
        FaultKind::NotMp4 => {
            let mut page = answer;
            page.headers.retain(|(name, _)| name != "content-range");
            page.status = 200;
            page.body = AnswerBody::Whole(GATEWAY_PAGE.into());
            return Outgoing::Plain(page);
        }
        FaultKind::Reset | FaultKind::Truncate | FaultKind::Stall => {
            promised(&answer, length).chunk(part(length / 2))
        }
        FaultKind::WrongLength => {
            let left_out = fault.size.unwrap_or(1000).min(length);
            promised(&answer, length).chunk(file.slice(..length - left_out))
        }
        FaultKind::TruncateCleanly => head(&answer)
            .framing(Framing::Length)
            .chunk(part(length / 2)),
        FaultKind::EmptyBody => head(&answer).framing(Framing::Length),
        FaultKind::HeadersStall | FaultKind::LateHeaders | FaultKind::Dribble => {
            head(&answer).framing(Framing::Length).chunk(file)
        }
        // What only events have.
        _ => return Outgoing::Plain(answer),
    };
    Outgoing::Exact(timed(fault, reply))
}

/// The head of an answer that promises a length, whatever will come.
fn promised(answer: &Answer, length: usize) -> Reply {
    head(answer)
        .framing(Framing::UntilClose)
        .header("content-length", length.to_string())
}

fn in_stream(
    fault: &Fault,
    exchange: &Exchange<'_>,
    answer: Answer,
    stream: EventStream,
) -> Outgoing {
    let id = exchange.id;
    let form = stream.form;
    let mut events = stream.events;
    let repeated = sse::content(form, &events, " and on");
    match fault.kind {
        FaultKind::JsonInsteadOfStream => {
            return Outgoing::Plain(Answer::json(200, stream.whole, id));
        }
        FaultKind::EmptyBody => return Outgoing::Exact(head(&answer)),
        FaultKind::Stall
        | FaultKind::Reset
        | FaultKind::Truncate
        | FaultKind::TruncateCleanly
        | FaultKind::NeverEnding => events.truncate(fault.after),
        FaultKind::KeepAlives => events.clear(),
        _ => sse::change_payloads(fault, form, &mut events),
    }
    if fault.kind == FaultKind::NeverEnding && events.is_empty() {
        return Outgoing::Plain(answer);
    }
    let error = error_body::refusal(fault);
    if error.is_some() {
        events.truncate(fault.after);
    }
    let style = Style::of(form, fault.kind);
    let complete = error.is_none() && !cuts(fault.kind);
    if complete && fault.kind != FaultKind::NoDone {
        events.extend(form.last().map(str::to_owned));
    }
    let mut writes: Vec<String> = events
        .iter()
        .enumerate()
        .map(|(number, event)| style.event(event, number))
        .collect();
    if let Some(refusal) = error {
        writes.push(match fault.kind {
            _ if form == EventForm::Native => {
                // Its status is that of the stream, which says nothing.
                native_error(
                    events.len(),
                    refusal.status.max(400),
                    &refusal.native_body(id),
                )
            }
            FaultKind::StreamErrorNative => format!("data: {}\n\n", refusal.native_body(id)),
            FaultKind::StreamError if form == EventForm::Data => {
                format!("data: {}\n\n", refusal.open_ai_body(id))
            }
            // Anthropic's protocol has no error that is not an event of this type.
            _ => {
                let body = refusal.body(exchange.endpoint.protocol, id);
                format!("event: error\ndata: {body}\n\n")
            }
        });
    }
    if let (FaultKind::Truncate | FaultKind::Reset | FaultKind::Stall, Some(last)) =
        (fault.kind, writes.last_mut())
    {
        // What arrived of an event that never will be whole must not pass for one.
        last.push_str(match form {
            EventForm::Data => "data: {\"choices\":[{\"delta\":{\"conte",
            EventForm::Named => named::CUT,
            EventForm::Native => native::CUT,
        });
    }
    if fault.kind == FaultKind::NoLastBlankLine
        && let Some(last) = writes.last_mut()
    {
        last.truncate(last.trim_end().len());
    }
    let mut reply = head(&answer);
    reply = match fault.kind {
        FaultKind::Bom => reply.chunk("\u{feff}".to_owned() + &writes.concat()),
        FaultKind::OneWrite => reply.chunk(writes.concat()),
        FaultKind::SplitUtf8 => reply.chunks(sse::cut_characters(&writes.concat())),
        _ => paced(exchange, reply, writes, &stream.tokens),
    };
    if fault.kind == FaultKind::NeverEnding {
        let chunk = style.event(&repeated.unwrap_or_default(), 0).into();
        let every = fault.delay_or(10);
        return Outgoing::Exact(reply.end(End::Endless { chunk, every }));
    }
    Outgoing::Exact(timed(fault, reply))
}

/// Whether a fault ends a stream before its end.
const fn cuts(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::Stall
            | FaultKind::Reset
            | FaultKind::Truncate
            | FaultKind::TruncateCleanly
            | FaultKind::NeverEnding
            | FaultKind::KeepAlives
    )
}

/// The writes with the pauses that the emulator is set to.
fn paced(exchange: &Exchange<'_>, reply: Reply, writes: Vec<String>, tokens: &[usize]) -> Reply {
    let settings = exchange.state.settings();
    let delays = settings.delays(tokens);
    writes
        .into_iter()
        .zip(delays)
        .fold(reply, |reply, (write, pause)| {
            let reply = if pause.is_zero() {
                reply
            } else {
                reply.pause(pause)
            };
            reply.chunk(write)
        })
}

fn head(answer: &Answer) -> Reply {
    let reply = Reply::new(answer.status);
    answer
        .headers
        .iter()
        .fold(reply, |reply, (name, value)| reply.header(name, value))
}

/// Adds what a fault does to time and to the end.
fn timed(fault: &Fault, reply: Reply) -> Reply {
    match fault.kind {
        FaultKind::HeadersStall => reply.head_never(),
        FaultKind::LateHeaders => reply.head_after(fault.delay_or(2000)),
        FaultKind::Stall | FaultKind::NoTerminator => reply.end(End::Hang),
        FaultKind::KeepAlives => reply.end(End::Endless {
            chunk: ": keep-alive\n\n".into(),
            every: fault.delay_or(1000),
        }),
        FaultKind::Reset | FaultKind::ResetAfterDone => reply.end(End::Reset),
        FaultKind::Truncate | FaultKind::EofAfterDone | FaultKind::WrongLength => {
            reply.end(End::Eof)
        }
        FaultKind::LateTerminator => reply.end(End::Late(fault.delay_or(300))),
        FaultKind::Dribble => {
            let pause = fault.delay.unwrap_or(Duration::ZERO);
            reply.pause(pause).write_size(fault.size.unwrap_or(1))
        }
        _ => reply,
    }
}
