//! A home with a problem, and one like it without, for each check.

use qwen_openclaw_emulator::{Emulator, Plan, Region};
use serde_json::json;

use super::{CONFIG, Home};
use crate::{
    openclaw::home::{Home as Stores, keys, none},
    run::KEY,
    usage::{cool, with_state},
};

/// A check, and the homes it is tested with.
pub(super) struct Case {
    pub(super) id: &'static str,
    pub(super) bad: fn(&mut Home),
    pub(super) good: fn(&mut Home),
    /// Part of the finding's text.
    pub(super) says: &'static str,
    /// Part of what fixes it.
    pub(super) fix: &'static str,
}

const FUTURE: u64 = 4_102_444_800_000;
const PAST: u64 = 1_577_836_800_000;

fn soon() -> u64 {
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_millis();
    u64::try_from(now).unwrap() + 3_600_000
}

/// Moves the stores of OpenClaw's into a home.
fn with_stores(home: &Home, stores: &Stores) {
    let from = stores.0.path().join(".openclaw");
    for (path, ..) in stores.snapshot() {
        if path.is_file() {
            let to = home
                .files
                .path()
                .join(".openclaw")
                .join(path.strip_prefix(&from).unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(&path, to).unwrap();
        }
    }
}

fn derived(entry: &str) -> String {
    format!("{{\"providers\": {{\"qwen-portal\": {entry}}}}}")
}

const MODELS_JSON: &str = ".openclaw/agents/main/agent/models.json";

pub(super) const CASES: &[Case] = &[
    Case {
        id: "config-syntax",
        bad: |home| home.config("{\n  agents: }\n"),
        good: |home| home.config("{ agents: {}, } // all of JSON5\n"),
        says: "line 2, column 11",
        fix: "correct line 2 of ~/.openclaw/openclaw.json",
    },
    Case {
        id: "config-unreadable",
        bad: |home| home.config("{ $include: './nope.json5' }"),
        good: |home| {
            home.write(".openclaw/more.json5", "{}");
            home.config("{ $include: './more.json5' }");
        },
        says: "nope.json5",
        fix: "make ~/.openclaw/openclaw.json",
    },
    Case {
        id: "config-no-effect",
        bad: |home| home.config("{ models: { providers: { p: { authHeader: false } } } }"),
        good: |home| home.config("{ models: { providers: { p: { authHeader: true } } } }"),
        says: "models.providers.p.authHeader: has no effect here",
        fix: "`qwen-openclaw config unset models.providers.p.authHeader`",
    },
    Case {
        id: "plugin-off",
        bad: |home| home.config("{ plugins: { entries: { qwen: { enabled: false } } } }"),
        good: |home| home.config("{ plugins: { entries: { qwen: { enabled: true } } } }"),
        says: "the plugin qwen is switched off: requests to qwen and qwen-token-plan are refused",
        fix: "`qwen-openclaw plugins enable qwen`",
    },
    Case {
        id: "shell-env",
        bad: |home| {
            home.config("{ env: { shellEnv: { enabled: true } } }");
            home.variable("SHELL", "/nowhere/shell");
        },
        good: |home| {
            home.config("{ env: { shellEnv: { enabled: true } } }");
            home.variable("SHELL", "/bin/sh");
            home.variable("PATH", "/usr/bin:/bin");
        },
        says: "the variables of the login shell /nowhere/shell are not used: ",
        fix: "`qwen-openclaw config set env.shellEnv.timeoutMs",
    },
    Case {
        id: "config-refused-by-openclaw",
        bad: |home| home.config("{ models: { providers: { qwen: { bogus: 1 } } } }"),
        good: |home| home.config("{ models: { providers: { qwen: { api: 'x' } } } }"),
        says: "models.providers.qwen.bogus: unknown key; OpenClaw 2026.9 refuses it",
        fix: "`qwen-openclaw config unset models.providers.qwen.bogus`",
    },
    Case {
        id: "config-duplicate-key",
        bad: |home| home.config("{ tools: {},\n  tools: {} }"),
        good: |home| home.config("{ tools: {},\n  hooks: {} }"),
        says: "lines 1 and 2",
        fix: "remove all but one",
    },
    Case {
        id: "config-alias",
        bad: |home| {
            home.config(
                "{ agents: { defaults: { models: { 'qwen/a': { alias: 'x' }, 'qwen/b': { alias: 'x' } } } } }",
            );
        },
        good: |home| {
            home.config(
                "{ agents: { defaults: { models: { 'qwen/a': { alias: 'x' }, 'qwen/b': { alias: 'y' } } } } }",
            );
        },
        says: "the alias may mean qwen/a or qwen/b",
        fix: "`qwen-openclaw models aliases remove x`",
    },
    Case {
        id: "config-fallback",
        bad: |home| {
            home.config(
                "{ agents: { defaults: { model: { primary: 'qwen/a', fallbacks: ['qwen/a'] } } } }",
            );
        },
        good: |home| {
            home.config(
                "{ agents: { defaults: { model: { primary: 'qwen/a', fallbacks: ['qwen/b'] } } } }",
            );
        },
        says: "the fallback is the primary model",
        fix: "`qwen-openclaw config unset 'agents.defaults.model.fallbacks[0]'`",
    },
    Case {
        id: "config-model",
        bad: |home| home.config("{ agents: { defaults: { model: 'qwen/coder-model' } } }"),
        good: |home| home.config("{ agents: { defaults: { model: 'qwen/brand-new' } } }"),
        says: "the catalog has that model as qwen-oauth/coder-model",
        fix: "`qwen-openclaw models set qwen-oauth/coder-model`",
    },
    Case {
        id: "config-unset-variable",
        bad: |home| home.config("{ models: { providers: { qwen: { apiKey: '${MY_KEY}' } } } }"),
        good: |home| {
            home.variable("MY_KEY", KEY);
            home.config("{ models: { providers: { qwen: { apiKey: '${MY_KEY}' } } } }");
        },
        says: "the variable MY_KEY is not set",
        fix: "add a line `MY_KEY=...` to ~/.openclaw/.env",
    },
    Case {
        id: "config-key-source",
        bad: |home| {
            home.config(
                "{ models: { providers: { qwen: { apiKey: { source: 'exec', provider: 'vault', id: 'x' } } } } }",
            );
        },
        good: |home| {
            home.config(
                "{ models: { providers: { qwen: { apiKey: { source: 'env', provider: 'default', id: 'QWEN_API_KEY' } } } } }",
            );
        },
        says: "which only OpenClaw can read",
        fix: "paste-api-key --provider qwen",
    },
    Case {
        id: "config-key",
        bad: |home| {
            home.config(&format!(
                "{{ models: {{ providers: {{ qwen: {{ apiKey: '{KEY}' }} }} }} }}"
            ));
        },
        good: |home| {
            home.config("{ models: { providers: { qwen: { apiKey: '${QWEN_API_KEY}' } } } }")
        },
        says: "sk-01234...76543210 of qwen is in the configuration, in the clear",
        fix: "then `qwen-openclaw config unset models.providers.qwen.apiKey`",
    },
    Case {
        id: "config-tokens",
        bad: |home| {
            home.config(
                "{ models: { providers: { 'qwen-portal': { accessToken: 'secret-a', expiresAt: '2020-01-01T00:00:00Z' } } } }",
            );
        },
        good: |home| {
            home.config("{ models: { providers: { 'qwen-portal': { apiKey: 'qwen-oauth' } } } }")
        },
        says: "contains tokens that expired 2020-01-01T00:00:00Z",
        fix: "then `qwen-openclaw config unset models.providers.qwen-portal.accessToken`",
    },
    Case {
        id: "models-json",
        bad: |home| home.write(MODELS_JSON, &derived("{\"accessToken\": \"secret-a\"}")),
        // As OpenClaw derives it.
        good: |home| {
            home.write(
                MODELS_JSON,
                &derived(
                    "{\"baseUrl\": \"https://portal.qwen.ai/v1\", \"apiKey\": \"qwen-oauth\"}",
                ),
            );
        },
        says: "models.json of the agent main contains tokens of qwen-portal",
        fix: "paste-token --provider qwen-oauth",
    },
    Case {
        id: "base-url",
        bad: |home| {
            home.config(
                "{ models: { providers: { qwen: { baseUrl: 'http://models.example/v1' } } } }",
            )
        },
        good: |home| {
            home.config("{ models: { providers: { qwen: { baseUrl: 'http://127.0.0.1:1/v1' } } } }")
        },
        says: "plain http",
        fix: "`qwen-openclaw config set models.providers.qwen.baseUrl https://",
    },
    Case {
        id: "base-url-path",
        bad: |home| {
            home.config(
                "{ models: { providers: { mine: { baseUrl: 'https://models.example' } } } }",
            )
        },
        good: |home| {
            home.config(
                "{ models: { providers: { mine: { baseUrl: 'https://models.example/v1' } } } }",
            )
        },
        says: "has no path",
        fix: "`qwen-openclaw config set models.providers.mine.baseUrl URL`",
    },
    Case {
        id: "base-url-key",
        bad: |home| {
            home.config("{ models: { providers: { mine: { baseUrl: 'https://models.example/v1?key=secret' } } } }");
        },
        good: |home| {
            home.config(
                "{ models: { providers: { mine: { baseUrl: 'https://models.example/v1' } } } }",
            );
        },
        says: "contains a secret",
        fix: "then `qwen-openclaw config unset models.providers.mine.baseUrl`",
    },
    Case {
        id: "lookalike-host",
        bad: |home| {
            home.variable(
                "QWEN_BASE_URL",
                "https://dashscope.aliyuncs.co/compatible-mode/v1",
            )
        },
        good: |home| {
            home.variable(
                "QWEN_BASE_URL",
                "https://dashscope.aliyuncs.com/compatible-mode/v1",
            )
        },
        says: "dashscope.aliyuncs.co is not a host of Qwen Cloud, and looks like dashscope.aliyuncs.com",
        fix: "`unset QWEN_BASE_URL`",
    },
    Case {
        id: "key-missing",
        bad: |home| home.write(".openclaw/.env", ""),
        good: |home| home.profiles(&json!({"qwen:default": {"type": "api_key", "key": KEY}})),
        says: "there is no key for qwen, which qwen/qwen3.5-plus needs",
        fix: "`qwen-openclaw onboard`",
    },
    Case {
        id: "key-malformed",
        bad: |home| home.variable("DASHSCOPE_API_KEY", "sk-with a space"),
        good: |home| home.variable("DASHSCOPE_API_KEY", " "),
        says: "DASHSCOPE_API_KEY",
        fix: "`unset DASHSCOPE_API_KEY`",
    },
    Case {
        id: "key-shadowed",
        bad: |home| home.variable("DASHSCOPE_API_KEY", "sk-other-0123456789"),
        // The same key twice is no surprise.
        good: |home| home.variable("DASHSCOPE_API_KEY", KEY),
        says: "(env: DASHSCOPE_API_KEY) is not used, because sk-01234...76543210 (dotenv: QWEN_API_KEY",
        fix: "`unset DASHSCOPE_API_KEY`",
    },
    Case {
        id: "key-plan",
        bad: |home| {
            home.write(".openclaw/.env", "QWEN_API_KEY=sk-sp-0123456789\n");
            home.config(
                "{ models: { providers: { qwen: { baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1' } } } }",
            );
        },
        good: |home| home.write(".openclaw/.env", "QWEN_API_KEY=sk-sp-0123456789\n"),
        says: "does not look like one of https://dashscope.aliyuncs.com/compatible-mode/v1",
        fix: "paste-api-key --provider qwen --plan coding`",
    },
    Case {
        id: "login-dead",
        bad: |home| {
            home.profiles(
                &json!({"qwen-oauth:x": {"type": "oauth", "access": "secret-a", "expires": PAST}}),
            );
        },
        good: |home| {
            home.profiles(
                &json!({"qwen-oauth:x": {"type": "oauth", "access": "secret-a",
                                  "refresh": "secret-r", "expires": PAST}}),
            );
        },
        says: "qwen-oauth:x [qwen-oauth/oauth; expired 2020-01-01T00:00:00.000Z]",
        fix: "`qwen-openclaw models auth login --provider qwen-portal --enable-portal --profile x",
    },
    Case {
        id: "login-expiring",
        bad: |home| {
            home.profiles(&json!({"qwen:x": {"type": "token", "token": KEY, "expires": soon()}}));
        },
        good: |home| {
            home.profiles(&json!({"qwen:x": {"type": "token", "token": KEY, "expires": FUTURE}}))
        },
        says: "qwen:x [qwen/token; expires ",
        fix: "`qwen-openclaw models auth paste-token --provider qwen --profile x`",
    },
    Case {
        id: "store-unreadable",
        bad: |home| home.write(".qwen-openclaw/credentials.json", "{"),
        good: |home| home.write(".qwen-openclaw/credentials.json", "{\"version\": 1}"),
        says: "credentials.json",
        fix: "`mv ~/.qwen-openclaw/credentials.json ",
    },
    Case {
        id: "state-unusable",
        bad: |home| home.write(".qwen-openclaw/state.sqlite/file", ""),
        good: |home| with_state(home.files.path(), async |_| {}),
        says: "state.sqlite",
        fix: "`mv ~/.qwen-openclaw/state.sqlite ",
    },
    Case {
        id: "cooldown",
        bad: |home| with_state(home.files.path(), async |state| cool(state, 3_600).await),
        good: |home| with_state(home.files.path(), async |state| cool(state, 0).await),
        says: "qwen/qwen3.5-plus with qwen:work: rate_limit, until 20",
        fix: "`qwen-openclaw usage cooldowns clear`",
    },
    Case {
        id: "file-mode",
        bad: |home| home.mode(".openclaw/.env", 0o644),
        good: |home| home.mode(".openclaw/.env", 0o400),
        says: "other users can read ~/.openclaw/.env (mode 644)",
        fix: "`chmod 600 ~/.openclaw/.env`",
    },
    Case {
        id: "dotenv-line",
        bad: |home| {
            home.write(
                ".openclaw/.env",
                &format!("QWEN_API_KEY={KEY}\nnot a variable\n"),
            )
        },
        good: |home| {
            home.write(
                ".openclaw/.env",
                &format!("QWEN_API_KEY={KEY}\n# a comment\n"),
            )
        },
        says: "line 2",
        fix: "NAME=value",
    },
    Case {
        id: "service-variable",
        bad: |home| {
            home.write(".openclaw/.env", "");
            home.write(
                ".config/systemd/user/openclaw-gateway.service",
                "[Service]\nExecStart=x\n",
            );
            home.variable("QWEN_API_KEY", KEY);
        },
        good: |home| {
            home.write(".openclaw/.env", "");
            let unit = format!("[Service]\nEnvironment=QWEN_API_KEY={KEY}\n");
            home.write(".config/systemd/user/openclaw-gateway.service", &unit);
            home.variable("QWEN_API_KEY", KEY);
        },
        says: "the service ~/.config/systemd/user/openclaw-gateway.service does not see it",
        fix: "add the line `QWEN_API_KEY=...` to ~/.openclaw/.env",
    },
    Case {
        id: "openclaw-migration",
        bad: |home| {
            let stores = Stores::new();
            stores.file("main", &keys(&[("qwen:a", KEY)]));
            with_stores(home, &stores);
        },
        // That release reads the file.
        good: |home| {
            home.config(&CONFIG.replace("2026.9.6", "2026.6.1"));
            let stores = Stores::new();
            stores.file("main", &keys(&[("qwen:a", KEY)]));
            with_stores(home, &stores);
        },
        says: "auth-profiles.json is the store of an earlier release",
        fix: "`openclaw doctor --fix`",
    },
    Case {
        id: "openclaw-unused-store",
        bad: |home| {
            let stores = Stores::new();
            stores.file("main", &keys(&[("qwen:a", KEY)]));
            drop(stores.shared(&keys(&[("qwen:b", KEY)]), &json!(null)));
            with_stores(home, &stores);
        },
        good: |home| {
            let stores = Stores::new();
            drop(stores.shared(&keys(&[("qwen:b", KEY)]), &json!(null)));
            with_stores(home, &stores);
        },
        says: "OpenClaw no longer reads it",
        fix: "`openclaw doctor --fix`",
    },
    Case {
        id: "openclaw-store",
        bad: |home| home.write(".openclaw/state/openclaw.sqlite", "not a database at all"),
        good: |home| {
            let stores = Stores::new();
            drop(stores.shared(&none(), &json!(null)));
            with_stores(home, &stores);
        },
        says: "~/.openclaw/state/openclaw.sqlite is not an SQLite database",
        fix: "`openclaw doctor`",
    },
    Case {
        id: "openclaw-expired",
        bad: |home| with_token(home, PAST),
        good: |home| with_token(home, FUTURE),
        says: "profile: qwen:t of OpenClaw has expired 2020-01-01T00:00:00.000Z",
        fix: "`openclaw models auth paste-token --provider qwen`",
    },
    Case {
        id: "key-refused",
        bad: |home| try_key(home, &Emulator::key_for(Plan::Token, Region::Global)),
        good: |home| try_key(home, &Emulator::key_for(Plan::Standard, Region::Global)),
        says: "is refused everywhere: Standard, Global; Standard, China; Coding Plan, Global",
        fix: "`qwen-openclaw models auth paste-api-key --provider qwen`",
    },
    Case {
        id: "key-elsewhere",
        bad: |home| try_key(home, &Emulator::key_for(Plan::Coding, Region::China)),
        good: |home| try_key(home, &Emulator::key_for(Plan::Standard, Region::Global)),
        says: "is refused by Standard, Global, and accepted by Coding Plan, China",
        fix: "paste-api-key --provider qwen --plan coding --region china`",
    },
    Case {
        id: "endpoint-unreachable",
        bad: |home| {
            home.arguments.push("--emulator");
            home.config(
                "{ models: { providers: { qwen: { baseUrl: 'http://127.0.0.1:1/v1' } } } }",
            );
        },
        good: |home| home.arguments.push("--emulator"),
        says: "http://127.0.0.1:1/v1 cannot be reached",
        fix: "`curl -I http://127.0.0.1:1/v1`",
    },
];

/// Stores a token as OpenClaw does.
fn with_token(home: &Home, expires: u64) {
    let stores = Stores::new();
    let token =
        json!({"type": "token", "provider": "qwen", "token": "secret-t", "expires": expires});
    let store = json!({"version": 1, "profiles": {"qwen:t": token}});
    drop(stores.shared(&store, &json!(null)));
    with_stores(home, &stores);
}

/// Tries a key at the emulator.
fn try_key(home: &mut Home, key: &str) {
    home.arguments.push("--emulator");
    home.write(".openclaw/.env", &format!("QWEN_API_KEY={key}\n"));
}
