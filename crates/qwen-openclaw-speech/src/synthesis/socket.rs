//! Speech over a WebSocket: text is sent while audio arrives.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::BoxFuture,
    stream::{BoxStream, Fuse},
};
use qwen_openclaw_catalog::synthesis::SocketApi;
use qwen_openclaw_client::{RequestTemplate, ServiceHost};
use qwen_openclaw_http::{Error as HttpError, ErrorKind, Socket, SocketMessage, SocketOptions};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Note,
    protocol::Task,
    request::{Plan, SpeechRequest},
    text::is_speakable,
};
use crate::{Client, Error};

/// The service fails a task that has been given no text for 23 seconds. One without text for this long
/// is finished, and another one begun on the same connection when text comes.
const PAUSE: Duration = Duration::from_secs(15);

/// How long a connection may have been idle to be used for another task.
const IDLE: Duration = Duration::from_secs(30);

/// How long a socket may be silent: while text is awaited, the server has nothing to say. What it owes
/// is measured here.
const SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// The connection that the next task uses.
pub(crate) type Kept = Arc<Mutex<Option<(Socket, Instant)>>>;

pub(crate) fn keep(kept: &Kept, socket: Socket) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    *kept = Some((socket, Instant::now()));
}

fn take(kept: &Kept) -> Option<Socket> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let (socket, since) = kept.take()?;
    (since.elapsed() < IDLE).then_some(socket)
}

/// Opens a connection, trying again as the policy says; also returns how often it was tried.
pub(crate) async fn open(
    client: &Client,
    api: SocketApi,
    model: &str,
) -> Result<(Socket, u32), Error> {
    let path = match api {
        SocketApi::Realtime => format!("api-ws/v1/realtime?model={}", escaped(model)),
        _ => "api-ws/v1/inference".to_owned(),
    };
    let template = RequestTemplate::get(path)
        .host(ServiceHost::Aigc)
        .model(model)
        .head_timeout(client.timeout);
    let options = SocketOptions::default().idle_timeout(SILENCE);
    let mut call = client.connection.call(template);
    loop {
        let error = match call.open_socket(&options).await {
            Ok(socket) => return Ok((socket, call.attempts())),
            Err(error) => error,
        };
        match call.wait_after(&error) {
            Some(wait) => sleep(wait).await,
            None => return Err(Error::from(error).with_attempts(call.attempts())),
        }
    }
}

/// A model's id for a query: ids have letters, digits and `-._`.
fn escaped(model: &str) -> String {
    let mut escaped = String::with_capacity(model.len());
    for byte in model.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// A text that is being spoken.
pub(crate) struct Speaking {
    client: Client,
    api: SocketApi,
    request: Arc<SpeechRequest>,
    plan: Arc<Plan>,
    kept: Kept,
    texts: Fuse<BoxStream<'static, String>>,
    /// Text that no task has taken yet.
    text: String,
    has_all_text: bool,
    /// Whether anything was to be spoken.
    has_spoken: bool,
    running: Option<Running>,
    notes: VecDeque<Note>,
    has_failed: bool,
}

/// A task under way.
struct Running {
    task: Task,
    socket: Socket,
    sending: Option<BoxFuture<'static, Result<(), HttpError>>>,
    /// When the server spoke last, or was last asked for something that it owes.
    heard: Instant,
    /// When the last text came.
    fed: Instant,
    /// Whether another task has been on this connection.
    is_reused: bool,
    was_owed: bool,
}

enum Step {
    Sent(Result<(), HttpError>),
    Received(Option<Result<SocketMessage, HttpError>>),
    Text(Option<String>),
    Late,
    Paused,
}

impl Speaking {
    pub(crate) fn new(
        client: Client,
        api: SocketApi,
        request: Arc<SpeechRequest>,
        plan: Arc<Plan>,
        kept: Kept,
        texts: BoxStream<'static, String>,
    ) -> Self {
        Self {
            client,
            api,
            request,
            plan,
            kept,
            texts: texts.fuse(),
            text: String::new(),
            has_all_text: false,
            has_spoken: false,
            running: None,
            notes: VecDeque::new(),
            has_failed: false,
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Note, Error>> {
        loop {
            if let Some(note) = self.notes.pop_front() {
                return Some(Ok(note));
            }
            if self.has_failed {
                return None;
            }
            let step = match self.running.is_some() {
                true => self.step().await,
                false if is_speakable(&self.text) => self.begin().await,
                false if self.has_all_text && self.has_spoken => return None,
                false if self.has_all_text => Err(Error::refused("there is no text to speak")),
                false => {
                    let piece = self.texts.next().await;
                    self.on_text(piece);
                    Ok(())
                }
            };
            if let Err(error) = step {
                self.has_failed = true;
                self.running = None;
                return Some(Err(error));
            }
        }
    }

    fn on_text(&mut self, piece: Option<String>) {
        match piece {
            Some(piece) => self.text.push_str(&piece),
            None => self.has_all_text = true,
        }
    }

    async fn begin(&mut self) -> Result<(), Error> {
        let kept = match self.api {
            SocketApi::Realtime => None,
            _ => take(&self.kept),
        };
        let is_reused = kept.is_some();
        let socket = match kept {
            Some(socket) => socket,
            None => open(&self.client, self.api, &self.request.model).await?.0,
        };
        let id = task_id()?;
        let task = Task::new(self.api, id, &self.request, &self.plan);
        let now = Instant::now();
        self.has_spoken = true;
        self.notes.push_back(Note::Sent(1));
        self.running = Some(Running {
            task,
            socket,
            sending: None,
            heard: now,
            fed: now,
            is_reused,
            was_owed: true,
        });
        Ok(())
    }

    async fn step(&mut self) -> Result<(), Error> {
        let Some(running) = &mut self.running else {
            return Ok(());
        };
        running.task.push(&mut self.text);
        if self.has_all_text {
            running.task.finish();
        }
        if running.sending.is_none()
            && let Some(message) = running.task.next_message()
        {
            let sender = running.socket.sender();
            let message = SocketMessage::Text(message);
            running.sending = Some(Box::pin(async move { sender.send(message).await }));
        }
        let is_owed = running.task.is_owed();
        if is_owed && !running.was_owed {
            running.heard = Instant::now();
        }
        running.was_owed = is_owed;
        let takes_text = !self.has_all_text && self.text.is_empty() && running.task.takes_text();
        let late = running.heard + self.client.timeout;
        let paused = running.fed + PAUSE;
        let can_pause = !is_owed && takes_text && self.api != SocketApi::Realtime;
        let Running {
            socket, sending, ..
        } = running;
        let sent = async {
            match sending {
                Some(sending) => sending.await,
                None => pending().await,
            }
        };
        // Boxed, as the compiler does not see that it is `Send` inside of another future.
        let received: BoxFuture<'_, Option<Result<SocketMessage, HttpError>>> =
            Box::pin(socket.next());
        let step = tokio::select! {
            biased;
            sent = sent => Step::Sent(sent),
            received = received => Step::Received(received),
            text = self.texts.next(), if takes_text => Step::Text(text),
            () = sleep_until(late), if is_owed => Step::Late,
            () = sleep_until(paused), if can_pause => Step::Paused,
        };
        match step {
            Step::Sent(sent) => {
                running.sending = None;
                match sent {
                    Ok(()) => Ok(()),
                    Err(error) => self.lost(error),
                }
            }
            Step::Received(Some(Ok(message))) => {
                running.heard = Instant::now();
                let notes = running.task.read(message);
                let secrets = running.socket.secrets();
                let notes = notes.map_err(|error| {
                    let http = error.as_http().clone().masked(secrets);
                    Error::from(self.client.connection.reported(http))
                })?;
                self.notes.extend(notes);
                self.end_if_done();
                Ok(())
            }
            Step::Received(Some(Err(error))) => self.lost(error),
            Step::Received(None) => {
                let error = HttpError::new(ErrorKind::Network);
                self.lost(error.with_message("the server closed the connection too early"))
            }
            Step::Text(text) => {
                running.fed = Instant::now();
                self.on_text(text);
                Ok(())
            }
            Step::Late => {
                let seconds = self.client.timeout.as_secs_f32();
                let error = HttpError::new(ErrorKind::Timeout);
                Err(error
                    .with_message(format!("the server sent nothing for {seconds} s"))
                    .into())
            }
            Step::Paused => {
                running.task.finish();
                Ok(())
            }
        }
    }

    /// The connection is lost. One that had been idle may have been closed meanwhile: nothing has been
    /// spoken on it, so that another one takes its place.
    fn lost(&mut self, error: HttpError) -> Result<(), Error> {
        match self.running.take() {
            Some(running) if running.is_reused && !running.task.has_started() => {
                let mut text = running.task.into_unsent();
                text.push_str(&self.text);
                self.text = text;
                Ok(())
            }
            _ => Err(error.into()),
        }
    }

    fn end_if_done(&mut self) {
        if !self
            .running
            .as_ref()
            .is_some_and(|running| running.task.is_done())
        {
            return;
        }
        if let (Some(running), false) = (self.running.take(), self.api == SocketApi::Realtime) {
            keep(&self.kept, running.socket);
        }
    }
}

/// A new name for a task.
fn task_id() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        let error = HttpError::unsent(ErrorKind::Setup).with_source(error);
        Error::from(error.with_message("the system gives no random numbers"))
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
