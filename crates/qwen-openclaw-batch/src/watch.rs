//! Follows a batch until it is done.

use tokio::time::{Instant, sleep};

use crate::{BatchRecord, Client, Error, ErrorKind, RecordId};

/// Yields the record of a batch whenever it has changed. Created by [`Client::watch`].
#[derive(Debug)]
pub struct Watch {
    client: Client,
    id: RecordId,
    shown: Option<BatchRecord>,
    started: Instant,
    asked: u32,
    is_over: bool,
}

impl Watch {
    pub(crate) fn new(client: Client, id: RecordId) -> Self {
        Self {
            client,
            id,
            shown: None,
            started: Instant::now(),
            asked: 0,
            is_over: false,
        }
    }

    /// Waits for the next change; `None` once the batch is done, or after an error.
    ///
    /// The first question is asked at once, the next ones as the schedule says. Failures that may pass
    /// are asked again.
    pub async fn next(&mut self) -> Option<Result<BatchRecord, Error>> {
        while !self.is_over {
            if self.asked > 0 {
                sleep(self.client.schedule.wait(self.asked - 1)).await;
            }
            self.asked = self.asked.saturating_add(1);
            let error = match self.client.refresh(&self.id).await {
                Ok(record) => {
                    self.is_over = record.status().is_some_and(|status| status.is_final());
                    if self.shown.as_ref() != Some(&record) {
                        self.shown = Some(record.clone());
                        return Some(Ok(record));
                    }
                    None
                }
                Err(error) if error.is_transient() => Some(error),
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            };
            if !self.is_over && self.started.elapsed() >= self.client.schedule.deadline {
                self.is_over = true;
                let late = Error::new(ErrorKind::Deadline, format!("{} is not done", self.id));
                return Some(Err(match error {
                    Some(error) => late.with_source(error),
                    None => late,
                }));
            }
        }
        None
    }
}
