//! `models list`.

use qwen_openclaw::catalog::{Edition, Provider, models};

use crate::run::{KEY, Qwen, Service};

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
        .find(|line| line.starts_with("qwen/qwen3.6-plus"))
        .unwrap();
    assert!(row.contains("is not offered on the Coding Plan"), "{row}");
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
