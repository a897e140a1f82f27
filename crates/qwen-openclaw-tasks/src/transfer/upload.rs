//! Puts a file where the service can read it: a temporary place in its object storage.
//!
//! The service asks not to use this for production (help.aliyun.com, Model Studio,
//! "get-temporary-file-url"): a file there is deleted after 48 hours, and only requests for the
//! same model may refer to it.

use std::{
    fs::File,
    io::Read,
    path::Path,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use qwen_openclaw_http::FormFile;
use serde_json::Value;

use crate::{Error, ErrorKind, engine::Tasks, ledger::record::Upload};

const KEPT: Duration = Duration::from_secs(48 * 60 * 60);
/// What the service says of a form that came too late.
const LATE: &str = "Policy expired";

/// The form that a policy asks for.
struct Policy {
    host: String,
    folder: String,
    max_bytes: Option<u64>,
    fields: Vec<(&'static str, String)>,
}

impl Tasks {
    /// Uploads a local file for the service to read, for requests to `model` and for 48 hours. The
    /// file is read once, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Storage`] if it cannot be read, [`ErrorKind::InvalidRequest`] if it is not a
    /// regular file, empty or too large, and any error with which the service rejects the upload.
    pub async fn upload(&self, model: &str, path: &Path, limit: u64) -> Result<Upload, Error> {
        let (content, media_type) = read_file(path, limit)?;
        let name = file_name(path);
        let mut tries = 0;
        loop {
            tries += 1;
            // Each try with a policy of its own: they last five minutes.
            let policy = self.policy(model).await?;
            if policy
                .max_bytes
                .is_some_and(|max| content.len() as u64 > max)
            {
                return Err(too_large(path, policy.max_bytes.unwrap_or_default()));
            }
            let key = format!("{}/{name}", policy.folder.trim_end_matches('/'));
            let uploaded = SystemTime::now();
            match self
                .post_form(&policy, &key, &name, media_type, &content)
                .await
            {
                Ok(()) => {
                    return Ok(Upload {
                        url: format!("oss://{key}"),
                        expires_at: uploaded + KEPT,
                    });
                }
                // A file that comes twice is two files, and both are deleted by themselves.
                Err(error) if tries < 3 && (error.is_transient() || is_late(&error)) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn policy(&self, model: &str) -> Result<Policy, Error> {
        let model: String = model
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            .collect();
        let path = format!("api/v1/uploads?action=getPolicy&model={model}");
        let answer = self.shared.api.get_json(&path).await?;
        Policy::of(&answer).ok_or_else(|| {
            Error::new(
                ErrorKind::Protocol,
                "the service did not say where to upload the file",
            )
        })
    }

    /// No key goes there: the form is signed.
    async fn post_form(
        &self,
        policy: &Policy,
        key: &str,
        name: &str,
        media_type: &str,
        content: &Bytes,
    ) -> Result<(), Error> {
        let http = self.shared.api.connection.http();
        let url = self.shared.screening.check(&policy.host);
        let url = url.map_err(Error::from)?;
        let mut fields: Vec<(&str, &str)> = Vec::new();
        for (field, value) in &policy.fields {
            fields.push((field, value));
            if *field == "policy" {
                fields.push(("key", key));
            }
        }
        fields.push(("success_action_status", "200"));
        let file = FormFile {
            field: "file",
            file_name: name,
            media_type,
            content: content.clone(),
        };
        let request = http.post(url.as_str()).for_url(&url);
        let request = request.multipart(&fields, &file);
        let sent = http.send(request.map_err(Error::from)?).await;
        sent.map(drop).map_err(Error::from)
    }
}

impl Policy {
    fn of(answer: &Value) -> Option<Self> {
        let data = answer.get("data")?;
        let text = |name: &str| Some(data.get(name)?.as_str()?.to_owned());
        let megabytes = data.get("max_file_size_mb").and_then(|value| {
            let text = value.as_str().and_then(|text| text.parse().ok());
            text.or_else(|| value.as_u64())
        });
        Some(Self {
            host: text("upload_host")?,
            folder: text("upload_dir")?,
            max_bytes: megabytes.map(|count: u64| count.saturating_mul(1 << 20)),
            // In the order that is documented; the key comes after the policy.
            fields: vec![
                ("OSSAccessKeyId", text("oss_access_key_id")?),
                ("Signature", text("signature")?),
                ("policy", text("policy")?),
                ("x-oss-object-acl", text("x_oss_object_acl")?),
                ("x-oss-forbid-overwrite", text("x_oss_forbid_overwrite")?),
            ],
        })
    }
}

fn is_late(error: &Error) -> bool {
    error.status() == Some(403) && error.to_string().contains(LATE)
}

/// Reads a local file of up to `limit` bytes, and returns its content and the media type that its
/// first bytes tell.
///
/// # Errors
///
/// [`ErrorKind::Storage`] if it cannot be read, [`ErrorKind::InvalidRequest`] if it is not a regular
/// file, empty or too large.
pub fn read_file(path: &Path, limit: u64) -> Result<(Bytes, &'static str), Error> {
    let content = read(path, limit)?;
    let media_type = media_type(&content);
    Ok((content, media_type))
}

fn read(path: &Path, limit: u64) -> Result<Bytes, Error> {
    let failed = |error| {
        let message = format!("could not read {}", path.display());
        Error::new(ErrorKind::Storage, message).with_source(error)
    };
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        let message = format!("{} is not a regular file", path.display());
        return Err(Error::refused(message));
    }
    let mut content = Vec::new();
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut content);
    read.map_err(failed)?;
    if content.is_empty() {
        let message = format!("{} is empty", path.display());
        return Err(Error::refused(message));
    }
    if content.len() as u64 > limit {
        return Err(too_large(path, limit));
    }
    Ok(content.into())
}

fn too_large(path: &Path, limit: u64) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        format!("{} is larger than {} MiB", path.display(), limit >> 20),
    )
}

/// A name that can stand in a URL and a form, and does not tell what a file was called.
fn file_name(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let good = |text: &&str| text.len() <= 8 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let extension = extension.filter(good).unwrap_or("bin");
    format!(
        "{:016x}.{}",
        fastrand::u64(..),
        extension.to_ascii_lowercase()
    )
}

/// What a file is, by its first bytes.
fn media_type(content: &[u8]) -> &'static str {
    match content {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => "audio/wav",
        [b'B', b'M', ..] => "image/bmp",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "image/tiff",
        [b'I', b'D', b'3', ..] => "audio/mpeg",
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', ..] => "video/quicktime",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "video/mp4",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_nothing_and_fit_a_form() {
        for (path, end) in [
            ("/home/olena/My Cat.PNG", ".png"),
            ("x", ".bin"),
            ("a.\"b\r\n", ".bin"),
        ] {
            let name = file_name(Path::new(path));
            assert!(
                name.ends_with(end) && name.len() == 16 + end.len(),
                "{name}"
            );
        }
    }
}
