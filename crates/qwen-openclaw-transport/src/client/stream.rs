//! A reply as it arrives.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use qwen_openclaw_http::{Body, Response, Secrets};
use tokio::time::{Instant, sleep};
use tracing::{Instrument, Span};

use crate::{
    Error, Event, EventRef, Reply, StreamTimeouts,
    client::clocks::Clocks,
    client::end_hook::{EndHook, Ending, ReplyEnd},
    client::{Attempt, Shared},
    reply::decode::{Decoder, Step},
    trace,
};

/// A reply as it arrives. Made by [`Client::stream`](crate::Client::stream).
///
/// Take the events with [`next`](Self::next), or without copying with
/// [`next_borrowed`](Self::next_borrowed), then the whole reply with [`finish`](Self::finish). It
/// is also a [`Stream`]. Bytes are read from the connection only while the caller waits for an
/// event, so a slow reader slows the server down. Dropping it ends the request.
#[must_use = "a reply arrives only while it is read"]
pub struct ReplyStream {
    shared: Arc<Shared>,
    /// What the request is sent again with. `None` while it is on its way, and once a piece of the
    /// reply has come.
    opener: Option<Box<Attempt>>,
    state: State,
    decoder: Decoder,
    clocks: Clocks,
    started: Instant,
    let_others_run: bool,
    failure: Option<Error>,
    on_end: Option<EndHook>,
    /// What was sent, which no error shows.
    secrets: Secrets,
    span: Span,
}

enum State {
    /// Sending the request again, after a wait.
    Opening(Opening),
    Reading(Body),
    /// There is nothing more to read, and the hook has not finished.
    Ending(Box<Ending>),
    /// There is nothing more to read.
    Ended,
}

type Opening = Pin<Box<dyn Future<Output = (Box<Attempt>, Result<Response, Error>)> + Send>>;

impl ReplyStream {
    pub(crate) async fn open(
        mut opener: Box<Attempt>,
        timeouts: StreamTimeouts,
    ) -> Result<Self, Error> {
        let started = Instant::now();
        let shared = Arc::clone(&opener.shared);
        let limits = shared.options.limits;
        let span = trace::chat(shared.connection.provider(), opener.model());
        let opened = opener.open().instrument(span.clone()).await;
        let opened = opened.map_err(|error| {
            trace::failure(&span, &error);
            error.with_attempts(opener.attempts())
        })?;
        let mut stream = Self {
            shared,
            opener: None,
            state: State::Ended,
            decoder: Decoder::new(limits),
            clocks: Clocks::new(timeouts),
            started,
            let_others_run: false,
            failure: None,
            on_end: None,
            secrets: Secrets::default(),
            span,
        };
        stream.begin(opener, opened);
        Ok(stream)
    }

    /// Shows each chunk of the reply to `tap` before it is read, as the server sent it: for a program
    /// that passes the stream on. An answer that breaks off before its first content may be asked
    /// for again; its chunks were shown too.
    pub fn tap(mut self, tap: impl FnMut(&[u8]) + Send + 'static) -> Self {
        self.decoder.set_tap(tap);
        self
    }

    /// Calls `hook` once with how the reply ended: for a program that keeps account of what was used.
    /// Several hooks run one after the other, in the order in which they were set.
    ///
    /// The future that it returns is finished before the stream gives its end or its error, so the
    /// caller goes on only when the hook is done. If the stream is dropped early, the future is spawned
    /// on the current tokio runtime; without one, it is dropped.
    pub fn on_end<F>(mut self, hook: impl FnOnce(ReplyEnd<'_>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hook = EndHook::new(hook);
        self.on_end = Some(match self.on_end.take() {
            Some(earlier) => earlier.and(hook),
            None => hook,
        });
        self
    }

    /// Waits until the reply has begun: until there is a first piece of text, reasoning or tool call,
    /// or until the reply is complete without one. No event is taken.
    ///
    /// Up to then, nothing of the reply has been seen, and the request may as well be sent
    /// elsewhere. It may be canceled and called again at any time.
    ///
    /// # Errors
    ///
    /// What broke the reply off before it began. [`finish`](Self::finish) returns it again.
    pub async fn ready(&mut self) -> Result<(), Error> {
        let mut peeked = Peeked::new(self);
        while let Some(step) = poll_fn(|cx| peeked.stream.poll_step(cx)).await {
            match step {
                Ok(step) if peeked.add(step).is_content() => break,
                Ok(_) => {}
                Err(error) => {
                    peeked.steps.clear();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Waits for the next event; `None` at the end of the reply.
    ///
    /// After an error there is nothing more: the next call gives `None`, and
    /// [`finish`](Self::finish) the same error.
    ///
    /// # Errors
    ///
    /// What broke the reply off. What had arrived is in [`Error::partial`].
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// As [`next`](Self::next), without copying: the event borrows from the stream.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn next_borrowed(&mut self) -> Option<Result<EventRef<'_>, Error>> {
        match poll_fn(|cx| self.poll_step(cx)).await? {
            Ok(step) => self.decoder.view(step).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// Reads the reply to its end and returns it whole.
    ///
    /// # Errors
    ///
    /// What broke the reply off, also when [`next`](Self::next) has said so already. What had
    /// arrived is in [`Error::partial`].
    pub async fn finish(mut self) -> Result<Reply, Error> {
        self.fold().await
    }

    /// As [`finish`](Self::finish), without moving the stream into the future.
    pub(crate) async fn fold(&mut self) -> Result<Reply, Error> {
        while let Some(step) = poll_fn(|cx| self.poll_step(cx)).await {
            step?;
        }
        match self.failure.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(self.decoder.reply_mut())),
        }
    }

    /// Returns what has arrived so far.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        self.decoder.reply()
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        Poll::Ready(match ready!(self.poll_step(cx)) {
            Some(Ok(step)) => self.decoder.view(step).map(|event| Ok(event.to_owned())),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        })
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Step, Error>>> {
        loop {
            match self.decoder.advance() {
                Ok(Some(step)) => {
                    self.on_step(step);
                    return Poll::Ready(Some(Ok(step)));
                }
                Ok(None) | Err(_) if self.failure.is_some() => return self.poll_end(cx),
                Ok(None) if self.decoder.is_complete() => {
                    ready!(self.poll_complete(cx));
                    return self.poll_end(cx);
                }
                Ok(None) => {
                    if self.decoder.take_unseen() {
                        self.clocks.on_content();
                    }
                }
                Err(error) => {
                    self.on_failure(error);
                    continue;
                }
            }
            match &mut self.state {
                State::Reading(body) => match body.poll_chunk(cx) {
                    Poll::Ready(Some(Ok(bytes))) => {
                        self.clocks.on_bytes();
                        self.decoder.push(bytes);
                    }
                    Poll::Ready(None) => {
                        self.state = State::Ended;
                        self.decoder.end();
                    }
                    // Whatever the model had said by then counts, and what breaks after it has
                    // stopped breaks nothing of the reply.
                    Poll::Ready(Some(Err(error))) => {
                        self.state = State::Ended;
                        self.decoder.end_with(Some(Error::from(error)));
                    }
                    Poll::Pending => {
                        let stall = ready!(self.clocks.poll_stalled(cx));
                        self.state = State::Ended;
                        let stalled = Error::stalled(stall, self.clocks.limit(stall));
                        self.decoder.end_with(Some(stalled));
                    }
                },
                State::Opening(opening) => {
                    let (opener, opened) = ready!(opening.as_mut().poll(cx));
                    match opened {
                        Ok(opened) => self.begin(opener, opened),
                        // As at the first try, nothing of a reply has come.
                        Err(error) => {
                            trace::failure(&self.span, &error);
                            self.fail_with(error.with_attempts(opener.attempts()));
                        }
                    }
                }
                State::Ending(_) | State::Ended => return self.poll_end(cx),
            }
        }
    }

    /// Starts to read an answer.
    fn begin(&mut self, opener: Box<Attempt>, response: Response) {
        let head = self.started.elapsed();
        self.secrets = response.secrets().clone();
        self.clocks.on_head(opener.sent());
        self.decoder.restart();
        self.decoder.hide(self.secrets.clone());
        let reply = self.decoder.reply_mut();
        reply.request_id = response.request_id().map(str::to_owned);
        reply.attempts = opener.attempts();
        reply.timings.head = Some(head);
        self.opener = Some(opener);
        self.state = State::Reading(response.into_body());
    }

    #[inline]
    fn on_step(&mut self, step: Step) {
        if !step.is_content() {
            return;
        }
        self.clocks.on_content();
        // Only the first piece finds it: nothing is sent again from here on.
        if self.opener.take().is_some() {
            let first = self.started.elapsed();
            self.decoder.reply_mut().timings.first_content = Some(first);
        }
    }

    /// The reply is complete: what is left of the body is of no interest, but its connection is.
    fn poll_complete(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stop_the_watch();
        if let State::Reading(body) = &mut self.state {
            let ended = matches!(body.poll_chunk(cx), Poll::Ready(None | Some(Err(_))));
            // The end is there already, most often, and the task that reads the connection needs
            // one turn to see it.
            if !ended && !std::mem::replace(&mut self.let_others_run, true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let State::Reading(body) = std::mem::replace(&mut self.state, State::Ended) {
                self.shared.connection.drain_rest(body);
            }
        }
        if let Some(hook) = self.on_end.take() {
            let running = hook.call(ReplyEnd::Complete(self.decoder.reply()));
            self.state = State::Ending(Box::new(Ending::new(Some(running), None)));
        }
        Poll::Ready(())
    }

    /// Finishes the hook, then gives the error, if that was the end.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Step, Error>>> {
        let State::Ending(ending) = &mut self.state else {
            return Poll::Ready(None);
        };
        let error = ready!(ending.poll(cx));
        self.state = State::Ended;
        Poll::Ready(error.map(Err))
    }

    fn stop_the_watch(&mut self) {
        let total = self.started.elapsed();
        let timings = &mut self.decoder.reply_mut().timings;
        if timings.total.is_none() {
            timings.total = Some(total);
            trace::reply(&self.span, self.decoder.reply());
        }
    }

    /// Sends the request again where that is allowed and may help; otherwise that was the end.
    ///
    /// Nothing is sent again once a piece of the reply has arrived: the caller has seen it, and
    /// the tokens are paid for.
    fn on_failure(&mut self, error: Error) {
        let is_reported = error.status().is_none() && error.as_http().server().is_some();
        let error = if is_reported {
            let http = error.as_http().clone();
            self.shared.connection.reported(http).into()
        } else {
            error
        };
        let nothing_yet = self.decoder.reply().has_no_content();
        let opener = self.opener.take().filter(|_| nothing_yet);
        let again = opener.and_then(|mut opener| {
            let wait = opener.wait_after(&error)?;
            Some(reopen(opener, wait))
        });
        let Some(again) = again else {
            return self.fail(error);
        };
        self.state = State::Opening(Box::pin(again.instrument(self.span.clone())));
        // What the failed answer left behind would come out again as an error.
        self.decoder.restart();
    }

    fn fail(&mut self, error: Error) {
        self.stop_the_watch();
        let error = error.masked(&self.secrets);
        trace::failure(&self.span, &error);
        let partial = self.decoder.reply().clone();
        self.fail_with(error.with_partial(partial));
    }

    /// Ends the reply with an error, which is given when the hook is done.
    fn fail_with(&mut self, error: Error) {
        let running = self.on_end.take();
        let running = running.map(|hook| hook.call(ReplyEnd::Failed(&error)));
        self.failure = Some(error.clone());
        self.state = State::Ending(Box::new(Ending::new(running, Some(error))));
    }
}

/// Steps that were looked at, which go back where they came from.
struct Peeked<'a> {
    stream: &'a mut ReplyStream,
    steps: Vec<Step>,
    /// The attempt that they belong to.
    attempt: u32,
}

impl<'a> Peeked<'a> {
    fn new(stream: &'a mut ReplyStream) -> Self {
        Self {
            stream,
            steps: Vec::new(),
            attempt: 0,
        }
    }

    fn add(&mut self, step: Step) -> Step {
        let attempt = self.stream.reply().attempts();
        if std::mem::replace(&mut self.attempt, attempt) != attempt {
            self.steps.clear();
        }
        self.steps.push(step);
        step
    }
}

impl Drop for Peeked<'_> {
    fn drop(&mut self) {
        // What a failed answer brought is gone.
        if self.stream.reply().attempts() == self.attempt {
            self.stream.decoder.put_back(&self.steps);
        }
    }
}

impl Drop for ReplyStream {
    fn drop(&mut self) {
        if let State::Ending(ending) = std::mem::replace(&mut self.state, State::Ended) {
            ending.detach();
        }
        if let Some(hook) = self.on_end.take() {
            self.stop_the_watch();
            let reply = self.decoder.reply();
            let end = if self.decoder.is_whole() {
                ReplyEnd::Complete(reply)
            } else {
                ReplyEnd::Canceled(reply)
            };
            Ending::new(Some(hook.call(end)), None).detach();
        }
    }
}

async fn reopen(
    mut opener: Box<Attempt>,
    wait: Duration,
) -> (Box<Attempt>, Result<Response, Error>) {
    sleep(wait).await;
    let opened = opener.open().await;
    (opener, opened)
}

impl Stream for ReplyStream {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(cx)
    }
}

impl fmt::Debug for ReplyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Opening(_) => "opening",
            State::Reading(_) => "reading",
            State::Ending(_) | State::Ended => "ended",
        };
        f.debug_struct("ReplyStream")
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
