//! Runs the command, and a service for it to talk to.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use qwen_openclaw_emulator::{CapturedRequest, Emulator, EmulatorBuilder};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The key of all tests: it may turn up in no output.
pub(crate) const KEY: &str = "sk-0123456789-secret-9876543210";

/// What messages say about secrets, without one.
const PHRASES: [&str; 3] = [
    "contains a secret",
    "takes its secret from",
    "--secret-input-mode",
];

/// The command in an environment of its own: no variables but a home folder that is empty.
pub(crate) struct Qwen {
    command: Command,
    stdin: String,
    _home: TempDir,
}

/// What came out.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Qwen {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_qwen-openclaw"));
        command.args(arguments).env_clear().env("HOME", home.path());
        Self {
            command,
            stdin: String::new(),
            _home: home,
        }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// As a caller with a key, talking to `service`.
    pub(crate) fn at(self, service: &Service) -> Self {
        self.env("QWEN_BASE_URL", &service.emulator.base_url())
            .env("QWEN_API_KEY", KEY)
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.to_owned();
        self
    }

    pub(crate) fn command(mut self) -> (Command, TempDir) {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        (self.command, self._home)
    }

    pub(crate) fn run(mut self) -> Ran {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        // The command may be done before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        Ran::of(child.wait_with_output().unwrap())
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        for shown in [&ran.stdout, &ran.stderr] {
            let words: Vec<&str> = shown.split_whitespace().collect();
            let rest = PHRASES
                .iter()
                .fold(words.join(" "), |rest, phrase| rest.replace(phrase, ""));
            assert!(!rest.contains("secret"), "the key is shown:\n{shown}");
            assert!(!shown.contains("panicked"), "{shown}");
        }
        ran
    }

    #[track_caller]
    pub(crate) fn exits_with(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "`{text}` is not in stderr:\n{}",
            self.stderr
        );
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// An emulator that runs beside the test.
pub(crate) struct Service {
    pub(crate) emulator: Emulator,
    _runtime: Runtime,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::with(Emulator::builder())
    }

    pub(crate) fn with(builder: EmulatorBuilder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let emulator = runtime.block_on(builder.start()).unwrap();
        Self {
            emulator,
            _runtime: runtime,
        }
    }

    pub(crate) fn requests(&self) -> Vec<CapturedRequest> {
        self.emulator.requests()
    }
}
