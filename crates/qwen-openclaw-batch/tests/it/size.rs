//! A file of 500 MB, and results as large, in constant memory. Run in a release, since it takes minutes
//! otherwise: `cargo test --release -p qwen-openclaw-batch --test it -- --ignored`.

use std::{
    fs,
    io::{BufRead, BufReader, BufWriter, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
    time::Duration,
};

use qwen_openclaw_batch::{BatchFile, Client, Ledger, SaveOptions, SubmitOptions, auth::ApiKey};

const LINES: usize = 50_000;

/// What the process has needed at most, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() >> 10
}

fn write_input(path: &Path) {
    let mut file = BufWriter::new(fs::File::create(path).unwrap());
    let text = "x".repeat(10_300);
    for number in 0..LINES {
        writeln!(
            file,
            r#"{{"custom_id":"{number}","method":"POST","url":"/v1/chat/completions","body":{{"model":"qwen-plus","messages":[{{"role":"user","content":"{text}"}}]}}}}"#
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// Answers one request at a time, in small pieces, so that it needs no memory itself. `wiremock` would
/// keep what it receives.
fn serve(listener: &TcpListener) {
    for stream in listener.incoming() {
        answer(stream.unwrap()).unwrap();
    }
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let mut out = BufWriter::with_capacity(64 << 10, stream);
    write!(
        out,
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n"
    )?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    if path.ends_with("/content") {
        let text = "y".repeat(10_000);
        for number in (0..LINES).rev() {
            writeln!(
                out,
                r#"{{"id":"r","custom_id":"{number}","error":null,"response":{{"status_code":200,"body":{{"text":"{text}","usage":{{"prompt_tokens":2,"completion_tokens":1}}}}}}}}"#
            )?;
        }
    } else if path.ends_with("/files") {
        out.write_all(br#"{"id":"file-batch-1","filename":"a","bytes":1}"#)?;
    } else {
        out.write_all(br#"{"id":"batch_1","status":"completed","output_file_id":"out"}"#)?;
    }
    out.flush()
}

#[tokio::test]
#[ignore = "it writes more than a gigabyte"]
async fn half_a_gigabyte_passes_in_constant_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.jsonl");
    write_input(&path);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!(
        "http://{}/compatible-mode/v1",
        listener.local_addr().unwrap()
    );
    thread::spawn(move || serve(&listener));
    let key = ApiKey::parse("sk-0123456789abcdef").unwrap();
    let client = Client::builder(base, key).ledger(Ledger::new(folder.path().join("batches")));
    let client = client.certain_after(Duration::ZERO).build().unwrap();

    let before = peak();
    let file = BatchFile::check(&path).unwrap();
    assert_eq!(file.lines, LINES as u64);
    assert!(file.bytes > 490 << 20, "{}", file.bytes);
    let checked = peak() - before;
    let batch = client.submit(&file, &SubmitOptions::new()).await.unwrap();
    let uploaded = peak() - before;
    let target = folder.path().join("out.jsonl");
    let saved = client
        .save(batch.id(), &SaveOptions::new(&target))
        .await
        .unwrap();
    let joined = peak() - before;
    println!("more MiB: checked {checked}, uploaded {uploaded}, joined {joined}");
    assert!(joined < 32, "{checked}, {uploaded}, {joined} MiB more");

    let usage = saved.record.usage().unwrap();
    assert_eq!(
        (usage.succeeded, usage.missing, usage.input),
        (50_000, 0, 100_000)
    );
    let results = BufReader::new(fs::File::open(&target).unwrap());
    for (number, line) in results.lines().enumerate() {
        let line = line.unwrap();
        let expected = format!(r#"{{"id":"r","custom_id":"{number}","#);
        assert!(line.starts_with(&expected), "{number}: {}", &line[..60]);
    }
}
