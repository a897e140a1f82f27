//! The README keeps its word: its commands are run as they are printed.

#![allow(clippy::unwrap_used, reason = "what cannot be run fails its test")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The fenced blocks of the README, with what stands behind the opening fence.
fn blocks() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((info.to_owned(), block.join("\n")));
        }
    }
    blocks
}

/// The one command that is not run here, since it runs this test.
const TESTS: &str = "cargo test --workspace --locked";

#[test]
fn its_commands_work_as_printed() {
    let blocks = blocks();
    let shell = blocks.iter().filter(|(info, _)| info == "sh");
    let mut ran = 0;
    for (_, block) in shell.filter(|(_, block)| block != TESTS) {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", block])
            .current_dir(root());
        for name in [
            "QWEN_API_KEY",
            "MODELSTUDIO_API_KEY",
            "DASHSCOPE_API_KEY",
            "QWEN_BASE_URL",
        ] {
            command.env_remove(name);
        }
        // What the command itself keeps or reads lies elsewhere; cargo's home stays.
        command
            .env("OPENCLAW_STATE_DIR", home.path())
            .env("QWEN_OPENCLAW_HOME", home.path());
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{stderr}");
        assert!(!output.stdout.is_empty(), "{block} prints nothing");
        ran += 1;
    }
    assert!(ran >= 2, "the README has lost its commands");
}

#[test]
fn its_test_command_is_that_of_ci() {
    assert!(
        blocks()
            .iter()
            .any(|(info, block)| info == "sh" && block == TESTS)
    );
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line == TESTS));
}

#[test]
fn what_needs_a_key_says_so() {
    for (info, block) in blocks() {
        let shows_key = block.contains("_API_KEY=");
        assert_eq!(info == "sh needs a key", shows_key, "{info}: {block}");
    }
}

#[test]
fn the_crates_of_the_picture_exist() {
    let (_, picture) = blocks()
        .into_iter()
        .find(|(info, _)| info == "text")
        .unwrap();
    let mut listed: Vec<&str> = picture
        .split_whitespace()
        .filter(|word| word.starts_with("qwen-openclaw"))
        .collect();
    listed.sort_unstable();
    let folder = std::fs::read_dir(root().join("crates")).unwrap();
    let mut existing: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    existing.sort_unstable();
    assert_eq!(listed, existing);
}
