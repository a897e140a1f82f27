//! `models list`.

use qwen_openclaw::catalog::{Edition, Provider, models};

use crate::{
    config_home::ConfigHome,
    run::{KEY, Qwen, Service},
};

#[test]
fn lists_without_key_and_network() {
    let ran = Qwen::new(&["models", "list"]).run().exits_with(0);
    let first = ran.stdout.lines().nth(1).unwrap();
    assert!(
        first.starts_with("qwen/qwen3.5-plus") && first.contains("1,000,000"),
        "{first}"
    );
}

#[test]
fn the_default_model_is_tagged_once_and_no_other() {
    let defaults = |list: &str| -> Vec<String> {
        let lines = list.lines().filter(|line| line.contains("default"));
        lines.map(str::to_owned).collect()
    };
    for provider in ["qwen", "qwen-oauth", "qwen-token-plan"] {
        let list = Qwen::new(&["models", "list", "--provider", provider]);
        let rows = defaults(&list.run().exits_with(0).stdout);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0].matches("default").count(), 1, "{rows:?}");
    }
    // One that the configuration chose takes the tag from the catalog's.
    let home = ConfigHome::with("{ agents: { defaults: { model: 'qwen/glm-5' } } }");
    let rows = defaults(&home.run("models list").exits_with(0).stdout);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].starts_with("qwen/glm-5 "), "{rows:?}");
    assert!(rows[0].ends_with("  default, configured, GLM"), "{rows:?}");
}

#[test]
fn json_has_the_shape_of_openclaw() {
    let list = Qwen::new(&["models", "list", "--json"])
        .run()
        .exits_with(0)
        .json();
    let models = list["models"].as_array().unwrap();
    assert_eq!(list["count"], models.len());
    let model = &models[0];
    assert_eq!(model["key"], "qwen/qwen3.5-plus");
    assert_eq!(model["input"], "text+image");
    assert_eq!(model["contextWindow"], 1_000_000);
    assert_eq!(
        (&model["local"], &model["available"]),
        (&false.into(), &true.into())
    );
    assert_eq!(model["tags"][0], "default");
}

#[test]
fn plain_is_one_ref_a_line() {
    let merged = models(&Provider::QWEN, Edition::Merged).len();
    let token = models(&Provider::QWEN_TOKEN_PLAN, Edition::Merged).len();
    for (arguments, count) in [
        (&["--edition", "2026.4"][..], 9),
        (&["--edition", "2026.9"], 14),
        (&["--edition", "all"], merged),
        (&["--provider", "modelstudio", "--edition", "2026.4"], 9),
        (&["--plan", "coding", "--edition", "2026.4"], 8),
        (&["--plan", "coding", "--edition", "2026.4", "--all"], 9),
        (&["--plan", "token"], token),
        (&["--plan", "portal"], 3),
        (&["--provider", "qwen-oauth"], 3),
    ] {
        let all = [&["models", "list", "--plain"], arguments].concat();
        let ran = Qwen::new(&all).run().exits_with(0);
        assert_eq!(
            ran.stdout.lines().count(),
            count,
            "{arguments:?}:\n{}",
            ran.stdout
        );
        assert!(ran.stdout.lines().all(|line| line.starts_with("qwen")));
    }
}

#[test]
fn what_is_left_out_has_a_reason() {
    let ran = Qwen::new(&["models", "list", "--plan", "coding", "--all"])
        .run()
        .exits_with(0);
    let row = ran
        .stdout
        .lines()
        .find(|line| line.starts_with("qwen/qwen3.6-flash"))
        .unwrap();
    assert!(row.contains("is not offered on the Coding Plan"), "{row}");
}

#[test]
fn a_model_on_which_the_editions_disagree_is_listed_with_the_doubt() {
    let ran = Qwen::new(&["models", "list", "--plan", "coding"])
        .run()
        .exits_with(0);
    let row = ran
        .stdout
        .lines()
        .find(|line| line.starts_with("qwen/qwen3.6-plus"))
        .unwrap();
    assert!(
        row.contains("may not be offered on the Coding Plan"),
        "{row}"
    );
    let list = Qwen::new(&["models", "list", "--plan", "coding", "--json"]);
    let list = list.run().exits_with(0).json();
    let rows = list["models"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == "qwen/qwen3.6-plus");
    let row = row.unwrap();
    assert_eq!(row["available"], true);
    assert!(
        row["doubt"].as_str().unwrap().contains("Standard key"),
        "{row}"
    );
}

#[test]
fn levels_that_differ_are_explained() {
    let check = |model: &str, expected: &str| {
        let ran = Qwen::new(&["models", "explain", model]).run().exits_with(0);
        let line = ran.stdout.lines().find(|line| line.starts_with("Thinking"));
        assert_eq!(line.unwrap(), format!("Thinking  {expected}"), "{model}");
    };
    check(
        "qwen3.8-max",
        "off; low (same as minimal); medium; xhigh (same as high, max)",
    );
    check(
        "MiniMax-M2.5",
        "low (same as minimal, medium, high, xhigh, max)",
    );
    check("qwen3-coder-plus", "no level has an effect");
    let ran = Qwen::new(&[
        "models",
        "explain",
        "--plan",
        "coding",
        "qwen3.6-plus",
        "--json",
    ]);
    let json = ran.run().exits_with(0).json();
    assert_eq!(json["thinkingLevels"][0]["level"], "off");
    assert!(
        json["warnings"][0].as_str().unwrap().contains("may not be"),
        "{json}"
    );
}

#[test]
fn a_coding_plan_key_chooses_its_endpoint() {
    let key = KEY.replace("sk-", "sk-sp-");
    let ran = Qwen::new(&["models", "list", "--json"])
        .env("QWEN_API_KEY", &key)
        .run();
    assert_eq!(
        ran.exits_with(0).json()["baseUrl"],
        "https://coding-intl.dashscope.aliyuncs.com/v1"
    );
}

#[test]
fn live_rows_are_shown() {
    let service = Service::start();
    let ran = Qwen::new(&["models", "list", "--live", "--plain"])
        .at(&service)
        .run()
        .exits_with(0);
    assert!(ran.stdout.contains("qwen/qwen3.5-plus"));
    assert_eq!(service.requests()[0].path(), "/compatible-mode/v1/models");
}

#[test]
fn an_unknown_provider_is_an_error() {
    let ran = Qwen::new(&["models", "list", "--provider", "nope"])
        .run()
        .exits_with(1);
    ran.says("unknown provider");
    let ran = Qwen::new(&["models", "list", "--provider", "nope", "--json"])
        .run()
        .exits_with(1);
    assert_eq!(ran.json()["ok"], false);
}
