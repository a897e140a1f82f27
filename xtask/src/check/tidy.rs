//! How sources are laid out, and what a library does not do.

use crate::{
    tree::Tree,
    workspace::{Package, Workspace},
};

use super::{
    finding::Finding,
    rust_source::{has_word, shipped_lines},
};

const RULE: &str = "tidy";

/// The only crate that may look at the process environment: it takes the snapshot.
const READS_ENVIRONMENT: &str = "qwen-openclaw-auth";

/// Where a library may start a task, and why it is not a detached one.
const MAY_SPAWN: &[(&str, &str)] = &[
    (
        "crates/qwen-openclaw-auth/src/portal/flight",
        "a refresh whose token is on its way: the answer must be saved even if the caller leaves; \
         one at a time, ended by its timeouts",
    ),
    (
        "crates/qwen-openclaw-emulator/src/emulator",
        "the server, which ends when its handle is dropped",
    ),
    (
        "crates/qwen-openclaw-emulator/src/server",
        "the connections, which end with the server",
    ),
    (
        "crates/qwen-openclaw-client/src/drain",
        "the bounded rest of a body after `[DONE]`, which ends when the client is dropped",
    ),
    (
        "crates/qwen-openclaw-transport/src/client/end_hook",
        "the caller's own hook on a stream that was dropped: what was used must be recorded",
    ),
    (
        "crates/qwen-openclaw-router/src/contract",
        "calls at the same time in the suites for stores, which wait for all of them",
    ),
];

const PRINTS: [&str; 5] = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];

const SPAWNS: [&str; 5] = [
    "tokio::spawn",
    "task::spawn(",
    "task::spawn_local",
    "thread::spawn",
    "JoinSet",
];

const ENVIRONMENT: [&str; 7] = [
    "std::env",
    "env::args",
    "env::current_dir",
    "env::home_dir",
    "env::set_var",
    "env::temp_dir",
    "env::var",
];

/// Folders of one machine. Written in halves, so that this file may itself be checked.
const MACHINE_PATHS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

pub(crate) fn findings(workspace: &Workspace, tree: &Tree) -> Vec<Finding> {
    let mut findings = breaches(workspace, tree);
    findings.extend(MAY_SPAWN.iter().filter_map(|(place, _)| stale(place, tree)));
    findings
}

fn breaches(workspace: &Workspace, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        if path.ends_with(".rs") {
            findings.extend(purpose(path, text));
        }
        findings.extend(machine_paths(path, text));
    }
    for package in workspace
        .packages
        .iter()
        .filter(|package| package.is_library())
    {
        let folder = format!("{}/src", package.folder());
        for (path, text) in tree
            .rust_below(&folder)
            .filter(|(path, _)| !is_test_file(path))
        {
            findings.extend(library(package, path, text));
        }
    }
    findings
}

/// Every file says at its top what it is for; a front page may be a file of its own.
fn purpose(path: &str, text: &str) -> Option<Finding> {
    let message = "the first line must say what the file is for, with `//!`";
    let says = text.starts_with("//! ") || text.starts_with("#![doc = include_str!(");
    (!says).then(|| Finding::at(path, 1, RULE, message))
}

/// No file names a folder that only one machine has.
fn machine_paths(path: &str, text: &str) -> Vec<Finding> {
    let named = |line: &str| {
        MACHINE_PATHS.into_iter().find(|folder| {
            line.match_indices(folder)
                .any(|(at, _)| starts_a_path(&line[..at]))
        })
    };
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let message = format!("names a folder of one machine, {}", named(line)?);
            Some(Finding::at(path, index + 1, RULE, message))
        })
        .collect()
}

/// A library does not print, read the environment, start tasks or re-export by glob.
fn library(package: &Package, path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in shipped_lines(text) {
        let has = |words: &[&str]| words.iter().any(|word| has_word(line, word));
        let imports_env =
            line.trim_start().starts_with("use std::{") && has(&["env,", "env}", "env::"]);
        let problems = [
            (has(&PRINTS), "a library does not print"),
            (
                package.name != READS_ENVIRONMENT && (has(&ENVIRONMENT) || imports_env),
                "only qwen-openclaw-auth reads the environment; take its snapshot as a value",
            ),
            (
                has(&SPAWNS) && !may_spawn(path),
                "a library starts no task outside the places listed in xtask's `MAY_SPAWN`",
            ),
            (
                line.trim_start().starts_with("pub use ") && line.contains("::*"),
                "name what is re-exported",
            ),
        ];
        let broken = problems.into_iter().filter(|(is_broken, _)| *is_broken);
        findings.extend(broken.map(|(_, message)| Finding::at(path, number, RULE, message)));
    }
    findings
}

fn may_spawn(path: &str) -> bool {
    MAY_SPAWN.iter().any(|(place, _)| is_in(path, place))
}

/// Whether a file is the module `place` or one below it.
fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// A listed place that starts no task any more.
fn stale(place: &str, tree: &Tree) -> Option<Finding> {
    let spawns = |text| {
        let mut lines = shipped_lines(text).into_iter();
        lines.any(|(_, line)| SPAWNS.iter().any(|word| has_word(line, word)))
    };
    let mut files = tree.texts().filter(|(path, _)| is_in(path, place));
    let message = "starts no task any more: take it out of xtask's `MAY_SPAWN`";
    (!files.any(|(_, text)| spawns(text))).then(|| Finding::about(place, RULE, message))
}

fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// Whether a slash after this text begins an absolute path, not the middle of another one.
fn starts_a_path(before: &str) -> bool {
    before.chars().next_back().is_none_or(|last| {
        !(last.is_alphanumeric() || matches!(last, '/' | '.' | '_' | '-' | '*' | '}' | '~' | ':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::{package, workspace};

    const LIBRARY: &str = "crates/qwen-openclaw-http/src/client.rs";

    fn check(path: &str, text: &str, expected: &[(usize, &str)]) {
        let crates = ["auth", "client", "emulator", "http", "transport"];
        let packages = crates.map(|name| package(&format!("qwen-openclaw-{name}"), &[]));
        let found = breaches(&workspace(&packages), &Tree::from([(path, text)]));
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (finding, (line, message)) in found.iter().zip(expected) {
            let shown = finding.to_string();
            assert!(shown.starts_with(&format!("{path}:{line}: ")), "{shown}");
            assert!(shown.contains(message), "{shown}");
        }
    }

    #[test]
    fn a_file_begins_with_its_purpose() {
        check(LIBRARY, "//! Sends requests.\n", &[]);
        check(
            LIBRARY,
            "\n//! Sends requests.\n",
            &[(1, "what the file is for")],
        );
        check(LIBRARY, "#![doc = include_str!(\"../README.md\")]\n", &[]);
        check(LIBRARY, "", &[(1, "what the file is for")]);
        check("README.md", "# Title\n", &[]);
    }

    #[test]
    fn a_library_does_not_print() {
        let text = "//! A.\nfn a() {\n    println!(\"b\");\n    dbg!(1);\n}\n";
        check(
            LIBRARY,
            text,
            &[(3, "does not print"), (4, "does not print")],
        );
    }

    #[test]
    fn docs_and_tests_of_a_library_may_print() {
        let text = "//! A.\n//! println!();\n#[cfg(test)]\nmod tests {\n    fn a() {\n        \
                    println!();\n    }\n}\n";
        check(LIBRARY, text, &[]);
        check(
            "crates/qwen-openclaw-http/src/client/tests.rs",
            "//! A.\nprintln!();\n",
            &[],
        );
        check(
            "crates/qwen-openclaw-http/tests/it/main.rs",
            "//! A.\nprintln!();\n",
            &[],
        );
        check(
            "crates/qwen-openclaw-cli/src/main.rs",
            "//! A.\nprintln!();\n",
            &[],
        );
    }

    #[test]
    fn only_auth_reads_the_environment() {
        let text = "//! A.\nuse std::{env, fmt};\nlet a = env::var(\"B\");\n";
        check(LIBRARY, text, &[(2, "environment"), (3, "environment")]);
        check("crates/qwen-openclaw-auth/src/environment.rs", text, &[]);
        let at_compile_time = "//! A.\nconst A: &str = env!(\"CARGO_PKG_VERSION\");\n";
        check(LIBRARY, at_compile_time, &[]);
    }

    #[test]
    fn tasks_are_started_only_where_it_is_said_why() {
        let text = "//! A.\ntokio::spawn(a);\n";
        check(LIBRARY, text, &[(2, "starts no task")]);
        check("crates/qwen-openclaw-client/src/drain.rs", text, &[]);
        check(
            "crates/qwen-openclaw-emulator/src/server/accept.rs",
            text,
            &[],
        );
        check(
            "crates/qwen-openclaw-client/src/drains.rs",
            text,
            &[(2, "starts no task")],
        );
    }

    #[test]
    fn a_listed_place_that_starts_no_task_is_stale() {
        let place = "crates/a/src/server";
        let with = |text| {
            stale(
                place,
                &Tree::from([("crates/a/src/server/accept.rs", text)]),
            )
        };
        assert_eq!(with("let connections = JoinSet::new();\n"), None);
        let found = with("// tokio::spawn(b);\n").unwrap().to_string();
        assert!(
            found.starts_with("crates/a/src/server: starts no task any more"),
            "{found}"
        );
    }

    #[test]
    fn a_re_export_names_what_it_exports() {
        check(LIBRARY, "//! A.\npub use a::*;\n", &[(2, "re-exported")]);
        check(LIBRARY, "//! A.\npub use a::{B, C};\n", &[]);
    }

    #[test]
    fn no_file_names_a_folder_of_one_machine() {
        let folder = MACHINE_PATHS[0];
        check(
            "README.md",
            &format!("cd {folder}main\n"),
            &[(1, "folder of one machine")],
        );
        check(
            "README.md",
            &format!("see `{folder}`\n"),
            &[(1, "folder of one machine")],
        );
        check(
            "README.md",
            &format!("see src{folder}x and https://host.example{folder}\n"),
            &[],
        );
    }
}
