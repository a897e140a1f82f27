//! The JSON of a record, as stores keep it.

use std::fmt;

use qwen_openclaw_auth::state::Fields;
use serde::Serialize;

use super::record::{JobRecord, VERSION};
use crate::error::Error;

/// The part of the largest record that a new one leaves to what becomes known of the job later, which
/// is little.
const ROOM: usize = 16;

impl JobRecord {
    /// The size of the largest record that a store should keep, in bytes of JSON: what was asked for,
    /// and a few URLs.
    pub const LARGEST: usize = 16 << 20;

    /// Returns the size of the largest new record for a store whose largest record has `largest`
    /// bytes. The rest is left to what becomes known of the job later.
    #[must_use]
    pub const fn room_for_new(largest: usize) -> usize {
        largest - largest / ROOM
    }

    /// Returns the record as JSON of at most `limit` bytes. What a newer version added keeps its
    /// text.
    ///
    /// # Errors
    ///
    /// When it is larger, or could not be read back.
    pub fn to_json(&self, limit: usize) -> Result<Vec<u8>, Error> {
        let unfit = || Error::ledger("the job cannot be written down");
        let text = serde_json::to_vec_pretty(&Exact::of(self));
        let mut text = text.map_err(|error| unfit().with_source(error))?;
        text.push(b'\n');
        if text.len() > limit {
            let error = format!("the job's record would be larger than {limit} bytes");
            return Err(Error::ledger(error));
        }
        let read = Self::from_json(&text, &self.id);
        read.map_err(|error| unfit().with_source(error))?;
        Ok(text)
    }

    /// Reads a record that [`to_json`](Self::to_json) wrote. `name` stands for it in errors.
    ///
    /// # Errors
    ///
    /// When it is not a record, or a newer version wrote it.
    pub fn from_json(json: &[u8], name: &dyn fmt::Display) -> Result<Self, Error> {
        let mut record: Self = serde_json::from_slice(json).map_err(|error| {
            Error::ledger(format!("{name} is not the record of a job")).with_source(error)
        })?;
        if record.version > VERSION {
            let error = format!("{name} was written by a newer version");
            return Err(Error::ledger(error));
        }
        if !record.extra.is_empty()
            && let Some(mut fields) = Fields::parse(json)
        {
            // serde has only their values.
            fields.retain(|name| record.extra.text(name).is_some());
            record.extra = fields;
        }
        Ok(record)
    }
}

/// A record as it is written: what a newer version has put there, with its text as it was.
#[derive(Serialize)]
struct Exact<'a> {
    #[serde(flatten)]
    record: JobRecord,
    #[serde(flatten)]
    extra: &'a Fields,
}

impl<'a> Exact<'a> {
    fn of(record: &'a JobRecord) -> Self {
        let mut known = record.clone();
        known.extra = Fields::default();
        Self {
            record: known,
            extra: &record.extra,
        }
    }
}
