//! What is cooling down, and which endpoint accepted a credential.

use std::time::SystemTime;

use async_trait::async_trait;
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_router::{Cooldown, Error, FailoverStore, Failure as Failed, Target};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{SqliteState, error::Failure, fault, handle::Access, values};

const COLUMNS: &str = "provider, credential, mark, model, kind, failures, since, until";

/// The record of one target; of a credential if the model is NULL.
const TARGET: &str = "credential = ?1 AND provider = ?2 AND mark = ?3 AND model IS ?4";

#[async_trait]
impl FailoverStore for SqliteState {
    async fn running(&self, now: SystemTime) -> Result<Vec<Cooldown>, Error> {
        self.pool
            .run(Access::Read, move |rows| {
                let query = format!("SELECT {COLUMNS} FROM cooldowns WHERE until > ?1");
                let mut query = rows.prepare_cached(&query)?;
                let mut found = query.query([values::of_time(now)])?;
                let mut running = Vec::new();
                while let Some(row) = found.next()? {
                    running.extend(read(row)?.filter(|cooldown| cooldown.is_running(now)));
                }
                running.sort_by(|a, b| (a.until, &a.target).cmp(&(b.until, &b.target)));
                Ok(running)
            })
            .await
    }

    async fn fail(&self, failure: &Failed, now: SystemTime) -> Result<Cooldown, Error> {
        let failure = failure.clone();
        self.pool
            .run(Access::Write, move |rows| fail(rows, &failure, now))
            .await
    }

    async fn succeed(&self, target: &Target) -> Result<(), Error> {
        let targets = [target.clone(), target.of_credential()];
        let asked = targets.clone();
        let any = self.pool.run(Access::Read, move |rows| {
            let query = format!("SELECT EXISTS (SELECT 1 FROM cooldowns WHERE {TARGET})");
            let mut query = rows.prepare_cached(&query)?;
            for Target {
                provider,
                credential,
                mark,
                model,
            } in &asked
            {
                let found = params![credential, provider.id(), mark, model];
                if query.query_row(found, |row| row.get(0))? {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        // After most successes there is nothing to remove, and no one has to wait for a writer.
        if !any.await? {
            return Ok(());
        }
        self.pool
            .run(Access::Write, move |rows| {
                targets.iter().try_for_each(|one| remove(rows, one))
            })
            .await
    }

    async fn endpoint(&self, credential: &Target) -> Result<Option<String>, Error> {
        let Target {
            provider,
            credential,
            mark,
            ..
        } = credential.clone();
        self.pool
            .run(Access::Read, move |rows| {
                let query = "SELECT base_url FROM endpoints \
                             WHERE provider = ?1 AND credential = ?2 AND mark = ?3";
                let mut query = rows.prepare_cached(query)?;
                let found =
                    query.query_row(params![provider.id(), credential, mark], |row| row.get(0));
                Ok(found.optional()?)
            })
            .await
    }

    async fn remember_endpoint(&self, credential: &Target, base_url: &str) -> Result<(), Error> {
        let Target {
            provider,
            credential,
            mark,
            ..
        } = credential.clone();
        let base_url = base_url.to_owned();
        self.pool
            .run(Access::Write, move |rows| {
                let write = "REPLACE INTO endpoints (provider, credential, mark, base_url) \
                             VALUES (?1, ?2, ?3, ?4)";
                let row = params![provider.id(), credential, mark, base_url];
                rows.prepare_cached(write)?.execute(row)?;
                Ok(())
            })
            .await
    }
}

fn fail(rows: &Connection, failure: &Failed, now: SystemTime) -> Result<Cooldown, Failure> {
    let next = Cooldown::after(previous(rows, &failure.target)?.as_ref(), failure, now);
    remove(rows, &next.target)?;
    fault::point("cooldown-removed");
    let write =
        format!("INSERT INTO cooldowns ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    let Target {
        provider,
        credential,
        mark,
        model,
    } = &next.target;
    rows.prepare_cached(&write)?.execute(params![
        provider.id(),
        credential,
        mark,
        model,
        next.kind.as_str(),
        next.failures,
        values::of_time(next.since),
        values::of_time(next.until),
    ])?;
    forget(rows, now)?;
    Ok(next)
}

fn previous(rows: &Connection, target: &Target) -> Result<Option<Cooldown>, Failure> {
    let query = format!("SELECT {COLUMNS} FROM cooldowns WHERE {TARGET}");
    let Target {
        provider,
        credential,
        mark,
        model,
    } = target;
    let mut query = rows.prepare_cached(&query)?;
    let found = query.query_row(params![credential, provider.id(), mark, model], |row| {
        Ok(read(row))
    });
    Ok(found.optional()?.transpose()?.flatten())
}

fn remove(rows: &Connection, target: &Target) -> Result<(), Failure> {
    let delete = format!("DELETE FROM cooldowns WHERE {TARGET}");
    let Target {
        provider,
        credential,
        mark,
        model,
    } = target;
    rows.prepare_cached(&delete)?
        .execute(params![credential, provider.id(), mark, model])?;
    Ok(())
}

/// Removes the records that affect nothing any more: keys are replaced, and models come and go.
fn forget(rows: &Connection, now: SystemTime) -> Result<(), Failure> {
    let query = format!("SELECT {COLUMNS} FROM cooldowns WHERE until <= ?1");
    let mut ended = Vec::new();
    {
        let mut query = rows.prepare_cached(&query)?;
        let mut found = query.query([values::of_time(now)])?;
        while let Some(row) = found.next()? {
            ended.extend(read(row)?);
        }
    }
    let forgotten = ended.iter().filter(|cooldown| cooldown.is_forgotten(now));
    forgotten
        .map(|cooldown| &cooldown.target)
        .try_for_each(|target| remove(rows, target))
}

/// Reads a record; `None` if its provider is not the id of one.
fn read(row: &Row<'_>) -> Result<Option<Cooldown>, Failure> {
    let Ok(provider) = Provider::exactly(&row.get::<_, String>(0)?) else {
        return Ok(None);
    };
    Ok(Some(Cooldown {
        target: Target {
            provider,
            credential: row.get(1)?,
            mark: row.get(2)?,
            model: row.get(3)?,
        },
        kind: values::to_kind(&row.get::<_, String>(4)?),
        failures: row.get(5)?,
        since: values::to_time(row.get(6)?),
        until: values::to_time(row.get(7)?),
    }))
}
