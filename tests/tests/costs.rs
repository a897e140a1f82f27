//! What a chunk and an open stream cost, in allocations and bytes: unlike time, these are the same on
//! every machine and in every run.
//!
//! A program of its own, because memory is counted for all of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it cannot go on"
)]

use std::{
    alloc::System,
    future::poll_fn,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    pin::pin,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    task::Poll,
    thread::{self, JoinHandle},
};

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_transport::{ChatRequest, Client, EventRef, ReplyStream};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Runtime;

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One test at a time: the counts are those of the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// Allocations of the chunks 101 to 500 of a stream, in each of which one word arrives. Measured: 3,
/// where the text that the reply keeps doubles its room and hyper comes to the end of a buffer; and on
/// a busy machine up to 4 of the channel that the server is told through, when it first has to wait.
const ALLOCATIONS: usize = 7;

/// Bytes of a stream that waits for its next chunk. Measured: 31,066. The buffers of hyper's
/// connection are 25,400 of them, of which a stream touches less than half; the stream itself is
/// 1,100, and so is what reqwest puts around a connection.
const BYTES_PER_STREAM: usize = 32_500;

/// How many streams are open at once.
const STREAMS: usize = 100;

#[test]
fn chunks_that_arrive_one_at_a_time_allocate_almost_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (server, runtime) = (Server::start(), runtime());
    runtime.block_on(async {
        let mut stream = server.open().await;
        let mut read = async |chunks| {
            for _ in 0..chunks {
                server.order(Order::Chunk);
                text(&mut stream).await;
            }
        };
        read(100).await;
        let region = Region::new(MEMORY);
        read(400).await;
        let change = region.change();
        let allocations = change.allocations + change.reallocations;
        assert!(allocations <= ALLOCATIONS, "{allocations} allocations");
    });
}

#[test]
fn an_open_stream_holds_little_more_than_its_connection() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (server, runtime) = (Server::start(), runtime());
    runtime.block_on(async {
        let mut streams = Vec::with_capacity(1 + STREAMS);
        let mut open = async |count| {
            for _ in 0..count {
                let mut stream = server.open().await;
                for _ in 0..20 {
                    server.order(Order::Chunk);
                    text(&mut stream).await;
                }
                expect_nothing(&mut stream).await;
                streams.push(stream);
            }
        };
        // The first request sets up what all streams share.
        open(1).await;
        let region = Region::new(MEMORY);
        open(STREAMS).await;
        let change = region.change();
        let held = change.bytes_allocated - change.bytes_deallocated;
        // The room for the streams themselves was there before.
        let each = held / STREAMS + size_of::<ReplyStream>();
        assert!(each <= BYTES_PER_STREAM, "{each} bytes a stream");
    });
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// Waits for the next piece of text.
async fn text(stream: &mut ReplyStream) {
    match stream.next_borrowed().await {
        Some(Ok(EventRef::Text(text))) => assert_eq!(text, " word"),
        other => panic!("{other:?}"),
    }
}

/// Has the stream wait for more, and lets go of what it was handed last.
async fn expect_nothing(stream: &mut ReplyStream) {
    let mut next = pin!(stream.next_borrowed());
    poll_fn(|cx| {
        assert!(next.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    x-request-id: 5f1c9a52-8d1e-9b7c-a0de-3c2f7d1b6e90\r\ntransfer-encoding: chunked\r\n\r\n";

const CHUNK: &[u8] =
    b"data: {\"choices\":[{\"delta\":{\"content\":\" word\"},\"finish_reason\":null,\
    \"index\":0,\"logprobs\":null}],\"object\":\"chat.completion.chunk\",\"usage\":null,\
    \"created\":1763690400,\"system_fingerprint\":null,\"model\":\"qwen3.5-plus\",\
    \"id\":\"chatcmpl-5f1c9a52-8d1e-9b7c-a0de-3c2f7d1b6e90\"}\n\n";

/// What the server does next.
enum Order {
    /// Accepts a connection, reads a request and sends the head of the response.
    Answer,
    /// Sends a chunk on the connection accepted last.
    Chunk,
}

/// A server that does what it is told. Once it runs, it allocates nothing.
struct Server {
    client: Client,
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let key = ApiKey::parse("sk-0123456789").unwrap();
        let (orders, received) = sync_channel(1);
        Self {
            client: Client::builder(base_url, key).build().unwrap(),
            orders: Some(orders),
            thread: Some(thread::spawn(move || serve(&listener, &received))),
        }
    }

    async fn open(&self) -> ReplyStream {
        self.order(Order::Answer);
        let request = ChatRequest::new("qwen3.5-plus").user("Who are you?");
        self.client.stream(&request).await.unwrap()
    }

    fn order(&self, order: Order) {
        let orders = self.orders.as_ref().unwrap();
        orders.send(order).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.orders = None;
        let thread = self.thread.take().unwrap();
        if !thread::panicking() {
            thread.join().unwrap().unwrap();
        }
    }
}

fn serve(listener: &TcpListener, orders: &Receiver<Order>) -> io::Result<()> {
    let mut connections = Vec::with_capacity(STREAMS + 1);
    let mut piece = Vec::with_capacity(CHUNK.len() + 16);
    write!(piece, "{:x}\r\n", CHUNK.len())?;
    piece.extend_from_slice(CHUNK);
    piece.extend_from_slice(b"\r\n");
    while let Ok(order) = orders.recv() {
        if let Order::Answer = order {
            let (mut connection, _) = listener.accept()?;
            connection.set_nodelay(true)?;
            read_request(&mut connection)?;
            connection.write_all(HEAD)?;
            connections.push(connection);
        } else if let Some(connection) = connections.last_mut() {
            connection.write_all(&piece)?;
        }
    }
    Ok(())
}

/// Reads a request, whose body is an object and whose head has no braces.
fn read_request(connection: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let mut length = 0;
    while length == 0 || buffer[length - 1] != b'}' {
        match connection.read(&mut buffer[length..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => length += read,
        }
    }
    Ok(())
}
