//! The automation of the workspace, run as `cargo xtask VERB`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for people: what it prints is its result"
)]

mod bench;
mod check;
mod ci;
mod conformance;
mod error;
mod features;
mod fuzz;
mod process;
mod publish;
mod steps;
mod tree;
mod verb;
mod workspace;

use std::{env, process::ExitCode};

use crate::{error::Error, verb::Verb};

fn main() -> ExitCode {
    match verb::parse(env::args().skip(1)).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(verb: Verb) -> Result<(), Error> {
    match verb {
        Verb::Help => {
            print!("{}", verb::HELP);
            Ok(())
        }
        Verb::Ci { full } => ci::run(full),
        Verb::Check => check::run(),
        Verb::Conformance {
            folder,
            subset,
            verbose,
        } => conformance::run(&folder, subset, verbose),
        Verb::Bench { harness, arguments } => bench::run(&harness, &arguments),
        Verb::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Verb::Publish { dry_run } => publish::run(dry_run),
    }
}
