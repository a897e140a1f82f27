//! `models auth import openclaw`: the databases of the current release, the files of earlier ones.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};

use self::home::{Home, SHARED, keys, none, stored};
use crate::run::KEY;

mod damaged;
pub(crate) mod home;

#[test]
fn the_databases_of_all_agents_are_read_and_those_of_main_come_first() {
    let home = Home::new();
    let state = json!({"version": 1, "order": {"qwen": ["qwen:b", "qwen:a"]},
                       "lastGood": {"qwen": "qwen:a"}});
    drop(home.shared(
        &keys(&[("qwen:a", "sk-shared-a"), ("qwen:b", "sk-shared-b")]),
        &state,
    ));
    drop(home.agent(
        "main",
        &keys(&[("modelstudio:b", KEY)]),
        &json!({"version": 1}),
    ));
    drop(home.agent(
        "ops",
        &keys(&[("qwen:a", "sk-ops"), ("qwen:c", "sk-ops-c")]),
        &json!({}),
    ));
    let ran = home.import(&[]).run().exits_with(0);
    assert_eq!(
        ran.stdout,
        "modelstudio:b -> qwen:b: imported\nqwen:a -> qwen:a: imported\nqwen:b -> qwen:b: kept\n\
         qwen:a -> qwen:a: kept\nqwen:c -> qwen:c: imported\nOrder of qwen: qwen:b, qwen:a\n"
    );
    let ran = ran.says("qwen:a was imported from a store that comes before ~/.openclaw/agents/ops");
    assert!(!ran.stderr.contains("sk-"), "{}", ran.stderr);
    let expected = [
        ("qwen:a", "sk-shared-a"),
        ("qwen:b", KEY),
        ("qwen:c", "sk-ops-c"),
    ];
    assert_eq!(home.stored(), stored(&expected));

    let document = home.import(&["--json"]).run().exits_with(0).json();
    assert_eq!(document["ok"], true);
    assert_eq!(document["profiles"][0]["result"], "unchanged");
    let from = document["profiles"][0]["from"].as_str().unwrap();
    assert!(
        from.ends_with("agents/main/agent/openclaw-agent.sqlite"),
        "{from}"
    );
    assert_eq!(document["order"], json!({}));
}

#[test]
fn one_agent_is_read_with_what_it_shares() {
    let home = Home::new();
    drop(home.shared(&keys(&[("qwen:a", "sk-shared")]), &json!(null)));
    drop(home.agent("main", &keys(&[("qwen:b", "sk-main")]), &json!(null)));
    drop(home.agent("ops", &none(), &json!({"lastGood": {"qwen": "qwen:a"}})));
    home.import(&["--agent", "ops"]).run().exits_with(0);
    assert_eq!(home.stored(), stored(&[("qwen:a", "sk-shared")]));
    let ran = home.import(&["--agent", "ops", "--file", "x"]).run();
    ran.exits_with(2);
}

/// While OpenClaw runs, what it committed last is in the log, and its lock is on the file.
#[test]
fn nothing_is_touched_and_what_was_committed_last_is_read() {
    let home = Home::new();
    let mut database = home.shared(&keys(&[("qwen:a", "sk-old")]), &json!(null));
    let update = "UPDATE config_machine_state SET value_json = ?1 \
                  WHERE state_key = 'authProfiles.store'";
    let committed = keys(&[("qwen:a", "sk-committed")]).to_string();
    database.execute(update, [committed]).unwrap();
    let transaction = database.transaction().unwrap();
    let uncommitted = keys(&[("qwen:a", "sk-uncommitted")]).to_string();
    transaction.execute(update, [uncommitted]).unwrap();
    // Enough that some of it is in the log before it is committed.
    transaction
        .execute_batch("PRAGMA cache_size = 1; CREATE TABLE t (x)")
        .unwrap();
    for _ in 0..50 {
        let insert = "INSERT INTO t VALUES (zeroblob(20000))";
        transaction.execute(insert, []).unwrap();
    }
    home.file("ops", &keys(&[("qwen:b", "sk-file")]));
    let log = fs::metadata(home.path("state/openclaw.sqlite-wal")).unwrap();
    assert!(log.len() > 500_000, "nothing uncommitted is in the log");
    let before = home.snapshot();

    home.import(&[]).run().exits_with(0);
    assert_eq!(home.stored(), stored(&[("qwen:a", "sk-committed")]));
    assert!(
        home.snapshot() == before,
        "something of OpenClaw's has changed"
    );
    transaction.commit().unwrap();
}

#[test]
fn a_database_that_is_closed_is_not_touched_either() {
    let home = Home::new();
    drop(home.shared(&keys(&[("qwen:a", KEY)]), &json!(null)));
    let before = home.snapshot();
    home.import(&[]).run().exits_with(0);
    assert_eq!(home.stored(), stored(&[("qwen:a", KEY)]));
    assert!(
        home.snapshot() == before,
        "something of OpenClaw's has changed"
    );
}

#[test]
fn a_file_counts_while_the_databases_have_no_profile() {
    let home = Home::new();
    let with_order = |mut store: Value| {
        store["order"] = json!({"qwen": ["qwen:b", "qwen:a"]});
        store
    };
    let store = with_order(keys(&[("qwen:a", "sk-file-a"), ("qwen:b", "sk-file-b")]));
    let path = home.file("main", &store);
    drop(home.shared(&none(), &json!(null)));
    drop(home.agent("main", &none(), &json!(null)));
    let ran = home.import(&[]).run().exits_with(0);
    assert_eq!(
        ran.stdout,
        "qwen:a -> qwen:a: imported\nqwen:b -> qwen:b: imported\nOrder of qwen: qwen:b, qwen:a\n"
    );

    let home = Home::new();
    home.file("main", &store);
    drop(home.shared(&keys(&[("qwen:a", "sk-database")]), &json!(null)));
    home.import(&[])
        .run()
        .exits_with(0)
        .says("~/.openclaw/agents/main/agent/auth-profiles.json is from an earlier release");
    assert_eq!(home.stored(), stored(&[("qwen:a", "sk-database")]));
    let file = path.to_str().unwrap();
    home.import(&["--file", file]).run().exits_with(0);
    let both = [("qwen:a", "sk-database"), ("qwen:b", "sk-file-b")];
    assert_eq!(home.stored(), stored(&both));
}

#[test]
fn a_database_that_was_named_is_read_through_a_link() {
    let home = Home::new();
    drop(home.shared(&keys(&[("qwen:a", KEY)]), &json!(null)));
    let link = home.0.path().join("link");
    symlink(home.path(SHARED), &link).unwrap();
    let file = link.to_str().unwrap();
    home.import(&["--file", file]).run().exits_with(0);
    assert_eq!(home.stored(), stored(&[("qwen:a", KEY)]));
}

#[test]
fn openclaws_folder_may_be_elsewhere() {
    for (variable, folder) in [("OPENCLAW_HOME", ""), ("OPENCLAW_STATE_DIR", ".openclaw")] {
        let (home, other) = (Home::new(), Home::new());
        drop(other.shared(&keys(&[("qwen:a", KEY)]), &json!(null)));
        let folder = other.0.path().join(folder);
        let import = home.import(&[]).env(variable, folder.to_str().unwrap());
        import.run().exits_with(0);
        assert_eq!(home.stored(), stored(&[("qwen:a", KEY)]), "{variable}");
    }
}

#[test]
fn without_a_store_it_says_where_it_looked() {
    let home = Home::new();
    home.import(&[])
        .run()
        .exits_with(1)
        .says("there are no credentials of OpenClaw in ~/.openclaw");
    let ran = home.import(&["--agent", "ops", "--json"]).run();
    let message = ran.exits_with(1).json()["error"]["message"].clone();
    assert!(message.as_str().unwrap().contains("agent ops"), "{message}");
    drop(home.shared(&none(), &json!(null)));
    home.import(&[])
        .run()
        .exits_with(0)
        .says("OpenClaw has no profiles stored");
}

/// OpenClaw commits again and again while its database is copied.
#[test]
fn a_database_that_is_written_to_is_copied_as_of_one_moment() {
    let home = Home::new();
    let database = home.shared(&keys(&[("qwen:a", KEY)]), &json!(null));
    database.execute_batch("CREATE TABLE t (x)").unwrap();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn(move || {
        let mut commits = 0;
        while stopped.try_recv().is_err() {
            // Now and then the log is moved into the database, and started anew.
            database
                .execute("INSERT INTO t VALUES (zeroblob(3000))", [])
                .unwrap();
            commits += 1;
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        commits
    });
    for _ in 0..10 {
        let ran = home.import(&[]).run().exits_with(0);
        assert!(
            ran.stdout.starts_with("qwen:a -> qwen:a: "),
            "{}",
            ran.stdout
        );
    }
    stop.send(()).unwrap();
    assert!(writer.join().unwrap() > 0);
    assert_eq!(home.stored(), stored(&[("qwen:a", KEY)]));
}
