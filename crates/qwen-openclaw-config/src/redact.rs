//! A document as it may be shown: in its own order, without secrets.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::{Serialize, Serializer};

use crate::{
    config::{
        base_url::{self, Finding},
        secret::{REDACTED, is_marker},
    },
    document::Document,
    path::{KeyPath, Segment},
    substitute::variable,
    syntax::{Kind, Member, Node},
};

/// A value of a [`Document`] as it may be shown, in the order of the text.
///
/// Serializing it writes `__OPENCLAW_REDACTED__`, as OpenClaw does, in place of whatever may be secret:
/// keys, tokens, and passwords by their names; headers and variables; texts that look like keys. A
/// `${NAME}`, a marker such as `qwen-oauth`, and a reference to a secret are shown. In a URL, `***`
/// replaces the secret alone.
#[derive(Clone, Copy)]
pub struct Redacted<'a> {
    node: &'a Node,
    place: Place,
}

/// What may stand at a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// Nothing: it is the whole document.
    Root,
    /// Nothing secret, unless it looks like it.
    Open,
    /// A secret, by its name.
    Secret,
    /// One of several headers or variables, any of which may be secret.
    Listed,
}

impl Document {
    /// Returns the value at `path` as it may be shown, if there is one.
    #[must_use]
    pub fn redacted(&self, path: &KeyPath) -> Option<Redacted<'_>> {
        let mut node = self.find(&[])?;
        let mut place = Place::Root;
        for (index, segment) in path.segments().iter().enumerate() {
            let below = self.find(&path.segments()[..=index])?;
            place = match segment {
                Segment::Name(name) => place.below(node, name, below),
                Segment::Index(index) => place.at(node, *index),
            };
            node = below;
        }
        Some(Redacted { node, place })
    }

    /// Returns the paths of the API keys and tokens that stand in the `models` and `env` sections
    /// themselves. They belong in a credential store.
    #[must_use]
    pub fn literal_keys(&self) -> Vec<KeyPath> {
        let mut found = Vec::new();
        for section in ["models", "env"] {
            let path = KeyPath::from([section]);
            if let Some(node) = self.find(path.segments()) {
                collect_keys(node, Place::Open, &path, &mut found);
            }
        }
        found
    }
}

fn collect_keys(node: &Node, place: Place, path: &KeyPath, found: &mut Vec<KeyPath>) {
    match &node.kind {
        Kind::String(text) => {
            let is_key = !text.trim().is_empty() && place.redact(text) != *text;
            if is_key {
                found.push(path.clone());
            }
        }
        Kind::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect_keys(element, place, &path.clone().index(index), found);
            }
        }
        Kind::Object(members) => {
            for member in members {
                // A variable or header is a key only by its name.
                let place = match place.below(node, &member.name, &member.value) {
                    Place::Listed => Place::Open,
                    place => place,
                };
                let path = path.clone().name(&member.name);
                collect_keys(&member.value, place, &path, found);
            }
        }
        _ => {}
    }
}

impl Place {
    /// What may stand at a member of `object`.
    fn below(self, object: &Node, name: &str, value: &Node) -> Self {
        let name = name.to_ascii_lowercase();
        // A count of tokens is none, and there is a section `secrets` that has none.
        let is_count = matches!(value.kind, Kind::Number(_)) && name.ends_with("tokens");
        if is_source(object) || is_count || self == Self::Root {
            return match name.as_str() {
                "env" if self == Self::Root => Self::Listed,
                _ => Self::Open,
            };
        }
        match self {
            Self::Secret => Self::Secret,
            _ if names_secret(&name) => Self::Secret,
            Self::Listed => Self::Listed,
            _ if matches!(name.as_str(), "env" | "headers") => Self::Listed,
            _ => Self::Open,
        }
    }

    /// What may stand at an element of `array`: after `--token`, a token.
    fn at(self, array: &Node, index: usize) -> Self {
        let before = match &array.kind {
            Kind::Array(elements) => index.checked_sub(1).and_then(|before| elements.get(before)),
            _ => None,
        };
        match before.map(|node| &node.kind) {
            Some(Kind::String(flag)) if names_secret_flag(flag) => Self::Secret,
            _ => self,
        }
    }

    fn redact(self, text: &str) -> Cow<'_, str> {
        let plain = text.trim();
        let value = plain.strip_prefix("Bearer ").unwrap_or(plain);
        if variable(value).is_some() || is_marker(plain) {
            return text.into();
        }
        let is_secret = matches!(self, Self::Secret | Self::Listed) || contains_secret(text);
        let has_key = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
            .any(base_url::is_key);
        let is_url = self != Self::Secret && text.contains("://");
        match base_url::inspect(text) {
            Finding::Secret(shown) if is_url && !shown.contains("sk-") => shown.into(),
            Finding::Secret(_) if is_url => REDACTED.into(),
            _ if has_key || is_secret && !is_url => REDACTED.into(),
            _ => text.into(),
        }
    }
}

/// Whether a text names what follows as a secret: `--token=t`, `API_KEY=k`, `X-Api-Key: k`.
fn contains_secret(text: &str) -> bool {
    let name = text.split_once([':', '=']).map(|(name, _)| name.trim());
    name.is_some_and(|name| names_secret(&name.to_ascii_lowercase()))
        || text.to_ascii_lowercase().contains("bearer ")
}

fn names_secret_flag(text: &str) -> bool {
    let name = text.strip_prefix("--");
    name.is_some_and(|name| !name.contains('=') && names_secret(&name.to_ascii_lowercase()))
}

/// Whether a member of this name, in lower case, is a secret.
fn names_secret(name: &str) -> bool {
    const PARTS: [&str; 9] = [
        "apikey",
        "password",
        "passphrase",
        "secret",
        "credential",
        "privatekey",
        "accesskey",
        "encryptkey",
        "authorization",
    ];
    const ENDS: [&str; 5] = ["token", "tokens", "cookie", "webhookurl", "serviceaccount"];
    const WHOLE: [&str; 4] = ["key", "access", "refresh", "bearer"];
    let word: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    PARTS.iter().any(|part| word.contains(part))
        || ENDS.iter().any(|end| word.ends_with(end))
        || WHOLE.contains(&word.as_str())
}

/// Whether it says where a secret is, as `{source: "env", provider: "default", id: "NAME"}` does.
fn is_source(node: &Node) -> bool {
    let is_text = |name| {
        let member = node.member(name);
        member.is_some_and(|member| matches!(member.value.kind, Kind::String(_)))
    };
    is_text("source") && is_text("id")
}

impl Serialize for Redacted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            node: parent,
            place,
        } = *self;
        match &parent.kind {
            Kind::String(text) => place.redact(text).serialize(serializer),
            Kind::Number(_) if place == Place::Secret => REDACTED.serialize(serializer),
            Kind::Array(elements) => {
                serializer.collect_seq(elements.iter().enumerate().map(|(index, node)| {
                    let place = place.at(parent, index);
                    Redacted { node, place }
                }))
            }
            Kind::Object(members) => {
                serializer.collect_map(effective(members).into_iter().map(|member| {
                    let node = &member.value;
                    let place = place.below(parent, &member.name, node);
                    (&member.name, Redacted { node, place })
                }))
            }
            _ => parent.to_value().serialize(serializer),
        }
    }
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redacted").finish_non_exhaustive()
    }
}

/// A value as it is, in the order of the text.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.kind {
            Kind::Array(elements) => serializer.collect_seq(elements),
            Kind::Object(members) => {
                let members = effective(members).into_iter();
                serializer.collect_map(members.map(|member| (&member.name, &member.value)))
            }
            _ => self.to_value().serialize(serializer),
        }
    }
}

/// Returns the members that count: of several with the same name, the last.
fn effective(members: &[Member]) -> Vec<&Member> {
    let mut seen = BTreeSet::new();
    let last = members.iter().rev();
    let mut effective: Vec<&Member> = last.filter(|member| seen.insert(&member.name)).collect();
    effective.reverse();
    effective
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, path: &str, expected: &str) {
        let document = Document::parse(text).unwrap();
        let shown = document.redacted(&path.parse().unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&shown).unwrap(), expected);
    }

    #[test]
    fn secrets_are_replaced_and_the_rest_keeps_its_order() {
        check(
            "{ models: { providers: { qwen: {
                 baseUrl: 'https://u:secret@h.example/v1?v=1', apiKey: 'secret',
                 headers: { 'X-Team': 'secret', Authorization: 'Bearer ${TOKEN}' },
                 models: [{ id: 'm', maxTokens: 8192, cost: { input: 0x10 } }],
               } } } }",
            "models.providers.qwen",
            "{\"baseUrl\":\"https://***@h.example/v1?v=1\",\
             \"apiKey\":\"__OPENCLAW_REDACTED__\",\
             \"headers\":{\"X-Team\":\"__OPENCLAW_REDACTED__\",\
             \"Authorization\":\"Bearer ${TOKEN}\"},\
             \"models\":[{\"id\":\"m\",\"maxTokens\":8192,\"cost\":{\"input\":16}}]}",
        );
        check(
            "{ a: 1, b: 2, a: 3, z: { a: [NaN, null] } }",
            "z",
            "{\"a\":[null,null]}",
        );
    }

    #[test]
    fn a_value_is_judged_by_where_it_stands() {
        let hidden = "\"__OPENCLAW_REDACTED__\"";
        let text = "{
            gateway: { auth: { mode: 'token', token: 'secret' }, pin: { password: 1234 } },
            env: { OLD: 'secret', vars: { A: 'secret', B: '${B}' }, shellEnv: { enabled: true } },
            secrets: { providers: { vault: { source: 'file', path: '/run/vault' } } },
            models: { providers: { p: { apiKey: { source: 'env', provider: 'default', id: 'K' },
              tokens: { a: ['secret'] }, note: 'uses sk-0123456789secret today' } } },
            mcp: { servers: { x: { args: ['--api-key', 'secret', '--token=secret', 'fine'],
              more: ['Authorization: Bearer secret', 'API_KEY=secret', 'use bearer secret'] } } },
            auth: { order: { qwen: ['qwen:token', 'qwen:default'] } },
            plugins: { entries: { 'qwen-portal-auth': { config: { apiKey: 'qwen-oauth' } } } },
        }";
        for (path, expected) in [
            ("gateway.auth.token", hidden),
            ("gateway.auth.mode", "\"token\""),
            ("gateway.pin.password", hidden),
            ("env.OLD", hidden),
            ("env.vars.A", hidden),
            ("env.vars.B", "\"${B}\""),
            ("env.shellEnv", "{\"enabled\":true}"),
            (
                "secrets.providers.vault",
                "{\"source\":\"file\",\"path\":\"/run/vault\"}",
            ),
            (
                "models.providers.p.apiKey",
                "{\"source\":\"env\",\"provider\":\"default\",\"id\":\"K\"}",
            ),
            ("models.providers.p.apiKey.id", "\"K\""),
            ("models.providers.p.tokens.a[0]", hidden),
            ("models.providers.p.note", hidden),
            (
                "mcp.servers.x.args",
                "[\"--api-key\",\"__OPENCLAW_REDACTED__\",\"__OPENCLAW_REDACTED__\",\"fine\"]",
            ),
            ("mcp.servers.x.args[1]", hidden),
            ("mcp.servers.x.more[0]", hidden),
            ("mcp.servers.x.more[1]", hidden),
            ("mcp.servers.x.more[2]", hidden),
            ("auth.order.qwen", "[\"qwen:token\",\"qwen:default\"]"),
            (
                "plugins.entries.qwen-portal-auth.config.apiKey",
                "\"qwen-oauth\"",
            ),
        ] {
            check(text, path, expected);
        }
        let document = Document::parse(text).unwrap();
        let whole = document.redacted(&KeyPath::default()).unwrap();
        let whole = serde_json::to_string(&whole).unwrap();
        assert!(!whole.contains("secret\""), "{whole}");
        assert!(whole.contains("/run/vault"), "{whole}");
    }

    #[test]
    fn keys_in_the_file_are_found() {
        let document = Document::parse(
            "{ env: { vars: { QWEN_API_KEY: 'k', HTTP_PROXY: 'http://p:8080', EMPTY_TOKEN: '' } },
               gateway: { auth: { token: 't' } },
               models: { providers: { p: { apiKey: '${K}', headers: { 'x-api-key': 'k' } },
                 q: { baseUrl: 'https://h/v1?key=k', apiKey: 'qwen-oauth' } } } }",
        )
        .unwrap();
        let found: Vec<String> = document
            .literal_keys()
            .iter()
            .map(KeyPath::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "models.providers.p.headers.x-api-key",
                "models.providers.q.baseUrl",
                "env.vars.QWEN_API_KEY",
            ]
        );
    }
}
