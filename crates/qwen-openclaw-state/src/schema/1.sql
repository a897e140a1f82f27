-- Times are nanoseconds since 1970, lengths are nanoseconds, quarters are quarters of an hour since
-- 1970. Counts have 64 bits without a sign, kept in SQLite's with one: a reader casts them. Money is
-- text, 10^-12 of the currency in up to 39 digits, because no integer of SQLite has room for all of
-- it. Nothing is summed up by SQLite.

-- What entries have in common, so that each of them is small.
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    credential TEXT NOT NULL,
    model TEXT NOT NULL,
    kind TEXT NOT NULL,
    agent TEXT
) STRICT;
CREATE INDEX series_key ON series (model, credential, provider, kind, agent);

-- Entries; those with `expires` are reservations.
CREATE TABLE entries (
    id BLOB NOT NULL UNIQUE,
    time INTEGER NOT NULL,
    expires INTEGER,
    series INTEGER NOT NULL REFERENCES series,
    is_last INTEGER NOT NULL,
    sends INTEGER NOT NULL,
    input INTEGER NOT NULL,
    implicit_cached INTEGER NOT NULL,
    explicit_cached INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    images INTEGER NOT NULL,
    media INTEGER NOT NULL,
    currency TEXT,
    cost TEXT,
    price_date TEXT,
    outcome TEXT NOT NULL,
    latency INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_time ON entries (time) WHERE expires IS NULL;
CREATE INDEX reservations ON entries (expires) WHERE expires IS NOT NULL;

-- The sums of all entries that were ever settled: by quarter of an hour (`span` 1), and by 96 of them,
-- for reports over a long time. `currency` is empty for what has no known cost.
CREATE TABLE sums (
    span INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    series INTEGER NOT NULL REFERENCES series,
    currency TEXT NOT NULL,
    requests INTEGER NOT NULL,
    sends INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    input INTEGER NOT NULL,
    implicit_cached INTEGER NOT NULL,
    explicit_cached INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    images INTEGER NOT NULL,
    media INTEGER NOT NULL,
    cost TEXT NOT NULL,
    PRIMARY KEY (span, quarter, series, currency)
) STRICT, WITHOUT ROWID;

-- The ids of entries that were compacted a short time ago: settling one again adds nothing.
CREATE TABLE compacted (
    id BLOB PRIMARY KEY,
    time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cooldowns (
    provider TEXT NOT NULL,
    credential TEXT NOT NULL,
    mark INTEGER NOT NULL,
    model TEXT,
    kind TEXT NOT NULL,
    failures INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX cooldowns_target ON cooldowns (credential, provider, mark, model);
CREATE INDEX cooldowns_until ON cooldowns (until);

CREATE TABLE endpoints (
    provider TEXT NOT NULL,
    credential TEXT NOT NULL,
    mark INTEGER NOT NULL,
    base_url TEXT NOT NULL,
    PRIMARY KEY (provider, credential, mark)
) STRICT, WITHOUT ROWID;

-- A job's record is JSON; the columns beside it are those that it is looked up by.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    task_id TEXT,
    record BLOB NOT NULL
) STRICT;
CREATE INDEX jobs_task ON jobs (task_id);

-- `amount` is in `unit`: requests, tokens, or a currency, where it is 10^-12 of it.
CREATE TABLE budgets (
    name TEXT PRIMARY KEY,
    provider TEXT,
    credential TEXT,
    model TEXT,
    agent TEXT,
    period TEXT NOT NULL,
    zone TEXT NOT NULL,
    unit TEXT NOT NULL,
    amount TEXT NOT NULL,
    advances INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
