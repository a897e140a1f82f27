//! Where state is stored: this workspace's folder and OpenClaw's.

use std::path::{Path, PathBuf};

use crate::{
    environment::Environment,
    error::Error,
    variables::{OPENCLAW_HOME, OPENCLAW_STATE_DIR, QWEN_OPENCLAW_HOME},
};

/// The folder where credentials, jobs, and usage are stored.
///
/// The value is only a path: the folder need not exist, and nothing is written before `create`,
/// which requires the feature `store`.
///
/// ```
/// use std::path::Path;
/// use qwen_openclaw_auth::{Environment, StateDir};
///
/// let environment = Environment::from_pairs([("HOME", "/home/olena")]);
/// let folder = StateDir::of(&environment)?;
/// assert_eq!(folder.path(), Path::new("/home/olena/.qwen-openclaw"));
/// # Ok::<(), qwen_openclaw_auth::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// Uses the folder at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Locates the folder: `QWEN_OPENCLAW_HOME`, or else `~/.qwen-openclaw`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoHome`](crate::ErrorKind::NoHome) when neither that variable nor a home
    /// folder is set.
    pub fn of(environment: &Environment) -> Result<Self, Error> {
        if let Some(path) = environment.path(QWEN_OPENCLAW_HOME) {
            return Ok(Self(path));
        }
        let home = environment
            .home()
            .ok_or_else(|| Error::no_home(QWEN_OPENCLAW_HOME))?;
        Ok(Self(home.join(".qwen-openclaw")))
    }

    /// Returns the folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Creates the folder and its parents, accessible only to the user (mode 0700 on Unix).
    ///
    /// It then checks the folder by the rules of [`state`](crate::state).
    ///
    /// If the folder belongs to the user but others can read it, its mode is changed to 0700.
    /// Stores call this before they store anything.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Folder`](crate::ErrorKind::Folder) when the folder cannot be created,
    /// [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) when it belongs to another user, or
    /// others can write to it; it is then left unchanged.
    #[cfg(feature = "store")]
    pub fn create(&self) -> Result<(), Error> {
        crate::state::close_folder(&self.0)
    }
}

/// Locates OpenClaw's own folder.
///
/// That is `OPENCLAW_STATE_DIR`, or else `.openclaw` in `OPENCLAW_HOME` or the home folder.
///
/// # Errors
///
/// [`ErrorKind::NoHome`](crate::ErrorKind::NoHome) when none of them is set.
pub fn openclaw_dir(environment: &Environment) -> Result<PathBuf, Error> {
    if let Some(path) = environment.path(OPENCLAW_STATE_DIR) {
        return Ok(path);
    }
    let home = environment
        .path(OPENCLAW_HOME)
        .or_else(|| environment.home());
    Ok(home
        .ok_or_else(|| Error::no_home(OPENCLAW_STATE_DIR))?
        .join(".openclaw"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn check(
        pairs: &[(&str, &str)],
        state: Result<&str, ErrorKind>,
        openclaw: Result<&str, ErrorKind>,
    ) {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let found = StateDir::of(&environment).map_err(|error| error.kind());
        assert_eq!(
            found.as_ref().map(StateDir::path),
            state.as_ref().map(Path::new),
            "{pairs:?}"
        );
        let found = openclaw_dir(&environment).map_err(|error| error.kind());
        assert_eq!(
            found.as_deref(),
            openclaw.as_ref().map(Path::new),
            "{pairs:?}"
        );
    }

    #[test]
    fn variables_decide_where_the_folders_are() {
        const NONE: Result<&str, ErrorKind> = Err(ErrorKind::NoHome);
        check(&[], NONE, NONE);
        check(&[("HOME", " ")], NONE, NONE);
        check(
            &[("HOME", "/h")],
            Ok("/h/.qwen-openclaw"),
            Ok("/h/.openclaw"),
        );
        check(
            &[("USERPROFILE", "/u")],
            Ok("/u/.qwen-openclaw"),
            Ok("/u/.openclaw"),
        );
        check(
            &[("HOME", "/h"), ("USERPROFILE", "/u")],
            Ok("/h/.qwen-openclaw"),
            Ok("/h/.openclaw"),
        );
        check(&[("QWEN_OPENCLAW_HOME", "/q")], Ok("/q"), NONE);
        check(
            &[("HOME", "/h"), ("QWEN_OPENCLAW_HOME", "\t")],
            Ok("/h/.qwen-openclaw"),
            Ok("/h/.openclaw"),
        );
        check(
            &[("HOME", "/h"), ("QWEN_OPENCLAW_HOME", "~/q")],
            Ok("/h/q"),
            Ok("/h/.openclaw"),
        );
        check(
            &[("HOME", "/h"), ("OPENCLAW_HOME", "/o")],
            Ok("/h/.qwen-openclaw"),
            Ok("/o/.openclaw"),
        );
        check(
            &[("OPENCLAW_HOME", "/o"), ("OPENCLAW_STATE_DIR", "/s")],
            NONE,
            Ok("/s"),
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_home_that_is_not_unicode_is_still_a_folder() {
        use std::os::unix::ffi::OsStringExt;

        let home = std::ffi::OsString::from_vec(b"/h\xff".to_vec());
        let environment = Environment::from_pairs([("HOME", home.clone())]);
        let found = StateDir::of(&environment).unwrap();
        assert_eq!(found.path(), Path::new(&home).join(".qwen-openclaw"));
    }
}
