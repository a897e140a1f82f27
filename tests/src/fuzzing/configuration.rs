//! Configuration files: nothing in one is shown, and an edit changes what it names and nothing else.

use qwen_openclaw_auth::Environment;
use qwen_openclaw_config::{Config, Document, KeyPath, ModelSlot, Preset};
use serde_json::{Value, json};

/// Stands for whatever must not be shown.
const MARK: &str = "sk-SECRET";

pub(super) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    match Document::parse(text.clone()) {
        Ok(document) => {
            assert_eq!(document.text(), text);
            view(&document);
            edit(&document);
        }
        Err(error) => {
            let place = error.position().map(ToString::to_string);
            let shown = format!("{error} {error:?} {}", place.unwrap_or_default());
            assert!(!shown.contains(MARK), "{shown}");
        }
    }
}

fn view(document: &Document) {
    let environment = Environment::from_pairs([("A_KEY", "sk-SECRET-of-a-variable")]);
    let config = Config::of(document, &environment);
    for problem in config.problems() {
        assert!(!problem.to_string().is_empty());
    }
    for entry in &config.models.providers {
        if let Err(error) = entry.base_url() {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("sk-SECRET-of"), "{shown}");
        }
        if let Some(setting) = &entry.api_key {
            let shown = match setting.key(config.environment()) {
                Ok(found) => format!("{setting:?} {found:?}"),
                Err(error) => format!("{setting:?} {error:?}"),
            };
            assert!(!shown.contains("sk-SECRET-of"), "{shown}");
        }
    }
    let _ = (
        config.default_model(),
        config.fallbacks(),
        config.image_models(),
    );
    for (alias, _) in config.agents.aliases() {
        let _ = config.reference(alias);
    }
}

fn edit(document: &Document) {
    let before = document.to_value();
    let names = document.names(&KeyPath::default());
    let names: Vec<String> = names.into_iter().map(ToOwned::to_owned).collect();
    for name in names.iter().take(4) {
        let path = KeyPath::default().name(name);
        let mut changed = document.clone();
        // What another file brings is not edited here.
        if changed.set(&path, &json!([1, {"a": null}])).is_ok() {
            assert_eq!(changed.get(&path), Some(json!([1, {"a": null}])));
            others_stay(&before, &changed.to_value(), name);
        }
        let mut changed = document.clone();
        if changed.unset(&path).is_ok() {
            assert!(!changed.contains(&path));
            others_stay(&before, &changed.to_value(), name);
        }
    }
    let mut changed = document.clone();
    if changed.set_model(ModelSlot::Chat, "p/m").is_ok() {
        assert_eq!(changed.model(ModelSlot::Chat), Some("p/m"));
        others_stay(&before, &changed.to_value(), "agents");
    }
    let mut changed = document.clone();
    if Preset::portal().apply(&mut changed).is_ok() {
        let once = changed.text().to_owned();
        Preset::portal()
            .apply(&mut changed)
            .expect("it fitted once");
        assert_eq!(changed.text(), once);
    }
}

/// All members of the root but one are the same.
fn others_stay(before: &Value, after: &Value, but: &str) {
    let members = |value: &Value| {
        let mut members = value.as_object().cloned().unwrap_or_default();
        members.remove(but);
        members
    };
    assert_eq!(members(before), members(after));
}
