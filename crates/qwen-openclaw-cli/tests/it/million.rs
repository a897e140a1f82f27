//! What a million texts take.

use std::{
    fs,
    io::{BufRead, BufReader, BufWriter, Write},
    process::{Child, Stdio},
    thread,
    time::Instant,
};

use crate::run::Qwen;

const TEXTS: u64 = 1_000_000;

/// The most memory that the command may have had, in KiB.
const MEMORY: u64 = 64 << 10;

/// Ends a process with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The most memory that a process has had so far, in KiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let figure = line.unwrap().split_whitespace().nth(1);
    figure.unwrap().parse().unwrap()
}

#[test]
#[ignore = "takes minutes; `cargo xtask ci --full` runs it"]
fn a_million_texts_take_no_more_memory_than_a_hundred() {
    // A process of its own: its memory is not that of the command.
    let (mut service, _home) = Qwen::new(&["emulator", "--port", "0"]).command();
    let mut service = Ended(service.spawn().unwrap());
    let mut addresses = BufReader::new(service.0.stdout.take().unwrap());
    let url = loop {
        let mut line = String::new();
        assert_ne!(addresses.read_line(&mut line).unwrap(), 0, "no address");
        if let Some(at) = line.find("http://") {
            break line[at..].trim().to_owned();
        }
    };
    // What it logs is not looked at.
    thread::spawn(move || std::io::copy(&mut addresses, &mut std::io::sink()));
    let mut log = service.0.stderr.take().unwrap();
    thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));

    let (mut command, _home) = Qwen::new(&["embed", "--jsonl", "--dimensions", "64"])
        .env("QWEN_BASE_URL", &url)
        .env("QWEN_API_KEY", crate::run::KEY)
        .command();
    let started = Instant::now();
    let mut child = Ended(command.stdin(Stdio::piped()).spawn().unwrap());
    let mut stdin = BufWriter::new(child.0.stdin.take().unwrap());
    let writer = thread::spawn(move || {
        for number in 0..TEXTS {
            writeln!(
                stdin,
                "{{\"id\":{number},\"text\":\"text number {number}\"}}"
            )?;
        }
        stdin.flush()
    });
    let mut next = 0;
    let mut early = 0;
    let mut last = 0;
    for line in BufReader::new(child.0.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let expected = format!("{{\"index\":{next},\"id\":{next},\"embedding\":[");
        assert!(line.starts_with(&expected), "{line}");
        next += 1;
        if next == TEXTS / 100 {
            early = peak(child.0.id());
        }
        if next % (TEXTS / 100) == 0 && next < TEXTS {
            last = peak(child.0.id());
        }
    }
    writer.join().unwrap().unwrap();
    assert!(child.0.wait().unwrap().success());
    assert_eq!(next, TEXTS);
    println!(
        "{TEXTS} texts in {:?}: {early} KiB after a hundredth, {last} KiB at the end",
        started.elapsed()
    );
    assert!(last < MEMORY, "{last} KiB");
    // Pages of the store and buffers settle; nothing is kept for each text.
    assert!(last < early + (16 << 10), "{early} KiB, then {last} KiB");
}
