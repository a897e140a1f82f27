//! The results of a batch: fetched into files, matched with the lines of the input, and summed.

use std::{
    borrow::Cow,
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use qwen_openclaw_catalog::price::{Charge, TokenUsage};
use qwen_openclaw_http::{Body, ErrorKind};
use serde::Deserialize;
use serde_json::value::RawValue;
use tempfile::NamedTempFile;
use tokio::time::timeout;

use crate::{
    BatchUsage, Error,
    check::{CustomIds, Lines},
};

/// The longest line of a result: the longest request, and the longest answer with room for more.
const LONGEST_RESULT: usize = 64 << 20;

/// How long the next piece of a file may take.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);

/// Computes what a line costs; `None` if unknown.
pub(crate) type Price<'a> = &'a (dyn Fn(&TokenUsage) -> Option<Charge> + Send + Sync);

#[derive(Deserialize)]
struct InputLine<'a> {
    #[serde(borrow)]
    custom_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct ResultLine<'a> {
    #[serde(borrow)]
    custom_id: Cow<'a, str>,
    #[serde(borrow, default)]
    response: Option<ResultResponse<'a>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ResultResponse<'a> {
    #[serde(default)]
    status_code: Option<u16>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ResultBody {
    #[serde(default)]
    usage: Option<Usage>,
}

/// Of chats and of embeddings.
#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
    #[serde(default)]
    total_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens_details: Option<UsageDetails>,
}

#[derive(Deserialize)]
struct UsageDetails {
    #[serde(default)]
    reasoning_tokens: Option<u64>,
}

/// Where a result stands.
#[derive(Clone, Copy)]
struct Place {
    part: usize,
    start: u64,
    length: usize,
}

/// What was written.
pub(crate) struct Joined {
    pub(crate) usage: BatchUsage,
    /// Whether the results are in the order of the input.
    pub(crate) is_ordered: bool,
}

/// Fetches a body into a new file beside the target.
pub(crate) async fn fetch(mut body: Body, target: &Path, id: &str) -> Result<NamedTempFile, Error> {
    let mut part = new_part(target, id)?;
    let failed = |error| Error::storage("write beside", target, error);
    let mut out = BufWriter::new(part.as_file_mut());
    loop {
        let chunk = timeout(PIECE_TIMEOUT, body.chunk()).await;
        let chunk =
            chunk.map_err(|_| Error::new(ErrorKind::Timeout, "the results stopped arriving"))?;
        let Some(chunk) = chunk else {
            break;
        };
        out.write_all(&chunk?).map_err(failed)?;
    }
    out.flush().map_err(failed)?;
    drop(out);
    Ok(part)
}

/// Joins the files of results into `out`, in the order of the input if it is there.
///
/// Beside one line, it keeps a few bytes for each line of the input.
pub(crate) fn join(
    input: Option<&Path>,
    lines: u64,
    parts: &[NamedTempFile],
    out: &mut impl Write,
    price: Price<'_>,
) -> Result<Joined, Error> {
    let mut usage = Sum::new(price);
    let mut places = CustomIds::new();
    let mut files = Vec::new();
    for (part, file) in parts.iter().enumerate() {
        let path = file.path();
        let reopened = || File::open(path).map_err(|error| Error::storage("read", path, error));
        let mut results = Lines::up_to(reopened()?, LONGEST_RESULT);
        loop {
            let start = results.bytes;
            let Some(line) = results.next(path)? else {
                break;
            };
            if line.trim_ascii().is_empty() {
                continue;
            }
            let place = Place {
                part,
                start,
                length: line.len(),
            };
            let result: ResultLine<'_> = serde_json::from_slice(line).map_err(|error| {
                Error::protocol("a line of the results cannot be understood").with_source(error)
            })?;
            // A line has one result; the answers come before the errors.
            if places.find(&result.custom_id).is_none() {
                usage.add(&result);
                places.insert(&result.custom_id, place);
            }
        }
        files.push(BufReader::new(reopened()?));
    }
    let found = places.len() as u64;
    usage.total.missing = lines.saturating_sub(found);
    let mut buffer = Vec::new();
    let mut copy = |place: Place| -> Result<(), Error> {
        let path = parts[place.part].path();
        let file = &mut files[place.part];
        buffer.resize(place.length, 0);
        let read = file.seek(SeekFrom::Start(place.start));
        let read = read.and_then(|_| file.read_exact(&mut buffer));
        read.map_err(|error| Error::storage("read", path, error))?;
        buffer.push(b'\n');
        out.write_all(&buffer)
            .map_err(|error| Error::storage("write beside", path, error))
    };
    if let Some(input) = input {
        let file = File::open(input).map_err(|error| Error::storage("read", input, error))?;
        let mut input_lines = Lines::of(file);
        while let Some(line) = input_lines.next(input)? {
            let line: InputLine<'_> = serde_json::from_slice(line)
                .map_err(|error| Error::refused("the input was changed").with_source(error))?;
            if let Some(place) = places.remove(&line.custom_id) {
                copy(place)?;
            }
        }
    }
    let mut rest: Vec<Place> = places.into_values().collect();
    rest.sort_by_key(|place| (place.part, place.start));
    for place in rest {
        copy(place)?;
    }
    Ok(Joined {
        usage: usage.finish(),
        is_ordered: input.is_some(),
    })
}

/// The usage of all lines, with the cost of each by its own tier.
struct Sum<'a> {
    price: Price<'a>,
    total: BatchUsage,
    cost: Option<Charge>,
    is_unknown: bool,
}

impl<'a> Sum<'a> {
    fn new(price: Price<'a>) -> Self {
        Self {
            price,
            total: BatchUsage::default(),
            cost: None,
            is_unknown: false,
        }
    }

    fn add(&mut self, line: &ResultLine<'_>) {
        let response = line.response.as_ref();
        let status = response.and_then(|response| response.status_code);
        if line.error.is_some() || !status.is_some_and(|status| (200..300).contains(&status)) {
            self.total.failed += 1;
            return;
        }
        self.total.succeeded += 1;
        let body = response.and_then(|response| response.body);
        let body = body.and_then(|body| serde_json::from_str::<ResultBody>(body.get()).ok());
        let Some(usage) = body.and_then(|body| body.usage) else {
            self.is_unknown = true;
            return;
        };
        let output = usage.completion_tokens.unwrap_or(0);
        let input = usage.prompt_tokens.or(usage.total_tokens).unwrap_or(0);
        let details = usage.completion_tokens_details;
        let reasoning = details.and_then(|details| details.reasoning_tokens);
        let reasoning = reasoning.unwrap_or(0);
        let total = &mut self.total;
        total.input = total.input.saturating_add(input);
        total.output = total.output.saturating_add(output);
        total.reasoning = total.reasoning.saturating_add(reasoning);
        let tokens = TokenUsage {
            input,
            output,
            reasoning,
            batch: true,
            ..TokenUsage::default()
        };
        let sum = match ((self.price)(&tokens), self.cost) {
            (Some(charge), None) => Some(charge),
            (Some(charge), Some(mut sum)) => sum.cost.checked_add(charge.cost).map(|cost| {
                sum.cost = cost;
                sum
            }),
            (None, _) => None,
        };
        match sum {
            Some(sum) => self.cost = Some(sum),
            None => self.is_unknown = true,
        }
    }

    fn finish(self) -> BatchUsage {
        let mut total = self.total;
        if let Some(charge) = self.cost.filter(|_| !self.is_unknown) {
            total.cost = Some(charge.cost.into());
            total.price_date = Some(charge.as_of.to_owned()).filter(|date| !date.is_empty());
        }
        total
    }
}

/// Creates a file beside the target, with the mode that any new file has.
pub(crate) fn new_part(target: &Path, id: &str) -> Result<NamedTempFile, Error> {
    let prefix = prefix(id);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let part = builder.tempfile_in(folder_of(target));
    part.map_err(|error| Error::storage("write beside", target, error))
}

/// Removes what a killed process has left beside the target.
pub(crate) fn sweep(target: &Path, id: &str) {
    let prefix = prefix(id);
    let entries = fs::read_dir(folder_of(target)).into_iter().flatten();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_left = |name: &str| name.starts_with(&prefix) && name.ends_with(SUFFIX);
        if name.to_str().is_some_and(is_left) {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

const SUFFIX: &str = ".part";

fn prefix(id: &str) -> String {
    format!(".{id}-")
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
