//! A documented chain of models across three providers, each an emulator in a process of its own.

use std::{
    io::{BufRead, BufReader},
    time::{Duration, SystemTime},
};

use qwen_openclaw::routing::{UsageEntry, UsageStore};
use serde_json::{Value, json};

use crate::{
    config_home::ConfigHome,
    run::{KEY, Ran},
    stand_in::StandIn,
    usage::{entry, with_state},
};

const CLAUDE: &str = "anthropic/claude-sonnet-4-20250514";
const GPT: &str = "openai/gpt-4o";

/// Two providers that answer.
struct Others {
    anthropic: StandIn,
    openai: StandIn,
}

impl Others {
    fn start() -> Self {
        Self {
            anthropic: StandIn::start(&["--model", "claude-sonnet-4-20250514"]),
            openai: StandIn::start(&["--model", "gpt-4o"]),
        }
    }

    /// A home whose default model is at `first`, with the documented fallbacks.
    fn home(&self, first: &StandIn, primary: &str) -> ConfigHome {
        let entry = |url: &str| json!({"baseUrl": url, "apiKey": KEY});
        let config = json!({
            "models": {"providers": {
                "qwen": entry(first.url()),
                "anthropic": entry(self.anthropic.url()),
                "openai": entry(self.openai.url()),
            }},
            "agents": {
                "defaults": {"model": {"primary": primary, "fallbacks": [CLAUDE, GPT]}},
                "list": [{"id": "quick-tasks", "model": GPT}],
            },
        });
        ConfigHome::with(&config.to_string())
    }
}

fn chat(home: &ConfigHome, arguments: &[&str]) -> Ran {
    home.qwen(&[&["chat", "2+3"], arguments].concat()).run()
}

/// The refs, outcomes and reasons of the attempts of a document.
fn attempts(document: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let attempts = document["attempts"].as_array().unwrap().iter();
    attempts
        .map(|each| {
            (
                text(&each["ref"]),
                text(&each["outcome"]),
                text(&each["reason"]),
            )
        })
        .collect()
}

fn usage(home: &ConfigHome) -> Value {
    home.run("usage --json").exits_with(0).json()
}

fn rows(usage: &Value) -> Vec<(String, u64)> {
    let rows = usage["rows"].as_array().unwrap().iter();
    let row = |row: &Value| {
        let key = row["key"].as_str().unwrap().to_owned();
        (key, row["requests"].as_u64().unwrap())
    };
    rows.map(row).collect()
}

#[test]
fn the_next_model_answers_for_the_right_reasons() {
    let others = Others::start();
    for (fault, primary, reason) in [
        (Some("throttling"), "qwen/qwen3.5-plus", "rate_limit"),
        (Some("wrong-region"), "qwen/qwen3.5-plus", "auth"),
        (Some("arrearage"), "qwen/qwen3.5-plus", "billing"),
        (Some("free-tier-exhausted"), "qwen/qwen3.5-plus", "quota"),
        (Some("model-forbidden"), "qwen/qwen3.5-plus", "permission"),
        (Some("model-unavailable"), "qwen/qwen3.5-plus", "server"),
        (
            Some("truncate-cleanly;after=0"),
            "qwen/qwen3.5-plus",
            "truncated",
        ),
        (None, "qwen/unheard-of", "not_found"),
    ] {
        let fault = fault.map(|fault| ["--fault", fault]);
        let first = StandIn::start(fault.as_ref().map_or(&[], |fault| &fault[..]));
        let home = others.home(&first, primary);
        let ran = chat(&home, &["--json"]).exits_with(0);
        let document = ran.json();
        assert_eq!(document["ref"], CLAUDE, "{reason}");
        let expected = [
            (primary.to_owned(), "failed".to_owned(), reason.to_owned()),
            (CLAUDE.to_owned(), "answered".to_owned(), String::new()),
        ];
        assert_eq!(attempts(&document), expected);
        let ran = ran.says(&format!("note: {primary} ("));
        ran.says(&format!("note: {CLAUDE} ("));
        let usage = usage(&home);
        assert_eq!(
            rows(&usage),
            [(CLAUDE.to_owned(), 1), (primary.to_owned(), 0)],
            "{reason}"
        );
        assert_eq!(usage["total"]["requests"], 1);
        assert_eq!(usage["total"]["failures"], 1);
        // It is not asked again for a while.
        let again = chat(&home, &["--json"]).exits_with(0).json();
        assert_eq!(attempts(&again)[0].1, "cooling_down", "{reason}");
        let cooling = home.run("usage cooldowns list --json").exits_with(0).json();
        assert_eq!(cooling["cooldowns"][0]["reason"], reason);
        let model = &cooling["cooldowns"][0]["model"];
        assert_eq!(
            model.is_null(),
            matches!(reason, "auth" | "billing"),
            "{reason}"
        );
        home.run("usage cooldowns clear").exits_with(0);
    }
}

#[test]
fn a_request_that_is_at_fault_goes_nowhere_else() {
    let others = Others::start();
    for (fault, arguments, kind) in [
        (&["--fault", "data-inspection"][..], &[][..], "content"),
        (&[], &["--extra", "top_p=7"], "invalid_request"),
    ] {
        let first = StandIn::start(fault);
        let home = others.home(&first, "qwen/qwen3.5-plus");
        let ran = chat(&home, &[&["--json"], arguments].concat()).exits_with(4);
        assert_eq!(ran.json()["error"]["type"], kind);
        assert_eq!(rows(&usage(&home)), [("qwen/qwen3.5-plus".to_owned(), 1)]);
        let none = home.run("usage cooldowns list").exits_with(0).stdout;
        assert_eq!(none, "Nothing is cooling down.\n");
    }
}

#[test]
fn a_model_that_was_named_is_the_only_one() {
    let others = Others::start();
    let first = StandIn::start(&["--fault", "model-forbidden"]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    let named = ["-m", "qwen/qwen3.5-plus"];
    let ran = chat(&home, &named).exits_with(3);
    assert!(!ran.stderr.contains("anthropic"), "{}", ran.stderr);
    let by_hand = [&named[..], &["--fallback", GPT, "--json"]].concat();
    let document = chat(&home, &by_hand).exits_with(0).json();
    assert_eq!(document["ref"], GPT);
    let document = chat(&home, &["--fallback", GPT, "--json"])
        .exits_with(0)
        .json();
    assert_eq!(document["ref"], GPT);
    chat(&home, &["--fallback", "nowhere/x"])
        .exits_with(4)
        .says("nowhere");
}

#[test]
fn an_agents_usage_is_its_own() {
    let others = Others::start();
    let first = StandIn::start(&[]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    let document = chat(&home, &["--agent", "quick-tasks", "--json"])
        .exits_with(0)
        .json();
    assert_eq!(document["ref"], GPT);
    chat(&home, &[]).exits_with(0);
    let document = home.run("usage --by agent --json").exits_with(0).json();
    let found = rows(&document);
    assert_eq!(found, [(String::new(), 1), ("quick-tasks".to_owned(), 1)]);
}

#[test]
fn if_no_one_answers_each_is_listed() {
    let mut others = Others::start();
    let mut first = StandIn::start(&[]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    for service in [&mut first, &mut others.anthropic, &mut others.openai] {
        service.stop();
    }
    let ran = chat(&home, &[]).exits_with(6);
    assert!(
        ran.stderr.contains("error: no model answered\n"),
        "{}",
        ran.stderr
    );
    for model in ["qwen/qwen3.5-plus", CLAUDE, GPT] {
        let line = format!("  {model} (");
        let line = ran
            .stderr
            .lines()
            .find(|text| text.starts_with(&line))
            .unwrap();
        assert!(
            line.contains(": network, not tried again until 20"),
            "{line}"
        );
    }
    ran.says("  the first can be tried again at 20")
        .says("`qwen-openclaw usage cooldowns clear`");
    let error = &chat(&home, &["--json"]).exits_with(6).json()["error"];
    let outcomes = attempts(error).into_iter().map(|(_, outcome, _)| outcome);
    assert_eq!(outcomes.collect::<Vec<_>>(), ["cooling_down"; 3]);
    assert!(error["retryAt"].is_string(), "{error}");
}

#[test]
fn a_budget_refuses_before_anything_is_sent() {
    let others = Others::start();
    let first = StandIn::start(&[]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    let words = ["--limit", "1 requests", "--per", "day"];
    let set = [&["usage", "budget", "set", "one a day"], &words[..]].concat();
    home.qwen(&set).run().exits_with(0);
    chat(&home, &[]).exits_with(0);
    let ran = chat(&home, &[]).exits_with(5);
    let ran = ran.says("error: the budget one a day has no room: 1 of 1 request used");
    let ran = ran.says("; it resets at 20");
    ran.says("`qwen-openclaw usage budget remove 'one a day'` removes it");
    let error = &chat(&home, &["--json"]).exits_with(5).json()["error"];
    assert_eq!(error["type"], "budget");
    let said = |ran: Ran| ran.exits_with(5).stderr;
    let of_chat = said(chat(&home, &[]));
    let describe = home.qwen(&["describe", "https://a.example/x.png"]);
    assert_eq!(said(describe.run()), of_chat);
    assert_eq!(usage(&home)["total"]["sends"], 1);
}

#[test]
fn a_killed_process_leaves_something_that_is_lost() {
    let others = Others::start();
    let first = StandIn::start(&["--fault", "stall;after=3"]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    let (mut command, _home) = home
        .qwen(&["chat", "--think", "off", "Why is the sky blue?"])
        .command();
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    assert!(!output.fill_buf().unwrap().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(usage(&home)["total"]["requests"], 0);
    let text = home.run("usage").exits_with(0).stdout;
    assert!(
        text.contains("killed in the last minutes: 1 request.\n"),
        "{text}"
    );
    let later = SystemTime::now() + Duration::from_secs(24 * 3_600);
    let lost = with_state(home.path(), async |state| {
        state.expire(later).await.unwrap()
    });
    assert_eq!(lost, 1);
    assert_eq!(usage(&home)["total"]["lost"], 1);
    let text = home.run("usage").exits_with(0).stdout;
    assert!(text.contains("1 attempt lost"), "{text}");
}

#[test]
fn ctrl_c_in_a_stream_is_no_loss() {
    let others = Others::start();
    let first = StandIn::start(&["--fault", "stall;after=3"]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    let (mut command, _home) = home
        .qwen(&["chat", "--think", "off", "Why is the sky blue?"])
        .command();
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    assert!(!output.fill_buf().unwrap().is_empty());
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let total = &usage(&home)["total"];
    assert_eq!((&total["failures"], &total["lost"]), (&1.into(), &0.into()));
}

#[test]
fn a_store_that_cannot_be_used_stops_no_chat() {
    let others = Others::start();
    let first = StandIn::start(&[]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    std::fs::create_dir_all(home.path().join(".qwen-openclaw/state.sqlite")).unwrap();
    let ran = chat(&home, &[]).exits_with(0);
    let words = "warning: usage is not recorded, and budgets are not enforced: ";
    assert_eq!(ran.stderr.matches(words).count(), 1, "{}", ran.stderr);
    assert!(ran.stdout.contains('5'));
}

#[test]
fn old_entries_are_kept_as_sums() {
    let others = Others::start();
    let first = StandIn::start(&[]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    let old = UsageEntry {
        time: SystemTime::now() - Duration::from_secs(91 * 24 * 3_600),
        ..entry("qwen", "qwen3.5-plus")
    };
    with_state(home.path(), async |state| state.settle(&old).await.unwrap());
    chat(&home, &[]).exits_with(0);
    let entries = with_state(home.path(), async |state| state.latest(9).await.unwrap());
    assert_eq!(entries.len(), 1);
    assert!(entries[0].time > old.time);
    let document = home.run("usage --days 100 --json").exits_with(0).json();
    assert_eq!(rows(&document), [("qwen/qwen3.5-plus".to_owned(), 2)]);
}

#[test]
fn a_model_that_takes_no_images_is_left_out() {
    let others = Others::start();
    let first = StandIn::start(&[]);
    let home = others.home(&first, "qwen/qwen3-coder-plus");
    let image = ["--image", "https://example.com/a.png"];
    let arguments = [&image[..], &["--fallback", "qwen/qwen3.5-plus", "--json"]].concat();
    let ran = chat(&home, &arguments).exits_with(0);
    let document = ran.json();
    assert_eq!(document["ref"], "qwen/qwen3.5-plus");
    let outcomes = attempts(&document)
        .into_iter()
        .map(|(_, outcome, _)| outcome);
    assert_eq!(outcomes.collect::<Vec<_>>(), ["unfit", "answered"]);
    ran.says("does not accept image input");
    let strict = [&image[..], &["-m", "qwen/qwen3-coder-plus"]].concat();
    chat(&home, &strict)
        .exits_with(4)
        .says("error: qwen3-coder-plus does not accept image input");
}

/// A key in the place of a model is neither sent nor recorded nor shown.
#[test]
fn a_key_is_not_a_model() {
    let others = Others::start();
    let first = StandIn::start(&[]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    let with_provider = format!("openai/{KEY}");
    for arguments in [
        ["-m", KEY],
        ["--fallback", KEY],
        ["--fallback", &with_provider],
    ] {
        let ran = chat(&home, &arguments).exits_with(2);
        let ran = ran.says("error: an API key was given in the place of a model\n");
        assert!(!ran.stderr.contains(KEY), "{}", ran.stderr);
    }
    assert_eq!(usage(&home)["total"]["requests"], 0);
}

#[test]
fn what_the_user_can_do_about_it_is_said() {
    let others = Others::start();
    let first = StandIn::start(&["--fault", "arrearage"]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    let ran = chat(&home, &["--fallback", "qwen/nope", "--fallback", GPT]).exits_with(0);
    ran.says("warning: qwen/nope is not in the catalog");
    let clear = "; `qwen-openclaw usage cooldowns clear` tries it again now\n";
    let ran = chat(&home, &[])
        .exits_with(0)
        .says("cooling down after billing");
    assert!(ran.stderr.contains(clear), "{}", ran.stderr);
    // What is over in a minute needs no advice.
    let first = StandIn::start(&["--fault", "throttling"]);
    let home = others.home(&first, "qwen/qwen3.5-plus");
    chat(&home, &[]).exits_with(0);
    let ran = chat(&home, &[])
        .exits_with(0)
        .says("cooling down after rate_limit");
    assert!(!ran.stderr.contains(clear), "{}", ran.stderr);
}

/// The emulator has a state of its own.
#[test]
fn a_chat_with_the_emulator_is_not_kept() {
    let home = ConfigHome::empty();
    home.qwen(&["chat", "--emulator", "hi"]).run().exits_with(0);
    assert_eq!(usage(&home)["total"]["requests"], 0);
}
