//! `image`: images generated and edited, as jobs that outlast the command.

pub(crate) mod args;
mod generate;

use self::args::ImageCommand;
use crate::{
    failure::Failure,
    jobs::{self, Kind},
};

pub(crate) fn run(command: ImageCommand) -> Result<(), Failure> {
    Kind::Image.run();
    match command {
        ImageCommand::Generate(generate) => {
            generate::run(Vec::new(), &generate.prompt, generate.request)
        }
        ImageCommand::Edit(edit) => generate::run(edit.images, &edit.prompt, edit.request),
        ImageCommand::Jobs(command) => jobs::run(Kind::Image, command),
    }
}
