//! Fetches a result into a file: whole or not at all under its final name.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use qwen_openclaw_http::{ErrorKind as HttpErrorKind, Response, RetryPolicy};
use tokio::time::{sleep, timeout};

use super::{
    engine::{Tasks, busy},
    fault,
    record::{JobId, JobRecord, PartFile, Phase, ResultFile},
    state::TaskState,
};
use crate::error::{Error, ErrorKind};

/// How long nothing may arrive.
const IDLE: Duration = Duration::from_secs(30);
/// What has to be seen of a file to tell what it is.
const HEAD: usize = 64;

/// What a result is, told by its first bytes.
#[derive(Clone, Copy, Debug)]
pub struct FileKind {
    /// Its name, such as `MP4`.
    pub name: &'static str,
    /// Tells it by its first bytes, at most 64.
    pub matches: fn(&[u8]) -> bool,
}

/// How a result is saved.
#[derive(Clone, Debug)]
#[must_use]
pub struct SaveOptions {
    limit: u64,
    overwrite: bool,
    retry: RetryPolicy,
}

impl Default for SaveOptions {
    fn default() -> Self {
        Self {
            limit: 2 << 30,
            overwrite: false,
            retry: RetryPolicy::default().retries(5),
        }
    }
}

impl SaveOptions {
    /// Sets how large the file may be, in bytes. The default is 2 GiB.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Replaces a file that is there. By default that is refused.
    pub fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }

    /// Sets how often a download that brings nothing new is tried again. The default is five
    /// times.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }
}

/// How far a download has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes that are saved.
    pub received: u64,
    /// Bytes of the whole file, if the server said so.
    pub total: Option<u64>,
}

/// A file that is being fetched.
struct Part {
    file: File,
    path: PathBuf,
    length: u64,
    /// What the server calls this version of the file; without it no half is continued.
    etag: Option<String>,
}

/// Why a try has ended without a whole file.
enum Broken {
    /// Another try goes on from here.
    Network(Error),
    /// The address does not work any more; there may be a new one.
    Gone(Error),
    Final(Error),
}

pub(crate) async fn save(
    tasks: &Tasks,
    record: JobRecord,
    path: &Path,
    options: SaveOptions,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<JobRecord, Error> {
    let id = record.id.clone();
    let named = |error: Error| error.of_job(&id, record.task_id.as_deref());
    let lease = tasks.shared.store.lease(&id).await?;
    let _lease = lease.ok_or_else(|| busy(&id))?;
    let path = std::path::absolute(path).map_err(|error| named(failed("find", path, error)))?;
    if path.to_str().is_none() {
        let error = format!("the ledger cannot hold the name {}", path.display());
        return Err(named(Error::new(ErrorKind::File, error)));
    }
    let record = tasks.record(&id).await?;
    if let Some(length) = whole(&record, &path, tasks.shared.product.file) {
        // Only the last note was lost.
        progress(Progress {
            received: length,
            total: Some(length),
        });
        return saved(tasks, &record.id, &path).await;
    }
    if !options.overwrite && fs::symlink_metadata(&path).is_ok() {
        let error = Error::new(
            ErrorKind::File,
            format!("{} is there already", path.display()),
        );
        return Err(named(
            error.with_hint("choose another name, or overwrite it"),
        ));
    }
    let mut record = tasks
        .update(&id, |record| record.target = Some(path.clone()))
        .await?;
    let mut part = Part::open(&path, &record).map_err(named)?;
    let mut attempts = options.retry.attempts();
    let mut renewed = false;
    let mut furthest = part.length;
    loop {
        let tried = fetch(tasks, &mut record, &mut part, &options, &mut progress).await;
        match tried {
            Ok(()) => break,
            Err(Broken::Network(error)) => {
                if part.length > furthest {
                    // It gets on: that is no failure to be counted.
                    furthest = part.length;
                    attempts = options.retry.attempts();
                }
                match attempts.after_transient(error.retry_after()) {
                    Some(wait) => sleep(wait).await,
                    None => return Err(named(error)),
                }
            }
            Err(Broken::Gone(_)) if !renewed => {
                renewed = true;
                record = renew(tasks, record).await?;
            }
            Err(Broken::Gone(error)) => {
                let expires_at = record.result.as_ref().map(|result| result.expires_at);
                if expires_at.is_some_and(|at| at <= SystemTime::now()) {
                    // Nothing will ever go on from this half.
                    let _ = fs::remove_file(&part.path);
                }
                return Err(named(error));
            }
            Err(Broken::Final(error)) => {
                // What is wrong as a whole is no good as a half.
                let _ = fs::remove_file(&part.path);
                return Err(named(error));
            }
        }
    }
    part.check(tasks.shared.product.file).map_err(named)?;
    part.file
        .sync_all()
        .map_err(|error| named(failed("write", &part.path, error)))?;
    fault::point("downloaded");
    // So that whoever finds the final name can tell that it is ours, and whole.
    let noted = PartFile {
        path: part.path.clone(),
        etag: part.etag.clone(),
        whole: Some(part.length),
    };
    let note = tasks.update(&id, |record| record.part = Some(noted.clone()));
    note.await?;
    fault::point("whole-noted");
    part.place(&path, options.overwrite).map_err(named)?;
    sync_folder(&path).map_err(|error| named(failed("write", &path, error)))?;
    fault::point("result-renamed");
    saved(tasks, &id, &path).await
}

async fn saved(tasks: &Tasks, id: &JobId, path: &Path) -> Result<JobRecord, Error> {
    tasks
        .update(id, |record| {
            record.phase = Phase::Saved;
            record.saved = Some(path.to_owned());
            record.part = None;
        })
        .await
}

/// The length of a result that has its final name already, if a note of ours says so.
fn whole(record: &JobRecord, path: &Path, kind: FileKind) -> Option<u64> {
    let part = record.part.as_ref()?;
    let length = part
        .whole
        .filter(|_| record.target.as_deref() == Some(path))?;
    let mut head = Vec::new();
    let file = File::open(path).ok()?;
    let is_whole = file.metadata().ok()?.len() == length;
    file.take(HEAD as u64).read_to_end(&mut head).ok()?;
    if !is_whole || !(kind.matches)(&head) {
        return None;
    }
    // Its other name, where it was placed by a link.
    let _ = fs::remove_file(&part.path);
    Some(length)
}

/// One try to fetch what is missing.
async fn fetch(
    tasks: &Tasks,
    record: &mut JobRecord,
    part: &mut Part,
    options: &SaveOptions,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<(), Broken> {
    let (http, screening) = (&tasks.shared.api.http, tasks.shared.screening);
    let result = record.result.as_ref();
    let result = result.ok_or_else(|| Broken::Final(Error::ledger("there is no result")))?;
    let url = screening
        .check(&result.url)
        .map_err(|error| Broken::Final(Error::from_http(error)))?;
    if part.etag.is_none() {
        part.restart().map_err(Broken::Final)?;
    }
    let range = (part.length > 0).then(|| format!("bytes={}-", part.length));
    let response = http.fetch(&url, screening, range.as_deref()).await;
    let response = match response {
        Ok(response) => response,
        // There is nothing after what we have, so what we have is of something else.
        Err(error) if error.status() == Some(416) && range.is_some() => {
            part.restart().map_err(Broken::Final)?;
            return Err(Broken::Network(Error::from_http(error)));
        }
        Err(error) => return Err(broken(error, result)),
    };
    let total = part.begin(&response).map_err(Broken::Final)?;
    if let Some(etag) = part.etag.clone().filter(|_| part.length == 0) {
        let noted = tasks.update(&record.id, |record| {
            record.part = Some(PartFile {
                path: part.path.clone(),
                etag: Some(etag.clone()),
                whole: None,
            });
        });
        *record = noted.await.map_err(Broken::Final)?;
        fault::point("download-begun");
    }
    let too_large = || {
        let limit = options.limit;
        let error = format!("the result is larger than the limit of {limit} bytes");
        Broken::Final(Error::new(ErrorKind::TooLarge, error))
    };
    if total.is_some_and(|total| total > options.limit) {
        return Err(too_large());
    }
    let mut body = response.into_body();
    loop {
        let chunk = match timeout(IDLE, body.chunk()).await {
            Ok(None) => break,
            Ok(Some(Ok(chunk))) => chunk,
            Ok(Some(Err(error))) => return Err(Broken::Network(Error::from_http(error))),
            Err(_) => {
                let error = format!("nothing more of the result came for {} s", IDLE.as_secs());
                return Err(Broken::Network(Error::new(ErrorKind::Network, error)));
            }
        };
        if part.length + chunk.len() as u64 > options.limit {
            return Err(too_large());
        }
        part.append(&chunk).map_err(Broken::Final)?;
        fault::point("chunk");
        let received = part.length;
        progress(Progress { received, total });
    }
    match total {
        Some(total) if part.length < total => Err(Broken::Network(Error::new(
            ErrorKind::Network,
            format!(
                "the result broke off after {} of {total} bytes",
                part.length
            ),
        ))),
        Some(total) if part.length > total => Err(Broken::Final(Error::new(
            ErrorKind::Protocol,
            "the result is longer than the server said",
        ))),
        _ => Ok(()),
    }
}

fn broken(error: qwen_openclaw_http::Error, result: &ResultFile) -> Broken {
    let gone = match result.expires_at <= SystemTime::now() {
        true => "the result is not there any more: it is kept for 24 hours",
        false => "the result is refused, or not there any more",
    };
    match (error.status(), error.is_transient()) {
        // A signature that has expired, or an object that is deleted.
        (Some(401 | 403 | 404 | 410), _) => {
            Broken::Gone(Error::new(ErrorKind::Expired, gone).after(Error::from_http(error)))
        }
        (_, true) => Broken::Network(Error::from_http(error)),
        _ if error.kind() == HttpErrorKind::Address => Broken::Final(
            Error::from_http(error)
                .with_hint("results in private networks are fetched only where that is allowed"),
        ),
        _ => Broken::Final(Error::from_http(error)),
    }
}

/// Asks the service for the address again: a task outlasts a signature.
async fn renew(tasks: &Tasks, record: JobRecord) -> Result<JobRecord, Error> {
    let id = record.id.clone();
    let Some(task_id) = record.task_id.clone() else {
        return Ok(record);
    };
    let report = tasks.shared.api.get(&task_id).await;
    let report = report.map_err(|error| error.of_job(&id, Some(&task_id)))?;
    let url = (tasks.shared.product.result)(&report.output).map(str::to_owned);
    let gone = report.state == Some(TaskState::Unknown);
    tasks
        .update(&id, |record| {
            if let Some(url) = url.clone() {
                record.result = Some(ResultFile::new(url, SystemTime::now()));
            } else if gone && record.is_old() {
                record.phase = Phase::Expired;
            }
        })
        .await
}

impl Part {
    /// Opens what an earlier try has left, or begins.
    fn open(target: &Path, record: &JobRecord) -> Result<Self, Error> {
        let path = target.with_file_name(format!(".{}.part", record.id));
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            let error = format!("there is no folder {}", folder.display());
            return Err(Error::new(ErrorKind::File, error));
        }
        let known = record.part.as_ref().filter(|part| part.path == path);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let opened = options.open(&path).and_then(|mut file| {
            let length = file.seek(SeekFrom::End(0))?;
            Ok((file, length))
        });
        let (file, length) = opened.map_err(|error| failed("write", &path, error))?;
        Ok(Self {
            file,
            path,
            length,
            etag: known.and_then(|part| part.etag.clone()),
        })
    }

    fn restart(&mut self) -> Result<(), Error> {
        let emptied = self.file.set_len(0);
        let emptied = emptied.and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|error| failed("write", &self.path, error))?;
        self.length = 0;
        Ok(())
    }

    /// Looks at the head of an answer: goes on where we are, or begins anew. Returns the length of
    /// the whole file.
    fn begin(&mut self, response: &Response) -> Result<Option<u64>, Error> {
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let etag = header("etag").map(str::to_owned);
        if response.status() == 206 {
            let (from, total) = content_range(header("content-range").unwrap_or_default());
            if from == Some(self.length) && etag == self.etag {
                return Ok(total);
            }
            // Another version of the file, or another piece than was asked for.
            self.restart()?;
            self.etag = None;
            let error = "the server sent another piece of the result than was asked for";
            return match from {
                Some(0) => Ok(total),
                _ => Err(Error::new(ErrorKind::Protocol, error)),
            };
        }
        self.restart()?;
        self.etag = etag;
        Ok(header("content-length").and_then(|length| length.parse().ok()))
    }

    /// Gives it its final name, where nothing may be unless it is overwritten.
    fn place(&self, path: &Path, overwrite: bool) -> Result<(), Error> {
        let placed = match overwrite {
            true => fs::rename(&self.path, path),
            // A link fails where something is, which a rename would replace.
            false => match fs::hard_link(&self.path, path) {
                Ok(()) => fs::remove_file(&self.path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let error = format!("{} has appeared meanwhile", path.display());
                    return Err(Error::new(ErrorKind::File, error));
                }
                // Not every file system has links.
                Err(_) => fs::rename(&self.path, path),
            },
        };
        placed.map_err(|error| failed("rename", &self.path, error))
    }

    fn append(&mut self, chunk: &Bytes) -> Result<(), Error> {
        self.file
            .write_all(chunk)
            .map_err(|error| failed("write", &self.path, error))?;
        self.length += chunk.len() as u64;
        Ok(())
    }

    fn check(&mut self, kind: FileKind) -> Result<(), Error> {
        let mut head = Vec::new();
        let read = self.file.seek(SeekFrom::Start(0));
        let read = read.and_then(|_| (&self.file).take(HEAD as u64).read_to_end(&mut head));
        read.map_err(|error| failed("read", &self.path, error))?;
        if (kind.matches)(&head) {
            return Ok(());
        }
        let _ = fs::remove_file(&self.path);
        let error = format!("the result is no {}", kind.name);
        Err(Error::new(ErrorKind::Protocol, error))
    }
}

/// The first byte and the length of the whole, of `bytes 2-9/10`.
fn content_range(text: &str) -> (Option<u64>, Option<u64>) {
    let Some((range, total)) = text
        .trim()
        .strip_prefix("bytes")
        .and_then(|t| t.split_once('/'))
    else {
        return (None, None);
    };
    let from = range
        .trim()
        .split_once('-')
        .and_then(|(from, _)| from.parse().ok());
    (from, total.trim().parse().ok())
}

fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let path = path.display();
    Error::new(ErrorKind::File, format!("could not {what} {path}")).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(content_range("bytes 2-9/10"), (Some(2), Some(10)));
        assert_eq!(content_range("bytes 2-9/*"), (Some(2), None));
        assert_eq!(content_range("bytes */10"), (None, Some(10)));
        assert_eq!(content_range("hello"), (None, None));
    }
}
