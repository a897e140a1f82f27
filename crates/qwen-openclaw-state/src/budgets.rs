//! The budgets that were set.

use qwen_openclaw_catalog::price::Cost;
use qwen_openclaw_router::{Budget, Error, Limit, Period, UsageFilter};
use rusqlite::{Row, params};

use crate::{SqliteState, error::Failure, handle::Access, values};

/// What stands for each period.
const PERIODS: [(Period, &str); 3] = [
    (Period::Day, "day"),
    (Period::Month, "month"),
    (Period::Total, "total"),
];

/// What stands for a limit that is not money.
const REQUESTS: &str = "requests";
const TOKENS: &str = "tokens";

impl SqliteState {
    /// Returns the budgets that were set, by name.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or has a budget that only a newer version understands: a limit
    /// that is not enforced is not to be overlooked.
    pub async fn budgets(&self) -> Result<Vec<Budget>, Error> {
        self.pool
            .run(Access::Read, |rows| {
                let mut query = rows.prepare_cached(
                    "SELECT name, provider, credential, model, agent, period, zone, unit, amount, \
                     advances FROM budgets ORDER BY name",
                )?;
                let mut found = query.query([])?;
                let mut budgets = Vec::new();
                while let Some(row) = found.next()? {
                    budgets.push(read(row)?);
                }
                Ok(budgets)
            })
            .await
    }

    /// Sets a budget, replacing one of the same name.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub async fn set_budget(&self, budget: &Budget) -> Result<(), Error> {
        let budget = budget.clone();
        self.pool
            .run(Access::Durable, move |rows| {
                let unfit = Failure::Value("a budget cannot be stored");
                let (unit, amount) = match budget.limit() {
                    Limit::Requests(count) => (REQUESTS, count.to_string()),
                    Limit::Tokens(count) => (TOKENS, count.to_string()),
                    Limit::Cost(cost) => (cost.currency().as_str(), cost.picos().to_string()),
                    _ => return Err(unfit),
                };
                let mut periods = PERIODS.iter();
                let period = periods.find(|(period, _)| *period == budget.period());
                let Some((_, period)) = period else {
                    return Err(unfit);
                };
                let counted = budget.counted();
                rows.execute(
                    "REPLACE INTO budgets (name, provider, credential, model, agent, period, zone, \
                     unit, amount, advances) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    params![
                        budget.name(),
                        counted.provider,
                        counted.credential,
                        counted.model,
                        counted.agent,
                        period,
                        budget.zone_name(),
                        unit,
                        amount,
                        budget.is_advancing(),
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// Removes the budget of that name, and returns whether there was one.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub async fn remove_budget(&self, name: &str) -> Result<bool, Error> {
        let name = name.to_owned();
        self.pool
            .run(Access::Durable, move |rows| {
                Ok(rows.execute("DELETE FROM budgets WHERE name = ?1", [&name])? > 0)
            })
            .await
    }
}

fn read(row: &Row<'_>) -> Result<Budget, Failure> {
    let text = |column| row.get::<_, String>(column);
    let unknown = || Failure::Value("there is a budget of a newer version");
    let (period, unit, amount) = (text("period")?, text("unit")?, text("amount")?);
    let (period, _) = PERIODS
        .iter()
        .find(|(_, name)| *name == period)
        .ok_or_else(unknown)?;
    let count = || amount.parse().map_err(|_| unknown());
    let limit = match unit.as_str() {
        REQUESTS => Limit::Requests(count()?),
        TOKENS => Limit::Tokens(count()?),
        currency => {
            let currency = values::to_currency(currency).ok_or_else(unknown)?;
            let picos = amount.parse().map_err(|_| unknown())?;
            Limit::Cost(Cost::from_picos(currency, picos))
        }
    };
    let budget = Budget::new(text("name")?, *period, limit)
        .filter(UsageFilter {
            provider: row.get("provider")?,
            credential: row.get("credential")?,
            model: row.get("model")?,
            agent: row.get("agent")?,
        })
        .advances(row.get("advances")?);
    budget
        .zone(&text("zone")?)
        .map_err(|_| Failure::Value("there is a budget in a time zone that this system lacks"))
}
