//! `emulator`: the service on loopback until Ctrl-C.

use qwen_openclaw_emulator::{Emulator, FaultKind, FaultRule};

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
    let mut builder = Emulator::builder().port(arguments.port);
    for fault in arguments.fault {
        builder = builder.fault(FaultRule::new(fault));
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
    }
    interrupt.wait().await;
    emulator.shutdown().await;
    Ok(())
}
