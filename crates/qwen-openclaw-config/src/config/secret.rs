//! API keys and headers of a configuration, in all the forms they take.

use std::fmt;

use qwen_openclaw_auth::{ApiKey, Environment, Source};

use super::reader::Reader;
use crate::{
    error::Error,
    substitute::{is_variable, substitute, variable},
};

/// What OpenClaw writes in place of a key that it stores elsewhere; none of them is a key.
const MARKERS: [&str; 5] = [
    "ollama-local",
    "custom-local",
    "secretref-managed",
    REDACTED,
    "__openclaw_redacted__",
];

/// What stands in place of a secret where a configuration is shown.
pub(crate) const REDACTED: &str = "__OPENCLAW_REDACTED__";

/// The `apiKey` of a provider's entry.
///
/// `Debug` shows no key.
#[derive(Clone, Debug)]
pub struct KeySetting {
    form: Form,
    path: String,
    file: String,
}

/// The forms of an `apiKey`.
#[derive(Clone, Debug)]
enum Form {
    /// The key itself, perhaps with variables in it.
    Literal(Hidden),
    Variable(String),
    Reference {
        source: String,
        provider: String,
        id: String,
    },
    Marker(String),
}

/// How a key is configured, without the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyForm<'a> {
    /// The key stands in the file.
    Literal,
    /// The key is the value of this variable.
    Variable(&'a str),
    /// The key is where OpenClaw's secret source says.
    Reference {
        /// The kind of source: `file`, `exec`, `store`, or one that this version does not know.
        source: &'a str,
        /// The source's name in the configuration.
        provider: &'a str,
        /// What the source calls the secret.
        id: &'a str,
    },
    /// A marker that stands for a login or key stored elsewhere, such as `qwen-oauth`.
    Marker(&'a str),
}

impl KeySetting {
    /// Reads an `apiKey`; a blank one is none.
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let form = match reader.value.as_str() {
            Some(text) => {
                let text = text.trim();
                if text.is_empty() {
                    return None;
                }
                if is_marker(text) {
                    Form::Marker(text.to_owned())
                } else if let Some(name) = variable(text).or_else(|| bare_variable(text)) {
                    Form::Variable(name.to_owned())
                } else {
                    Form::Literal(Hidden(text.to_owned()))
                }
            }
            None => {
                let object = reader.object(&["source", "provider", "id"])?;
                let text = |name: &str| object.get(name).and_then(|reader| reader.plain());
                let (source, id) = (text("source")?, text("id")?);
                if source == "env" {
                    Form::Variable(id)
                } else {
                    let provider = text("provider").unwrap_or_else(|| "default".to_owned());
                    Form::Reference {
                        source,
                        provider,
                        id,
                    }
                }
            }
        };
        Some(Self {
            form,
            path: reader.path.to_string(),
            file: reader.context.file.to_owned(),
        })
    }

    /// Returns how the key is configured.
    #[must_use]
    pub fn form(&self) -> KeyForm<'_> {
        match &self.form {
            Form::Literal(_) => KeyForm::Literal,
            Form::Variable(name) => KeyForm::Variable(name),
            Form::Reference {
                source,
                provider,
                id,
            } => KeyForm::Reference {
                source,
                provider,
                id,
            },
            Form::Marker(marker) => KeyForm::Marker(marker),
        }
    }

    /// Returns the key and where it comes from; `None` for a marker.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unset`](crate::ErrorKind::Unset) when its variable is not set or blank,
    /// [`ErrorKind::InvalidKey`](crate::ErrorKind::InvalidKey) when it is malformed,
    /// [`ErrorKind::UnreadableSecret`](crate::ErrorKind::UnreadableSecret) when it is stored where
    /// only OpenClaw can read it.
    pub fn key(&self, environment: &Environment) -> Result<Option<(ApiKey, Source)>, Error> {
        self.resolve(environment)
            .map_err(|error| error.in_file(&self.file))
    }

    fn resolve(&self, environment: &Environment) -> Result<Option<(ApiKey, Source)>, Error> {
        let in_file = || Source::Config {
            path: self.file.clone(),
        };
        match &self.form {
            Form::Marker(_) => Ok(None),
            Form::Literal(Hidden(text)) => {
                let text = substitute(text, environment, &self.path)?;
                let key = ApiKey::parse(text.into_owned());
                let key = key.map_err(|error| Error::auth(error.at(in_file())))?;
                Ok(Some((key, in_file())))
            }
            Form::Variable(name) => {
                let variable = environment.get(name);
                let variable = variable.ok_or_else(|| Error::unset(name, &self.path))?;
                let source = variable.source();
                let key = variable
                    .value()
                    .and_then(ApiKey::parse)
                    .map_err(|error| Error::auth(error.at(source.clone())))?;
                Ok(Some((key, source)))
            }
            Form::Reference { source, .. } => Err(Error::reference(source, &self.path)),
        }
    }
}

/// Whether a text stands for a login or key that is stored elsewhere: `qwen-oauth` and the like.
pub(crate) fn is_marker(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    MARKERS.contains(&text) || text.ends_with("-oauth") && text.bytes().all(plain)
}

/// A bare name of a variable, which OpenClaw writes to files that it derives.
fn bare_variable(text: &str) -> Option<&str> {
    let is_key = ["_KEY", "_TOKEN"].iter().any(|end| text.ends_with(end));
    (is_key && is_variable(text)).then_some(text)
}

/// A header that a provider's entry adds to requests. `Debug` does not show its value.
#[derive(Clone, Debug)]
pub struct Header {
    name: String,
    value: KeySetting,
}

impl Header {
    pub(super) fn read(name: &str, reader: &Reader<'_>) -> Option<Self> {
        let value = KeySetting::read(reader)?;
        let name = name.to_owned();
        Some(Self { name, value })
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value in the clear, only for sending it.
    ///
    /// # Errors
    ///
    /// The same as [`KeySetting::key`], but any text is valid.
    pub fn value(&self, environment: &Environment) -> Result<String, Error> {
        let KeySetting { form, path, file } = &self.value;
        let value = match form {
            Form::Literal(Hidden(text)) => {
                substitute(text, environment, path).map(std::borrow::Cow::into_owned)
            }
            Form::Marker(text) => Ok(text.clone()),
            Form::Variable(name) => match environment.value(name) {
                Ok(Some(value)) => Ok(value.to_owned()),
                Ok(None) => Err(Error::unset(name, path)),
                Err(error) => Err(Error::auth(error)),
            },
            Form::Reference { source, .. } => Err(Error::reference(source, path)),
        };
        value.map_err(|error| error.in_file(file))
    }
}

/// A string that may be a key.
#[derive(Clone)]
struct Hidden(String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
