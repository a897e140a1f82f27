//! What OpenClaw's commands do to a configuration.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{config::sections::ProfileMode, document::Document, error::Error, path::KeyPath};

/// A model that a configuration chooses, with its fallbacks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ModelSlot {
    /// `agents.defaults.model`: chat.
    Chat,
    /// `agents.defaults.imageModel`: looking at images.
    Image,
    /// `agents.defaults.videoGenerationModel`: making videos.
    VideoGeneration,
}

impl ModelSlot {
    /// Returns the path of the choice.
    #[must_use]
    pub fn path(self) -> KeyPath {
        let name = match self {
            Self::Chat => "model",
            Self::Image => "imageModel",
            Self::VideoGeneration => "videoGenerationModel",
        };
        KeyPath::from(["agents", "defaults", name])
    }
}

/// What OpenClaw's commands do. Models are references such as `qwen/m`, as
/// [`Config::reference`](crate::Config::reference) returns them.
impl Document {
    /// Sets a model and keeps its fallbacks, as `models set` and `models set-image` do.
    ///
    /// A choice that is a plain string stays one. The model is also listed in
    /// `agents.defaults.models`, except for video models, which are no chat models.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub fn set_model(&mut self, slot: ModelSlot, model: &str) -> Result<(), Error> {
        let path = slot.path();
        if self.get_text(&path).is_some() {
            self.set(&path, &model)?;
        } else {
            self.set(&path.name("primary"), &model)?;
        }
        self.list_model(slot, model)
    }

    /// Returns the model of a slot as written, a reference or an alias.
    #[must_use]
    pub fn model(&self, slot: ModelSlot) -> Option<&str> {
        let path = slot.path();
        let text = self.get_text(&path);
        text.or_else(|| self.get_text(&path.name("primary")))
            .filter(|model| !model.trim().is_empty())
    }

    /// Returns the fallbacks of a slot as written.
    #[must_use]
    pub fn fallbacks(&self, slot: ModelSlot) -> Vec<String> {
        let fallbacks = self.get(&slot.path().name("fallbacks"));
        let fallbacks = fallbacks.as_ref().and_then(Value::as_array);
        let texts = fallbacks.into_iter().flatten().filter_map(Value::as_str);
        texts.map(ToOwned::to_owned).collect()
    }

    /// Adds a fallback, unless it is there already; returns whether it was added.
    ///
    /// A choice that is a plain string becomes an object. The model is also listed in
    /// `agents.defaults.models`.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub fn add_fallback(&mut self, slot: ModelSlot, model: &str) -> Result<bool, Error> {
        if self
            .fallbacks(slot)
            .iter()
            .any(|fallback| fallback == model)
        {
            return Ok(false);
        }
        self.open_choice(slot)?;
        self.append(&slot.path().name("fallbacks"), &model)?;
        self.list_model(slot, model)?;
        Ok(true)
    }

    /// Removes a fallback.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when it is not one; and those of
    /// [`set`](Self::set).
    pub fn remove_fallback(&mut self, slot: ModelSlot, model: &str) -> Result<(), Error> {
        let path = slot.path().name("fallbacks");
        let fallbacks = self.get(&path);
        let places: Vec<usize> = fallbacks
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
            .filter(|(_, fallback)| fallback.as_str() == Some(model))
            .map(|(index, _)| index)
            .collect();
        if places.is_empty() {
            return Err(Error::no_fallback(model));
        }
        for index in places.into_iter().rev() {
            self.unset(&path.clone().index(index))?;
        }
        Ok(())
    }

    /// Removes all fallbacks, which leaves an empty array.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub fn clear_fallbacks(&mut self, slot: ModelSlot) -> Result<(), Error> {
        self.open_choice(slot)?;
        self.set(&slot.path().name("fallbacks"), &[(); 0])
    }

    /// Gives a model an alias, and lists the model in `agents.defaults.models`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidAlias`](crate::ErrorKind::InvalidAlias),
    /// [`ErrorKind::AliasTaken`](crate::ErrorKind::AliasTaken) when another model has it; and those of
    /// [`set`](Self::set).
    pub fn add_alias(&mut self, alias: &str, model: &str) -> Result<(), Error> {
        let alias = alias.trim();
        let is_valid = !alias.is_empty()
            && alias
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-'));
        if !is_valid {
            return Err(Error::bad_alias());
        }
        match self.model_with_alias(alias) {
            Some(other) if other == model => Ok(()),
            Some(other) => Err(Error::alias_taken(alias, &other)),
            None => self.set(&settings(model).name("alias"), &alias),
        }
    }

    /// Removes an alias from its model, which stays listed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is no such alias; and those of
    /// [`set`](Self::set).
    pub fn remove_alias(&mut self, alias: &str) -> Result<(), Error> {
        let alias = alias.trim();
        let model = self.model_with_alias(alias);
        let model = model.ok_or_else(|| Error::no_alias(alias))?;
        self.unset(&settings(&model).name("alias")).map(drop)
    }

    /// Returns the aliases in the order of the file, each with its model.
    #[must_use]
    pub fn aliases(&self) -> Vec<(String, String)> {
        let models = self.names(&models());
        let alias = |model: &&str| {
            let alias = self.get_text(&settings(model).name("alias"))?.trim();
            (!alias.is_empty()).then(|| (alias.to_owned(), (*model).to_owned()))
        };
        models.iter().filter_map(alias).collect()
    }

    /// Turns a plugin on or off.
    ///
    /// Whether there is such a plugin is for the caller to know.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub fn switch_plugin(&mut self, id: &str, is_enabled: bool) -> Result<(), Error> {
        self.set(
            &KeyPath::from(["plugins", "entries", id, "enabled"]),
            &is_enabled,
        )
    }

    /// Records that a credential profile exists. Its secret is never part of the file.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub fn record_profile(
        &mut self,
        id: &str,
        provider: &str,
        mode: &ProfileMode,
    ) -> Result<(), Error> {
        let path = KeyPath::from(["auth", "profiles", id]);
        if self.contains(&path) {
            self.set(&path.clone().name("provider"), &provider)?;
            return self.set(&path.name("mode"), &mode.as_str());
        }
        let pairs = Pairs(vec![
            ("provider", provider.into()),
            ("mode", mode.as_str().into()),
        ]);
        self.set(&path, &pairs)
    }

    /// Forgets a credential profile: its record, and its place in the order of its provider's.
    ///
    /// Returns whether there was anything.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub fn forget_profile(&mut self, id: &str) -> Result<bool, Error> {
        let mut found = self.unset(&KeyPath::from(["auth", "profiles", id]))?;
        let order = KeyPath::from(["auth", "order"]);
        let providers: Vec<String> = self
            .names(&order)
            .into_iter()
            .map(ToOwned::to_owned)
            .collect();
        for provider in providers {
            let path = order.clone().name(provider);
            let ids = self.get(&path);
            let ids = ids.as_ref().and_then(Value::as_array);
            let place = ids.and_then(|ids| ids.iter().position(|other| other.as_str() == Some(id)));
            if let Some(index) = place {
                self.unset(&path.index(index))?;
                found = true;
            }
        }
        Ok(found)
    }

    /// Sets the order in which a provider's profiles are used; an empty one removes it.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub fn set_profile_order(&mut self, provider: &str, ids: &[&str]) -> Result<(), Error> {
        let path = KeyPath::from(["auth", "order", provider]);
        if ids.is_empty() {
            return self.unset(&path).map(drop);
        }
        self.set(&path, &ids)
    }

    /// Lists a model in `agents.defaults.models`.
    fn list_model(&mut self, slot: ModelSlot, model: &str) -> Result<(), Error> {
        if slot == ModelSlot::VideoGeneration || self.contains(&settings(model)) {
            return Ok(());
        }
        self.set(&settings(model), &Map::new())
    }

    /// Makes an object of a choice that is a plain string.
    fn open_choice(&mut self, slot: ModelSlot) -> Result<(), Error> {
        let path = slot.path();
        let Some(model) = self.get_text(&path).map(ToOwned::to_owned) else {
            return Ok(());
        };
        self.set(&path, &Pairs(vec![("primary", model.into())]))
    }

    fn model_with_alias(&self, alias: &str) -> Option<String> {
        let aliases = self.aliases().into_iter();
        let mut found = aliases.filter(|(other, _)| other == alias);
        found.next().map(|(_, model)| model)
    }
}

impl ProfileMode {
    /// Returns the mode as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::ApiKey => "api_key",
            Self::OAuth => "oauth",
            Self::Token => "token",
            Self::Other(mode) => mode,
        }
    }
}

/// An object whose members keep their order.
pub(crate) struct Pairs<K>(pub(crate) Vec<(K, Value)>);

impl<K: Serialize> Serialize for Pairs<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

pub(crate) fn models() -> KeyPath {
    KeyPath::from(["agents", "defaults", "models"])
}

pub(crate) fn settings(model: &str) -> KeyPath {
    models().name(model)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;

    #[track_caller]
    fn check(
        text: &str,
        operation: impl FnOnce(&mut Document) -> Result<(), Error>,
        expected: &Value,
    ) {
        let mut document = Document::parse(text).unwrap();
        operation(&mut document).unwrap();
        assert_eq!(document.to_value(), *expected);
    }

    fn defaults(value: &Value) -> Value {
        json!({"agents": {"defaults": value}})
    }

    #[test]
    fn a_model_is_set_and_listed() {
        let set = |document: &mut Document| document.set_model(ModelSlot::Chat, "p/m");
        let listed = json!({"p/m": {}});
        check(
            "{}",
            set,
            &defaults(&json!({"model": {"primary": "p/m"}, "models": listed})),
        );
        check(
            "{ agents: { defaults: { model: 'p/old', models: { 'p/m': { alias: 'm' } } } } }",
            set,
            &defaults(&json!({"model": "p/m", "models": {"p/m": {"alias": "m"}}})),
        );
        check(
            "{ agents: { defaults: { model: { primary: 'p/old', fallbacks: ['p/f'] } } } }",
            set,
            &defaults(
                &json!({"model": {"primary": "p/m", "fallbacks": ["p/f"]}, "models": listed}),
            ),
        );
        check(
            "{}",
            |document| {
                document.set_model(ModelSlot::Image, "p/m")?;
                document.set_model(ModelSlot::VideoGeneration, "p/v")
            },
            &defaults(&json!({
                "imageModel": {"primary": "p/m"},
                "videoGenerationModel": {"primary": "p/v"},
                "models": listed,
            })),
        );
    }

    #[test]
    fn fallbacks_are_added_removed_and_cleared() {
        check(
            "{ agents: { defaults: { model: 'p/m' } } }",
            |document| {
                assert!(document.add_fallback(ModelSlot::Chat, "p/a")?);
                assert!(document.add_fallback(ModelSlot::Chat, "p/b")?);
                assert!(!document.add_fallback(ModelSlot::Chat, "p/a")?);
                assert_eq!(document.fallbacks(ModelSlot::Chat), ["p/a", "p/b"]);
                document.remove_fallback(ModelSlot::Chat, "p/a")
            },
            &defaults(&json!({
                "model": {"primary": "p/m", "fallbacks": ["p/b"]},
                "models": {"p/a": {}, "p/b": {}},
            })),
        );
        check(
            "{}",
            |document| document.clear_fallbacks(ModelSlot::Image),
            &defaults(&json!({"imageModel": {"fallbacks": []}})),
        );
        let error = Document::new()
            .remove_fallback(ModelSlot::Chat, "p/m")
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.to_string(), "no such fallback: p/m");
    }

    #[test]
    fn aliases_are_added_and_removed() {
        let mut document = Document::new();
        document.add_alias("coder", "p/m").unwrap();
        document.add_alias("coder", "p/m").unwrap();
        assert_eq!(document.aliases(), [("coder".to_owned(), "p/m".to_owned())]);
        let error = document.add_alias("coder", "p/other").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AliasTaken);
        assert_eq!(error.to_string(), "the alias coder already points to p/m");
        for alias in ["bad alias!", "", "a/b"] {
            let error = document.add_alias(alias, "p/m").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidAlias, "{alias}");
        }
        document.remove_alias("coder").unwrap();
        assert_eq!(
            document.to_value(),
            defaults(&json!({"models": {"p/m": {}}}))
        );
        let error = document.remove_alias("coder").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn profiles_and_plugins_are_recorded() {
        check(
            "{ auth: { profiles: { 'qwen:a': { email: 'a@b', mode: 'token' } },
               order: { qwen: ['qwen:b', 'qwen:a'], x: [] } } }",
            |document| {
                document.record_profile("qwen:a", "qwen", &ProfileMode::ApiKey)?;
                document.record_profile("qwen:b", "qwen", &ProfileMode::OAuth)?;
                assert!(document.forget_profile("qwen:b")?);
                assert!(!document.forget_profile("qwen:c")?);
                document.set_profile_order("y", &["y:1"])?;
                document.set_profile_order("x", &[])?;
                document.switch_plugin("qwen-portal-auth", true)?;
                document.switch_plugin("qwen", false)
            },
            &json!({
                "auth": {
                    "profiles": {"qwen:a": {"provider": "qwen", "mode": "api_key", "email": "a@b"}},
                    "order": {"qwen": ["qwen:a"], "y": ["y:1"]},
                },
                "plugins": {"entries": {
                    "qwen-portal-auth": {"enabled": true},
                    "qwen": {"enabled": false},
                }},
            }),
        );
    }

    #[test]
    fn what_comes_from_another_file_is_not_changed_here() {
        let text = "{ $include: './base.json5' }";
        let mut document = Document::parse(text).unwrap();
        let error = document.set_model(ModelSlot::Chat, "p/m").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Included);
        assert_eq!(document.text(), text);
    }
}
