//! Every command line that OpenClaw's documentation has for Qwen, with the program's name changed.
//!
//! One test a line, named by it; `onboard` and the five failures have files of their own. A line is
//! typed as documented, into a shell or, where it asks for something, on a terminal, in an empty home
//! beside the emulator. Each test checks the exit code, the standard output, and the files that there
//! are afterwards. (`qwen whoami` and `curl -I https://portal.qwen.ai`, which the pages have too, are
//! other programs.)

use std::fs;

use qwen_openclaw_emulator::{Emulator, Plan, Region};
use serde_json::{Value, json};

use crate::{
    config_home::ConfigHome,
    pty::{OnTerminal, Terminal},
    run::{Ran, Service},
};

mod failures;
mod onboard;

const CONFIG: &str = ".openclaw/openclaw.json";
const BACKUP: &str = ".openclaw/openclaw.json.bak";
const STORE: &str = ".qwen-openclaw/credentials.json";

const ENABLE: &str = "qwen-openclaw plugins enable qwen-portal-auth";
const LOGIN: &str = "qwen-openclaw models auth login --provider qwen-portal --set-default";
const LOGGED_IN: &str = "Auth profile: qwen-oauth:default (qwen-oauth/oauth)\n\
                         Default model set to qwen-portal/coder-model\n";

/// Somebody with an empty home, and the emulator in place of the service.
struct Operator {
    home: ConfigHome,
    service: Service,
}

impl Operator {
    fn new() -> Self {
        let service = Service::start();
        service.emulator.oauth().interval(Some(1));
        Self {
            home: ConfigHome::empty(),
            service,
        }
    }

    /// With the portal's plugin on, and logged in.
    fn logged_in() -> Self {
        let operator = Self::new();
        operator.types(ENABLE).exits_with(0);
        operator.service.emulator.oauth().auto_approve(true);
        operator.types(LOGIN).exits_with(0);
        operator
    }

    /// Runs a line in a shell.
    fn types(&self, line: &str) -> Ran {
        let mut shell = self.home.in_shell(line);
        shell.env("QWEN_OAUTH_BASE_URL", self.service.emulator.oauth().url());
        Ran::of(shell.output().unwrap())
    }

    /// Runs a line that prints `auth.profiles` by `jq`, which need not be installed.
    fn profiles(&self) -> Value {
        let status = self.types("qwen-openclaw models status --json");
        status.exits_with(0).json()["auth"]["profiles"].clone()
    }

    /// Runs a line on a terminal, where the user answers. Its standard output is in a file, and so
    /// apart from what the screen shows, which comes out as standard error.
    fn answers(&self, line: &str, answer: impl FnOnce(&mut Terminal)) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        let stdout = folder.path().join("stdout");
        let words: Vec<&str> = line.split(' ').skip(1).collect();
        let mut terminal = OnTerminal::new(&words)
            .env("HOME", self.home.path().to_str().unwrap())
            // Where no browser is found.
            .env("PATH", "/nowhere")
            .env("QWEN_OAUTH_BASE_URL", &self.service.emulator.oauth().url())
            .stdout(fs::File::create(&stdout).unwrap())
            .start();
        answer(&mut terminal);
        let ran = terminal.ends();
        Ran {
            code: ran.code,
            stdout: fs::read_to_string(stdout).unwrap(),
            stderr: ran.stdout,
        }
    }

    /// Chats with a model of the portal, after a login.
    fn chats(&self) -> Ran {
        self.types("qwen-openclaw chat --no-usage Hello")
    }

    /// The paths of the files in the home.
    fn files(&self) -> Vec<String> {
        let files = self.home.files().into_iter();
        files.map(|(path, _)| path).collect()
    }

    fn defaults(&self) -> Value {
        self.home.value()["agents"]["defaults"].clone()
    }
}

impl Ran {
    /// Exit code 0, and this is everything on standard output.
    #[track_caller]
    fn prints(self, stdout: &str) -> Self {
        let ran = self.exits_with(0);
        assert_eq!(ran.stdout, stdout, "stderr:\n{}", ran.stderr);
        ran
    }

    /// Nothing on standard output, and these are lines in succession on standard error.
    #[track_caller]
    fn fails(self, code: i32, lines: &[&str]) -> Self {
        let ran = self.exits_with(code);
        assert_eq!(ran.stdout, "");
        ran.says(&format!("{}\n", lines.join("\n")))
    }
}

#[test]
fn plugins_enable_qwen_portal_auth() {
    let operator = Operator::new();
    operator
        .types(ENABLE)
        .prints("Enabled plugin \"qwen-portal-auth\".\n")
        .says("Updated config: ~/.openclaw/openclaw.json\n");
    assert_eq!(operator.files(), [CONFIG]);
    assert_eq!(
        operator.home.value(),
        json!({"plugins": {"entries": {"qwen-portal-auth": {"enabled": true}}}})
    );
}

#[test]
fn plugins_list_grep_qwen() {
    let operator = Operator::new();
    let line = "qwen-openclaw plugins list | grep qwen";
    let lists = |status: &str| {
        operator.types(line).prints(&format!(
            "qwen              enabled   the providers qwen and qwen-token-plan\n\
             qwen-portal-auth  {status}  logins at the Qwen portal\n"
        ));
    };
    lists("disabled");
    assert!(operator.files().is_empty());
    operator.types(ENABLE).exits_with(0);
    lists("enabled ");
    assert_eq!(operator.files(), [CONFIG]);
}

#[test]
fn gateway_restart() {
    let operator = Operator::new();
    let ran = operator.types("qwen-openclaw gateway restart").prints(
        "Nothing needs a restart: this program runs no gateway, and each command reads the \
         configuration anew.\n\
         Try: qwen-openclaw plugins list\n\
         OpenClaw's own gateway: openclaw gateway restart\n",
    );
    assert_eq!(ran.stderr, "");
    assert!(operator.files().is_empty());
}

#[test]
fn models_auth_login_provider_qwen_portal_set_default() {
    // After `plugins enable`, or with the question answered that is asked instead.
    for is_enabled in [true, false] {
        let operator = Operator::new();
        let oauth = operator.service.emulator.oauth();
        if is_enabled {
            operator.types(ENABLE).exits_with(0);
        }
        operator
            .answers(LOGIN, |terminal| {
                if !is_enabled {
                    terminal.shows("Turn it on? [y/N]").types("y\n");
                }
                terminal
                    .shows("Open http://127.0.0.1")
                    .shows(" to approve access.")
                    .shows("If prompted, enter the code ")
                    .shows("Could not open a browser: open the URL yourself.");
                let code = oauth.pending().remove(0);
                assert!(terminal.screen().contains(&code), "{}", terminal.screen());
                assert!(oauth.approve(&code));
            })
            .prints(LOGGED_IN);
        let mut expected = vec![CONFIG, STORE];
        if is_enabled {
            expected.insert(1, BACKUP);
        }
        assert_eq!(operator.files(), expected);
        let portal = operator
            .service
            .emulator
            .base_url_for(Plan::Portal, Region::Global);
        let config = operator.home.value();
        let entry = &config["models"]["providers"]["qwen-portal"];
        assert_eq!(
            (&entry["baseUrl"], &entry["apiKey"]),
            (&json!(portal), &json!("qwen-oauth"))
        );
        assert_eq!(
            config["auth"]["profiles"],
            json!({"qwen-portal:default": {"provider": "qwen-portal", "mode": "oauth"}})
        );
        assert_eq!(
            config["plugins"]["entries"],
            json!({"qwen-portal-auth": {"enabled": true}})
        );
        let defaults = operator.defaults();
        assert_eq!(
            defaults["model"],
            json!({"primary": "qwen-portal/coder-model"})
        );
        assert_eq!(
            defaults["models"],
            json!({"qwen-portal/coder-model": {"alias": "qwen"}, "qwen-portal/vision-model": {}})
        );
        let stored = operator.home.credentials()["profiles"]["qwen-oauth:default"].clone();
        let token = stored["access"].as_str().unwrap();
        assert!(oauth.is_good(token));
        assert!(!operator.home.text().contains(token));
        operator.chats().exits_with(0);
    }
}

/// What `models set` leaves of the configuration.
#[track_caller]
fn sets(line: &str, model: &str) {
    let operator = Operator::new();
    operator
        .types(line)
        .prints(&format!("Default model: {model}\n"))
        .says("Updated config: ~/.openclaw/openclaw.json\n");
    assert_eq!(operator.files(), [CONFIG]);
    assert_eq!(
        operator.home.value(),
        json!({"agents": {"defaults": {"model": {"primary": model}, "models": {model: {}}}}})
    );
}

/// After a login, where the id `qwen-portal` is that of its entry.
#[track_caller]
fn sets_after_the_login(line: &str, model: &str) {
    let operator = Operator::logged_in();
    operator
        .types(line)
        .prints(&format!("Default model: {model}\n"));
    assert_eq!(operator.defaults()["model"], json!({"primary": model}));
}

#[test]
fn models_set_qwen_portal_coder_model() {
    let line = "qwen-openclaw models set qwen-portal/coder-model";
    sets(line, "qwen-oauth/coder-model");
    sets_after_the_login(line, "qwen-portal/coder-model");
}

#[test]
fn models_set_qwen_portal_vision_model() {
    let line = "qwen-openclaw models set qwen-portal/vision-model";
    sets(line, "qwen-oauth/vision-model");
    sets_after_the_login(line, "qwen-portal/vision-model");
}

#[test]
fn models_set_qwen_qwen3_coder_plus() {
    let line = "qwen-openclaw models set qwen/qwen3-coder-plus";
    sets(line, "qwen/qwen3-coder-plus");
    sets_after_the_login(line, "qwen/qwen3-coder-plus");
}

/// The refs at the start of the lines.
fn refs(list: &str) -> Vec<&str> {
    list.lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect()
}

/// Of the catalog's table on the provider's page.
const DOCUMENTED_MODELS: [&str; 9] = [
    "qwen/qwen3.5-plus",
    "qwen/qwen3.6-plus",
    "qwen/qwen3-max-2026-01-23",
    "qwen/qwen3-coder-next",
    "qwen/qwen3-coder-plus",
    "qwen/MiniMax-M2.5",
    "qwen/glm-5",
    "qwen/glm-4.7",
    "qwen/kimi-k2.5",
];

#[test]
fn models_list_grep_qwen() {
    let line = "qwen-openclaw models list | grep qwen";
    let operator = Operator::new();
    let ran = operator.types(line).exits_with(0);
    let listed = refs(&ran.stdout);
    assert!(listed.iter().all(|model| model.starts_with("qwen")));
    for model in DOCUMENTED_MODELS {
        assert!(listed.contains(&model), "{model}:\n{}", ran.stdout);
    }
    assert!(operator.files().is_empty());
    // What the portal's page wants to see there.
    let operator = Operator::logged_in();
    let ran = operator.types(line).exits_with(0);
    for id in ["coder-model", "vision-model"] {
        let model = format!("qwen-portal/{id}");
        assert!(
            refs(&ran.stdout).contains(&&*model),
            "{id}:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn models_list_provider_qwen() {
    let operator = Operator::new();
    let onboard = "qwen-openclaw onboard --non-interactive --emulator --auth-choice ";
    let line = "qwen-openclaw models list --provider qwen";
    operator
        .types(&format!("{onboard}qwen-standard-api-key"))
        .exits_with(0);
    let before = operator.home.files();
    let ran = operator.types(line).exits_with(0);
    let listed = refs(&ran.stdout);
    for model in DOCUMENTED_MODELS {
        assert!(listed.contains(&model), "{model}:\n{}", ran.stdout);
    }
    let rows = listed.iter().skip(1);
    assert!(rows.clone().all(|model| model.starts_with("qwen/")));
    assert!(operator.home.files() == before);
    // A Coding Plan leaves out what is known to work on Standard only.
    let operator = Operator::new();
    operator
        .types(&format!("{onboard}qwen-api-key"))
        .exits_with(0);
    let ran = operator.types(line).exits_with(0);
    let listed = refs(&ran.stdout);
    assert!(listed.contains(&"qwen/qwen3.5-plus"));
    assert!(
        !listed.contains(&"qwen/qwen-vl-max-latest"),
        "{}",
        ran.stdout
    );
}

#[test]
fn models_status_json_jq_auth_profiles() {
    let operator = Operator::new();
    assert_eq!(operator.profiles(), json!({}));
    assert!(operator.files().is_empty());
    // "Is the token expired?"
    let operator = Operator::logged_in();
    let before = operator.home.files();
    let shown = operator.profiles()["qwen-oauth:default"].clone();
    assert_eq!(
        (&shown["provider"], &shown["mode"], &shown["status"]),
        (&json!("qwen-oauth"), &json!("oauth"), &json!("valid"))
    );
    assert!(shown["remainingMs"].as_i64().unwrap() > 0, "{shown}");
    assert!(operator.home.files() == before);
    let mut store = operator.home.credentials();
    let profile = &mut store["profiles"]["qwen-oauth:default"];
    profile["expires"] = 1.into();
    profile.as_object_mut().unwrap().remove("refresh");
    fs::write(operator.home.path().join(STORE), store.to_string()).unwrap();
    let shown = operator.profiles()["qwen-oauth:default"].clone();
    assert_eq!(shown["status"], "expired");
    assert!(shown["remainingMs"].as_i64().unwrap() < 0, "{shown}");
}

/// Instead of onboarding: a token for `qwen-oauth`.
#[test]
fn export_qwen_api_key() {
    let operator = Operator::new();
    let emulator = &operator.service.emulator;
    let token = Emulator::key_for(Plan::Portal, Region::Global);
    let portal = emulator.base_url_for(Plan::Portal, Region::Global);
    let chat = format!("qwen-openclaw chat --base-url {portal} -m qwen-oauth/qwen3.5-plus Hello");
    let ran = operator.types(&format!("export QWEN_API_KEY=\"{token}\"; {chat}"));
    let reply = ran.exits_with(0).stdout;
    assert!(reply.contains("standing in for qwen3.5-plus"), "{reply}");
    let requests = emulator.take_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].bearer(), Some(token.as_str()));
    assert!(operator.files().is_empty());
    // Without it there is none.
    let ran = operator.types(&chat).exits_with(3);
    assert_eq!(ran.stdout, "");
    assert!(emulator.requests().is_empty());
}
