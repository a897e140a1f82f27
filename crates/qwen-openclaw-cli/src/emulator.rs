//! `emulator`: runs the emulator until Ctrl-C.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};
use qwen_openclaw_emulator::{
    self as emulator, ControlToken, FaultKind, FaultRule, ServedRequest, ToolCalls,
};

use crate::{
    block_on,
    failure::Failure,
    interrupt::Interrupt,
    output::{Out, note},
};

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

    /// When to call tools; a call that was answered is never made again
    #[arg(long, value_enum, default_value = "named")]
    pub(crate) tools: ToolPolicy,

    /// Tokens generated per second [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tps: Option<u32>,

    /// Address to listen on; with another than loopback, other machines have access
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub(crate) host: IpAddr,

    /// Let web pages of any origin use it
    #[arg(long)]
    pub(crate) cors: bool,

    /// Token for the remote control below /emulator/, with 16 characters or more [default: a random
    /// one]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) control_token: Option<ControlToken>,

    /// Do not log requests on standard error
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// List the faults and exit
    #[arg(long)]
    pub(crate) list_faults: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ToolPolicy {
    /// Never, even if the request forces a call.
    Never,
    /// If the prompt has the words of the tool's name.
    Named,
    /// The first tool of each request.
    First,
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
        .host(arguments.host)
        .tool_calls(match arguments.tools {
            ToolPolicy::Never => ToolCalls::Never,
            ToolPolicy::Named => ToolCalls::Named,
            ToolPolicy::First => ToolCalls::First,
        })
        .video_times(video / 5, video * 4 / 5);
    for fault in arguments.fault {
        builder = builder.fault(fault);
    }
    for model in arguments.model {
        builder = builder.model(model);
    }
    if let Some(tokens) = arguments.tps {
        builder = builder.tokens_per_second(tokens);
    }
    if let Some(token) = arguments.control_token {
        builder = builder.control_token(token);
    }
    if arguments.cors {
        builder = builder.cors();
    }
    if !arguments.quiet {
        builder = builder.on_request(|request| note(&log_line(request)));
    }
    if !arguments.host.is_loopback() {
        note(&format!(
            "warning: --host {} gives every machine that reaches this one access to the emulator",
            arguments.host
        ));
    }
    let emulator = builder.start().await.map_err(|error| {
        Failure::other(format!(
            "could not listen on port {} of {}: {error}",
            arguments.port, arguments.host
        ))
    })?;
    {
        let mut out = Out::new();
        for url in emulator.base_urls() {
            out.line(&url.to_string())?;
        }
        for (label, value) in [
            ("Login (OAuth)", emulator.oauth().url().as_str()),
            (
                "Remote control",
                &format!("{}/emulator/", emulator.origin()),
            ),
            ("Control token", emulator.control_token()),
        ] {
            out.line(&format!("{label:<18} {value}"))?;
        }
    }
    interrupt.wait().await;
    emulator.shutdown().await;
    Ok(())
}

/// What is logged of a request: method, path, model, status, tokens, and time.
fn log_line(request: &ServedRequest) -> String {
    // Both come from the client and must stay on one line.
    let clean = |text: &str| -> String {
        let text = text.chars().take(200);
        text.map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect()
    };
    let status = request
        .status()
        .map_or_else(|| "-".to_owned(), |status| status.to_string());
    let mut line = format!("{} {}", request.method(), clean(request.path()));
    if let Some(model) = request.model() {
        line.push_str(&format!(" {}", clean(model)));
    }
    line.push_str(&format!(" {status}"));
    if let (Some(prompt), Some(completion)) = (request.prompt_tokens(), request.completion_tokens())
    {
        line.push_str(&format!(" {prompt}+{completion} tokens"));
    }
    line.push_str(&format!(" {} ms", request.elapsed().as_millis()));
    if !request.is_complete() {
        line.push_str(" (client disconnected)");
    }
    line
}

/// Up to a day: the service forgets a task after that.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=86_400.0).contains(&value) => Ok(value),
        _ => Err("must be a number from 0 to 86400".to_owned()),
    }
}
