//! `onboard`: from a key to a configuration, with the emulator in place of the service.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use qwen_openclaw_emulator::{Emulator, FaultRule, Plan, Region};
use serde_json::{Value, json};
use tempfile::TempDir;

#[cfg(unix)]
use crate::pty::{OnTerminal, Terminal};
use crate::run::{KEY, Qwen, Ran, Service};

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn qwen(&self, arguments: &[&str]) -> Qwen {
        Qwen::new(arguments).env("HOME", self.0.path().to_str().unwrap())
    }

    /// `onboard` with the emulator, for an auth choice.
    fn onboard(&self, id: &str, more: &[&str]) -> Qwen {
        let all = [
            "onboard",
            "--non-interactive",
            "--emulator",
            "--auth-choice",
            id,
        ];
        self.qwen(&[&all[..], more].concat())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(".openclaw/openclaw.json")
    }

    fn write(&self, text: &str) {
        fs::create_dir_all(self.path().parent().unwrap()).unwrap();
        fs::write(self.path(), text).unwrap();
    }

    fn config(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path()).unwrap()).unwrap()
    }

    fn profiles(&self) -> Value {
        stored(self.0.path()).unwrap()
    }

    /// Neither a key nor a configuration was written.
    #[track_caller]
    fn is_untouched(&self) {
        assert!(!self.path().exists());
        assert_eq!(stored(self.0.path()), None);
    }
}

fn stored(home: &Path) -> Option<Value> {
    let text = fs::read(home.join(".qwen-openclaw/credentials.json")).ok()?;
    let store: Value = serde_json::from_slice(&text).unwrap();
    Some(store["profiles"].clone())
}

/// A key that only one endpoint of the emulator accepts.
fn key(plan: Plan, region: Region) -> String {
    Emulator::key_for(plan, region)
}

const FLAGS: [(&str, &str, Plan, Region, &str); 7] = [
    (
        "qwen-standard-api-key",
        "--modelstudio-standard-api-key",
        Plan::Standard,
        Region::Global,
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    ),
    (
        "qwen-standard-api-key-cn",
        "--modelstudio-standard-api-key-cn",
        Plan::Standard,
        Region::China,
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
    ),
    (
        "qwen-api-key",
        "--modelstudio-api-key",
        Plan::Coding,
        Region::Global,
        "https://coding-intl.dashscope.aliyuncs.com/v1",
    ),
    (
        "qwen-api-key-cn",
        "--modelstudio-api-key-cn",
        Plan::Coding,
        Region::China,
        "https://coding.dashscope.aliyuncs.com/v1",
    ),
    (
        "qwen-token-plan",
        "--qwen-token-plan-api-key",
        Plan::Token,
        Region::Global,
        "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
    ),
    (
        "qwen-token-plan-cn",
        "--qwen-token-plan-api-key-cn",
        Plan::Token,
        Region::China,
        "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
    ),
    (
        "qwen-oauth",
        "--qwen-oauth-token",
        Plan::Portal,
        Region::Global,
        "https://portal.qwen.ai/v1",
    ),
];

#[test]
fn each_choice_stores_its_key_and_writes_its_preset() {
    for (id, flag, plan, region, base_url) in FLAGS {
        let (home, key) = (Home::new(), key(plan, region));
        let ran = home.onboard(id, &[flag, &key]).run().exits_with(0);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(&key));
        let (config, profiles) = (home.config(), home.profiles());
        let provider = match plan {
            Plan::Token => "qwen-token-plan",
            Plan::Portal => "qwen-oauth",
            _ => "qwen",
        };
        let profile = format!("{provider}:default");
        assert_eq!(
            ran.stdout,
            format!(
                "Auth profile: {profile} ({provider}/api_key)\nEndpoint: {base_url} ({})\n\
                 Default model: {}\n",
                label(plan, region),
                config["agents"]["defaults"]["model"]["primary"]
                    .as_str()
                    .unwrap()
            )
        );
        assert_eq!(config["models"]["providers"][provider]["baseUrl"], base_url);
        let recorded = json!({"provider": provider, "mode": "api_key"});
        assert_eq!(config["auth"]["profiles"][&profile], recorded);
        assert_eq!(config["plugins"]["entries"]["qwen"]["enabled"], true);
        assert!(!config.to_string().contains("sk-"), "{config}");
        let own = &profiles[&profile];
        assert_eq!(own["key"], key);
        if plan != Plan::Portal {
            let region = if region == Region::China {
                "china"
            } else {
                "global"
            };
            assert_eq!(
                (&own["plan"], &own["region"]),
                (&json!(plan.word()), &json!(region))
            );
        }
    }
}

fn label(plan: Plan, region: Region) -> String {
    let plan = match plan {
        Plan::Coding => "Coding Plan",
        Plan::Token => "Token Plan",
        Plan::Portal => return "Portal".to_owned(),
        _ => "Standard",
    };
    let region = if region == Region::China {
        "China"
    } else {
        "Global"
    };
    format!("{plan}, {region}")
}

#[test]
fn a_former_id_works_and_names_the_new_one() {
    for (old, new) in [
        ("modelstudio-standard-api-key", "qwen-standard-api-key"),
        (
            "modelstudio-standard-api-key-cn",
            "qwen-standard-api-key-cn",
        ),
        ("modelstudio-api-key", "qwen-api-key"),
        ("modelstudio-api-key-cn", "qwen-api-key-cn"),
    ] {
        let home = Home::new();
        let ran = home.onboard(old, &["--json"]).run().exits_with(0);
        assert_eq!(ran.json()["authChoice"], new);
        ran.says(&format!("note: {old} is now called {new}\n"));
    }
}

#[test]
fn an_unknown_choice_names_the_nearest_and_writes_nothing() {
    for (id, says) in [
        ("qwen-api-kye", "did you mean qwen-api-key?"),
        ("qwen-portal", "models auth login --provider qwen-portal"),
    ] {
        let home = Home::new();
        home.onboard(id, &["--modelstudio-api-key", KEY])
            .run()
            .exits_with(1)
            .says(&format!("unknown auth choice \"{id}\""))
            .says(says);
        home.is_untouched();
    }
    let home = Home::new();
    home.qwen(&["onboard", "--emulator"])
        .run()
        .exits_with(2)
        .says("`--auth-choice` with one of qwen-standard-api-key, ");
    // A key is that of its flag.
    home.onboard("qwen-api-key", &["--modelstudio-standard-api-key", KEY])
        .run()
        .exits_with(2)
        .says("--modelstudio-standard-api-key is the key of qwen-standard-api-key");
    home.is_untouched();
    let alone = ["onboard", "--emulator", "--modelstudio-api-key-cn"];
    let coding = key(Plan::Coding, Region::China);
    home.qwen(&[&alone[..], &[&coding]].concat())
        .run()
        .exits_with(0);
}

#[test]
fn a_key_of_another_place_is_recognized_and_nothing_written() {
    for (id, flag, ..) in FLAGS.iter().take(6) {
        for (right, _, plan, region, _) in FLAGS.iter().take(6).filter(|row| row.0 != *id) {
            let home = Home::new();
            let ran = home
                .onboard(id, &[flag, &key(*plan, *region)])
                .run()
                .exits_with(3)
                .says(&format!("belongs to {}, not to ", label(*plan, *region)));
            ran.says(&format!("`qwen-openclaw onboard --auth-choice {right}`"));
            home.is_untouched();
        }
    }
    // A token of the portal's is sent nowhere else, and a key of the service's not to the portal.
    let home = Home::new();
    let standard = key(Plan::Standard, Region::Global);
    home.onboard("qwen-oauth", &["--qwen-oauth-token", &standard])
        .run()
        .exits_with(3)
        .says("was refused by http://127.0.0.1");
    home.is_untouched();
}

#[test]
fn a_key_that_is_refused_everywhere_is_not_written() {
    let home = Home::new();
    let arguments = ["--modelstudio-standard-api-key", "nonsense"];
    home.onboard("qwen-standard-api-key", &arguments)
        .run()
        .exits_with(3)
        .says("warning: Qwen Cloud keys begin with sk-")
        .says("was refused by Standard, Global and by 5 other endpoints")
        .says("nothing was written");
    let document = home
        .onboard(
            "qwen-standard-api-key",
            &[&arguments[..], &["--json"]].concat(),
        )
        .run()
        .exits_with(3)
        .json();
    assert_eq!(document["error"]["type"], "auth");
    home.is_untouched();
    // Unless the user says so.
    let unchecked = [
        "onboard",
        "--no-verify",
        "--json",
        "--auth-choice",
        "qwen-api-key",
    ];
    let document = home
        .qwen(&[&unchecked[..], &["--modelstudio-api-key", KEY]].concat())
        .run()
        .exits_with(0)
        .json();
    assert_eq!(document["check"]["status"], "skipped");
    assert_eq!(home.profiles()["qwen:default"]["key"], KEY);
}

/// The place is the user's, and no other is asked.
#[test]
fn a_place_that_is_fixed_is_the_only_one_asked() {
    let service = Service::with(Emulator::builder().require_key("sk-another"));
    let url = service.emulator.base_url_for(Plan::Coding, Region::China);
    let home = Home::new();
    let onboard = || {
        home.onboard("qwen-standard-api-key", &["--key-stdin"])
            .stdin(KEY)
    };
    onboard()
        .env("QWEN_BASE_URL", &url)
        .run()
        .exits_with(3)
        .says("env: QWEN_BASE_URL");
    home.is_untouched();
    let custom = format!("{{models: {{providers: {{qwen: {{baseUrl: '{url}'}}}}}}}}");
    home.write(&custom);
    onboard()
        .run()
        .exits_with(3)
        .says("~/.openclaw/openclaw.json sets");
    assert_eq!(fs::read_to_string(home.path()).unwrap(), custom);
    let requests = service.requests();
    let lines: Vec<_> = requests
        .iter()
        .map(|request| (request.method().as_str(), request.path()))
        .collect();
    assert_eq!(lines, [("GET", "/cn/coding/v1/models"); 2]);

    // An accepted key leaves the place as it is.
    let service = Service::start();
    let url = service.emulator.base_url();
    home.write(&format!(
        "{{models: {{providers: {{qwen: {{baseUrl: '{url}'}}}}}}}}"
    ));
    let ran = onboard().run().exits_with(0);
    assert!(ran.stdout.contains(&url), "{}", ran.stdout);
    let text = fs::read_to_string(home.path()).unwrap();
    assert!(text.contains(&format!("baseUrl: '{url}'")), "{text}");
    // One of the service's own is that of an earlier choice.
    let coding = "https://coding.dashscope.aliyuncs.com/v1";
    home.write(&format!(
        r#"{{"models": {{"providers": {{"qwen": {{"baseUrl": "{coding}"}}}}}}}}"#
    ));
    home.onboard("qwen-standard-api-key", &["--profile", "work"])
        .run()
        .exits_with(0);
    let entry = &home.config()["models"]["providers"]["qwen"];
    assert_eq!(
        entry["baseUrl"],
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    );
}

#[test]
fn without_a_network_the_key_is_written_and_that_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let home = Home::new();
    let onboard = |url: &str| {
        let ran = home
            .onboard("qwen-standard-api-key", &["--key-stdin", "--json"])
            .stdin(KEY)
            .env("QWEN_BASE_URL", url)
            .run();
        ran.exits_with(0)
            .says("warning: the key could not be checked")
    };
    let document = onboard(&url).json();
    assert_eq!(document["check"]["status"], "unclear");
    assert!(document["check"]["reason"].is_string());
    assert_eq!(home.profiles()["qwen:default"]["key"], KEY);
    assert!(home.path().exists());
    // Nor does a server that fails refuse a key.
    let fault: FaultRule = "internal-error".parse().unwrap();
    let service = Service::with(Emulator::builder().fault(fault));
    onboard(&service.emulator.base_url());
    assert_eq!(service.requests().len(), 1);
}

#[test]
fn a_key_comes_from_a_flag_standard_input_the_environment_or_the_store() {
    let coding = key(Plan::Coding, Region::Global);
    let home = Home::new();
    // None anywhere: what could be done is said.
    let bare = [
        "onboard",
        "--non-interactive",
        "--auth-choice",
        "qwen-api-key",
    ];
    for key in ["", "  "] {
        home.qwen(&bare)
            .env("QWEN_API_KEY", key)
            .run()
            .exits_with(1)
            .says("missing --modelstudio-api-key")
            .says("QWEN_API_KEY");
    }
    home.is_untouched();
    let source = |ran: Ran| ran.exits_with(0).json()["key"]["source"].clone();
    let onboard = |more: &[&str]| home.onboard("qwen-api-key", &[more, &["--json"]].concat());
    assert_eq!(source(onboard(&[]).run()), "emulator");
    assert_eq!(source(onboard(&[]).run()), "stored profile");
    assert_eq!(
        source(onboard(&[]).env("QWEN_API_KEY", &coding).run()),
        "env: QWEN_API_KEY"
    );
    assert_eq!(
        source(
            onboard(&["--key-stdin"])
                .stdin(&format!("QWEN_API_KEY={coding}\n"))
                .run()
        ),
        "standard input"
    );
    let ran = onboard(&["--modelstudio-api-key", &coding]).run();
    assert_eq!(source(ran.says("`--key-stdin` hides it")), "flag");
    // Not a key at all.
    let ran = onboard(&["--modelstudio-api-key", "sk-secret two"]).run();
    let message = ran.exits_with(3).json()["error"]["message"].clone();
    assert!(
        message.as_str().unwrap().contains("whitespace"),
        "{message}"
    );
}

#[test]
fn a_reference_leaves_the_key_in_its_variable() {
    let coding = key(Plan::Coding, Region::Global);
    let home = Home::new();
    let onboard = |more: &[&str]| {
        let reference = ["--secret-input-mode", "ref"];
        home.onboard("qwen-api-key", &[&reference[..], more].concat())
    };
    onboard(&[]).run().exits_with(1).says("set QWEN_API_KEY");
    onboard(&["--key-stdin"])
        .run()
        .exits_with(2)
        .says("do not pass it");
    home.is_untouched();
    let ran = onboard(&[])
        .env("QWEN_API_KEY", &coding)
        .run()
        .exits_with(0);
    assert!(
        ran.stdout
            .starts_with("API key: stays in env: QWEN_API_KEY\n")
    );
    assert_eq!(stored(home.0.path()), None);
    assert_eq!(
        home.config()["auth"]["profiles"]["qwen:default"]["mode"],
        "api_key"
    );
    assert!(!fs::read_to_string(home.path()).unwrap().contains("sk-"));
    // A stored key would come before it.
    home.onboard("qwen-api-key", &[]).run().exits_with(0);
    onboard(&[])
        .env("QWEN_API_KEY", &coding)
        .run()
        .exits_with(1)
        .says("`qwen-openclaw models auth logout qwen:default`");
}

#[test]
fn a_default_model_is_kept_unless_asked_for() {
    let home = Home::new();
    home.write("{ agents: { defaults: { model: 'anthropic/m' } } } // mine\n");
    let ran = home
        .onboard("qwen-standard-api-key", &[])
        .run()
        .exits_with(0);
    assert!(
        ran.stdout.ends_with("Default model: anthropic/m\n"),
        "{}",
        ran.stdout
    );
    ran.says("`--set-default` makes it qwen/qwen3.5-plus");
    let ran = home
        .onboard("qwen-standard-api-key", &["--set-default"])
        .run();
    let ran = ran.exits_with(0);
    assert!(ran.stdout.ends_with("Default model: qwen/qwen3.5-plus\n"));
    let text = fs::read_to_string(home.path()).unwrap();
    assert!(text.ends_with("// mine\n"), "{text}");
}

#[test]
fn what_cannot_be_written_is_known_before_a_key_is_sent() {
    for (text, code) in [
        ("{ models: ", 1),
        ("{ models: { providers: { $include: './p.json5' } } }", 1),
        ("{ agents: { defaults: 7 } }", 1),
    ] {
        let (home, service) = (Home::new(), Service::start());
        home.write(text);
        home.onboard("qwen-standard-api-key", &["--key-stdin"])
            .stdin(KEY)
            .env("QWEN_BASE_URL", &service.emulator.base_url())
            .run()
            .exits_with(code);
        assert_eq!(fs::read_to_string(home.path()).unwrap(), text);
        assert_eq!(stored(home.0.path()), None, "{text}");
        assert!(service.requests().is_empty(), "{text}");
    }
}

#[test]
fn an_account_of_its_own_is_recorded_and_a_credential_kept() {
    let home = Home::new();
    let paste = ["models", "auth", "paste-api-key", "--provider", "qwen"];
    home.qwen(&paste).stdin(KEY).run().exits_with(0);
    // The emulator's key does not take the place of one that works.
    home.onboard("qwen-standard-api-key", &[])
        .run()
        .exits_with(1)
        .says("use `--profile NAME`");
    assert!(!home.path().exists());
    home.onboard("qwen-standard-api-key", &["--profile", "trial"])
        .run()
        .exits_with(0);
    let profiles = home.profiles();
    assert_eq!(profiles["qwen:default"]["key"], KEY);
    assert!(profiles["qwen:trial"]["key"].is_string());
    let recorded = &home.config()["auth"]["profiles"];
    assert_eq!(recorded["qwen:trial"]["provider"], "qwen");
    assert_eq!(recorded.get("qwen:default"), None);
    home.onboard("qwen-standard-api-key", &["--profile", "a:b"])
        .run()
        .exits_with(2);
}

/// The three commands to try next work right away.
#[test]
fn what_is_to_be_tried_next_works() {
    let home = Home::new();
    let document = home
        .onboard(
            "qwen-standard-api-key",
            &["--json", "--accept-risk", "--skip-health"],
        )
        .run()
        .exits_with(0)
        .json();
    let next = document["next"].as_array().unwrap();
    assert_eq!(next.len(), 3);
    for command in next {
        let command = command.as_str().unwrap();
        let (words, quoted) = command.split_once(" \"").unwrap_or((command, ""));
        let mut words: Vec<&str> = words.split(' ').collect();
        words.extend(quoted.strip_suffix('"'));
        let ran = home.qwen(&words).run().exits_with(0);
        assert!(!ran.stdout.is_empty(), "{command}");
    }
}

#[cfg(unix)]
fn on_terminal(more: &[&str]) -> Terminal {
    OnTerminal::new(&[&["onboard", "--emulator"], more].concat()).start()
}

#[cfg(unix)]
#[test]
fn on_a_terminal_the_place_is_chosen_and_the_key_typed_unseen() {
    let mut terminal = on_terminal(&[]);
    terminal.shows("Choose 1 to 7 [1]: ");
    let screen = terminal.screen();
    for (number, place) in [(1, "Standard     Global "), (4, "Coding Plan  China  ")] {
        assert!(screen.contains(&format!("  {number}  {place}")), "{screen}");
    }
    assert!(screen.contains("/cn/coding/v1"), "{screen}");
    terminal.types("9\n").shows("a number from 1 to 7");
    terminal
        .types("4\n")
        .shows("API key for Coding Plan, China");
    assert!(!terminal.echoes());
    let key = key(Plan::Coding, Region::China);
    terminal.types(&format!("{key}\n")).shows("Try next:");
    let ran = terminal.ends().exits_with(0);
    assert!(!ran.stdout.contains(&key), "{}", ran.stdout);
    assert!(terminal.echoes());
    let profiles = stored(terminal.home()).unwrap();
    assert_eq!(profiles["qwen:default"]["key"], key);
    assert_eq!(profiles["qwen:default"]["region"], "china");
}

#[cfg(unix)]
#[test]
fn on_a_terminal_the_right_place_is_offered() {
    let key = key(Plan::Token, Region::China);
    for (answer, code) in [("\n", 0), ("y\n", 0), ("what\nn\n", 3), ("\u{4}", 3)] {
        let mut terminal = on_terminal(&["--auth-choice", "qwen-standard-api-key"]);
        terminal
            .shows("API key for Standard, Global")
            .types(&format!("{key}\n"))
            .shows("belongs to Token Plan, China, not to Standard, Global.")
            .shows("(qwen-token-plan-cn) instead? [Y/n]")
            .types(answer);
        terminal.ends().exits_with(code);
        let profiles = stored(terminal.home());
        let config = terminal.home().join(".openclaw/openclaw.json");
        assert_eq!(config.exists(), code == 0);
        match profiles {
            Some(profiles) if code == 0 => {
                assert_eq!(profiles["qwen-token-plan:default"]["key"], key);
            }
            other => assert_eq!((other, code), (None, 3)),
        }
    }
}

#[cfg(unix)]
#[test]
fn on_a_terminal_enter_takes_the_key_that_is_there() {
    let key = key(Plan::Standard, Region::Global);
    let arguments = [
        "onboard",
        "--emulator",
        "--auth-choice",
        "qwen-standard-api-key",
    ];
    let mut terminal = OnTerminal::new(&arguments)
        .env("QWEN_API_KEY", &key)
        .start();
    terminal
        .shows("(Enter takes sk-emu-s...89abcdef, env: QWEN_API_KEY): ")
        .types("\n");
    terminal.ends().exits_with(0);
    let profiles = stored(terminal.home()).unwrap();
    assert_eq!(profiles["qwen:default"]["key"], key);
    // And Ctrl-C takes nothing.
    let mut terminal = on_terminal(&[]);
    terminal.shows("[1]: ").types(crate::pty::CTRL_C);
    terminal.ends().exits_with(130);
    assert_eq!(stored(terminal.home()), None);
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_the_key_is_checked_writes_nothing() {
    let fault: FaultRule = "headers-stall".parse().unwrap();
    let service = Service::with(Emulator::builder().fault(fault));
    let arguments = ["onboard", "--auth-choice", "qwen-standard-api-key"];
    let mut terminal = OnTerminal::new(&arguments)
        .env("QWEN_BASE_URL", &service.emulator.base_url())
        .start();
    terminal
        .shows("API key for Standard, Global: ")
        .types(&format!("{KEY}\n"))
        .shows("Checking the key at ")
        .types(crate::pty::CTRL_C);
    terminal.ends().exits_with(130);
    assert_eq!(stored(terminal.home()), None);
    assert!(!terminal.home().join(".openclaw/openclaw.json").exists());
}
