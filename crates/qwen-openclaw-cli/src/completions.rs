//! `completions` and `man`: what shells and `man` know about the command, from its command line.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use crate::{
    args::Cli,
    failure::Failure,
    output::{Out, note},
};

const NAME: &str = "qwen-openclaw";

#[derive(Args, Debug)]
#[command(
    after_help = "Example: qwen-openclaw completions bash > ~/.local/share/bash-completion/completions/qwen-openclaw\n\n\
                  zsh:   qwen-openclaw completions zsh > ~/.zfunc/_qwen-openclaw\n\
                  fish:  qwen-openclaw completions fish > ~/.config/fish/completions/qwen-openclaw.fish"
)]
pub(crate) struct Completions {
    /// Shell to complete commands in
    pub(crate) shell: Shell,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Example: qwen-openclaw man --dir ~/.local/share/man/man1\n\n\
                  One page, without installing it: qwen-openclaw man chat | man -l -"
)]
pub(crate) struct Man {
    /// Command whose page to print, such as `video generate` [default: the command as a whole]
    pub(crate) command: Vec<String>,

    /// Write the pages of all commands into this folder instead
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub(crate) dir: Option<PathBuf>,
}

pub(crate) fn completions(arguments: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), NAME, &mut script);
    Out::new().rendered(&String::from_utf8_lossy(&script))
}

pub(crate) fn man(arguments: &Man) -> Result<(), Failure> {
    let mut command = Cli::command();
    // Gives each command its full name.
    command.build();
    if let Some(folder) = &arguments.dir {
        let failed = |error| {
            let folder = folder.display();
            Failure::other(format!("could not write the pages to {folder}: {error}"))
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
        note(&format!("wrote the pages to {}", folder.display()));
        return Ok(());
    }
    let mut found = &command;
    for word in &arguments.command {
        found = found
            .find_subcommand(word)
            .ok_or_else(|| Failure::usage(format!("there is no command `{word}`")))?;
    }
    let page = page(found);
    let page = page.map_err(|error| Failure::other(format!("could not make the page: {error}")))?;
    Out::new().rendered(&page)
}

fn page(command: &Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
