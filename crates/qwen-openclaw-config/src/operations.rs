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
    /// Where `plugins.allow` lists the plugins that may be on, one that is turned on is added.
    /// Whether there is such a plugin is for the caller to know.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set).
    pub fn switch_plugin(&mut self, id: &str, is_enabled: bool) -> Result<(), Error> {
        self.set(
            &KeyPath::from(["plugins", "entries", id, "enabled"]),
            &is_enabled,
        )?;
        let path = KeyPath::from(["plugins", "allow"]);
        let allowed = self.get(&path);
        let allowed = allowed.as_ref().and_then(Value::as_array);
        match allowed {
            Some(ids) if is_enabled && !ids.is_empty() && ids.iter().all(|other| other != id) => {
                self.append(&path, &id)
            }
            _ => Ok(()),
        }
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
mod tests;
