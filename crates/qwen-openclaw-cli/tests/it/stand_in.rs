//! An emulator in a process of its own, which stands in for a provider.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout},
};

use tempfile::TempDir;

use crate::run::Qwen;

pub(crate) struct StandIn {
    url: String,
    child: Child,
    /// Held to the end: whoever closes this pipe ends the command.
    _output: BufReader<ChildStdout>,
    _home: TempDir,
}

impl StandIn {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let (mut command, home) =
            Qwen::new(&[&["emulator", "--quiet"], arguments].concat()).command();
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let url = loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "no base URL");
            let word = line
                .split_whitespace()
                .find(|word| word.starts_with("http://"));
            if let Some(url) = word.filter(|url| url.ends_with("/compatible-mode/v1")) {
                break url.to_owned();
            }
        };
        Self {
            url,
            child,
            _output: output,
            _home: home,
        }
    }

    /// The base URL of its Standard endpoint.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it: from now on nothing listens there.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop();
    }
}
