//! The portal's daily quota.

use std::time::SystemTime;

use qwen_openclaw::catalog::Provider;
use qwen_openclaw::routing::{
    Amount, Error, Limit, PORTAL_REQUESTS_A_DAY, PORTAL_ZONE, UsageFilter, UsageGroup, UsageQuery,
    UsageStore, UsageSum,
};

use super::{
    days::Zone,
    report::{Meter, Report},
};

/// How much of today's quota each login has used, if the portal was used in the days of the report.
pub(super) async fn meters(
    store: &dyn UsageStore,
    report: &Report,
    zone: Option<&Zone>,
    now: SystemTime,
) -> Result<Vec<Meter>, Error> {
    let zone = zone.cloned().map_or_else(|| PORTAL_ZONE.parse(), Ok);
    let (Ok(zone), Some(first)) = (zone, report.days.first()) else {
        return Ok(Vec::new());
    };
    let (today, until) = zone.days(now, 1);
    let today = today.first().map_or(until, |day| day.since);
    let query = |since| UsageQuery {
        since,
        until,
        filter: UsageFilter {
            provider: Some(Provider::QWEN_OAUTH.id().to_owned()),
            ..UsageFilter::default()
        },
        by: UsageGroup::Credential,
    };
    let used_today = store.report(&query(today)).await?;
    let logins = store.report(&query(first.since.min(today))).await?;
    let meters = logins.into_iter().map(|login| {
        let row = used_today.iter().find(|row| row.key == login.key);
        Meter {
            name: login.key.clone(),
            filter: UsageFilter {
                provider: Some(Provider::QWEN_OAUTH.id().to_owned()),
                credential: Some(login.key),
                ..UsageFilter::default()
            },
            used: Amount {
                // The service counts every send.
                requests: row.map_or(0, |row| row.sum.sends),
                ..Amount::default()
            },
            reserved: Amount::default(),
            limit: Limit::Requests(PORTAL_REQUESTS_A_DAY),
            uncounted: UsageSum::default(),
            per: "day",
            ends: Some((until, zone.clone())),
            is_inferred: true,
        }
    });
    Ok(meters.collect())
}
