//! `docs/openclaw.md` keeps its word: its commands are run as they are printed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{KEY, Service};

fn page() -> String {
    page_named("openclaw.md")
}

pub(crate) fn page_named(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The cells of the rows of the table whose first column has this title.
fn table(title: &str) -> Vec<Vec<String>> {
    let page = page();
    let lines = page.lines();
    let mut lines = lines.skip_while(|line| !line.starts_with(&format!("| {title} |")));
    assert!(lines.next().is_some(), "no table {title}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| -> Vec<String> {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

/// What the page says about a documented failure: its status and the exit code.
pub(crate) fn documented_failure(first_line: &str) -> Option<(String, i32)> {
    let mut rows = table("first line").into_iter();
    let row = rows.find(|row| row[0] == format!("`{first_line}`"))?;
    Some((row[1].clone(), row[2].parse().unwrap()))
}

/// The home of an operator who types the lines of the page.
struct Operator {
    home: TempDir,
    service: Option<Service>,
}

impl Operator {
    fn new(service: Option<Service>) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home, service }
    }

    /// Runs a line in a shell; what it prints comes out as a terminal shows it.
    fn types(&self, line: &str) -> (String, Option<i32>) {
        let program = Path::new(env!("CARGO_BIN_EXE_qwen-openclaw"));
        let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &format!("exec 2>&1; {line}")])
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home.path());
        if let Some(service) = &self.service {
            shell.env("QWEN_BASE_URL", service.emulator.base_url());
        }
        let output = shell.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(KEY), "{line} shows the key:\n{text}");
        (text, output.status.code())
    }

    /// Runs a line of a transcript, and `jq` without needing it.
    fn shows(&self, line: &str) -> (String, Option<i32>) {
        let Some(line) = line.strip_suffix(" | jq '.auth.profiles'") else {
            return self.types(line);
        };
        let (text, code) = self.types(line);
        let document: Value = serde_json::from_str(&text).unwrap();
        (format!("{:#}\n", document["auth"]["profiles"]), code)
    }

    /// What there is of each name in the last column of the commands.
    fn state(&self) -> BTreeMap<&'static str, Vec<Vec<u8>>> {
        let read = |path: &str| fs::read(self.home.path().join(path)).into_iter().collect();
        let jobs = fs::read_dir(self.home.path().join(".qwen-openclaw/jobs"));
        let jobs = jobs.into_iter().flatten().flatten();
        let mut jobs: Vec<PathBuf> = jobs.map(|entry| entry.path()).collect();
        jobs.retain(|path| path.extension().is_some_and(|end| end == "json"));
        jobs.sort();
        let jobs = jobs.iter().map(|path| fs::read(path).unwrap()).collect();
        BTreeMap::from([
            ("config", read(".openclaw/openclaw.json")),
            ("store", read(".qwen-openclaw/credentials.json")),
            ("jobs", jobs),
        ])
    }
}

/// A command of a transcript, what it prints, and its exit code.
pub(crate) struct Step<'page> {
    pub(crate) command: &'page str,
    pub(crate) shown: Vec<&'page str>,
    pub(crate) code: i32,
}

/// The commands of the page's transcripts, in order.
pub(crate) fn steps(page: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_inside = line == "```console";
        } else if !is_inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command,
                shown: Vec::new(),
                code: 0,
            });
        } else if let Some(code) = line.strip_prefix("(exit code ") {
            steps.last_mut().unwrap().code = code.trim_end_matches(')').parse().unwrap();
        } else {
            steps.last_mut().unwrap().shown.push(line);
        }
    }
    steps
}

/// Whether these are the lines, where `...` stands for any number of others.
pub(crate) fn matches(shown: &[&str], lines: &[&str]) -> bool {
    match shown {
        [] => lines.is_empty(),
        ["...", rest @ ..] => (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..])),
        [first, rest @ ..] => lines.first() == Some(first) && matches(rest, &lines[1..]),
    }
}

#[test]
fn its_transcripts_are_what_is_printed() {
    follow(&page(), 10);
}

#[test]
fn those_of_usage_too() {
    follow(&page_named("usage.md"), 4);
}

/// Types the commands of a page, which are at least so many, in one home.
fn follow(page: &str, count: usize) {
    let operator = Operator::new(None);
    let steps = steps(page);
    assert!(steps.len() >= count, "the page has lost its commands");
    for step in steps {
        let (text, code) = operator.shows(step.command);
        let lines: Vec<&str> = text.lines().collect();
        assert!(matches(&step.shown, &lines), "{}\n{text}", step.command);
        assert_eq!(code, Some(step.code), "{}\n{text}", step.command);
    }
}

#[test]
fn its_commands_change_what_it_says() {
    let operator = Operator::new(Some(Service::with(Emulator::builder())));
    fs::write(operator.home.path().join("key.txt"), KEY).unwrap();
    let agent = operator.home.path().join(".openclaw/agents/main/agent");
    fs::create_dir_all(&agent).unwrap();
    let theirs = json!({"version": 1, "profiles": {
        "qwen:old": {"type": "api_key", "provider": "qwen", "key": KEY}}});
    fs::write(agent.join("auth-profiles.json"), theirs.to_string()).unwrap();

    let rows = table("command");
    assert!(rows.len() > 20, "the page has lost its commands");
    for row in rows {
        let command = row[0].trim_matches('`');
        let before = operator.state();
        let (text, code) = operator.types(command);
        // What `doctor` finds here is the store that OpenClaw 2026.9 does not start with.
        let expected = i32::from(command == "qwen-openclaw doctor");
        assert_eq!(code, Some(expected), "{command}\n{text}");
        assert!(!text.is_empty(), "{command} prints nothing");
        let after = operator.state();
        let names = ["config", "store", "jobs"].into_iter();
        let changed: Vec<&str> = names.filter(|name| before[name] != after[name]).collect();
        let said = row[2].split(", ").filter(|name| *name != "nothing");
        assert_eq!(changed, said.collect::<Vec<_>>(), "{command}");
    }
    // Where each of them is, as the page says.
    let state = operator.state();
    assert_eq!(state["jobs"].len(), 2);
    assert!(
        operator
            .home
            .path()
            .join(".openclaw/openclaw.json.bak.4")
            .exists()
    );
    let config: Value = serde_json::from_slice(&state["config"][0]).unwrap();
    assert!(!config.to_string().contains("sk-"), "{config}");
    let kept = fs::read_to_string(agent.join("auth-profiles.json")).unwrap();
    assert_eq!(kept, theirs.to_string());
}

/// Also those that are only mentioned.
#[test]
fn the_commands_that_it_names_exist() {
    let commands = [
        "chat", "config", "doctor", "gateway", "image", "models", "onboard", "plugins", "status",
        "video",
    ];
    let operator = Operator::new(None);
    fs::write(operator.home.path().join("key.txt"), KEY).unwrap();
    let page = page();
    let prose = page.lines().filter(|line| !line.starts_with("```"));
    let mut spans: BTreeSet<&str> = BTreeSet::new();
    for line in prose {
        spans.extend(line.split('`').skip(1).step_by(2));
    }
    let named = spans.iter().filter_map(|span| {
        let is_row = span.starts_with("qwen-openclaw ");
        let line = span.trim_start_matches("qwen-openclaw ");
        let first = line.split(' ').next()?;
        commands.contains(&first).then_some((line, is_row))
    });
    let mut count = 0;
    for (line, is_row) in named {
        let (help, code) = operator.types(&format!("qwen-openclaw {line} --help"));
        assert_eq!(code, Some(0), "{line}\n{help}");
        assert!(!is_row || help.contains(" --json"), "{line}\n{help}");
        count += 1;
    }
    assert!(count > 30, "the page has lost its commands");
}

#[test]
fn the_failures_are_the_five_documented_ones() {
    assert_eq!(table("first line").len(), 5);
}
