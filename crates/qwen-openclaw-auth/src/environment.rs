//! The environment: a layered snapshot, taken once and passed around as a value.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use qwen_openclaw_catalog::Provider;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::{
    dotenv,
    error::Error,
    folders::openclaw_dir,
    source::Source,
    variables::{self, HOME, USERPROFILE},
};

mod layer;
#[cfg(feature = "shell")]
mod shell;
#[cfg(test)]
mod tests;

use layer::{Layer, Origin, Value};

/// A snapshot of environment variables, from the process environment and layered files.
///
/// The layers, from highest precedence to lowest: the process environment, dotenv files named by
/// the caller, OpenClaw's own `~/.openclaw/.env`, the `env.vars` of a configuration file, the login
/// shell. Their precedence does not depend on the order in which they are added; among named dotenv
/// files, the one added first wins. A blank value always counts as unset, and the next layer is
/// checked.
///
/// ```
/// use std::path::Path;
/// use qwen_openclaw_auth::{Environment, Trust};
///
/// let environment = Environment::from_pairs([("QWEN_API_KEY", "  "), ("LANG", "uk_UA.UTF-8")])
///     .with_dotenv_text(Path::new("team.env"), "export QWEN_API_KEY='sk-1' # ours", Trust::Full)?;
///
/// let variable = environment.get("QWEN_API_KEY").ok_or("not set")?;
/// assert_eq!(variable.value()?, "sk-1");
/// assert_eq!(variable.source().to_string(), "dotenv: QWEN_API_KEY (team.env)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` shows the names of known variables and no values.
#[derive(Clone, Default)]
pub struct Environment {
    layers: Vec<Layer>,
    problems: Vec<Error>,
}

/// How much a dotenv file is trusted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Trust {
    /// Every variable in the file is used.
    Full,
    /// Variables that hold secrets, or decide where secrets come from or go, are ignored: keys,
    /// tokens, base URLs, proxies, folders.
    ///
    /// For the `.env` of a working folder, which may come from an untrusted author.
    Settings,
}

/// A variable that is set and not blank.
#[derive(Clone, Copy)]
pub struct Variable<'a> {
    name: &'a str,
    value: &'a Value,
    layer: &'a Layer,
}

impl Environment {
    /// Captures the process environment.
    ///
    /// This is the only place in the workspace that reads it. A value that is not UTF-8 is an error
    /// only when it is requested. OpenClaw's own file is not read yet: see
    /// [`with_openclaw_dotenv`](Self::with_openclaw_dotenv).
    #[must_use]
    pub fn capture() -> Self {
        // Lookups are by `&str`, so a name that is not UTF-8 could never be found.
        Self::from_pairs(
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))),
        )
    }

    /// Creates a snapshot from these variables instead of the process environment.
    ///
    /// If a name occurs more than once, the last value wins.
    #[must_use]
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<OsString>,
    {
        let values = pairs
            .into_iter()
            .map(|(name, value)| (fold(name.into()), Value::from_os(value.into())))
            .collect();
        Self::default().with_layer(Origin::Process, values)
    }

    /// Creates an empty snapshot.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds the variables from a dotenv file.
    ///
    /// The file consists of lines of the form `NAME=value`; quotes, `export`, comments, and
    /// multi-line values are supported, variable substitution is not.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Read`](crate::ErrorKind::Read) when the file cannot be read,
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) when it is larger than 1 MiB,
    /// [`ErrorKind::Dotenv`](crate::ErrorKind::Dotenv) for the first malformed line.
    pub fn with_dotenv_file(self, path: impl AsRef<Path>, trust: Trust) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read(path).map_err(|error| Error::read(&self.shown(path), error))?;
        self.with_dotenv_bytes(path, bytes.expose_secret(), trust)
    }

    /// Adds the variables from text in dotenv format; `path` names it in messages.
    ///
    /// # Errors
    ///
    /// The same as [`with_dotenv_file`](Self::with_dotenv_file), except that nothing is read.
    pub fn with_dotenv_text(
        self,
        path: impl AsRef<Path>,
        text: &str,
        trust: Trust,
    ) -> Result<Self, Error> {
        self.with_dotenv_bytes(path.as_ref(), text.as_bytes(), trust)
    }

    /// Adds the variables from OpenClaw's own `~/.openclaw/.env`, if it exists.
    ///
    /// The file belongs to another program, so nothing in it is fatal: malformed lines are skipped,
    /// as OpenClaw skips them, and reported by [`problems`](Self::problems). The folder is that of
    /// [`openclaw_dir`].
    #[must_use]
    pub fn with_openclaw_dotenv(mut self) -> Self {
        let Ok(folder) = openclaw_dir(&self) else {
            return self;
        };
        let path = folder.join(".env");
        let shown = self.shown(&path);
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self,
            Err(error) => {
                self.problems.push(Error::read(&shown, error));
                return self;
            }
        };
        let text = match decode(&shown, bytes.expose_secret()) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(error);
                return self;
            }
        };
        let mut values = BTreeMap::new();
        for entry in dotenv::parse(text) {
            match entry {
                Ok(entry) => {
                    values.insert(fold(entry.name), Value::from_secret(entry.value));
                }
                Err(error) => {
                    self.problems.push(Error::syntax(&shown, error));
                }
            }
        }
        self.with_layer(Origin::OpenClawDotenv { shown }, values)
    }

    /// Adds the variables set by a configuration file (`env.vars` of `openclaw.json`).
    #[must_use]
    pub fn with_config_variables<N, V>(
        self,
        path: impl AsRef<Path>,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let shown = self.shown(path.as_ref());
        self.with_layer(Origin::Config { shown }, values_of(pairs))
    }

    /// Adds the variables reported by the login shell (`env.shellEnv` of `openclaw.json`).
    #[must_use]
    pub fn with_shell_variables<N, V>(self, pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        self.with_layer(Origin::Shell, values_of(pairs))
    }

    /// Returns the names of the variables that the login shell reported and that count, sorted.
    pub fn shell_variables(&self) -> impl Iterator<Item = &str> {
        let shell = |layer: &&Layer| matches!(layer.origin, Origin::Shell);
        let names = self.layers.iter().filter(shell);
        let names = names.flat_map(|layer| layer.values.keys());
        names
            .map(String::as_str)
            .filter(|name| matches!(self.get(name), Some(found) if matches!(found.layer.origin, Origin::Shell)))
    }

    /// Returns the variables that may hold a key of a well-known provider without one: none of the
    /// provider's variables is set, nor any of another provider that shares them.
    #[must_use]
    pub fn missing_keys(&self) -> Vec<&'static str> {
        let has_none = |names: &[&str]| names.iter().all(|name| self.get(name).is_none());
        let mut missing: Vec<&str> = Vec::new();
        for name in Provider::well_known().flat_map(|provider| provider.env_vars().iter()) {
            let mut sharing =
                Provider::well_known().filter(|other| other.env_vars().contains(name));
            if !missing.contains(name) && sharing.all(|other| has_none(other.env_vars())) {
                missing.push(name);
            }
        }
        missing
    }

    /// Returns a variable from the highest layer in which it is not blank.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Variable<'_>> {
        self.all(name).next()
    }

    /// Returns a variable from every layer in which it is not blank, the one that counts first.
    ///
    /// The others are shadowed by it.
    pub fn all(&self, name: &str) -> impl Iterator<Item = Variable<'_>> {
        let name = fold(name.to_owned());
        self.layers.iter().filter_map(move |layer| {
            let (name, value) = layer.values.get_key_value(&name)?;
            (!matches!(value, Value::Blank)).then_some(Variable { name, value, layer })
        })
    }

    /// Returns the value of a variable, if it is set and not blank.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotUnicode`](crate::ErrorKind::NotUnicode) when its value is not UTF-8.
    pub fn value(&self, name: &str) -> Result<Option<&str>, Error> {
        self.get(name).map(|variable| variable.value()).transpose()
    }

    /// Returns the value of a variable that names a file or folder, if it is set and not blank.
    ///
    /// A leading `~/` stands for the home folder. The path need not be UTF-8.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let path = self.get(name)?.value.to_path();
        let Ok(below) = path.strip_prefix("~") else {
            return Some(path);
        };
        Some(
            self.home()
                .map_or_else(|| path.clone(), |home| home.join(below)),
        )
    }

    /// Returns the user's home folder: `HOME`, or else `USERPROFILE`.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        let home = self.get(HOME).or_else(|| self.get(USERPROFILE))?;
        Some(home.value.to_path())
    }

    /// Returns a path for display, with `~` for the home folder.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        let below = self
            .home()
            .filter(|home| home.parent().is_some())
            .and_then(|home| path.strip_prefix(home).map(Path::to_path_buf).ok());
        match below {
            Some(below) if below.as_os_str().is_empty() => "~".to_owned(),
            Some(below) => Path::new("~").join(below).display().to_string(),
            None => path.display().to_string(),
        }
    }

    /// Returns the problems in files that are otherwise skipped silently.
    ///
    /// Each is worth a warning to the user; none is a reason to stop.
    #[must_use]
    pub fn problems(&self) -> &[Error] {
        &self.problems
    }

    /// Returns whether the variable is set but blank in any layer.
    pub(crate) fn is_blank(&self, name: &str) -> bool {
        let name = fold(name.to_owned());
        self.layers
            .iter()
            .any(|layer| matches!(layer.values.get(&name), Some(Value::Blank)))
    }

    fn with_dotenv_bytes(self, path: &Path, bytes: &[u8], trust: Trust) -> Result<Self, Error> {
        let shown = self.shown(path);
        let mut values = BTreeMap::new();
        for entry in dotenv::parse(decode(&shown, bytes)?) {
            let entry = entry.map_err(|error| Error::syntax(&shown, error))?;
            if trust == Trust::Full || !variables::is_sensitive(&entry.name) {
                values.insert(fold(entry.name), Value::from_secret(entry.value));
            }
        }
        Ok(self.with_layer(Origin::Dotenv { shown }, values))
    }

    fn with_layer(mut self, origin: Origin, values: BTreeMap<String, Value>) -> Self {
        let rank = origin.rank();
        let index = self
            .layers
            .partition_point(|layer| layer.origin.rank() <= rank);
        self.layers.insert(index, Layer { origin, values });
        self
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("layers", &self.layers)
            .field("problems", &self.problems)
            .finish()
    }
}

impl<'a> Variable<'a> {
    /// Returns the variable's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the trimmed value, which is never empty.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotUnicode`](crate::ErrorKind::NotUnicode) when the value is not UTF-8.
    pub fn value(&self) -> Result<&'a str, Error> {
        match self.value {
            Value::Text(text) => Ok(text.expose_secret()),
            Value::Blank => Ok(""),
            Value::NotUnicode(_) => Err(Error::not_unicode(self.source())),
        }
    }

    /// Returns where the variable is set.
    #[must_use]
    pub fn source(&self) -> Source {
        self.layer.origin.source(self.name)
    }
}

impl fmt::Debug for Variable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable")
            .field("source", &self.source())
            .finish_non_exhaustive()
    }
}

/// Folds the case of a name on Windows, where variable names are case-insensitive.
fn fold(name: String) -> String {
    if cfg!(windows) {
        name.to_ascii_uppercase()
    } else {
        name
    }
}

fn values_of<N: Into<String>, V: Into<String>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> BTreeMap<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| {
            (
                fold(name.into()),
                Value::from_secret(SecretString::from(value.into())),
            )
        })
        .collect()
}

/// Reads a file, but at most one byte past the limit.
fn read(path: &Path) -> io::Result<SecretSlice<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(dotenv::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(SecretSlice::from(bytes))
}

fn decode<'a>(shown: &str, bytes: &'a [u8]) -> Result<&'a str, Error> {
    if bytes.len() > dotenv::MAX_BYTES {
        return Err(Error::too_large(shown, dotenv::MAX_BYTES));
    }
    dotenv::decode(bytes).map_err(|error| Error::syntax(shown, error))
}
