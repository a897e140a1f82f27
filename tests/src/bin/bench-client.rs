//! Reads streams as fast as it can, and says what that took: the client under test of a benchmark
//! harness. `cargo xtask bench` builds it and hands it over.
//!
//! ```text
//! bench-client throughput BASE_URL MODEL REPS   CPU over REPS whole streams, after one to warm up
//! bench-client latency    BASE_URL MODEL N      N requests, one after the other
//! bench-client concurrent BASE_URL MODEL N      N paced streams at once; a window of 3 s in the middle
//! bench-client once       BASE_URL MODEL        one request
//! ```
//!
//! One JSON line of results. `QWEN_BENCH_EVENTS=owned` reads owned events in place of borrowed ones.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use std::{
    cell::Cell,
    error::Error,
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_transport::{ChatRequest, Client, Event, EventRef, Reply, ToolCall};
use serde_json::{Value, json};
use tokio::{task::LocalSet, time::sleep};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, base, model, rest @ ..] = &arguments[..] else {
        eprintln!("usage: bench-client throughput|latency|concurrent|once BASE_URL MODEL [N]");
        return ExitCode::from(2);
    };
    let count = rest
        .first()
        .and_then(|count| count.parse().ok())
        .unwrap_or(1);
    match run(mode, base, model, count) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mode: &str, base: &str, model: &str, count: usize) -> Result<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let reader = Reader::new(base)?;
    LocalSet::new().block_on(&runtime, async {
        match mode {
            "throughput" => throughput(&reader, model, count).await,
            "once" => throughput(&reader, model, 0).await,
            "latency" => latency(&reader, model, count).await,
            "concurrent" => concurrent(reader, model, count).await,
            other => Err(format!("there is no mode {other}").into()),
        }
    })
}

/// What one stream delivered.
///
/// The client keeps the text itself, so it is not collected a second time here.
#[derive(Default)]
struct Sink {
    /// Where a copy of the whole reply goes, if it is wanted.
    reply: Option<Box<Reply>>,
    pieces: u64,
    first: Option<Instant>,
    counter: Option<Rc<Cell<u64>>>,
}

impl Sink {
    /// Counts a piece of the text, the reasoning or a tool call.
    fn count(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.first.get_or_insert_with(Instant::now);
        self.pieces += 1;
        if let Some(counter) = &self.counter {
            counter.set(counter.get() + 1);
        }
    }
}

/// All of the text, in the order in which a model writes it.
fn text_of(reply: &Reply) -> String {
    let calls = reply.tool_calls().iter().map(ToolCall::arguments);
    let texts = [reply.reasoning(), reply.text()];
    texts.into_iter().chain(calls).collect()
}

struct Reader {
    client: Client,
    owned: bool,
}

impl Reader {
    fn new(base: &str) -> Result<Self> {
        let client = Client::builder(base, ApiKey::parse("sk-test")?).build()?;
        Ok(Self {
            client,
            owned: std::env::var("QWEN_BENCH_EVENTS").is_ok_and(|v| v == "owned"),
        })
    }

    async fn read(&self, model: &str, sink: &mut Sink) -> Result<()> {
        // In a block, so that the request takes no room in this future while the reply arrives.
        let mut stream = {
            let request = ChatRequest::new(model)
                .system("You are a helpful assistant.")
                .user("Who are you?");
            self.client.stream(&request).await?
        };
        if self.owned {
            while let Some(event) = stream.next().await {
                match event? {
                    Event::Text(text) | Event::Reasoning(text) => sink.count(&text),
                    Event::ToolDelta { json, .. } => sink.count(&json),
                    _ => {}
                }
            }
        } else {
            while let Some(event) = stream.next_borrowed().await {
                match event? {
                    EventRef::Text(text) | EventRef::Reasoning(text) => sink.count(text),
                    EventRef::ToolDelta { json, .. } => sink.count(json),
                    _ => {}
                }
            }
        }
        if let Some(reply) = &mut sink.reply {
            **reply = stream.reply().clone();
        }
        Ok(())
    }
}

async fn throughput(reader: &Reader, model: &str, reps: usize) -> Result<Value> {
    let kind = model.split('-').next().unwrap_or(model);
    let warm_up = if reps > 0 {
        format!("{kind}-2000")
    } else {
        model.to_owned()
    };
    let wanted = || Sink {
        reply: Some(Box::default()),
        ..Sink::default()
    };
    let mut last = wanted();
    reader.read(&warm_up, &mut last).await?;
    let (started, before) = (Instant::now(), cpu()?);
    let mut pieces = 0;
    for _ in 0..reps {
        last = wanted();
        reader.read(model, &mut last).await?;
        pieces += last.pieces;
    }
    let (wall, after) = (started.elapsed(), cpu()?);
    let reply = last.reply.unwrap_or_default();
    let text = text_of(&reply);
    Ok(json!({
        "items": last.pieces,
        "total_items": pieces,
        "chars": text.chars().count(),
        "crc": crc32(text.as_bytes()),
        "usage": reply.usage().map_or(0, |usage| usage.total_tokens),
        "user_s": after.0 - before.0,
        "sys_s": after.1 - before.1,
        "wall_s": wall.as_secs_f64(),
        "peak_kib": memory("VmHWM:"),
    }))
}

async fn latency(reader: &Reader, model: &str, count: usize) -> Result<Value> {
    for _ in 0..20 {
        reader.read(model, &mut Sink::default()).await?;
    }
    let (mut first, mut total) = (Vec::new(), Vec::new());
    let before = cpu()?;
    for _ in 0..count {
        let (mut sink, started) = (Sink::default(), Instant::now());
        reader.read(model, &mut sink).await?;
        total.push(microseconds(started.elapsed()));
        first.push(microseconds(sink.first.ok_or("nothing came")? - started));
    }
    let after = cpu()?;
    let spent = (after.0 + after.1 - before.0 - before.1) * 1e6;
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let each = spent / count as f64;
    Ok(json!({
        "n": count,
        "first_us_p50": quantile(&mut first, 50),
        "first_us_p99": quantile(&mut first, 99),
        "total_us_p50": quantile(&mut total, 50),
        "total_us_p99": quantile(&mut total, 99),
        "cpu_us": each,
    }))
}

async fn concurrent(reader: Reader, model: &str, count: usize) -> Result<Value> {
    // What the first request of a process takes (TLS settings, pages of code) belongs to no stream.
    let kind = model.split('-').next().unwrap_or(model);
    reader
        .read(&format!("{kind}-1"), &mut Sink::default())
        .await?;
    let base = memory("VmRSS:");
    let (reader, counter) = (Rc::new(reader), Rc::new(Cell::new(0)));
    let mut tasks = Vec::new();
    for number in 0..count {
        let (reader, counter, model) = (Rc::clone(&reader), Rc::clone(&counter), model.to_owned());
        tasks.push(tokio::task::spawn_local(async move {
            // Spread over 2 s, so that the streams do not beat in step.
            sleep(Duration::from_micros((number * 2_000_000 / count) as u64)).await;
            let mut sink = Sink {
                counter: Some(counter),
                ..Sink::default()
            };
            reader.read(&model, &mut sink).await.map(|()| sink.pieces)
        }));
    }
    sleep(Duration::from_secs(4)).await;
    let (started, before, pieces) = (Instant::now(), cpu()?, counter.get());
    sleep(Duration::from_secs(3)).await;
    let (wall, after, in_window) = (started.elapsed(), cpu()?, counter.get() - pieces);
    let resident = memory("VmRSS:");
    let (mut complete, mut pieces) = (0, 0);
    for task in tasks {
        match task.await? {
            Ok(count) => {
                complete += 1;
                pieces += count;
            }
            Err(error) => eprintln!("stream: {error}"),
        }
    }
    Ok(json!({
        "streams": count,
        "ok": complete,
        "items": pieces,
        "window_items": in_window,
        "user_s": after.0 - before.0,
        "sys_s": after.1 - before.1,
        "wall_s": wall.as_secs_f64(),
        "base_kib": base,
        "rss_kib": resident,
        "peak_kib": memory("VmHWM:"),
    }))
}

/// User and system seconds of this process so far.
fn cpu() -> Result<(f64, f64)> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of one process")]
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6;
    Ok((seconds(usage.user_time()), seconds(usage.system_time())))
}

/// A figure of this process in KiB; 0 where the system does not tell.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let digits = line.and_then(|line| line.trim().strip_suffix(" kB"));
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn quantile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last * percent + 50) / 100)
        .copied()
        .unwrap_or_default()
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
