//! The file of a batch, checked before it is uploaded.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::RandomState},
    fs::File,
    hash::BuildHasher,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use qwen_openclaw_catalog::batch::{self, Support};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Error, tokens};

/// The endpoint of chats.
pub const CHAT: &str = "/v1/chat/completions";

/// The endpoint of embeddings.
pub const EMBEDDINGS: &str = "/v1/embeddings";

/// The endpoints that a line can name.
const ENDPOINTS: [&str; 3] = [CHAT, EMBEDDINGS, batch::TEST_ENDPOINT];

/// The file of a batch that has passed every check: limits of size, JSON of each line, distinct
/// `custom_id`s, one model, one endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BatchFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The number of its lines.
    pub lines: u64,
    /// The model of every line.
    pub model: String,
    /// The endpoint of every line, such as `/v1/chat/completions`.
    pub endpoint: String,
    /// What the lines are estimated to use.
    pub estimate: Estimate,
    /// A checksum of its content, which tells whether it was changed.
    pub(crate) checksum: u64,
}

/// What the lines of a file are estimated to use. No tokenizer is asked: four ASCII characters count
/// as a token, and each other character.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// The input of all lines in tokens, without images, videos and audio.
    pub input: u64,
    /// The largest input of one line in tokens.
    pub longest_input: u64,
    /// The output that the lines allow, if each of them limits it.
    pub output_limit: Option<u64>,
}

impl BatchFile {
    /// Reads a file once and checks it. It needs the same memory for any size: one line, and 32 bytes
    /// for each `custom_id`.
    ///
    /// # Errors
    ///
    /// [`Storage`](crate::ErrorKind::Storage) if it cannot be read, otherwise
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for the first problem; [`Error::line`] says
    /// at which line.
    pub fn check(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let unreadable = |error| Error::storage("read", &path, error);
        let file = File::open(&path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        let shown = path.display();
        if !about.is_file() {
            return Err(Error::refused(format!("{shown} is not a regular file")));
        }
        if about.len() > batch::MAX_FILE_BYTES {
            let most = batch::MAX_FILE_BYTES >> 20;
            return Err(Error::refused(format!(
                "{shown} is larger than {most} MB: split it into several batches"
            )));
        }
        let mut checker = Checker::new();
        let mut lines = Lines::of(file);
        while let Some(line) = lines.next(&path)? {
            checker.line(line)?;
        }
        let Checker {
            model: Some(model),
            endpoint: Some(endpoint),
            ..
        } = checker
        else {
            return Err(Error::refused(format!("{shown} is empty")));
        };
        let file = Self {
            bytes: lines.bytes,
            lines: checker.lines,
            model,
            endpoint,
            estimate: checker.estimate,
            checksum: lines.checksum,
            path,
        };
        file.check_trial()?;
        Ok(file)
    }

    /// The limits of the model for trials.
    fn check_trial(&self) -> Result<(), Error> {
        let is_trial = self.endpoint == batch::TEST_ENDPOINT;
        if is_trial != (self.model == batch::TEST_MODEL) {
            let (model, endpoint) = (batch::TEST_MODEL, batch::TEST_ENDPOINT);
            return Err(Error::refused(format!(
                "the model {model} and the endpoint {endpoint} go together"
            )));
        }
        if is_trial && (self.lines > batch::TEST_LINES || self.bytes > batch::TEST_FILE_BYTES) {
            let (lines, bytes) = (batch::TEST_LINES, batch::TEST_FILE_BYTES >> 20);
            return Err(Error::refused(format!(
                "a trial has at most {lines} lines and {bytes} MB"
            )));
        }
        Ok(())
    }
}

/// What is checked of each line, and of all of them together.
pub(crate) struct Checker {
    model: Option<String>,
    endpoint: Option<String>,
    ids: CustomIds<u64>,
    lines: u64,
    estimate: Estimate,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    custom_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    body: Option<Body<'a>>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tools: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    max_tokens: Option<&'a RawValue>,
    #[serde(borrow, default)]
    max_completion_tokens: Option<&'a RawValue>,
}

impl Checker {
    pub(crate) fn new() -> Self {
        let estimate = Estimate {
            output_limit: Some(0),
            ..Estimate::default()
        };
        Self {
            model: None,
            endpoint: None,
            ids: CustomIds::new(),
            lines: 0,
            estimate,
        }
    }

    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Checks the next line.
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<(), Error> {
        self.lines += 1;
        let number = self.lines;
        self.check(line).map_err(|error| {
            // A writer leaves it out and goes on.
            self.lines -= 1;
            error.with_line(number)
        })
    }

    fn check(&mut self, text: &[u8]) -> Result<(), Error> {
        if self.lines > batch::MAX_LINES {
            let most = batch::MAX_LINES;
            return Err(Error::refused(format!(
                "a file has at most {most} lines: split it into several batches"
            )));
        }
        if text.len() > batch::MAX_LINE_BYTES {
            let most = batch::MAX_LINE_BYTES >> 20;
            return Err(Error::refused(format!("it is longer than {most} MB")));
        }
        if text.trim_ascii().is_empty() {
            return Err(Error::refused("it is empty"));
        }
        let line: Line<'_> = serde_json::from_slice(text)
            .map_err(|error| Error::refused("it is not a request in JSON").with_source(error))?;
        let Some(id) = line.custom_id.filter(|id| !id.is_empty()) else {
            return Err(Error::refused("it has no custom_id"));
        };
        if let Some(first) = self.ids.find(&id) {
            let error = format!("its custom_id is that of line {first}");
            return Err(Error::refused(error));
        }
        if line.method.as_deref() != Some("POST") {
            return Err(Error::refused("its method must be POST"));
        }
        let url = line.url.unwrap_or_default();
        if !ENDPOINTS.contains(&&*url) {
            let known = ENDPOINTS.join(", ");
            return Err(Error::refused(format!("its url must be one of {known}")));
        }
        let endpoint = self.endpoint.get_or_insert_with(|| url.to_string());
        if *endpoint != *url {
            let error = format!("its url is not that of the first line, {endpoint}");
            return Err(Error::refused(error));
        }
        let body = line.body.ok_or_else(|| Error::refused("it has no body"))?;
        let Some(model) = body.model.as_deref().filter(|model| !model.is_empty()) else {
            return Err(Error::refused("its body has no model"));
        };
        if self.model.is_none() && batch::support(model) == Support::No {
            let error = format!("the model {} takes no batches", model.escape_debug());
            return Err(Error::refused(error));
        }
        let first = self.model.get_or_insert_with(|| model.to_owned());
        if first != model {
            let error = format!("its model is not that of the first line, {first}");
            return Err(Error::refused(error));
        }
        let (needed, name) = if *url == *EMBEDDINGS {
            (body.input, "input")
        } else {
            (body.messages, "messages")
        };
        if needed.is_none() {
            return Err(Error::refused(format!("its body has no {name}")));
        }
        self.count(&body)?;
        self.ids.insert(&id, self.lines);
        Ok(())
    }

    fn count(&mut self, body: &Body<'_>) -> Result<(), Error> {
        let parts = [body.messages, body.tools, body.input];
        let input = parts.into_iter().flatten().map(|raw| tokens::of(raw.get()));
        let input: u64 = input.sum();
        let model = self.model.as_deref().unwrap_or_default();
        // An estimate refuses nothing that may fit.
        if let Some(most) = batch::max_input(model)
            && input / 2 > most
        {
            return Err(Error::refused(format!(
                "its input is far longer than the {most} tokens that batches of {model} take"
            )));
        }
        let limits = [body.max_tokens, body.max_completion_tokens];
        let limits = limits.into_iter().flatten();
        let limit = limits.filter_map(|raw| raw.get().parse::<u64>().ok()).min();
        let estimate = &mut self.estimate;
        estimate.input = estimate.input.saturating_add(input);
        estimate.longest_input = estimate.longest_input.max(input);
        let sum = |(all, one): (u64, u64)| all.saturating_add(one);
        let limit = if body.input.is_some() { Some(0) } else { limit };
        estimate.output_limit = estimate.output_limit.zip(limit).map(sum);
        Ok(())
    }
}

/// Values by `custom_id`, in the same memory however long the ids are: of each id a hash of 128 bits
/// is kept, with keys of its own for each file, so that no file can be made whose ids collide.
pub(crate) struct CustomIds<T> {
    keys: [RandomState; 2],
    values: HashMap<u128, T>,
}

impl<T: Copy> CustomIds<T> {
    pub(crate) fn new() -> Self {
        Self {
            keys: [RandomState::new(), RandomState::new()],
            values: HashMap::new(),
        }
    }

    pub(crate) fn find(&self, id: &str) -> Option<T> {
        self.values.get(&self.hash(id)).copied()
    }

    pub(crate) fn insert(&mut self, id: &str, value: T) {
        self.values.insert(self.hash(id), value);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let hash = self.hash(id);
        self.values.remove(&hash)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = T> {
        self.values.into_values()
    }

    fn hash(&self, id: &str) -> u128 {
        let [high, low] = self.keys.each_ref().map(|key| u128::from(key.hash_one(id)));
        high << 64 | low
    }
}

/// The lines of a file, one at a time in the same memory.
pub(crate) struct Lines<R> {
    file: BufReader<R>,
    line: Vec<u8>,
    /// How long a line may be.
    limit: usize,
    /// How much was read.
    pub(crate) bytes: u64,
    /// The checksum of what was read (FNV-1a).
    pub(crate) checksum: u64,
}

impl<R: Read> Lines<R> {
    /// Reads lines that are as long as those of a request, and one byte more.
    pub(crate) fn of(file: R) -> Self {
        Self::up_to(file, batch::MAX_LINE_BYTES + 1)
    }

    /// Reads lines of up to `limit` bytes. A longer one is cut, and what follows it is not read.
    pub(crate) fn up_to(file: R, limit: usize) -> Self {
        Self {
            file: BufReader::with_capacity(64 << 10, file),
            line: Vec::new(),
            limit,
            bytes: 0,
            checksum: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// Returns the next line without its end.
    pub(crate) fn next(&mut self, path: &Path) -> Result<Option<&[u8]>, Error> {
        self.line.clear();
        let limit = self.limit as u64 + 1;
        let mut file = (&mut self.file).take(limit);
        let read = file.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| Error::storage("read", path, error))?;
        if read == 0 {
            return Ok(None);
        }
        self.bytes += read as u64;
        for byte in &self.line {
            self.checksum = (self.checksum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }
}
