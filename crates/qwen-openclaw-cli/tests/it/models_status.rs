//! `models status`: the configured models and the credentials for them.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{KEY, Qwen};

const MASKED: &str = "sk-01234...76543210";
const PAST: u64 = 1_577_836_800_123;
const FUTURE: u64 = 4_102_444_800_000;

/// A home with a configuration and stored credentials.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new(config: &str, profiles: &Value) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let file = json!({"version": 1, "profiles": profiles}).to_string();
        for (path, text) in [
            (".openclaw/openclaw.json", config),
            (".qwen-openclaw/credentials.json", &file),
        ] {
            home.write(path, text);
        }
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        let folder = path.parent().unwrap();
        fs::create_dir_all(folder).unwrap();
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Qwen {
        Qwen::new(arguments).env("HOME", self.path().to_str().unwrap())
    }
}

const CONFIG: &str = "{
  // two models, and one that looks at images
  agents: { defaults: {
    model: { primary: 'Qwen', fallbacks: ['qwen-portal/coder-model'] },
    imageModel: 'qwen/qwen3.6-plus',
    models: { 'qwen/qwen3.5-plus': { alias: 'Qwen' } },
  }, list: [{ id: 'quick', model: 'qwen-portal/coder-model' }] },
}";

fn key() -> Value {
    json!({"type": "api_key", "key": KEY})
}

fn login(expires: u64, refresh: Option<&str>) -> Value {
    json!({"type": "oauth", "access": "secret-a", "refresh": refresh, "expires": expires})
}

/// The documented `models status --json | jq '.auth.profiles'`, and OpenClaw's own shape.
#[test]
fn the_json_has_the_documented_path_and_openclaws_shape() {
    let profiles = json!({"qwen:default": key(), "qwen-oauth:default": login(PAST, None)});
    let home = Home::new(CONFIG, &profiles);
    let ran = home
        .run(&["models", "status", "--json"])
        .run()
        .exits_with(0);
    assert_eq!(ran.stderr, "");
    let status = ran.json();
    assert_eq!(
        status["auth"]["profiles"]["qwen:default"],
        json!({"provider": "qwen", "mode": "api_key", "status": "stored"})
    );
    let portal = &status["auth"]["profiles"]["qwen-oauth:default"];
    assert_eq!(
        (&portal["mode"], &portal["status"]),
        (&json!("oauth"), &json!("expired"))
    );
    assert_eq!(portal["expiresAt"], PAST);
    assert!(portal["remainingMs"].as_i64().unwrap() < 0);

    let path = |name: &str| json!(home.path().join(name));
    assert_eq!(status["configPath"], path(".openclaw/openclaw.json"));
    assert_eq!(status["agentDir"], path(".qwen-openclaw"));
    assert_eq!(status["defaultModel"], "qwen/qwen3.5-plus");
    assert_eq!(status["resolvedDefault"], "qwen/qwen3.5-plus");
    assert_eq!(status["fallbacks"], json!(["qwen-portal/coder-model"]));
    assert_eq!(status["imageModel"], "qwen/qwen3.6-plus");
    assert_eq!(status["aliases"], json!({"Qwen": "qwen/qwen3.5-plus"}));
    let auth = &status["auth"];
    assert_eq!(auth["storePath"], path(".qwen-openclaw/credentials.json"));
    assert_eq!(auth["providersWithOAuth"], json!(["qwen-oauth (1)"]));
    assert_eq!(auth["missingProvidersInUse"], json!([]));
    assert_eq!(
        auth["providers"][0],
        json!({
            "provider": "qwen",
            "effective": {"kind": "profiles", "detail": "~/.qwen-openclaw/credentials.json"},
            "profiles": {"count": 1, "oauth": 0, "token": 0, "apiKey": 1,
                         "labels": [format!("qwen:default={MASKED}")]},
        })
    );
    assert_eq!(
        auth["providers"][1]["profiles"]["labels"],
        json!(["qwen-oauth:default=OAuth"])
    );
    assert_eq!(
        auth["unusableProfiles"][0]["profileId"],
        "qwen-oauth:default"
    );
    assert_eq!(auth["oauth"]["warnAfterMs"], 86_400_000);
    assert_eq!(
        auth["oauth"]["profiles"][1],
        json!({"profileId": "qwen:default", "provider": "qwen", "type": "api_key",
               "status": "static", "source": "store", "label": "qwen:default"})
    );
    assert_eq!(auth["oauth"]["profiles"][0]["status"], "expired");
    assert_eq!(auth["oauth"]["providers"][0]["provider"], "qwen");
    assert_eq!(auth["oauth"]["providers"][1]["status"], "expired");
}

#[test]
fn plain_prints_the_default_model_of_the_agent() {
    let home = Home::new(CONFIG, &json!({}));
    let plain = |more: &[&str]| {
        let arguments = [&["models", "status", "--plain"], more].concat();
        home.run(&arguments).run()
    };
    assert_eq!(plain(&[]).exits_with(0).stdout, "qwen/qwen3.5-plus\n");
    let quick = plain(&["--agent", "quick"]).exits_with(0).stdout;
    assert_eq!(quick, "qwen-portal/coder-model\n");
    assert_eq!(
        plain(&["--agent", "main"]).exits_with(0).stdout,
        "qwen/qwen3.5-plus\n"
    );
    let ran = plain(&["--agent", "nobody"]).exits_with(1);
    ran.says("no such agent: nobody").says("there are quick");
    let empty = Qwen::new(&["models", "status", "--plain"])
        .run()
        .exits_with(0);
    assert_eq!(empty.stdout, "qwen/qwen3.5-plus\n");
}

/// 0: fine, 1: missing, expired or unclear, 2: expires within a day.
#[test]
fn check_tells_by_its_exit_code() {
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_millis();
    let soon = u64::try_from(now).unwrap() + 3_600_000;
    let one = "{ agents: { defaults: { model: 'qwen/qwen3.5-plus' } } }";
    let portal = "{ agents: { defaults: { model: 'qwen-portal/coder-model' } } }";
    let token = |expires: u64| json!({"type": "token", "token": "secret-t", "expires": expires});
    let unset = "{ models: { providers: { qwen: { apiKey: '${NOT_SET}' } } } }";
    let literal = format!("{{ models: {{ providers: {{ qwen: {{ apiKey: '{KEY}' }} }} }} }}");
    let own = "{ models: { providers: { mine: { baseUrl: 'http://127.0.0.1:1/v1' } } },
                 agents: { defaults: { model: 'mine/m' } } }";
    for (config, profiles, code) in [
        (one, json!({"qwen:default": key()}), 0),
        (one, json!({}), 1),
        (one, json!({"qwen-oauth:default": login(FUTURE, None)}), 1),
        (
            portal,
            json!({"qwen-oauth:default": login(FUTURE, None)}),
            0,
        ),
        (portal, json!({"qwen-oauth:default": login(soon, None)}), 2),
        // It is renewed.
        (
            portal,
            json!({"qwen-oauth:default": login(soon, Some("secret-r"))}),
            0,
        ),
        (
            portal,
            json!({"qwen-oauth:default": login(PAST, Some("secret-r"))}),
            0,
        ),
        (portal, json!({"qwen-oauth:default": login(PAST, None)}), 1),
        (one, json!({"qwen:t": token(soon)}), 2),
        (one, json!({"qwen:t": token(PAST)}), 1),
        // One of several is enough.
        (
            one,
            json!({"qwen:t": token(PAST), "qwen:default": key()}),
            0,
        ),
        (CONFIG, json!({"qwen:default": key()}), 1),
        (unset, json!({}), 1),
        (&literal, json!({}), 0),
        // No request gets there.
        (
            "{ models: { providers: { qwen: { baseUrl: 'http://h.example/v1' } } } }",
            json!({"qwen:default": key()}),
            1,
        ),
        (own, json!({}), 0),
        (
            "{ agents: { defaults: { model: 'nobody/m' } } }",
            json!({}),
            1,
        ),
    ] {
        let home = Home::new(config, &profiles);
        let check = ["models", "status", "--check"];
        let ran = home.run(&check).run();
        assert_eq!(
            ran.code,
            Some(code),
            "{config}\n{profiles}\n{}{}",
            ran.stdout,
            ran.stderr
        );
        home.run(&check[..2]).run().exits_with(0);
    }
}

/// Profiles, then variables, then the configuration; each is masked.
#[test]
fn what_counts_is_what_a_request_would_use() {
    let literal = "{ models: { providers: { qwen: { apiKey: 'sk-literal-0123456789' } } } }";
    let home = Home::new(literal, &json!({}));
    let first = |home: &Home, variables: &[(&str, &str)]| {
        let mut qwen = home.run(&["models", "status", "--json"]);
        for (name, value) in variables {
            qwen = qwen.env(name, value);
        }
        qwen.run().exits_with(0).json()["auth"]["providers"][0].clone()
    };
    let provider = first(&home, &[]);
    assert_eq!(
        provider["effective"],
        json!({"kind": "models.json", "detail": "sk-liter...23456789"})
    );
    assert_eq!(
        provider["modelsJson"]["source"],
        "config: ~/.openclaw/openclaw.json"
    );
    let provider = first(&home, &[("DASHSCOPE_API_KEY", KEY)]);
    assert_eq!(
        provider["effective"],
        json!({"kind": "env", "detail": MASKED})
    );
    assert_eq!(
        provider["env"],
        json!({"value": MASKED, "source": "env: DASHSCOPE_API_KEY"})
    );
    let home = Home::new(literal, &json!({"qwen:default": key()}));
    let provider = first(&home, &[("DASHSCOPE_API_KEY", KEY)]);
    assert_eq!(provider["effective"]["kind"], "profiles");
}

#[test]
fn the_text_fits_into_80_columns() {
    let profiles = json!({"qwen:default": key(), "qwen-oauth:default": login(FUTURE, Some("secret-r")),
                          "qwen:work": key(), "anthropic:default": key()});
    let home = Home::new(CONFIG, &profiles);
    let ran = home.run(&["models", "status"]).run().exits_with(0);
    assert!(
        ran.stdout.lines().all(|line| line.chars().count() <= 80),
        "{}",
        ran.stdout
    );
    insta::assert_snapshot!("models-status", ran.stdout);
}

#[test]
fn a_broken_configuration_is_an_error_with_its_place() {
    let home = Home::new("{\n  agents: [\n", &json!({}));
    let ran = home.run(&["models", "status"]).run().exits_with(1);
    ran.says("openclaw.json is not valid JSON5")
        .says("line 2, column 11");
    let ran = home
        .run(&["models", "status", "--json"])
        .run()
        .exits_with(1);
    assert_eq!(ran.json()["error"]["type"], "config");
}

/// The login of the Qwen Code CLI stands in for one of the portal's.
#[test]
fn the_qwen_code_clis_login_counts_while_it_is_valid() {
    let portal = "{ agents: { defaults: { model: 'qwen-portal/coder-model' } } }";
    let home = Home::new(portal, &json!({}));
    for (expires, code) in [(FUTURE, 0), (PAST, 1)] {
        let login = json!({"access_token": "secret-a", "refresh_token": "secret-r",
                           "token_type": "Bearer", "expiry_date": expires});
        home.write(".qwen/oauth_creds.json", &login.to_string());
        let ran = home
            .run(&["models", "status", "--check"])
            .run()
            .exits_with(code);
        assert_eq!(
            ran.stdout.contains("effective=qwen-cli"),
            code == 0,
            "{}",
            ran.stdout
        );
    }
}
