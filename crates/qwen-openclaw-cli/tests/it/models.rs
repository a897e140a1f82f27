//! `models list`.

use qwen_openclaw::catalog::{Edition, Provider, image, models, video};
use qwen_openclaw_emulator::{Emulator, Plan, Region, Reply, Script};
use serde_json::{Value, json};

#[cfg(unix)]
use crate::pty::OnTerminal;
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
    let made = image::models().len() + video::models().len();
    let token = models(&Provider::QWEN_TOKEN_PLAN, Edition::Merged).len();
    for (arguments, count) in [
        (&["--edition", "2026.4"][..], 9),
        (&["--edition", "2026.9"], 14),
        (&["--edition", "all"], merged + made),
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
    let why = "  not on the Coding Plan: use `--plan standard --region global` (Standard key)";
    assert!(row.ends_with(why), "{row}");
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
        row.contains("  perhaps not on the Coding Plan: if it is refused, use `--plan standard"),
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

/// The row of a model in `models list --json`.
#[track_caller]
fn row(arguments: &[&str], key: &str) -> Value {
    let all = [&["models", "list", "--json"], arguments].concat();
    let list = Qwen::new(&all).run().exits_with(0).json();
    let rows = list["models"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == key);
    row.unwrap_or_else(|| panic!("{key} is not listed")).clone()
}

#[test]
fn prices_are_those_of_the_region() {
    let china = row(&["--region", "china"], "qwen/qwen3.5-plus");
    let price = &china["price"];
    assert_eq!(price["currency"], "CNY");
    assert_eq!(price["per"], "million tokens");
    assert_eq!(
        price["tiers"][1],
        json!({ "upTo": 262_144, "input": 2.0, "output": 12.0,
                "explicitCacheWrite": 2.5, "explicitCacheRead": 0.2 })
    );
    assert!(price["source"].is_string() && price["asOf"].is_string());
    let global = row(&[], "qwen/qwen3.7-max");
    assert_eq!(global["price"]["currency"], "USD");
    assert_eq!(global["price"]["tiers"][0]["input"], 2.5);
    assert_eq!(global["price"]["tiers"][0]["upTo"], Value::Null);
    for (arguments, key) in [
        // It is not known.
        (&[][..], "qwen/qwen3.5-plus"),
        // Subscriptions have none.
        (&["--plan", "coding"], "qwen/qwen3.7-plus"),
        (&["--plan", "token"], "qwen-token-plan/qwen3.7-plus"),
    ] {
        let row = row(arguments, key);
        assert!(row.get("price").is_none(), "{row}");
    }
    let list = Qwen::new(&["models", "list", "--plan", "coding", "--all"]);
    let list = list.run().exits_with(0).stdout;
    assert!(!list.contains("Price") && !list.contains("USD"), "{list}");
}

#[test]
fn image_models_are_listed_with_their_prices() {
    let row_of = |arguments: &[&str], model: &str| row(arguments, model);
    let pro = row_of(&[], "qwen/qwen-image-3.0-pro");
    assert_eq!(pro["input"], "text+image");
    let price = &pro["price"];
    assert_eq!(price["per"], "image");
    assert_eq!(
        (&price["image"], &price["largeImage"]),
        (&json!(0.0357), &json!(0.0714))
    );
    assert!(price.get("extendedImage").is_none(), "{price}");
    let turbo = row_of(&["--region", "china"], "qwen/z-image-turbo");
    assert_eq!(turbo["input"], "text");
    assert_eq!(turbo["price"]["extendedImage"], 0.2);
    // What it costs there is not known.
    assert!(row_of(&[], "qwen/z-image-turbo").get("price").is_none());
    let coding = row_of(&["--plan", "coding", "--all"], "qwen/qwen-image-edit");
    assert_eq!(coding["available"], false);
}

#[test]
fn video_models_are_listed_with_their_prices() {
    let row_of = |arguments: &[&str]| row(arguments, "qwen/wan2.6-i2v-flash");
    let global = row_of(&[]);
    assert_eq!(global["input"], "text+image");
    assert_eq!(global["contextWindow"], Value::Null);
    assert_eq!(global["available"], true);
    let price = &global["price"];
    assert_eq!(price["per"], "second");
    assert_eq!(
        (&price["resolutions"], &price["silentResolutions"]),
        (
            &json!({ "720P": 0.05, "1080P": 0.075 }),
            &json!({ "720P": 0.025, "1080P": 0.0375 })
        )
    );
    let coding = row_of(&["--plan", "coding", "--all"]);
    assert_eq!(coding["available"], false);
    assert!(coding.get("price").is_none(), "{coding}");
    let reason = coding["hidden"].as_str().unwrap();
    assert!(reason.contains("with a Standard key"), "{reason}");

    let coding = Qwen::new(&["models", "list", "--plan", "coding"]).run();
    assert!(!coding.exits_with(0).stdout.contains("wan"));
    let home = ConfigHome::with(
        "{ agents: { defaults: { videoGenerationModel: { primary: 'qwen/wan2.6-t2v' } } } }",
    );
    let list = home.run("models list").exits_with(0).stdout;
    let row = list
        .lines()
        .find(|line| line.starts_with("qwen/wan2.6-t2v"));
    assert_eq!(
        row.unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        "qwen/wan2.6-t2v text USD 0.10-0.15/s configured, text to video"
    );
}

/// What `grep` needs.
#[test]
fn a_pipe_gets_one_model_a_line() {
    for plan in ["standard", "coding"] {
        let list = Qwen::new(&["models", "list", "--plan", plan, "--all"]);
        let list = list.run().exits_with(0).stdout;
        let (header, rows) = list.split_once('\n').unwrap();
        assert!(header.starts_with("Model "), "{header}");
        let made = image::models().len() + video::models().len();
        let all = models(&Provider::QWEN, Edition::Merged).len() + made;
        assert_eq!(rows.lines().count(), all);
        assert!(rows.lines().all(|line| line.starts_with("qwen/")), "{rows}");
    }
}

/// What a terminal of a width shows; no line is too long, and every word is whole.
#[cfg(unix)]
fn on_terminal(columns: u16, arguments: &[&str]) -> String {
    let all = [&["models", "list"], arguments].concat();
    let mut terminal = OnTerminal::new(&all).columns(columns).start();
    let shown = terminal.ends().exits_with(0).stdout.replace("\r\n", "\n");
    let piped = Qwen::new(&all).run().exits_with(0).stdout;
    let words: Vec<&str> = shown.split_whitespace().collect();
    for line in shown.lines() {
        let is_one_word = line.split_whitespace().count() == 1;
        let fits = line.chars().count() <= usize::from(columns);
        assert!(fits || is_one_word, "{line}");
    }
    // A narrow one has no table.
    for word in piped.split_whitespace().filter(|_| columns >= 80) {
        let is_whole = words.contains(&word) || word == "Notes";
        assert!(is_whole, "{word} is broken:\n{shown}");
    }
    shown
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_lines_of_its_width() {
    for columns in [80, 200] {
        for plan in ["standard", "coding"] {
            let shown = on_terminal(columns, &["--plan", plan, "--all"]);
            insta::assert_snapshot!(format!("models-list-{plan}-{columns}"), shown);
        }
    }
    insta::assert_snapshot!("models-list-40", on_terminal(40, &["--plan", "token"]));
}

#[cfg(unix)]
#[test]
fn a_terminal_of_unknown_width_is_taken_for_a_usual_one() {
    let mut terminal = OnTerminal::new(&["models", "list"]).columns(0).start();
    let shown = terminal.ends().exits_with(0).stdout.replace("\r\n", "\n");
    assert_eq!(shown, on_terminal(80, &[]));
}

#[test]
fn the_emulator_stands_in_for_each_endpoint() {
    let live = |arguments: &[&str]| {
        let all = [&["models", "list", "--live", "--emulator"], arguments].concat();
        Qwen::new(&all)
    };
    for (arguments, path, base_url) in [
        (
            &[][..],
            "/compatible-mode/v1",
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ),
        (
            &["--plan", "coding", "--region", "china"],
            "/cn/coding/v1",
            "https://coding.dashscope.aliyuncs.com/v1",
        ),
        (
            &["--plan", "token"],
            "/token-plan/v1",
            "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
        ),
        (
            &["--provider", "qwen-oauth"],
            "/portal/v1",
            "https://portal.qwen.ai/v1",
        ),
    ] {
        let ran = live(&[arguments, &["--json"]].concat()).run().exits_with(0);
        assert!(ran.stderr.trim_end().ends_with(path), "{}", ran.stderr);
        let list = ran.json();
        assert_eq!(list["baseUrl"], base_url);
        let rows = list["models"].as_array().unwrap();
        let is_live = |row: &&Value| row["tags"].as_array().unwrap().contains(&"live".into());
        assert!(rows.iter().filter(is_live).count() > 2, "{list}");
    }
    // A model that only the endpoint knows, with its price.
    let plus = live(&["--json"]).run().exits_with(0).json();
    let rows = plus["models"].as_array().unwrap();
    let plus = rows.iter().find(|row| row["key"] == "qwen/qwen-turbo");
    assert_eq!(plus.unwrap()["tags"], json!(["live"]));

    // After `onboard`, the endpoint and the key are those that it wrote.
    let home = ConfigHome::empty();
    home.run("onboard --auth-choice qwen-api-key-cn --emulator")
        .exits_with(0);
    home.run("models list --live --emulator")
        .exits_with(0)
        .says("/cn/coding/v1");
    // A key is told apart from those of other plans, and one that is real is not tried.
    let key = Emulator::key_for(Plan::Coding, Region::China);
    let ran = live(&["--plan", "standard"])
        .env("QWEN_API_KEY", &key)
        .run();
    let ran = ran
        .exits_with(3)
        .says("could not list the models of http://127.0.0.1:");
    assert!(!ran.stderr.contains(&key), "{}", ran.stderr);
    live(&[]).env("QWEN_API_KEY", KEY).run().exits_with(0);

    for (arguments, words) in [
        (
            &["--provider", "anthropic"][..],
            "https://api.anthropic.com/v1 is not one",
        ),
        (
            &["--base-url", "http://127.0.0.1/v1"],
            "cannot be used with",
        ),
        (&["--api-key-stdin"], "cannot be used with"),
    ] {
        live(arguments).run().exits_with(2).says(words);
    }
    Qwen::new(&["models", "list", "--emulator"])
        .run()
        .exits_with(2)
        .says("--live");
}

#[test]
fn a_list_that_cannot_be_had_is_an_error() {
    let at = |base_url: &str| {
        let all = ["models", "list", "--live", "--base-url", base_url];
        Qwen::new(&all).env("QWEN_API_KEY", KEY).run()
    };
    let html = Reply::text(404, "text/html", "<h1>404</h1>");
    let json = Reply::json(404, &json!({"detail": "Not Found"}));
    let openai = json!({"error": {"message": "Invalid URL (GET /models)", "code": null}});
    for reply in [html, json, Reply::json(404, &openai), Reply::new(404)] {
        let script = Script::from(reply).repeat_last();
        let service = Service::with(Emulator::builder().script(script));
        let url = service.emulator.base_url();
        let ran = at(&url).exits_with(4);
        assert_eq!(ran.stdout, "");
        assert!(
            ran.stderr
                .starts_with(&format!("error: no list of models at {url}")),
            "{}",
            ran.stderr
        );
        ran.says("hint: check the base URL")
            .says("without `--live`");
    }
    // Its key is not one of the emulator's.
    let service = Service::with(Emulator::builder().require_key("sk-another"));
    at(&service.emulator.base_url())
        .exits_with(3)
        .says("error: could not list the models of http://127.0.0.1:")
        .says("(HTTP 401, ");
    // Nobody listens there.
    at("http://127.0.0.1:1/v1")
        .exits_with(6)
        .says("error: could not connect to 127.0.0.1:1")
        .says("hint: without `--live`, the list comes from the catalog");
    Qwen::new(&["models", "list", "--live"])
        .run()
        .exits_with(3)
        .says("error: no API key");
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
