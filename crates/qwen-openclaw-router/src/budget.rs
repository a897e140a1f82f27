//! Budgets and their periods.

use std::time::SystemTime;

use jiff::{
    Timestamp, Zoned,
    tz::{Offset, TimeZone},
};
use qwen_openclaw_catalog::Provider;

use crate::{BudgetWindow, Error, Limit, UsageFilter};

/// How many requests a day the portal's free tier allowed (OpenClaw, documentation of the provider
/// `qwen-portal`).
pub const PORTAL_REQUESTS_A_DAY: u64 = 2_000;

/// The time zone in which the portal's day begins. Inferred: no page of the vendor names it.
pub const PORTAL_ZONE: &str = "Asia/Shanghai";

/// A limit on what is used in each period.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Budget {
    name: String,
    filter: UsageFilter,
    period: Period,
    zone: TimeZone,
    limit: Limit,
    advances: bool,
}

/// How long a budget counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Period {
    /// A calendar day.
    Day,
    /// A calendar month.
    Month,
    /// From the beginning; it never starts again.
    Total,
}

impl Budget {
    /// Creates a budget for everything. Its name appears in the error of a request that it refuses.
    pub fn new(name: impl Into<String>, period: Period, limit: Limit) -> Self {
        Self {
            name: name.into(),
            filter: UsageFilter::default(),
            period,
            zone: TimeZone::UTC,
            limit,
            advances: false,
        }
    }

    /// Creates the budget of the portal's free tier: [`PORTAL_REQUESTS_A_DAY`] in [`PORTAL_ZONE`].
    pub fn portal() -> Self {
        let limit = Limit::Requests(PORTAL_REQUESTS_A_DAY);
        let filter = UsageFilter {
            provider: Some(Provider::QWEN_OAUTH.id().to_owned()),
            ..UsageFilter::default()
        };
        Self {
            zone: shanghai(),
            ..Self::new("portal", Period::Day, limit).filter(filter)
        }
    }

    /// Sets what counts. The default is everything.
    pub fn filter(mut self, filter: UsageFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets the time zone in which days and months begin: a name of the IANA database, such as
    /// `Europe/Berlin`. The default is UTC.
    ///
    /// `UTC` and `Asia/Shanghai` are always known; all others come from the system's database. A day that
    /// begins twice or not at all, because of daylight saving time, begins at the first moment it has.
    ///
    /// # Errors
    ///
    /// [`Setup`](qwen_openclaw_http::ErrorKind::Setup) for a zone that is not known.
    pub fn zone(mut self, name: &str) -> Result<Self, Error> {
        self.zone = match name {
            "UTC" => TimeZone::UTC,
            PORTAL_ZONE => shanghai(),
            name => TimeZone::get(name).map_err(|cause| {
                Error::setup(format!("the time zone {name:?} is not known")).with_cause(cause)
            })?,
        };
        Ok(self)
    }

    /// Lets a request without room advance to the next candidate, such as a cheaper model. By default
    /// it is refused.
    pub fn advances(mut self, advances: bool) -> Self {
        self.advances = advances;
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the period.
    #[must_use]
    pub fn period(&self) -> Period {
        self.period
    }

    /// Returns the name of the time zone in which days and months begin.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        // The only fixed offset is that of `shanghai`.
        self.zone.iana_name().unwrap_or(PORTAL_ZONE)
    }

    /// Returns the limit.
    #[must_use]
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// Returns true if a request without room advances to the next candidate.
    #[must_use]
    pub fn is_advancing(&self) -> bool {
        self.advances
    }

    /// Returns what counts.
    #[must_use]
    pub fn counted(&self) -> &UsageFilter {
        &self.filter
    }

    /// Returns the budget in its period at `now`.
    #[must_use]
    pub fn window(&self, now: SystemTime) -> BudgetWindow {
        BudgetWindow {
            name: self.name.clone(),
            filter: self.filter.clone(),
            since: self.start(now).unwrap_or(SystemTime::UNIX_EPOCH),
            limit: self.limit,
        }
    }

    /// Returns when the period at `now` ends; `None` if it never does.
    #[must_use]
    pub fn ends(&self, now: SystemTime) -> Option<SystemTime> {
        use jiff::ToSpan;

        let start = self.local(self.start(now)?)?;
        let end = match self.period {
            Period::Day => start.checked_add(1.day()),
            Period::Month => start.checked_add(1.month()),
            Period::Total => return None,
        };
        Some(end.ok()?.timestamp().into())
    }

    /// `None` for no beginning, and for a time that no calendar has.
    fn start(&self, now: SystemTime) -> Option<SystemTime> {
        let now = self.local(now)?;
        let start = match self.period {
            Period::Day => now.start_of_day(),
            Period::Month => now.first_of_month().and_then(|first| first.start_of_day()),
            Period::Total => return None,
        };
        Some(start.ok()?.timestamp().into())
    }

    fn local(&self, time: SystemTime) -> Option<Zoned> {
        let time = Timestamp::try_from(time).ok()?;
        Some(time.to_zoned(self.zone.clone()))
    }
}

/// Shanghai has had one offset since 1991, so that no database is needed.
fn shanghai() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

#[cfg(test)]
mod tests;
