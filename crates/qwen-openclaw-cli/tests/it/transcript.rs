//! The transcripts in the READMEs are what the command prints.
//!
//! A transcript stands between two markers. Its commands are run one after the other, and what they print
//! is written below them: `INSTA_UPDATE=always cargo test -p qwen-openclaw-cli --test it transcript`.
//! Otherwise a difference is a failure, as for a snapshot. Times and ports are replaced by fixed ones,
//! and lines are folded as on a terminal.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Stdio},
};

use crate::config_home::ConfigHome;

const BEGIN: &str = "<!-- transcript: begin -->\n```console\n";
const END: &str = "```\n<!-- transcript: end -->\n";

const COLUMNS: usize = 110;
const PORT: &str = "8080";
const TIMES: &str = "first token 0.42 s · 96 tokens/s]";

/// Someone at a terminal, with an emulator in the background once a line has started one.
struct Session {
    home: ConfigHome,
    /// With its output, which stays open: the emulator ends where it cannot print.
    background: Option<(Child, BufReader<ChildStdout>)>,
    port: String,
}

impl Session {
    fn start() -> Self {
        Self {
            home: ConfigHome::empty(),
            background: None,
            port: PORT.to_owned(),
        }
    }

    /// Runs a line of the transcript and returns what a terminal shows.
    fn types(&mut self, line: &str) -> String {
        if let Some(server) = line.strip_suffix(" &") {
            return self.starts(server);
        }
        let line = line.replace(&format!(":{PORT}/"), &format!(":{}/", self.port));
        let mut shell = self.home.in_shell(&format!("exec 2>&1; {line}"));
        let output = shell.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{line} fails: {output:?}");
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(!shown.is_empty(), "{line} prints nothing");
        shown.lines().map(shown_line).collect()
    }

    /// Starts an emulator on a free port instead of the one that is shown.
    fn starts(&mut self, line: &str) -> String {
        let line = line.replace(&format!("--port {PORT}"), "--port 0");
        // Without `exec`, the emulator would outlive the shell that is killed.
        let mut shell = self.home.in_shell(&format!("exec {line}"));
        let mut child = shell.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        self.background = Some((child, stdout));
        self.port = port_of(&first).unwrap_or_else(|| panic!("{line} has no port: {first}"));
        format!("{}...\n", shown_line(first.trim_end()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.background {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn port_of(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("http://127.0.0.1:")?;
    Some(rest.split('/').next()?.to_owned())
}

/// A line without what differs from run to run, folded.
fn shown_line(line: &str) -> String {
    let mut line = match line.split_once("first token ") {
        Some((before, _)) => format!("{before}{TIMES}"),
        None => line.to_owned(),
    };
    if let Some(port) = port_of(&line) {
        line = line.replace(&format!(":{port}/"), &format!(":{PORT}/"));
    }
    folded(&line)
}

/// The line in rows that end at a blank, wide characters counted twice.
fn folded(line: &str) -> String {
    let (mut rows, mut row, mut width) = (String::new(), String::new(), 0);
    for character in line.chars() {
        let columns = if character < '\u{1100}' { 1 } else { 2 };
        if width + columns > COLUMNS {
            let kept = row.rfind(' ').map_or(row.len(), |blank| blank + 1);
            let rest = row.split_off(kept);
            rows.push_str(row.trim_end());
            rows.push('\n');
            width = rest.chars().count();
            row = rest;
        }
        row.push(character);
        width += columns;
    }
    format!("{rows}{}\n", row.trim_end())
}

#[track_caller]
fn check(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(page);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (old, after) = rest.split_once(END).unwrap();

    let mut session = Session::start();
    let mut new = String::new();
    let commands: Vec<&str> = old.lines().filter(|line| line.starts_with("$ ")).collect();
    assert!(commands.len() >= 3, "{page} has lost its commands");
    for command in commands {
        new.push_str(command);
        new.push('\n');
        new.push_str(&session.types(command.trim_start_matches("$ ")));
    }
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        fs::write(&path, format!("{before}{BEGIN}{new}{END}{after}")).unwrap();
    } else {
        assert_eq!(
            new, old,
            "the transcript of {page} is stale: see tests/it/transcript.rs"
        );
    }
}

#[test]
fn that_of_the_readme_is_fresh() {
    check("README.md");
}

#[test]
fn that_of_the_chinese_readme_is_fresh() {
    check("README.zh.md");
}

#[test]
fn long_lines_are_folded_at_blanks() {
    let words = "word ".repeat(23);
    let rows = folded(&words);
    assert_eq!(rows.lines().count(), 2, "{rows}");
    assert!(
        rows.lines()
            .all(|row| row.len() <= COLUMNS && !row.ends_with(' '))
    );
    let wide = folded(&"天".repeat(56));
    let lengths: Vec<usize> = wide.lines().map(|row| row.chars().count()).collect();
    assert_eq!(lengths, [55, 1]);
    assert_eq!(folded(""), "\n");
}

#[test]
fn what_differs_from_run_to_run_is_replaced() {
    let line = "[qwen/qwen3.5-plus · 13 in · first token 0.00 s · 6954 tokens/s]";
    assert_eq!(
        shown_line(line),
        format!("[qwen/qwen3.5-plus · 13 in · {TIMES}\n")
    );
    assert_eq!(
        shown_line("emulator at http://127.0.0.1:34113/compatible-mode/v1"),
        "emulator at http://127.0.0.1:8080/compatible-mode/v1\n"
    );
}
