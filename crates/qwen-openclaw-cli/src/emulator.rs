//! `emulator`: runs the emulator on loopback until Ctrl-C.

use std::time::Duration;

use qwen_openclaw_emulator::{Emulator, FaultKind};

use crate::{args, block_on, failure::Failure, interrupt::Interrupt, output::Out};

pub(crate) fn run(arguments: args::Emulator) -> Result<(), Failure> {
    if arguments.list_faults {
        let mut out = Out::new();
        for kind in FaultKind::ALL {
            out.line(&format!("{:24} {}", kind.name(), kind.description()))?;
        }
        return Ok(());
    }
    block_on(serve(arguments))
}

async fn serve(arguments: args::Emulator) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let video = Duration::from_secs_f64(arguments.video_seconds);
    let mut builder = Emulator::builder()
        .port(arguments.port)
        .video_times(video / 5, video * 4 / 5);
    for fault in arguments.fault {
        builder = builder.fault(fault);
    }
    let emulator = builder.start().await.map_err(|error| {
        Failure::other(format!(
            "could not listen on port {}: {error}",
            arguments.port
        ))
    })?;
    {
        let mut out = Out::new();
        for url in emulator.base_urls() {
            out.line(&url.to_string())?;
        }
        out.line(&format!(
            "{:<18} {}",
            "Login (OAuth)",
            emulator.oauth().url()
        ))?;
    }
    interrupt.wait().await;
    emulator.shutdown().await;
    Ok(())
}
