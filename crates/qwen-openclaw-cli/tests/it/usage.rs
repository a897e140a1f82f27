//! `usage`: reports, budgets and cooldowns, from a state file that others have written.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use qwen_openclaw::routing::{
    EntryId, FailoverStore, Failure, Outcome, Reservation, Target, Tokens, UsageEntry, UsageStore,
};
use qwen_openclaw::{
    ErrorKind,
    auth::{Environment, StateDir},
    catalog::{
        Provider,
        price::{Cost, Currency},
    },
};
use qwen_openclaw_state::SqliteState;
use tempfile::TempDir;

use crate::run::{Qwen, Ran};

/// A home folder, and its state.
pub(crate) struct StateHome {
    folder: TempDir,
}

impl StateHome {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self) -> PathBuf {
        self.path().join(".qwen-openclaw/state.sqlite")
    }

    fn qwen(&self, arguments: &[&str]) -> Qwen {
        Qwen::new(arguments).env("HOME", self.path().to_str().unwrap())
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        let words: Vec<&str> = line.split(' ').collect();
        self.qwen(&words).run()
    }

    fn with<T>(&self, work: impl AsyncFnOnce(&SqliteState) -> T) -> T {
        with_state(self.path(), work)
    }

    fn add(&self, entries: &[UsageEntry]) {
        self.with(async |state| {
            for entry in entries {
                state.settle(entry).await.unwrap();
            }
        });
    }
}

/// Does something with the state of a home, as another process would.
pub(crate) fn with_state<T>(home: &Path, work: impl AsyncFnOnce(&SqliteState) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let variables = [("HOME", home.to_str().unwrap())];
        let folder = StateDir::of(&Environment::from_pairs(variables)).unwrap();
        let state = SqliteState::in_folder(&folder).await.unwrap();
        work(&state).await
    })
}

pub(crate) fn entry(provider: &str, model: &str) -> UsageEntry {
    UsageEntry {
        id: EntryId::random(),
        time: SystemTime::now(),
        provider: provider.to_owned(),
        credential: format!("{provider}:default"),
        model: model.to_owned(),
        agent: None,
        kind: "chat".to_owned(),
        is_last: true,
        sends: 1,
        tokens: Tokens {
            input: 1_000,
            implicit_cached: 100,
            output: 50,
            ..Tokens::default()
        },
        images: 0,
        media: Duration::ZERO,
        cost: Some(Cost::from_picos(Currency::Usd, 100_000_000_001)),
        price_date: None,
        outcome: Outcome::Answered,
        latency: Duration::from_secs(1),
    }
}

pub(crate) fn used() -> StateHome {
    let home = StateHome::new();
    let failed = UsageEntry {
        is_last: false,
        sends: 3,
        outcome: Outcome::Failed(ErrorKind::RateLimited),
        tokens: Tokens::default(),
        cost: None,
        ..entry("qwen", "qwen3.5-plus")
    };
    let by_agent = UsageEntry {
        agent: Some("quick".to_owned()),
        cost: Some(Cost::from_picos(Currency::Cny, 500_000_000_000)),
        ..entry("anthropic", "claude-x")
    };
    let yesterday = UsageEntry {
        time: SystemTime::now() - Duration::from_secs(86_400),
        ..entry("qwen", "qwen3.5-plus")
    };
    home.add(&[failed, by_agent, yesterday, entry("qwen", "qwen3.5-plus")]);
    home
}

#[test]
fn an_unused_home_is_left_as_it_is() {
    let home = StateHome::new();
    let ran = home.run("usage").exits_with(0);
    assert!(
        ran.stdout
            .ends_with("\n\nNothing was used in these 7 days.\n"),
        "{}",
        ran.stdout
    );
    let document = home.run("usage --json").exits_with(0).json();
    assert_eq!(document["total"]["requests"], 0);
    assert_eq!(
        home.run("usage --csv").exits_with(0).stdout.lines().count(),
        1
    );
    home.run("usage cooldowns clear").exits_with(0);
    home.run("usage budget remove x")
        .exits_with(1)
        .says("there are no budgets");
    assert_eq!(
        home.run("usage budget list")
            .exits_with(0)
            .stdout
            .lines()
            .next(),
        Some("No budgets.")
    );
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_request_counts_once_and_money_is_exact() {
    let home = used();
    let ran = home.run("usage --json --zone UTC").exits_with(0);
    let document = ran.json();
    let total = &document["total"];
    assert_eq!(document["days"], 7);
    for (name, value) in [
        ("requests", 3),
        ("sends", 6),
        ("failures", 1),
        ("lost", 0),
        ("input_tokens", 3_000),
        ("cached_tokens", 300),
        ("output_tokens", 150),
    ] {
        assert_eq!(total[name], value, "{name}");
    }
    assert_eq!(total["cost"][0]["currency"], "CNY");
    assert!(
        ran.stdout.contains("\"amount\": 0.200000000002"),
        "{}",
        ran.stdout
    );
    let rows = document["rows"].as_array().unwrap();
    let keys: Vec<_> = rows
        .iter()
        .map(|row| row["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["qwen/qwen3.5-plus", "anthropic/claude-x"]);
    assert_eq!(rows[0]["requests"], 2);
}

#[test]
fn rows_are_what_is_asked_for() {
    let home = used();
    for (by, keys) in [
        ("profile", &["qwen:default", "anthropic:default"][..]),
        ("agent", &["", "quick"]),
        ("kind", &["chat"]),
    ] {
        let document = home
            .run(&format!("usage --by {by} --json"))
            .exits_with(0)
            .json();
        let rows = document["rows"].as_array().unwrap();
        let found: Vec<_> = rows
            .iter()
            .map(|row| row["key"].as_str().unwrap())
            .collect();
        assert_eq!(found, keys, "{by}");
    }
    let days = home
        .run("usage --by day --days 3 --zone UTC --json")
        .exits_with(0)
        .json();
    assert_eq!(days["rows"].as_array().unwrap().len(), 2);
    let today = home
        .run("usage --days 1 --zone UTC --json")
        .exits_with(0)
        .json();
    assert_eq!(today["total"]["requests"], 2);
    let csv = home.run("usage --csv").exits_with(0).stdout;
    assert!(
        csv.contains("\r\nanthropic/claude-x,1,1,0,0,1000,50,100,0,0,0,0,0,0.5,\r\n"),
        "{csv}"
    );
    let text = home.run("usage").exits_with(0).stdout;
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert!(
        text.contains("Sent 6 times.\n1 attempt failed or was canceled.\n"),
        "{text}"
    );
}

#[test]
fn the_portals_quota_has_a_bar() {
    let home = StateHome::new();
    home.add(&[UsageEntry {
        sends: 500,
        ..entry("qwen-oauth", "coder-model")
    }]);
    let text = home.run("usage").exits_with(0).stdout;
    assert!(
        text.contains(
            "qwen-oauth:default quota\n  [#####...............] 25%  500 of 2,000 requests"
        ),
        "{text}"
    );
    assert!(
        text.contains("Asia/Shanghai, the quota is inferred"),
        "{text}"
    );
    let quota = &home.run("usage --json").exits_with(0).json()["quotas"][0];
    assert_eq!(
        (&quota["used"], &quota["limit"]),
        (&500.into(), &2_000.into())
    );
    assert!(quota["ends"].as_str().unwrap().contains("T16:00:00"));
    let quota = &home.run("usage --json --zone UTC").exits_with(0).json()["quotas"][0];
    assert!(quota["ends"].as_str().unwrap().contains("T00:00:00"));
}

#[test]
fn budgets_are_kept() {
    let home = used();
    let set = ["usage", "budget", "set"];
    let team = [
        "team",
        "--limit",
        "0.4 USD",
        "--per",
        "total",
        "--model",
        "qwen/qwen3.5-plus",
    ];
    let ran = home.qwen(&[&set[..], &team].concat()).run().exits_with(0);
    assert_eq!(
        ran.stdout,
        "Added budget team: USD 0.40 in total, for provider qwen, model qwen3.5-plus\n"
    );
    let day = [
        "day",
        "--limit",
        "10 requests",
        "--per",
        "day",
        "--zone",
        "Asia/Shanghai",
    ];
    let ran = home.qwen(&[&set[..], &day].concat()).run().exits_with(0);
    assert_eq!(
        ran.stdout,
        "Added budget day: 10 requests per day (Asia/Shanghai)\n"
    );
    let ran = home.qwen(&[&set[..], &day].concat()).run().exits_with(0);
    assert!(
        ran.stdout.starts_with("Changed budget day"),
        "{}",
        ran.stdout
    );
    let list = home.run("usage budget list").exits_with(0).stdout;
    assert!(
        list.contains("budget team\n  [##########..........] 50%  USD 0.20 of USD 0.40\n"),
        "{list}"
    );
    let ran = home.run("usage budget set yuan --limit 1CNY --per day --zone Asia/Shanghai");
    ran.exits_with(0);
    let list = home.run("usage budget list").exits_with(0).stdout;
    let yuan = &list[list.find("budget yuan\n").unwrap()..];
    let yuan = yuan.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        yuan.contains(" 50% CNY 0.50 of CNY 1.00, until 20"),
        "{yuan}"
    );
    assert!(yuan.contains(" Asia/Shanghai, not counted: USD "), "{yuan}");
    home.run("usage budget remove yuan").exits_with(0);
    let listed = home.run("usage budget list --json").exits_with(0).json();
    assert_eq!(listed["budgets"][1]["provider"], "qwen");
    let shown = home.run("usage").exits_with(0).stdout;
    assert!(shown.contains("budget team\n"), "{shown}");
    home.run("usage budget remove team").exits_with(0);
    home.run("usage budget remove team")
        .exits_with(1)
        .says("the only budget is day");
}

#[test]
fn budgets_that_make_no_sense_are_refused() {
    let home = StateHome::new();
    for line in [
        "usage budget set x --limit 5 --per day",
        "usage budget set x --limit 5USD",
        "usage budget set x --limit 5USD --per week",
        "usage budget set x --limit 5USD --per day --zone Mars/Base",
        "usage budget set x --limit 5USD --per day --provider qwen --model anthropic/m",
        "usage budget set x --limit 5USD --per day --profile work",
        "usage budget set x\u{1b} --limit 5USD --per day",
    ] {
        home.run(line).exits_with(2);
    }
    assert!(!home.file().exists());
}

#[test]
fn what_a_killed_process_reserved_is_lost_once_it_expires() {
    let home = StateHome::new();
    let past = SystemTime::now() - Duration::from_secs(60);
    home.with(async |state| {
        let reservation = Reservation {
            entry: UsageEntry {
                time: past,
                ..entry("qwen", "qwen3.5-plus")
            },
            expires: past + Duration::from_secs(1),
        };
        let full = state.reserve(&reservation, &[]).await.unwrap();
        assert_eq!(full, None);
    });
    let total = &home.run("usage --json").exits_with(0).json()["total"];
    assert_eq!(
        (&total["lost"], &total["input_tokens"]),
        (&1.into(), &0.into())
    );
    let text = home.run("usage").exits_with(0).stdout;
    assert!(text.contains("1 attempt lost: "), "{text}");
}

/// Has a model cool down for as long.
pub(crate) async fn cool(state: &SqliteState, seconds: u64) {
    let failure = Failure {
        target: Target {
            provider: Provider::QWEN,
            credential: "qwen:work".to_owned(),
            mark: 7,
            model: Some("qwen3.5-plus".to_owned()),
        },
        kind: ErrorKind::RateLimited,
        retry_after: Some(Duration::from_secs(seconds)),
    };
    state.fail(&failure, SystemTime::now()).await.unwrap();
}

pub(crate) fn cooling() -> StateHome {
    let home = StateHome::new();
    home.with(async |state| cool(state, 3_600).await);
    home
}

#[test]
fn cooldowns_are_shown_and_ended() {
    let home = cooling();
    let line = "qwen/qwen3.5-plus with qwen:work: rate_limit, until 20";
    for command in ["usage cooldowns list", "status"] {
        let ran = home.run(command).exits_with(0);
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
        assert_eq!(ran.stderr, "");
    }
    let ran = home.run("doctor").exits_with(1);
    assert!(ran.stdout.contains("warning: cooldown"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("usage cooldowns clear"),
        "{}",
        ran.stdout
    );
    let ran = home.run("models list").exits_with(0);
    let cooling: Vec<_> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("cooling down"))
        .collect();
    assert_eq!(cooling.len(), 1);
    assert!(
        cooling[0].starts_with("qwen/qwen3.5-plus "),
        "{}",
        cooling[0]
    );
    assert!(
        cooling[0].contains("with qwen:work until 20"),
        "{}",
        cooling[0]
    );
    let listed = home.run("usage cooldowns list --json").exits_with(0).json();
    assert_eq!(listed["cooldowns"][0]["reason"], "rate_limit");
    let cleared = home.run("usage cooldowns clear").exits_with(0).stdout;
    assert_eq!(cleared, "Cleared 1 cooldown.\n");
    let none = home.run("usage cooldowns list").exits_with(0).stdout;
    assert_eq!(none, "Nothing is cooling down.\n");
}

#[test]
fn a_damaged_file_is_set_aside_and_said_once() {
    let home = used();
    fs::write(
        home.file(),
        "not a database, but long enough to look like something".repeat(99),
    )
    .unwrap();
    let ran = home.run("usage").exits_with(0).says("the old file is ");
    let words = ran.stderr.trim().rsplit(' ').next().unwrap();
    assert!(words.contains("state.sqlite.damaged-"), "{words}");
    assert!(fs::exists(words).unwrap());
    assert_eq!(home.run("usage").exits_with(0).stderr, "");
}

#[test]
fn a_file_that_cannot_be_used_is_an_error_of_usage_alone() {
    let home = StateHome::new();
    fs::create_dir_all(home.file()).unwrap();
    let failed = home.run("usage --json").exits_with(1).json();
    assert_eq!(failed["error"]["type"], "storage");
    home.run("models list").exits_with(0).says("warning: ");
    home.run("status").exits_with(0);
    let ran = home.run("doctor").exits_with(1);
    assert!(
        ran.stdout.contains("error: state-unusable"),
        "{}",
        ran.stdout
    );
}

#[test]
fn watching_takes_a_terminal() {
    let home = StateHome::new();
    home.run("usage --watch")
        .exits_with(2)
        .says("--watch needs a terminal");
    home.run("usage --watch --json").exits_with(2);
    home.run("usage --days 0").exits_with(2);
    home.run("usage --json --csv").exits_with(2);
}

#[cfg(unix)]
#[test]
fn on_a_terminal_it_is_drawn_again_until_ctrl_c() {
    use crate::pty::{CTRL_C, OnTerminal};

    let mut terminal = OnTerminal::new(&["usage", "--watch"]).start();
    terminal.shows("Ctrl-C ends this.").types(CTRL_C);
    terminal.ends().exits_with(0);
}
