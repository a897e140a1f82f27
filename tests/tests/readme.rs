//! The READMEs keep their word: their commands are run as they are printed, their tables are complete, and
//! their figures are current.

#![allow(clippy::unwrap_used, reason = "what cannot be run fails its test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use qwen_openclaw_auth::variables::TABLE;
use toml::Table;

/// The same in English and in Chinese.
const PAGES: [&str; 2] = ["README.md", "README.zh.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn text_of(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The fenced blocks of a page, with what stands behind the opening fence.
fn blocks(page: &str) -> Vec<(String, String)> {
    let text = text_of(page);
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
fn their_commands_work_as_printed() {
    // A block that both have is run once.
    let all = PAGES.iter().flat_map(|page| blocks(page));
    let shell: BTreeSet<String> = all
        .filter(|(info, block)| info == "sh" && block != TESTS)
        .map(|(_, block)| block)
        .collect();
    assert!(shell.len() >= 2, "the READMEs have lost their commands");
    for block in shell {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", &block])
            .current_dir(root());
        // What the command itself keeps or reads lies elsewhere; cargo's home stays.
        let homes = ["HOME", "USERPROFILE"];
        for known in TABLE.iter().filter(|known| !homes.contains(&known.name)) {
            command.env_remove(known.name);
        }
        command
            .env("OPENCLAW_STATE_DIR", home.path())
            .env("QWEN_OPENCLAW_HOME", home.path());
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{stderr}");
        assert!(!output.stdout.is_empty(), "{block} prints nothing");
    }
}

#[test]
fn their_test_command_is_that_of_ci() {
    for page in PAGES {
        let blocks = blocks(page);
        let is_there = |(info, block): &(String, String)| info == "sh" && block == TESTS;
        assert!(blocks.iter().any(is_there), "{page}");
    }
    assert!(text_of(".ci/run").lines().any(|line| line == TESTS));
}

#[test]
fn what_needs_a_key_says_so() {
    for (info, block) in PAGES.iter().flat_map(|page| blocks(page)) {
        let shows_key = block.contains("_API_KEY=");
        // A transcript has its own key, for the emulator.
        if info != "console" {
            assert_eq!(info == "sh needs a key", shows_key, "{info}: {block}");
        }
    }
}

/// A command without its strings and comments, which are in the language of the page.
fn skeleton(block: &str) -> String {
    let line = |line: &str| {
        let code = line.split(" #").next().unwrap_or_default();
        let outside: Vec<&str> = code.split('"').step_by(2).collect();
        outside.join("\"\"").trim_end().to_owned()
    };
    block.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn both_have_the_same_commands() {
    let [english, chinese] = PAGES.map(|page| -> Vec<(String, String)> {
        let shell = blocks(page).into_iter();
        let shell = shell.filter(|(info, _)| info.starts_with("sh"));
        shell
            .map(|(info, block)| (info, skeleton(&block)))
            .collect()
    });
    assert_eq!(english, chinese);
}

fn crates() -> BTreeSet<String> {
    let folder = fs::read_dir(root().join("crates")).unwrap();
    folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_crates_of_the_picture_exist() {
    for page in PAGES {
        let blocks = blocks(page);
        let (_, picture) = blocks.iter().find(|(info, _)| info == "text").unwrap();
        let listed = picture
            .split_whitespace()
            .filter(|word| word.starts_with("qwen-openclaw"));
        assert_eq!(listed.map(str::to_owned).collect::<BTreeSet<_>>(), crates());
    }
}

/// The `cargo add` lines of a page: name and features.
fn additions(page: &str) -> Vec<(String, Vec<String>)> {
    let text = text_of(page);
    let lines = text.match_indices("cargo add ").map(|(at, _)| {
        let rest = &text[at + "cargo add ".len()..];
        rest.split(['\n', '`', '#']).next().unwrap()
    });
    let parse = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = words.iter().find(|word| !word.starts_with("--")).unwrap();
        let features = words.iter().skip_while(|word| **word != "--features");
        let features = features.skip(1).take(1).flat_map(|list| list.split(','));
        (
            (*name).to_owned(),
            features.map(str::to_owned).collect::<Vec<_>>(),
        )
    };
    lines.map(parse).collect()
}

#[test]
fn every_crate_can_be_added_with_features_that_it_has() {
    for page in PAGES {
        let additions = additions(page);
        let mut named: BTreeSet<String> = additions.iter().map(|(name, _)| name.clone()).collect();
        // The command is installed.
        named.insert("qwen-openclaw-cli".to_owned());
        assert_eq!(named, crates(), "{page}");
        for (name, features) in additions {
            let manifest = text_of(&format!("crates/{name}/Cargo.toml"));
            let manifest: Table = manifest.parse().unwrap();
            for feature in features {
                let has = manifest["features"].get(&feature).is_some();
                assert!(has, "{page}: {name} has no feature {feature}");
            }
        }
    }
}

/// Variables that dependencies read.
const OF_DEPENDENCIES: [&str; 7] = [
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TZ",
];

/// Variables of one word, which cannot be told from other literals.
const OF_ONE_WORD: [&str; 5] = ["CLICOLOR", "EDITOR", "SHELL", "TERM", "VISUAL"];

/// What looks like a variable, and is a code of the service or for tests.
fn is_no_variable(literal: &str) -> bool {
    const CODES: [&str; 3] = ["CLIENT_ERROR", "FILE_403_FORBIDDEN", "INVALID_REQUEST"];
    CODES.contains(&literal) || literal.starts_with("CARGO_") || literal.contains("_TEST_")
}

/// The Rust files below the `src` of every crate, without those of tests.
fn sources() -> Vec<String> {
    let mut folders: Vec<PathBuf> = crates()
        .iter()
        .map(|name| root().join("crates").join(name).join("src"))
        .collect();
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs")
            {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

/// The upper-case words in quotes of the code that ships.
fn literals() -> BTreeSet<String> {
    let mut literals = BTreeSet::new();
    for text in sources() {
        let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let code = shipped
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let quoted = line.split('"').skip(1).step_by(2).filter(|text| {
                text.starts_with(|c: char| c.is_ascii_uppercase())
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            });
            literals.extend(quoted.map(str::to_owned));
        }
    }
    literals
}

#[test]
fn the_table_of_variables_is_complete() {
    let literals = literals();
    for word in OF_ONE_WORD {
        assert!(literals.contains(word), "{word} is not read any more");
    }
    let mut read: BTreeSet<String> = literals
        .into_iter()
        .filter(|literal| literal.contains('_') && !is_no_variable(literal))
        .collect();
    let known = TABLE.iter().map(|known| known.name);
    let others = OF_DEPENDENCIES.into_iter().chain(OF_ONE_WORD);
    read.extend(known.chain(others).map(str::to_owned));
    for (page, title) in PAGES.iter().zip(["| variable |", "| 变量 |"]) {
        let text = text_of(page);
        let rows = text.lines().skip_while(|line| !line.starts_with(title));
        let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
        let listed: BTreeSet<String> = rows
            .flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2))
            .map(str::to_owned)
            .collect();
        assert_eq!(listed, read, "{page}");
    }
}

/// The figures that are not limits of a test of their own.
#[cfg(feature = "conformance")]
#[test]
fn their_figures_are_current() {
    use qwen_openclaw_tests::conformance::{Deviations, own_folder, run};

    let deviations = Deviations::read(&own_folder().join("deviations.toml")).unwrap();
    let summary = run(&own_folder(), &deviations)
        .unwrap()
        .summary(&deviations);
    let sum = |word: &str| -> usize {
        let counts = summary.split(word).skip(1).map(|rest| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
            digits.unwrap().parse::<usize>().unwrap_or(0)
        });
        counts.sum()
    };
    let (passed, differ) = (sum(": passed "), sum(", deviations "));
    let budgets = text_of("xtask/src/check/budgets.rs");
    let kills = text_of("crates/qwen-openclaw-cli/tests/it/kills.rs");
    let costs = text_of("tests/tests/costs.rs");
    let limit = |name: &str| -> usize {
        let rest = budgets.split(&format!("package: \"{name}\"")).nth(1);
        let number = rest.unwrap().split("limit: ").nth(1).unwrap();
        number.split(',').next().unwrap().parse().unwrap()
    };
    assert!(kills.contains("const ROUNDS: usize = 60;"));
    assert!(costs.contains("const ALLOCATIONS: usize = 7;"));
    assert!(costs.contains("Measured: 31,066. The buffers of hyper's"));
    assert!(costs.contains("connection are 25,400 of them"));
    let figures = [
        passed + differ,
        passed,
        differ,
        limit("qwen-openclaw-catalog"),
        limit("qwen-openclaw"),
        limit("qwen-openclaw-cli"),
    ];
    for page in PAGES {
        let text = text_of(page);
        let numbers: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).collect();
        for figure in figures {
            let figure = figure.to_string();
            assert!(numbers.contains(&&*figure), "{page} lacks {figure}");
        }
    }
}

/// A link to a file, from a README to what exists.
#[test]
fn their_links_lead_somewhere() {
    let of_crates = crates();
    let of_crates = of_crates
        .iter()
        .map(|name| format!("crates/{name}/README.md"));
    for page in PAGES.map(str::to_owned).into_iter().chain(of_crates) {
        let text = text_of(&page);
        let folder = root().join(&page).parent().unwrap().to_owned();
        for rest in text.split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            if target.starts_with("http") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            if path.is_empty() {
                let titles = text.lines().filter_map(|line| line.strip_prefix("## "));
                let mut anchors = titles.map(|title| title.to_lowercase().replace(' ', "-"));
                assert!(anchors.any(|title| title == anchor), "{page}: #{anchor}");
            } else {
                assert!(folder.join(path).exists(), "{page}: {path}");
            }
        }
    }
}

/// The pages of `docs/clients/` and the scripts that run them name the same versions.
#[test]
fn pages_of_clients_are_those_that_are_run() {
    let files = |folder: &str| -> Vec<PathBuf> {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let scripts: Vec<String> = files("tests/interop")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "sh"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let index = text_of("docs/clients/README.md");
    for page in files("docs/clients") {
        let name = page.file_stem().unwrap().to_str().unwrap();
        if name == "README" {
            continue;
        }
        assert!(
            index.contains(&format!("({name}.md)")),
            "{name} is not listed"
        );
        let snippet = format!("snippet {name} ");
        let run = scripts.iter().find(|script| script.contains(&snippet));
        let run = run.unwrap_or_else(|| panic!("no script runs {name}.md"));
        let text = fs::read_to_string(&page).unwrap();
        let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.');
        let versions = numbers.map(|number| number.trim_matches('.'));
        for version in versions.filter(|version| version.split('.').count() == 3) {
            assert!(run.contains(version), "{name}.md names {version}");
        }
    }
}
