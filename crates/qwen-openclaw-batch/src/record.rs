//! The ledger's record of a batch.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, SystemTime},
};

use qwen_openclaw_catalog::price::{Cost, Currency};
use serde::{Deserialize, Serialize};

use crate::{Batch, BatchFile, BatchStatus, Counts, Error};

/// The newest form that is understood, and the one that is written.
const VERSION: u32 = 1;

/// The id of a batch in the ledger, such as `batch-6929d2e5-k3f9qa`. Ids sort by creation time.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordId(Box<str>);

impl RecordId {
    fn new(now: SystemTime) -> Self {
        let letter = || fastrand::choice(b"abcdefghjkmnpqrstuvwxyz23456789").map_or('a', letter_of);
        let chance: String = (0..6).map(|_| letter()).collect();
        Self(format!("batch-{:08x}-{chance}", seconds(now)).into())
    }

    /// Returns the id as text: letters, digits and hyphens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn letter_of(byte: &u8) -> char {
    char::from(*byte)
}

impl FromStr for RecordId {
    type Err = Error;

    /// Accepts 1 to 64 lowercase letters, digits and hyphens, so that an id is also a file name.
    fn from_str(text: &str) -> Result<Self, Error> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(good) {
            return Err(Error::refused(
                "the id of a batch has 1 to 64 lowercase letters, digits and hyphens",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for RecordId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How far a batch has come.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Recorded; nothing was sent.
    Prepared,
    /// The file is being uploaded. If its process has died, the service's list of files tells whether
    /// it arrived.
    Uploading,
    /// The service has the file.
    Uploaded,
    /// The batch is being created. If its process has died, the service's list of batches tells whether
    /// it was.
    Creating,
    /// The service has the batch.
    Created,
    /// The results are saved.
    Saved,
    /// The service rejected it; no batch was created.
    Refused,
    /// It was dropped before a batch was created.
    Dropped,
}

impl Step {
    /// Returns the name used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Uploading => "uploading",
            Self::Uploaded => "uploaded",
            Self::Creating => "creating",
            Self::Created => "created",
            Self::Saved => "saved",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
        }
    }

    /// Returns true before it is certain that the service has the batch.
    #[must_use]
    pub fn is_before_batch(self) -> bool {
        matches!(
            self,
            Self::Prepared | Self::Uploading | Self::Uploaded | Self::Creating
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the successful lines of a batch have used, and what they cost.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BatchUsage {
    /// Input tokens.
    pub input: u64,
    /// Output tokens, including reasoning.
    pub output: u64,
    /// Output tokens spent on reasoning.
    pub reasoning: u64,
    /// Lines that succeeded, the only ones that are billed.
    pub succeeded: u64,
    /// Lines that failed.
    pub failed: u64,
    /// Lines of the input without a result, as after a cancellation.
    pub missing: u64,
    #[serde(default)]
    pub(crate) cost: Option<StoredCost>,
    /// The date of the price list, as `YYYY-MM-DD`.
    #[serde(default)]
    pub price_date: Option<String>,
}

impl BatchUsage {
    /// Returns the cost: half of the list price, the sum over the lines. `None` if unknown.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        let StoredCost { currency, picos } = self.cost.as_ref()?;
        let is_it = |known: &&Currency| known.as_str() == currency;
        let currency = Currency::ALL.iter().find(is_it)?;
        Some(Cost::from_picos(*currency, picos.parse().ok()?))
    }
}

/// An exact amount. Millionths of a millionth as text, since not every reader of JSON has such numbers.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredCost {
    currency: String,
    picos: String,
}

impl From<Cost> for StoredCost {
    fn from(cost: Cost) -> Self {
        Self {
            currency: cost.currency().as_str().to_owned(),
            picos: cost.picos().to_string(),
        }
    }
}

/// The ledger's record of a batch.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct BatchRecord {
    version: u32,
    pub(crate) id: RecordId,
    pub(crate) step: Step,
    created_at: u64,
    /// The input, as an absolute path.
    pub(crate) file: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) checksum: u64,
    pub(crate) lines: u64,
    pub(crate) model: String,
    pub(crate) endpoint: String,
    pub(crate) window_hours: u32,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// The base URL that it was submitted to.
    pub(crate) base_url: String,
    /// When the last request that may have had an effect was sent, in seconds since 1970.
    #[serde(default)]
    pub(crate) sent_at: Option<u64>,
    #[serde(default)]
    pub(crate) file_id: Option<String>,
    #[serde(default)]
    pub(crate) batch_id: Option<String>,
    #[serde(default)]
    pub(crate) status: Option<String>,
    #[serde(default)]
    pub(crate) counts: Option<(u64, u64, u64)>,
    #[serde(default)]
    pub(crate) failure: Option<String>,
    /// Where the results are.
    #[serde(default)]
    pub(crate) saved: Option<PathBuf>,
    #[serde(default)]
    pub(crate) usage: Option<BatchUsage>,
    /// A random number that stands for what the batch has used, so that it is counted once.
    pub(crate) usage_id: String,
}

impl BatchRecord {
    pub(crate) fn new(file: &BatchFile, path: PathBuf, base_url: &str) -> Self {
        let now = SystemTime::now();
        Self {
            version: VERSION,
            id: RecordId::new(now),
            step: Step::Prepared,
            created_at: seconds(now),
            file: path,
            bytes: file.bytes,
            checksum: file.checksum,
            lines: file.lines,
            model: file.model.clone(),
            endpoint: file.endpoint.clone(),
            window_hours: 24,
            name: None,
            description: None,
            base_url: base_url.to_owned(),
            sent_at: None,
            file_id: None,
            batch_id: None,
            status: None,
            counts: None,
            failure: None,
            saved: None,
            usage: None,
            usage_id: format!("{:032x}", fastrand::u128(..)),
        }
    }

    /// Reads the JSON of a record.
    pub(crate) fn from_json(json: &[u8], name: &dyn fmt::Display) -> Result<Self, Error> {
        let broken = |message: String| Error::new(crate::ErrorKind::Storage, message);
        let record: Self = serde_json::from_slice(json).map_err(|error| {
            broken(format!("{name} is not the record of a batch")).with_source(error)
        })?;
        if record.version > VERSION {
            return Err(broken(format!("{name} was written by a newer version")));
        }
        Ok(record)
    }

    /// Notes what the service says of the batch.
    pub(crate) fn note(&mut self, batch: &Batch) {
        self.batch_id = Some(batch.id.clone());
        self.status = Some(batch.status.as_str().to_owned());
        let Counts {
            total,
            completed,
            failed,
        } = batch.counts;
        self.counts = Some((total, completed, failed));
        self.failure = batch.problems.first().map(ToString::to_string);
        if self.step.is_before_batch() {
            self.step = Step::Created;
        }
    }

    /// The name of the file at the service, which no other file has.
    pub(crate) fn remote_name(&self) -> String {
        format!("{}.jsonl", self.id)
    }

    /// Returns its id in the ledger.
    #[must_use]
    pub fn id(&self) -> &RecordId {
        &self.id
    }

    /// Returns how far it has come.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Returns when it was recorded.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        let since = Duration::from_secs(self.created_at);
        SystemTime::UNIX_EPOCH
            .checked_add(since)
            .unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns the path of its input.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the number of lines of its input.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the endpoint of its lines.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the base URL that it was submitted to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the id of the uploaded file.
    #[must_use]
    pub fn file_id(&self) -> Option<&str> {
        self.file_id.as_deref()
    }

    /// Returns the service's id of the batch.
    #[must_use]
    pub fn batch_id(&self) -> Option<&str> {
        self.batch_id.as_deref()
    }

    /// Returns the state that the service last reported.
    #[must_use]
    pub fn status(&self) -> Option<BatchStatus> {
        self.status.as_deref().map(BatchStatus::from)
    }

    /// Returns how many lines were done when the service was last asked.
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        self.counts.map(|(total, completed, failed)| Counts {
            total,
            completed,
            failed,
        })
    }

    /// Returns why it was rejected or failed, in the service's words.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Returns where the results are, if they were saved.
    #[must_use]
    pub fn saved(&self) -> Option<&Path> {
        self.saved.as_deref()
    }

    /// Returns what its successful lines have used, once the results are saved.
    #[must_use]
    pub fn usage(&self) -> Option<&BatchUsage> {
        self.usage.as_ref()
    }

    /// Returns a number of 32 hexadecimal digits that stands for what the batch has used: whoever
    /// counts it counts it once.
    #[must_use]
    pub fn usage_id(&self) -> &str {
        &self.usage_id
    }

    /// Returns true if nothing is left to do.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self.step {
            Step::Saved | Step::Refused | Step::Dropped => true,
            Step::Created => match self.status() {
                Some(BatchStatus::Failed) => true,
                // There are results of what was done by then.
                Some(BatchStatus::Expired | BatchStatus::Cancelled) => {
                    let counts = self.counts().unwrap_or_default();
                    counts.completed == 0 && counts.failed == 0
                }
                _ => false,
            },
            _ => false,
        }
    }
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
