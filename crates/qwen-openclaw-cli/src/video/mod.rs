//! `video`: videos by Wan, as jobs that outlast the command.

pub(crate) mod args;
mod generate;

use self::args::VideoCommand;
use crate::{
    failure::Failure,
    jobs::{self, Kind},
};

pub(crate) fn run(command: VideoCommand) -> Result<(), Failure> {
    Kind::Video.run();
    match command {
        VideoCommand::Generate(generate) => generate::run(*generate),
        VideoCommand::Jobs(command) => jobs::run(Kind::Video, command),
    }
}
