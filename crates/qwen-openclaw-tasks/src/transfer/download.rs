//! Downloads a result into a file, which gets its final name only once it is complete.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use qwen_openclaw_auth::fault;
use qwen_openclaw_http::{Response, RetryPolicy};
use tokio::time::{sleep, timeout};

use crate::{
    Error, ErrorKind,
    engine::{Tasks, busy},
    hint::Hint,
    ledger::record::{JobId, JobRecord, PartFile, Phase, ResultFile},
    service::state::TaskState,
};

/// How long nothing may arrive.
const IDLE: Duration = Duration::from_secs(30);
/// What has to be seen of a file to tell what it is.
const HEAD: usize = 64;
/// How much must arrive for a download to be getting on, so that it may break off once more.
const STEP: u64 = 64 << 10;
/// The longest name of a version that is kept. The service's own have 34 characters.
const LONGEST_ETAG: usize = 1 << 10;

/// A file type, detected by the first bytes of a file.
#[derive(Clone, Copy, Debug)]
pub struct FileKind {
    /// The name of the type, such as `MP4 file`.
    pub name: &'static str,
    /// Returns whether a file that starts with these bytes, at most 64, is of this type.
    pub matches: fn(&[u8]) -> bool,
}

/// Options for saving results.
#[derive(Clone, Debug)]
#[must_use]
pub struct SaveOptions {
    limit: Option<u64>,
    overwrite: bool,
    retry: RetryPolicy,
}

impl Default for SaveOptions {
    fn default() -> Self {
        Self {
            limit: None,
            overwrite: false,
            retry: RetryPolicy::default().retries(5),
        }
    }
}

impl SaveOptions {
    /// Sets the maximum size of each file in bytes. The default is that of the client
    /// ([`TasksBuilder::largest_result`](crate::TasksBuilder::largest_result)), 2 GiB. A larger
    /// file is an [`ErrorKind::TooLarge`] error, and leaves no file.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// Overwrites an existing file. By default that is an error.
    pub fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }

    /// Sets how often a download that makes no progress is retried. The default is five times.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }
}

/// The progress of a download.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The zero-based index of the result.
    pub result: usize,
    /// Bytes received.
    pub received: u64,
    /// Total bytes, if the server reported them.
    pub total: Option<u64>,
}

/// A file that is being fetched.
struct Part {
    /// Which result it is.
    index: usize,
    file: File,
    path: PathBuf,
    length: u64,
    /// What the server calls this version of the file, byte for byte; without it no half is
    /// continued.
    etag: Option<String>,
}

/// Why a try has ended without a whole file.
enum Broken {
    /// Another try goes on from here.
    Network(Error),
    /// What we have is of no use for what the server has: the next try is for all of it.
    Anew,
    /// The URL does not work any more; there may be a new one.
    Gone(Error),
    Final(Error),
}

/// Checks that a file can be created at `path`, without creating it.
///
/// # Errors
///
/// [`ErrorKind::Storage`] if its folder is missing or not writable, or if the name is too long.
pub fn check_target(path: &Path) -> Result<(), Error> {
    let path = std::path::absolute(path).map_err(|error| failed("find", path, error))?;
    let Some(folder) = path.parent() else {
        let error = format!("{} is not the name of a file", path.display());
        return Err(Error::new(ErrorKind::Storage, error));
    };
    if !folder.is_dir() {
        return Err(no_folder(folder));
    }
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed("write", &path, error));
        }
        _ => {}
    }
    let mut trial = tempfile::Builder::new();
    let trial = trial.prefix(".").suffix(".part").tempfile_in(folder);
    trial
        .map(drop)
        .map_err(|error| failed("write in", folder, error))
}

/// Where the results of a job are to be saved, in their order.
pub(crate) struct Targets {
    /// The name that the others are made from, which the record keeps.
    pub(crate) base: Option<PathBuf>,
    pub(crate) paths: Vec<PathBuf>,
}

impl Targets {
    /// The same names from the root on, if the ledger can hold them and no two are the same.
    fn absolute(self) -> Result<Self, Error> {
        let absolute = |path: &PathBuf| {
            let path = std::path::absolute(path).map_err(|error| failed("find", path, error))?;
            if path.to_str().is_none() {
                let error = format!("the ledger cannot hold the name {}", path.display());
                return Err(Error::new(ErrorKind::Storage, error));
            }
            Ok(path)
        };
        let base = self.base.as_ref().map(absolute).transpose()?;
        let paths = self.paths.iter().map(absolute);
        let paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
        for (index, path) in paths.iter().enumerate() {
            if paths[..index].contains(path) {
                let path = path.display();
                let error = format!("two results would have the same name: {path}");
                return Err(Error::refused(error));
            }
        }
        Ok(Self { base, paths })
    }
}

/// Returns the paths for `count` results that are saved at `path`: itself for one, and numbered
/// names for several, `a-1.png` and `a-2.png` for `a.png`.
#[must_use]
pub fn numbered(path: &Path, count: usize) -> Vec<PathBuf> {
    match count {
        0 | 1 => vec![path.to_owned()],
        _ => (1..=count)
            .map(|number| with_number(path, number))
            .collect(),
    }
}

/// `a-2.png` for `a.png`.
fn with_number(path: &Path, number: usize) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Saves all results of a job, one after the other. Each is resumed where it broke off, and one
/// that is saved already is left alone.
pub(crate) async fn save(
    tasks: &Tasks,
    record: JobRecord,
    targets: Targets,
    options: SaveOptions,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<JobRecord, Error> {
    let id = record.id.clone();
    let named = |error: Error| error.of_job(&id, record.task_id.as_deref());
    let lease = tasks.shared.store.lease(&id).await?;
    let _lease = lease.ok_or_else(|| busy(&id))?;
    let targets = targets.absolute().map_err(named)?;
    let mut record = tasks.record(&id).await?;
    let kind = tasks.shared.product.file;
    for (index, path) in targets.paths.iter().enumerate() {
        let is_ours = is_saved(&record, index, path) || is_whole(&record, index, path, kind);
        if !options.overwrite && !is_ours && fs::symlink_metadata(path).is_ok() {
            let error = format!("{} is there already", path.display());
            let error = Error::new(ErrorKind::Storage, error);
            return Err(named(error.with_hint(Hint::ChooseAnotherName)));
        }
    }
    if targets.base.is_some() && record.target != targets.base {
        let noted = tasks.update(&id, |record| record.target = targets.base.clone());
        record = noted.await?;
    }
    for (index, path) in targets.paths.iter().enumerate() {
        let saved = save_one(tasks, record, index, path, &options, &mut progress);
        record = saved.await.map_err(named)?;
    }
    Ok(record)
}

/// Whether this result has that name already, while others are still missing.
fn is_saved(record: &JobRecord, index: usize, path: &Path) -> bool {
    let result = record.results.get(index);
    record.phase != Phase::Saved
        && result.is_some_and(|result| result.saved.as_deref() == Some(path))
        && fs::symlink_metadata(path).is_ok()
}

async fn save_one(
    tasks: &Tasks,
    record: JobRecord,
    index: usize,
    path: &Path,
    options: &SaveOptions,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<JobRecord, Error> {
    let id = record.id.clone();
    if is_saved(&record, index, path) {
        return Ok(record);
    }
    if is_whole(&record, index, path, tasks.shared.product.file) {
        // Only the last note was lost.
        let part = part_of(&record, index);
        let length = part.and_then(|part| part.whole).unwrap_or_default();
        if let Some(part) = part {
            // Its other name, where it was placed by a link.
            let _ = fs::remove_file(&part.path);
        }
        progress(Progress {
            result: index,
            received: length,
            total: Some(length),
        });
        return saved(tasks, &id, index, path).await;
    }
    let mut record = change(tasks, &id, index, |result| {
        result.target = Some(path.to_owned());
    })
    .await?;
    let mut part = Part::open(path, &record, index)?;
    let mut attempts = options.retry.attempts();
    let mut renewed = false;
    let mut furthest = part.length;
    loop {
        let tried = fetch(tasks, &mut record, &mut part, options, progress).await;
        match tried {
            Ok(()) => break,
            // Only a try that went on from somewhere ends like this, and the next one does not.
            Err(Broken::Anew) => {}
            Err(Broken::Network(error)) => {
                if part.length >= furthest + STEP {
                    // It gets on: that does not count as a failure.
                    furthest = part.length;
                    attempts = options.retry.attempts();
                }
                match attempts.after_transient(error.retry_after()) {
                    Some(wait) => sleep(wait).await,
                    None => return Err(error),
                }
            }
            Err(Broken::Gone(_)) if !renewed => match renew(tasks, record.clone()).await {
                Ok(newer) => (renewed, record) = (true, newer),
                Err(error) => {
                    let wait = error.may_pass().then(|| error.retry_after());
                    match wait.and_then(|asked| attempts.after_transient(asked)) {
                        Some(wait) => sleep(wait).await,
                        None => return Err(error),
                    }
                }
            },
            Err(Broken::Gone(error)) => {
                let expires_at = record.results.get(index).map(|result| result.expires_at);
                if expires_at.is_some_and(|at| at <= SystemTime::now()) {
                    // Nothing will ever go on from this half.
                    let _ = fs::remove_file(&part.path);
                }
                return Err(error);
            }
            Err(Broken::Final(error)) => {
                // Half of a wrong file is of no use either.
                let _ = fs::remove_file(&part.path);
                return Err(error);
            }
        }
    }
    part.check(tasks.shared.product.file)?;
    part.file
        .sync_all()
        .map_err(|error| failed("write", &part.path, error))?;
    fault::point("downloaded");
    // So that a process that finds the final name can tell that it is ours, and whole.
    let noted = PartFile {
        path: part.path.clone(),
        etag: part.etag.clone(),
        whole: Some(part.length),
    };
    change(tasks, &id, index, |result| {
        result.part = Some(noted.clone());
    })
    .await?;
    fault::point("whole-noted");
    part.place(path, options.overwrite)?;
    sync_folder(path).map_err(|error| failed("write", path, error))?;
    fault::point("result-renamed");
    saved(tasks, &id, index, path).await
}

/// Changes what is noted of one result.
async fn change(
    tasks: &Tasks,
    id: &JobId,
    index: usize,
    change: impl Fn(&mut ResultFile) + Send + Sync,
) -> Result<JobRecord, Error> {
    let changed = tasks.update(id, |record| {
        if let Some(result) = record.results.get_mut(index) {
            change(result);
        }
    });
    changed.await
}

/// Notes that a result is saved. The job is when all are.
async fn saved(tasks: &Tasks, id: &JobId, index: usize, path: &Path) -> Result<JobRecord, Error> {
    let noted = tasks.update(id, |record| {
        if let Some(result) = record.results.get_mut(index) {
            result.saved = Some(path.to_owned());
            result.part = None;
        }
        if record.results.iter().all(|result| result.saved.is_some()) {
            record.phase = Phase::Saved;
        }
    });
    noted.await
}

fn part_of(record: &JobRecord, index: usize) -> Option<&PartFile> {
    record.results.get(index)?.part.as_ref()
}

/// Whether a result has its final name already, as a note of ours says.
fn is_whole(record: &JobRecord, index: usize, path: &Path, kind: FileKind) -> bool {
    let target = record
        .results
        .get(index)
        .and_then(|result| result.target.as_deref());
    let whole = part_of(record, index).and_then(|part| part.whole);
    let (Some(length @ 1..), true) = (whole, target == Some(path)) else {
        return false;
    };
    let read = || {
        let mut head = Vec::new();
        let file = File::open(path)?;
        let found = file.metadata()?.len();
        file.take(HEAD as u64).read_to_end(&mut head)?;
        io::Result::Ok(found == length && (kind.matches)(&head))
    };
    read().unwrap_or(false)
}

/// One try to fetch what is missing.
async fn fetch(
    tasks: &Tasks,
    record: &mut JobRecord,
    part: &mut Part,
    options: &SaveOptions,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<(), Broken> {
    let http = tasks.shared.api.connection.http();
    let screening = tasks.shared.screening;
    let index = part.index;
    let result = record.results.get(index);
    let result = result.ok_or_else(|| Broken::Final(Error::ledger("there is no result")))?;
    let url = screening
        .check(&result.url)
        .map_err(|error| Broken::Final(Error::from(error)))?;
    if part.etag.is_none() {
        part.restart().map_err(Broken::Final)?;
    }
    // Only of the version that we have a half of.
    let range = format!("bytes={}-", part.length);
    let etag = part.etag.clone().filter(|_| part.length > 0);
    let headers = etag
        .as_ref()
        .map(|etag| [("range", range.as_str()), ("if-range", etag)]);
    let headers = headers.as_ref().map_or(&[][..], |headers| headers);
    let response = match http.fetch(&url, screening, headers).await {
        Ok(response) => response,
        // There is nothing after what we have, so what we have is of something else.
        Err(error) if error.status() == Some(416) && etag.is_some() => {
            return Err(part.forget());
        }
        Err(error) => return Err(broken(error, result)),
    };
    let total = part.begin(&response, etag.as_deref())?;
    let noted = part_of(record, index).filter(|noted| noted.path == part.path);
    if part.length == 0 && noted.and_then(|noted| noted.etag.as_ref()) != part.etag.as_ref() {
        // What is on the disk from now on is of this version, or of one without a name.
        let begun = PartFile {
            path: part.path.clone(),
            etag: part.etag.clone(),
            whole: None,
        };
        let noted = change(tasks, &record.id, index, |result| {
            result.part = Some(begun.clone());
        });
        *record = noted.await.map_err(Broken::Final)?;
        fault::point("download-begun");
    }
    let is_framed = response.headers().get("transfer-encoding");
    let is_framed = is_framed.is_some_and(|value| value.as_bytes().ends_with(b"chunked"));
    let limit = options.limit.unwrap_or(tasks.shared.largest);
    let too_large = || {
        let error = format!("the result is larger than the limit of {limit} bytes");
        Broken::Final(Error::new(ErrorKind::TooLarge, error))
    };
    if total.is_some_and(|total| total > limit) {
        return Err(too_large());
    }
    let mut body = response.into_body();
    loop {
        let chunk = match timeout(IDLE, body.chunk()).await {
            Ok(None) => break,
            Ok(Some(Ok(chunk))) => chunk,
            Ok(Some(Err(error))) => return Err(Broken::Network(Error::from(error))),
            Err(_) => {
                let error = format!("nothing more of the result came for {} s", IDLE.as_secs());
                return Err(Broken::Network(Error::new(ErrorKind::Timeout, error)));
            }
        };
        if part.length + chunk.len() as u64 > limit {
            return Err(too_large());
        }
        part.append(&chunk).map_err(Broken::Final)?;
        fault::point("chunk");
        let received = part.length;
        progress(Progress {
            result: index,
            received,
            total,
        });
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
        Some(_) => Ok(()),
        // Each piece says how long it is, and the last one that it is the last.
        None if is_framed => Ok(()),
        None => {
            part.step_back().map_err(Broken::Final)?;
            let error = "the server did not say how long the result is, so it may be incomplete";
            Err(Broken::Network(Error::new(ErrorKind::Network, error)))
        }
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
            Broken::Gone(Error::new(ErrorKind::Expired, gone).after(Error::from(error)))
        }
        (_, true) => Broken::Network(Error::from(error)),
        (None, _) if error.kind() == ErrorKind::InvalidRequest => {
            Broken::Final(Error::from(error).with_hint(Hint::PrivateResult))
        }
        _ => Broken::Final(Error::from(error)),
    }
}

/// Asks the service for the URLs again: a task outlasts a signature.
async fn renew(tasks: &Tasks, record: JobRecord) -> Result<JobRecord, Error> {
    let id = record.id.clone();
    let Some(task_id) = record.task_id.clone() else {
        return Ok(record);
    };
    let report = tasks.shared.api.get(&task_id).await;
    let report = report.map_err(|error| error.of_job(&id, Some(&task_id)))?;
    let results = tasks.shared.results(&report);
    let gone = report.state == Some(TaskState::Unknown);
    tasks
        .update(&id, |record| {
            for (known, newer) in record.results.iter_mut().zip(&results) {
                known.url.clone_from(&newer.url);
                known.expires_at = newer.expires_at;
            }
            if results.is_empty() && gone && record.is_old() {
                record.phase = Phase::Expired;
            }
        })
        .await
}

impl Part {
    /// Opens what an earlier try has left, or begins.
    fn open(target: &Path, record: &JobRecord, index: usize) -> Result<Self, Error> {
        let id = &record.id;
        let path = target.with_file_name(match index {
            0 => format!(".{id}.part"),
            _ => format!(".{id}.{}.part", index + 1),
        });
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            return Err(no_folder(folder));
        }
        let known = part_of(record, index).filter(|part| part.path == path);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let opened = options.open(&path).and_then(|mut file| {
            let length = file.seek(SeekFrom::End(0))?;
            Ok((file, length))
        });
        let (file, length) = opened.map_err(|error| failed("write", &path, error))?;
        Ok(Self {
            index,
            file,
            path,
            length,
            etag: known.and_then(|part| strong(part.etag.as_deref()?)),
        })
    }

    fn restart(&mut self) -> Result<(), Error> {
        let emptied = self.file.set_len(0);
        let emptied = emptied.and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|error| failed("write", &self.path, error))?;
        self.length = 0;
        Ok(())
    }

    /// Drops what there is, which is of another version than what the server has.
    fn forget(&mut self) -> Broken {
        self.etag = None;
        self.restart().map_or_else(Broken::Final, |()| Broken::Anew)
    }

    /// Takes back the last byte, where more of this version can be asked for: the answer tells how
    /// long the whole is.
    fn step_back(&mut self) -> Result<(), Error> {
        let shorter = self.length.saturating_sub(1);
        let cut = self.file.set_len(shorter);
        let cut = cut.and_then(|()| self.file.seek(SeekFrom::Start(shorter)));
        cut.map_err(|error| failed("write", &self.path, error))?;
        self.length = shorter;
        Ok(())
    }

    /// Looks at the head of an answer: goes on where we are if the rest of the version `asked` is
    /// what came, or begins anew. Returns the length of the whole file.
    fn begin(&mut self, response: &Response, asked: Option<&str>) -> Result<Option<u64>, Broken> {
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let etag = header("etag").and_then(strong);
        let range = header("content-range").unwrap_or_default();
        let (from, total) = content_range(range);
        let total = match (response.status(), asked) {
            (206, Some(asked)) => {
                if from == Some(self.length) && etag.as_deref() == Some(asked) {
                    return Ok(total);
                }
                return Err(self.forget());
            }
            // All of it, as a piece.
            (206, None) if from == Some(0) => total,
            (200 | 203, _) => header("content-length").and_then(|length| length.parse().ok()),
            (status, _) => {
                let error = format!("the server has answered with status {status} and no file");
                return Err(Broken::Final(Error::new(ErrorKind::Protocol, error)));
            }
        };
        self.restart().map_err(Broken::Final)?;
        self.etag = etag;
        Ok(total)
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
                    return Err(Error::new(ErrorKind::Storage, error));
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
        if self.length > 0 && (kind.matches)(&head) {
            return Ok(());
        }
        let _ = fs::remove_file(&self.path);
        let error = match self.length {
            0 => format!("the result is empty, not a {}", kind.name),
            _ => format!("the result is not a {}", kind.name),
        };
        Err(Error::new(ErrorKind::Protocol, error))
    }
}

/// The name of a version, if it is one that only the same bytes have: a weak one (`W/"…"`) may
/// stay the same while they change, and what is not in quotes is none.
fn strong(etag: &str) -> Option<String> {
    let name = etag.trim().strip_prefix('"')?.strip_suffix('"')?;
    let good = |b: u8| b.is_ascii_graphic() && b != b'"';
    let is_strong = etag.len() <= LONGEST_ETAG && name.bytes().all(good);
    is_strong.then(|| etag.trim().to_owned())
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

fn no_folder(folder: &Path) -> Error {
    let error = format!("there is no folder {}", folder.display());
    Error::new(ErrorKind::Storage, error)
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let path = path.display();
    Error::new(ErrorKind::Storage, format!("could not {what} {path}")).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strong_names_tell_versions_apart() {
        assert_eq!(strong(" \"a-1\" ").as_deref(), Some("\"a-1\""));
        assert_eq!(strong("\"\"").as_deref(), Some("\"\""));
        let long = format!("\"{}\"", "x".repeat(LONGEST_ETAG));
        for weak in [
            "W/\"a\"", "w/\"a\"", "a", "\"", "\"a", "", "\"a\"b\"", "\"a\nb\"", &long,
        ] {
            assert_eq!(strong(weak), None, "{weak}");
        }
    }

    #[test]
    fn ranges_are_read() {
        assert_eq!(content_range("bytes 2-9/10"), (Some(2), Some(10)));
        assert_eq!(content_range("bytes 2-9/*"), (Some(2), None));
        assert_eq!(content_range("bytes */10"), (None, Some(10)));
        assert_eq!(content_range("hello"), (None, None));
    }
}
