//! The Qwen Code CLI's own file: `oauth_creds.json`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{SecretString, zeroize::Zeroizing};
use serde_json::Value;
use tokio::time::sleep;

use super::server::LoginServer;
use crate::{
    Environment,
    error::{Error, ErrorKind},
    key::ApiKey,
    state::Fields,
    store::{Login, PlacedFile, Profile, Replacement, from_millis, loose, to_millis},
    variables::{HOME, QWEN_HOME, QWEN_OAUTH_BASE_URL},
};

/// The file in which the Qwen Code CLI stores its login.
///
/// It is only read, or replaced by a profile bound to it; it is never created or deleted. The value
/// is only a path: the file need not exist.
#[derive(Clone, Debug)]
pub struct QwenCliFile {
    file: PlacedFile,
    /// The login server, in the form that a login remembers.
    server: Option<String>,
}

impl QwenCliFile {
    /// Uses the file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            file: PlacedFile::new(path.into(), Replacement::default()),
            server: None,
        }
    }

    /// Sets the login server that issued and renews the login. Default:
    /// [`PUBLIC_SERVER`](super::PUBLIC_SERVER).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when the URL is neither https nor loopback.
    pub fn server(mut self, url: &str) -> Result<Self, Error> {
        self.server = LoginServer::parse(Some(url))?.remembered();
        Ok(self)
    }

    /// Locates the file: `oauth_creds.json` in `QWEN_HOME`, or else in `~/.qwen`.
    ///
    /// Its server is `QWEN_OAUTH_BASE_URL`, if set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoHome`] when neither the first variable nor a home folder is set,
    /// [`ErrorKind::InvalidRequest`] and [`ErrorKind::NotUnicode`] for an invalid server URL.
    pub fn of(environment: &Environment) -> Result<Self, Error> {
        let folder = match environment.path(QWEN_HOME) {
            Some(folder) => folder,
            None => environment
                .home()
                .ok_or_else(|| Error::no_home(HOME))?
                .join(".qwen"),
        };
        let file = Self::new(folder.join("oauth_creds.json"));
        match environment.value(QWEN_OAUTH_BASE_URL)? {
            Some(url) => file.server(url),
            None => Ok(file),
        }
    }

    /// Returns a warning to show the user if others can read the file.
    ///
    /// Versions of the CLI up to 0.15 leave it that way after a login. A refresh by a bound profile
    /// removes the access.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let contents = self.file.read().ok()??;
        contents.is_loose().then(|| loose(self.path()))
    }

    /// Returns a profile bound to the file, whose login is used and renewed in place.
    ///
    /// The path is made absolute.
    #[must_use]
    pub fn to_profile(&self) -> Profile {
        // Without a current folder the path stays relative.
        let path = std::path::absolute(self.path()).unwrap_or_else(|_| self.path().to_path_buf());
        Profile::QwenCli {
            path,
            server: self.server.clone(),
        }
    }

    /// Returns the file that a profile is bound to.
    pub(super) fn bound(path: &Path, server: Option<&str>) -> Result<Self, Error> {
        let file = Self::new(path);
        match server {
            Some(url) => file.server(url),
            None => Ok(file),
        }
    }

    /// Returns the file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Reads the login in the file; `None` if the file does not exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`] when it contains no login, [`ErrorKind::Untrusted`] when it belongs
    /// to another user, [`ErrorKind::Read`] when it cannot be read.
    pub async fn read(&self) -> Result<Option<Login>, Error> {
        Ok(self.document().await?.map(|document| document.login))
    }

    /// Reads the whole file. Older versions of the CLI write in place, so a corrupt file is read
    /// once more.
    pub(super) async fn document(&self) -> Result<Option<CliDocument>, Error> {
        match self.document_now() {
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                sleep(Duration::from_millis(150)).await;
                self.document_now()
            }
            read => read,
        }
    }

    fn document_now(&self) -> Result<Option<CliDocument>, Error> {
        let Some(contents) = self.file.read()? else {
            return Ok(None);
        };
        let mut document = CliDocument::parse(self.path(), contents.bytes())?;
        document.login.server.clone_from(&self.server);
        Ok(Some(document))
    }

    /// Writes `login` to the file if it still contains the login of `document`; returns whether it
    /// did.
    pub(super) fn replace(&self, document: &CliDocument, login: &Login) -> Result<bool, Error> {
        let Some(present) = self.document_now()? else {
            return Ok(false);
        };
        if present.login.refresh_text() != document.login.refresh_text() {
            return Ok(false);
        }
        self.file.write(&present.with(login).to_text())?;
        Ok(true)
    }

    pub(super) fn check_writable(&self) -> Result<(), Error> {
        self.file.check_writable(8 << 10)
    }
}

/// The contents of the file.
#[derive(Clone)]
pub(super) struct CliDocument {
    pub(super) login: Login,
    /// Every field, including unrecognized ones.
    fields: Fields,
}

impl CliDocument {
    fn parse(path: &Path, text: &[u8]) -> Result<Self, Error> {
        let corrupt = |what| Error::corrupt(path, what);
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let fields = Fields::parse(text).ok_or_else(|| corrupt("is not a JSON object"))?;
        let field = |name: &str| {
            let text: String = fields.get(name)?;
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let access = field("access_token").ok_or_else(|| corrupt("contains no access token"))?;
        let access = ApiKey::parse(access).map_err(|_| corrupt("contains an invalid token"))?;
        let refresh = field("refresh_token").map(SecretString::from);
        // Without a date the token counts as expired, because the refresh token may still be valid.
        let expires = fields
            .get("expiry_date")
            .as_ref()
            .and_then(millis)
            .unwrap_or(0);
        let login = Login {
            access,
            refresh,
            expires: from_millis(expires),
            lifetime: None,
            resource_url: field("resource_url"),
            server: None,
            generation: 0,
            imported: None,
            extra: Fields::default(),
        };
        Ok(Self { login, fields })
    }

    /// Returns the document with its login replaced.
    fn with(mut self, login: &Login) -> Self {
        let fields = &mut self.fields;
        fields.set("access_token", login.access.expose());
        if let Some(refresh) = login.refresh_text() {
            fields.set("refresh_token", refresh);
        }
        fields.set("expiry_date", &to_millis(login.expires));
        if let Some(url) = &login.resource_url {
            fields.set("resource_url", url);
        }
        // The CLI ignores a file without it.
        if fields.get::<String>("token_type").is_none() {
            fields.set("token_type", "Bearer");
        }
        self.login = login.clone();
        self
    }

    /// Formats the document as the CLI does: two spaces of indentation, no trailing newline.
    fn to_text(&self) -> Zeroizing<Vec<u8>> {
        // A string-keyed map of values that were JSON before always serializes.
        Zeroizing::new(serde_json::to_vec_pretty(&self.fields).unwrap_or_default())
    }
}

/// Returns a date in milliseconds from an integer or a float, which is in seconds if it is small.
fn millis(value: &Value) -> Option<u64> {
    let number = value.as_f64().filter(|number| *number > 0.0)?;
    let number = if number < 1e10 {
        number * 1000.0
    } else {
        number
    };
    // The conversion saturates.
    Some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<CliDocument, Error> {
        CliDocument::parse("creds.json".as_ref(), text.as_bytes())
    }

    #[test]
    fn other_writers_are_understood() {
        let table = [
            (r#""expiry_date":1800000000123"#, 1_800_000_000_123),
            (r#""expiry_date":1800000000123.0"#, 1_800_000_000_123),
            (r#""expiry_date":1800000000"#, 1_800_000_000_000),
            (r#""expiry_date":null"#, 0),
            (r#""expiry_date":"soon""#, 0),
            (r#""expiry_date":-5"#, 0),
            (r#""id_token":"x""#, 0),
        ];
        for (field, expires) in table {
            let text =
                format!("\u{feff}{{\"access_token\":\"a\",\"refresh_token\":\"r\",{field}}}");
            let login = parse(&text).unwrap().login;
            assert_eq!(to_millis(login.expires), expires, "{field}");
            assert_eq!(login.refresh_text(), Some("r"));
        }
    }

    #[test]
    fn corruption_is_reported_and_not_shown() {
        for text in [
            "",
            "{\"access_token\":\"secret",
            "[]",
            "{}",
            r#"{"device_code_requested_at":1}"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":"a secret"}"#,
        ] {
            let Err(error) = parse(text) else {
                panic!("{text}");
            };
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{text}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }

    #[test]
    fn unrecognized_fields_are_kept_in_the_clis_format() {
        let text = r#"{"access_token":"a","refresh_token":"r","x":{"y":[1]},"resource_url":"u"}"#;
        let document = parse(text).unwrap();
        let mut login = document.login.clone();
        login.access = ApiKey::parse("b").unwrap();
        login.expires = from_millis(1_800_000_000_000);
        let written = document.with(&login).to_text();
        let written = std::str::from_utf8(&written).unwrap();
        assert!(
            written.starts_with("{\n  \"") && written.ends_with("\n}"),
            "{written}"
        );
        let value: Value = serde_json::from_str(written).unwrap();
        let expect = serde_json::json!({
            "access_token": "b", "refresh_token": "r", "x": {"y": [1]}, "resource_url": "u",
            "expiry_date": 1_800_000_000_000_u64, "token_type": "Bearer",
        });
        assert_eq!(value, expect);
    }

    #[test]
    fn numbers_of_others_are_kept_to_the_digit() {
        let kept = "\"x\": 0.30000000000000004,\n  \"y\": 1.50e2,\n  \"z\": 98765432109876543210";
        let text = format!("{{\n  \"access_token\": \"a\",\n  {kept}\n}}");
        let document = parse(&text).unwrap();
        let login = document.login.clone();
        let written = document.with(&login).to_text();
        let written = std::str::from_utf8(&written).unwrap();
        assert!(written.contains(kept), "{written}");
    }
}
