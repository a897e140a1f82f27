//! `emulator`: runs the emulator on loopback until Ctrl-C.

use std::time::Duration;

use clap::{Args, builder::NonEmptyStringValueParser};
use qwen_openclaw_emulator::{self as emulator, FaultKind, FaultRule};

use crate::{block_on, failure::Failure, interrupt::Interrupt, output::Out};

#[derive(Args, Debug)]
#[command(after_help = "Example: qwen-openclaw emulator --port 8080")]
pub(crate) struct Emulator {
    /// Port to listen on [default: any free port]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,

    /// Fault to inject, such as `stall;after=5`; `times=1` limits it to the first response, `on=` to
    /// one video route (create, poll, list, cancel, result, policy, upload); `shape=` chooses the body
    /// of an error (openai, native, anthropic, text); can be repeated
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<FaultRule>,

    /// Model to add at every endpoint, for stand-ins of other providers; can be repeated
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) model: Vec<String>,

    /// Seconds a video task takes, a fifth of them in the queue
    #[arg(long, value_name = "N", value_parser = seconds, default_value = "1")]
    pub(crate) video_seconds: f64,

    /// List the faults and exit
    #[arg(long)]
    pub(crate) list_faults: bool,
}

pub(crate) fn run(arguments: Emulator) -> Result<(), Failure> {
    if arguments.list_faults {
        let mut out = Out::new();
        for kind in FaultKind::ALL {
            out.line(&format!("{:24} {}", kind.name(), kind.description()))?;
        }
        return Ok(());
    }
    block_on(serve(arguments))
}

async fn serve(arguments: Emulator) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let video = Duration::from_secs_f64(arguments.video_seconds);
    let mut builder = emulator::Emulator::builder()
        .port(arguments.port)
        .video_times(video / 5, video * 4 / 5);
    for fault in arguments.fault {
        builder = builder.fault(fault);
    }
    for model in arguments.model {
        builder = builder.model(model);
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

/// Up to a day: the service forgets a task after that.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=86_400.0).contains(&value) => Ok(value),
        _ => Err("must be a number from 0 to 86400".to_owned()),
    }
}
