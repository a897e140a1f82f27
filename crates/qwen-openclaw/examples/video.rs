//! Makes a video, and saves it.
//!
//! `cargo run --example video -- FILE`, with `QWEN_API_KEY` set to have the service make it, which
//! costs half a dollar.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod support;

use std::{error::Error, path::Path};

use qwen_openclaw::{Qwen, catalog::video::Resolution};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1);
    let path = path.unwrap_or_else(|| "lobster.mp4".into());
    let (qwen, _emulator) = support::connect().await?;
    run(&qwen, path.as_ref()).await
}

pub(crate) async fn run(qwen: &Qwen, path: &Path) -> Result<(), Box<dyn Error>> {
    let job = qwen
        .video("qwen/wan2.6-t2v")
        .prompt("a lobster surfing at sunset")
        .seconds(5)
        .resolution(Resolution::P720)
        .submit()
        .await?;
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
