//! The command `qwen-openclaw`: chat with Qwen Cloud from a terminal.

mod args;
mod attempts;
mod auth;
mod batch;
mod chat;
mod columns;
mod completions;
mod config;
mod configuration;
mod connect;
mod describe;
mod doctor;
mod embed;
mod emulator;
mod explain;
mod failure;
mod gateway;
mod hint;
mod image;
mod interrupt;
mod jobs;
mod key;
mod key_check;
mod models;
mod models_status;
mod number;
mod onboard;
mod output;
mod plugins;
mod prompt;
mod render;
mod rerank;
mod session;
mod settings;
mod speak;
mod state;
mod status;
mod survey;
mod symptom;
mod terminal;
mod texts;
mod unknown;
mod usage;
mod verbose;
mod video;
mod waiting;
mod words;

use std::process::ExitCode;

use clap::Parser;
use qwen_openclaw::config::ModelSlot;

use crate::{
    args::{Cli, Command, ModelsCommand},
    failure::Failure,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse().or_else(unknown::or_question) {
        Ok(cli) => cli,
        // Help and version come through here too.
        Err(error) => {
            let json = args::json_asked_for(std::env::args_os());
            let arguments = std::env::args_os().skip(1);
            let arguments: Vec<String> = arguments
                .map(|argument| argument.to_string_lossy().into_owned())
                .collect();
            return match (unknown::command(&error, &arguments), json) {
                (Some(failure), json) => failure.report(json),
                (None, Some(json)) if error.use_stderr() => {
                    Failure::from(&error).report(Some(json))
                }
                _ => error.exit(),
            };
        }
    };
    let json = cli.json();
    let result = match cli.command {
        Command::Chat(chat) => chat::run(*chat),
        Command::Describe(describe) => describe::run(describe),
        Command::Embed(embed) => embed::run(*embed),
        Command::Rerank(rerank) => rerank::run(*rerank),
        Command::Models { command } => run_models(command),
        Command::Config { command } => config::run(&command),
        Command::Plugins { command } => plugins::run(&command),
        Command::Gateway { command } => gateway::run(&command),
        Command::Status(status) => status::run(&status),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Onboard(onboard) => onboard::run(*onboard),
        Command::Usage(usage) => usage::run(&usage),
        Command::Batch { command } => batch::run(command),
        Command::Image { command } => image::run(command),
        Command::Speak(speak) => speak::run(*speak),
        Command::Video { command } => video::run(command),
        Command::Emulator(emulator) => emulator::run(emulator),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Man(arguments) => completions::man(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

fn run_models(command: ModelsCommand) -> Result<(), Failure> {
    match command {
        ModelsCommand::List(list) => models::list(&list),
        ModelsCommand::Status(status) => models_status::run(&status),
        ModelsCommand::Set(set) => models::set::run(&set, ModelSlot::Chat),
        ModelsCommand::SetImage(set) => models::set::run(&set, ModelSlot::Image),
        ModelsCommand::Aliases { command } => models::aliases::run(&command),
        ModelsCommand::Fallbacks { command } => models::fallbacks::run(&command, ModelSlot::Chat),
        ModelsCommand::ImageFallbacks { command } => {
            models::fallbacks::run(&command, ModelSlot::Image)
        }
        ModelsCommand::Explain(explain) => explain::run(&explain),
        ModelsCommand::Auth { command } => auth::run(*command),
    }
}

/// Waits for a login that is being refreshed, after Ctrl-C too: unless it is saved, it is lost.
async fn wait_for_pending_refreshes() {
    let mut pending = std::pin::pin!(qwen_openclaw::auth::portal::wait_for_pending_refreshes());
    let soon = std::time::Duration::from_millis(500);
    if tokio::time::timeout(soon, &mut pending).await.is_err() {
        output::note("Saving a refreshed login ...");
        pending.await;
    }
}

/// Runs `future` on this thread. Only commands that need a runtime start one.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("could not start: {error}")))?;
    let result = runtime.block_on(async {
        let result = future.await;
        wait_for_pending_refreshes().await;
        result
    });
    // Do not wait for a line that the user may still be typing.
    runtime.shutdown_background();
    result
}
