//! Generates a video and saves it. If a run is interrupted, the next one resumes its job.
//!
//! `cargo run --example video -- FILE`; set `QWEN_API_KEY` to use the service, which charges about
//! half a dollar, instead of the emulator.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod support;

use std::{error::Error, path::Path};

use qwen_openclaw::{
    Qwen,
    catalog::video::Resolution,
    video::{
        Job,
        task::{JobRecord, Resumed},
    },
};

const PROMPT: &str = "a lobster surfing at sunset";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1);
    let path = path.unwrap_or_else(|| "lobster.mp4".into());
    // `Qwen::from_home`, so that jobs are written to disk before they are sent.
    let (qwen, _emulator) = support::connect().await?;
    run(&qwen, path.as_ref()).await
}

pub(crate) async fn run(qwen: &Qwen, path: &Path) -> Result<(), Box<dyn Error>> {
    let job = match unfinished(qwen).await? {
        Some(job) => job,
        None => submit(qwen).await?,
    };
    println!("job {}", job.id());

    let mut watch = job.watch();
    while let Some(record) = watch.next().await {
        if let Some(state) = record?.state() {
            println!("{state}");
        }
    }
    job.wait().await?.save(path).await?;
    println!("{}", path.display());
    Ok(())
}

pub(crate) async fn submit(qwen: &Qwen) -> Result<Job, qwen_openclaw::Error> {
    qwen.video("qwen/wan2.6-t2v")
        .prompt(PROMPT)
        .seconds(5)
        .resolution(Resolution::P720)
        .submit()
        .await
}

/// The job of an earlier run that was not saved. Other jobs in the ledger are left alone.
async fn unfinished(qwen: &Qwen) -> Result<Option<Job>, Box<dyn Error>> {
    let is_ours = |record: &JobRecord| record.body()["input"]["prompt"] == PROMPT;
    for resumed in qwen.video_client().await?.resume().await? {
        match resumed {
            Resumed::Going(job) if is_ours(job.record()) => return Ok(Some(job)),
            // The service may or may not have it, and sending it again might bill it twice.
            Resumed::Ambiguous(record, error) if is_ours(&record) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(None)
}
