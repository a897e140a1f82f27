//! Lines from a terminal that cannot move its cursor, as the terminal passes them on.

use tokio::io::{AsyncBufReadExt, BufReader, Stdin, stdin};

use super::input::Typed;
use crate::{
    failure::Failure,
    interrupt::Interrupt,
    output::{ask, note},
};

pub(super) struct Lines {
    lines: tokio::io::Lines<BufReader<Stdin>>,
}

impl Lines {
    pub(super) fn start() -> Self {
        let lines = BufReader::new(stdin()).lines();
        Self { lines }
    }

    /// Reads a line. Ctrl-C ends the conversation here.
    pub(super) async fn read(&mut self, interrupt: &mut Interrupt) -> Result<Typed, Failure> {
        ask("> ");
        let read = async {
            let line = self.lines.next_line().await;
            line.map_err(|error| Failure::other(format!("could not read the line: {error}")))
        };
        let line = interrupt.or(read).await;
        if !matches!(line, Ok(Some(_))) {
            // Whatever comes next, such as the shell's prompt, starts on its own line.
            note("");
        }
        Ok(line?.map_or(Typed::End, Typed::Line))
    }
}
