//! `doctor`: a home that has a problem, and one that has not, for each check.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

use qwen_openclaw_emulator::{Emulator, Plan, Region};
use serde_json::{Value, json};

use self::cases::{CASES, Case};
use crate::{
    models_status,
    openclaw::home::{Home as Stores, keys},
    run::{KEY, Qwen, Ran, Service},
};

mod cases;

/// The configuration of a healthy home.
const CONFIG: &str = "{
  // mine
  agents: { defaults: { model: 'qwen/qwen3.5-plus' } },
  meta: { lastTouchedVersion: '2026.9.6' },
}
";

/// A home, and the environment of the command in it.
pub(crate) struct Home {
    files: models_status::Home,
    variables: Vec<(&'static str, String)>,
    arguments: Vec<&'static str>,
}

impl Home {
    /// One without a problem: the key is where a service sees it.
    fn healthy() -> Self {
        let home = Self {
            files: models_status::Home::new(CONFIG, &json!({})),
            variables: Vec::new(),
            arguments: Vec::new(),
        };
        home.write(".openclaw/.env", &format!("QWEN_API_KEY={KEY}\n"));
        home
    }

    fn write(&self, path: &str, text: &str) {
        self.files.write(path, text);
    }

    fn config(&self, text: &str) {
        self.write(".openclaw/openclaw.json", text);
    }

    /// Stores profiles as `models auth` does.
    fn profiles(&self, profiles: &Value) {
        let file = json!({"version": 1, "profiles": profiles});
        self.write(".qwen-openclaw/credentials.json", &file.to_string());
    }

    fn variable(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    fn mode(&self, path: &str, mode: u32) {
        let path = self.files.path().join(path);
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    fn has_mode(&self, path: &str) -> u32 {
        let path = self.files.path().join(path);
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn doctor(&self, more: &[&str]) -> Ran {
        let arguments = [&["doctor"], &self.arguments[..], more].concat();
        let mut qwen = self.files.run(&arguments);
        for (name, value) in &self.variables {
            qwen = qwen.env(name, value);
        }
        qwen.run()
    }

    /// The findings.
    fn findings(&self) -> Vec<Value> {
        let ran = self.doctor(&["--json"]);
        let document = ran.json();
        let findings = document["findings"].as_array().unwrap().clone();
        let code = i32::from(!findings.is_empty());
        assert_eq!(ran.code, Some(code), "{document:#}\n{}", ran.stderr);
        assert_eq!(document["ok"], findings.is_empty());
        findings
    }
}

fn ids(findings: &[Value]) -> Vec<&str> {
    let ids = findings.iter().map(|finding| finding["id"].as_str());
    ids.map(|id| id.unwrap_or("no id")).collect()
}

#[test]
fn a_healthy_home_has_no_findings() {
    let home = Home::healthy();
    assert_eq!(ids(&home.findings()), [] as [&str; 0]);
    let ran = home.doctor(&[]).exits_with(0);
    assert!(
        ran.stdout.ends_with("\nNo problems found.\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("OpenClaw   2026.9.6, no credentials"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains(
            "qwen sk-01234...76543210 dotenv: QWEN_API_KEY (~/.openclaw/.env)\n           (used)"
        ),
        "{}",
        ran.stdout
    );
}

/// Each check finds what it is for, and nothing in a home that has something like it.
#[test]
fn each_check_finds_what_it_is_for() {
    let document = Home::healthy().doctor(&["--json"]).json();
    let known: BTreeSet<&str> = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let tested: BTreeSet<&str> = CASES.iter().map(|case| case.id).collect();
    assert_eq!(known, tested, "each check has a case");
    for Case {
        id,
        bad,
        good,
        says,
        fix,
    } in CASES
    {
        let mut home = Home::healthy();
        bad(&mut home);
        let findings = home.findings();
        let found = findings.iter().find(|finding| finding["id"] == *id);
        let found = found.unwrap_or_else(|| panic!("{id} is not in {findings:#?}"));
        let text = |name: &str| found[name].as_str().unwrap();
        assert!(
            text("text").contains(says),
            "{id}: `{says}` is not in {found:#}"
        );
        assert!(
            text("fix").contains(fix),
            "{id}: `{fix}` is not in {found:#}"
        );
        for finding in &findings {
            check_commands(finding["fix"].as_str().unwrap());
        }
        let ran = home.doctor(&[]).exits_with(1);
        assert!(ran.stdout.contains(&format!(": {id}\n")), "{}", ran.stdout);
        assert!(ran.stdout.contains("\n   fix: "), "{}", ran.stdout);

        let mut home = Home::healthy();
        good(&mut home);
        let findings = home.findings();
        assert!(!ids(&findings).contains(id), "{id}: {findings:#?}");
    }
}

/// Each command of this program that a fix names parses as it is printed.
fn check_commands(fix: &str) {
    let quoted = fix.split('`').skip(1).step_by(2);
    for line in quoted.filter_map(|text| text.strip_prefix("qwen-openclaw ")) {
        let words: Vec<&str> = line
            .split(' ')
            .map(|word| word.trim_matches('\''))
            .collect();
        let is_there = |words: &[&str]| {
            let all = [words, &["--help"]].concat();
            Qwen::new(&all).run().code == Some(0)
        };
        // Those that this program does not have yet.
        let later = [&["config"][..], &["models", "set"], &["models", "aliases"]];
        let is_later = later
            .iter()
            .any(|later| words.starts_with(later) && !is_there(later));
        assert!(is_later || is_there(&words), "{line}");
    }
}

#[test]
fn a_mistake_is_shown_with_a_caret_and_no_secret() {
    let home = Home::healthy();
    home.config("{\n  models: { providers: { qwen: { apiKey: 'sk-secret-0123456789',, } } },\n}\n");
    let ran = home.doctor(&[]).exits_with(1);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let caret = lines.iter().position(|line| line.trim() == "^").unwrap();
    assert!(lines[caret - 1].contains("apiKey: "), "{}", ran.stdout);
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{}",
        ran.stdout
    );
}

#[test]
fn fix_does_what_is_safe_and_says_so() {
    let home = Home::healthy();
    home.config("{\n  // mine\n  env: { MY_KEY: 'sk-secret-0123456789' },\n  bogus: 1,\n}\n");
    home.mode(".openclaw/openclaw.json", 0o644);
    home.mode(".openclaw", 0o755);
    let ran = home.doctor(&[]).exits_with(1);
    ran.says("hint: `qwen-openclaw doctor --fix` fixes some of it");
    let ran = home.doctor(&["--fix"]).exits_with(1);
    for line in [
        "fixed: the mode of ~/.openclaw is now 700",
        "fixed: the mode of ~/.openclaw/openclaw.json is now 600",
        "fixed: MY_KEY is now in env.vars",
    ] {
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
    }
    assert_eq!(home.has_mode(".openclaw"), 0o700);
    assert_eq!(home.has_mode(".openclaw/openclaw.json"), 0o600);
    let text = fs::read_to_string(home.files.path().join(".openclaw/openclaw.json")).unwrap();
    assert!(text.contains("// mine") && text.contains("vars"), "{text}");
    // What is left is not safe to do unasked.
    assert_eq!(ids(&home.findings()), ["config-refused-by-openclaw"]);
    home.config(CONFIG);
    home.mode(".openclaw/.env", 0o644);
    let document = home.doctor(&["--fix", "--json"]).exits_with(0).json();
    assert_eq!(document["ok"], true);
    assert_eq!(
        document["findings"][0]["fixed"],
        "the mode of ~/.openclaw/.env is now 600"
    );
    assert_eq!(ids(&home.findings()), [] as [&str; 0]);
}

/// Stores of OpenClaw's are read without being touched, and no copy is left.
#[test]
fn nothing_is_changed_unless_asked_for() {
    let stores = Stores::new();
    stores.file("main", &keys(&[("qwen:old", KEY)]));
    let database = stores.shared(&keys(&[("qwen:a", "sk-openclaw-0123456789")]), &json!(null));
    let before = stores.snapshot();
    let home = stores.0.path();
    let doctor = |more: &[&str]| {
        let arguments = [&["doctor", "--json"], more].concat();
        let qwen = Qwen::new(&arguments).env("HOME", home.to_str().unwrap());
        qwen.env("TMPDIR", home.join("tmp").to_str().unwrap()).run()
    };
    let document = doctor(&[]).exits_with(1).json();
    assert_eq!(document["keys"][0]["source"], "profile: qwen:a of OpenClaw");
    assert_eq!(stores.snapshot(), before);
    // OpenClaw has a key that this program could use.
    let findings = document["findings"].as_array().unwrap();
    let missing = findings
        .iter()
        .find(|finding| finding["id"] == "key-missing")
        .unwrap();
    let fix = missing["fix"].as_str().unwrap();
    assert!(
        fix.starts_with("`qwen-openclaw models auth import openclaw`"),
        "{fix}"
    );
    // Modes of its stores are not ours to change.
    let path = stores.path("state/openclaw.sqlite");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    doctor(&["--fix"]).exits_with(1);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o644
    );
    assert!(stores.stored().is_empty());
    drop(database);
}

/// Two variables of the same name are not merged: one of them would be lost.
#[test]
fn fix_overwrites_no_variable() {
    let home = Home::healthy();
    let config = "{ env: { MY_KEY: 'one', vars: { MY_KEY: 'two' } } }\n";
    home.config(config);
    home.doctor(&["--fix"]).exits_with(1);
    let text = fs::read_to_string(home.files.path().join(".openclaw/openclaw.json")).unwrap();
    assert_eq!(text, config);
}

/// Every key is tried where it may belong, and nowhere else.
#[test]
fn keys_are_tried_at_the_endpoints_of_their_plans() {
    let home = Home::healthy();
    let coding = "sk-sp-0123456789";
    let token = Emulator::key_for(Plan::Token, Region::China);
    let standard = Emulator::key_for(Plan::Standard, Region::China);
    home.write(
        ".openclaw/.env",
        &format!("QWEN_API_KEY={standard}\nQWEN_TOKEN_PLAN_API_KEY={token}\n"),
    );
    home.profiles(&json!({
        "qwen:coding": {"type": "api_key", "key": coding},
        "qwen-oauth:x": {"type": "oauth", "access": "secret-portal", "expires": 4_102_444_800_000_u64},
    }));
    let document = home.doctor(&["--emulator", "--json"]).json();
    let keys = document["keys"].as_array().unwrap().iter();
    let tried: Vec<(String, Vec<(String, String)>)> = keys
        .map(|key| {
            let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
            let trials = key["trials"].as_array().unwrap().iter();
            let trials = trials.map(|trial| (text(trial, "endpoint"), text(trial, "outcome")));
            (text(key, "source"), trials.collect())
        })
        .collect();
    let expected = |source: &str, trials: &[(&str, &str)]| {
        let owned = |(place, outcome): &(&str, &str)| ((*place).to_owned(), (*outcome).to_owned());
        (
            source.to_owned(),
            trials.iter().map(owned).collect::<Vec<_>>(),
        )
    };
    let (yes, no) = ("accepted", "refused");
    assert_eq!(
        tried,
        [
            expected("profile: qwen-oauth:x", &[("Portal", yes)]),
            expected(
                "profile: qwen:coding",
                &[("Coding Plan, Global", yes), ("Coding Plan, China", yes)]
            ),
            expected(
                "dotenv: QWEN_API_KEY (~/.openclaw/.env)",
                &[
                    ("Standard, Global", no),
                    ("Standard, China", yes),
                    ("Coding Plan, Global", no),
                    ("Coding Plan, China", no)
                ]
            ),
            expected(
                "dotenv: QWEN_TOKEN_PLAN_API_KEY (~/.openclaw/.env)",
                &[("Token Plan, Global", no), ("Token Plan, China", yes)]
            ),
        ]
    );
}

/// What is asked of a server is its list of models, once, with the key in use.
#[test]
fn nothing_but_the_list_of_models_is_asked_for() {
    let service = Service::start();
    let mut home = Home::healthy();
    home.variable("QWEN_BASE_URL", &service.emulator.base_url());
    home.doctor(&["--json"]).exits_with(0);
    assert!(
        service.requests().is_empty(),
        "nothing is sent unless asked for"
    );
    home.doctor(&["--emulator"]).exits_with(0);
    let requests = service.requests();
    let [request] = &requests[..] else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(
        (request.method().as_str(), request.bearer()),
        ("GET", Some(KEY))
    );
    assert!(request.path().ends_with("/models"), "{}", request.path());
}

/// A host that looks like the vendor's is not given the key.
#[test]
fn no_key_is_sent_to_a_lookalike() {
    let home = Home::healthy();
    home.config(
        "{ models: { providers: { qwen: { baseUrl: 'https://dashscope.aliyuncs.com.invalid/v1' } } } }",
    );
    let document = home.doctor(&["--emulator", "--json"]).exits_with(1).json();
    let trials = document["keys"][0]["trials"].as_array().unwrap().iter();
    let places: Vec<_> = trials
        .map(|trial| trial["endpoint"].as_str().unwrap())
        .collect();
    assert_eq!(places.len(), 4, "{places:?}");
    assert!(
        places.iter().all(|place| !place.contains("invalid")),
        "{places:?}"
    );
    assert_eq!(document["findings"][0]["id"], "lookalike-host");
}
