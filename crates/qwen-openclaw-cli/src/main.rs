//! The command `qwen-openclaw`: chat with Qwen Cloud from a terminal.

mod args;
mod chat;
mod connect;
mod describe;
mod emulator;
mod failure;
mod interrupt;
mod models;
mod output;
mod session;
mod video;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::{Cli, Command, ModelsCommand},
    failure::Failure,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version come this way too.
        Err(error) => match args::json_asked_for(std::env::args_os()) {
            Some(json) if error.use_stderr() => return Failure::from(&error).report(Some(json)),
            _ => error.exit(),
        },
    };
    let json = cli.json();
    let result = match cli.command {
        Command::Chat(chat) => chat::run(*chat),
        Command::Describe(describe) => describe::run(describe),
        Command::Models {
            command: ModelsCommand::List(list),
        } => models::list(&list),
        Command::Video { command } => video::run(command),
        Command::Emulator(emulator) => emulator::run(emulator),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

/// Runs `future` on this thread. Started only by what needs it: listing a catalog does not.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("could not start: {error}")))?;
    let result = runtime.block_on(future);
    // A line that somebody may still be typing is not waited for.
    runtime.shutdown_background();
    result
}
