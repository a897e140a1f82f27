//! Exact money: rates and amounts as integers, so that totals neither drift nor round.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// How many steps of a [`Rate`] make one unit of currency.
const RATE_STEPS: u64 = 1_000_000;

/// How many parts of a [`Cost`] make one unit of currency: a token at the smallest rate is one.
const COST_PARTS: u128 = RATE_STEPS as u128 * 1_000_000;

/// The currency of a price.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Currency {
    /// Chinese yuan, in mainland China.
    Cny,
    /// US dollars, everywhere else.
    Usd,
}

impl Currency {
    /// Every currency.
    pub const ALL: &[Self] = &[Self::Cny, Self::Usd];

    /// Returns the ISO 4217 code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cny => "CNY",
            Self::Usd => "USD",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A price per unit, exact to a millionth of the currency.
///
/// The unit is a million tokens for chat and a second for video.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Rate(u64);

impl Rate {
    /// Creates a rate from a price literal of the price lists.
    pub(crate) const fn of(price: f64) -> Self {
        Self((price * RATE_STEPS as f64 + 0.5) as u64)
    }

    /// Creates a rate from a price per unit, rounded to the nearest millionth; `None` unless it is a
    /// number from zero to a billion.
    #[must_use]
    pub fn new(price: f64) -> Option<Self> {
        (0.0..=1e9).contains(&price).then(|| Self::of(price))
    }

    /// Returns the price per unit.
    #[must_use]
    pub const fn price(self) -> f64 {
        self.0 as f64 / RATE_STEPS as f64
    }

    /// Returns a percentage of this rate, rounded to the nearest millionth.
    #[must_use]
    pub const fn percent(self, percent: u64) -> Self {
        Self((self.0 * percent + 50) / 100)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, u128::from(self.0), u128::from(RATE_STEPS), 6)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.price())
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Rate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "description": "The price per unit: a million tokens, or a second of video."
        })
    }
}

/// An amount of money.
///
/// [`Display`](fmt::Display) prints the currency and up to six decimals, or as many as the precision
/// says: `{cost:.2}`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Cost {
    currency: Currency,
    parts: u128,
}

impl Cost {
    /// Returns zero in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { currency, parts: 0 }
    }

    /// Adds the cost of a number of tokens, at a rate per million.
    #[must_use]
    pub fn plus(self, rate: Rate, tokens: u64) -> Self {
        let more = u128::from(rate.0) * u128::from(tokens);
        Self {
            parts: self.parts.saturating_add(more),
            ..self
        }
    }

    /// Adds the cost of a number of seconds, at a rate per second.
    #[must_use]
    pub fn plus_seconds(self, rate: Rate, seconds: u32) -> Self {
        self.plus(rate, u64::from(seconds) * RATE_STEPS)
    }

    /// Adds the cost of a number of images, at a rate per image.
    #[must_use]
    pub fn plus_images(self, rate: Rate, images: u32) -> Self {
        self.plus(rate, u64::from(images) * RATE_STEPS)
    }

    /// Returns a percentage of this amount, rounded to the nearest millionth of a millionth.
    #[must_use]
    pub const fn percent(self, percent: u64) -> Self {
        let percent = percent as u128;
        // Whole and rest apart: the product could overflow.
        let whole = (self.parts / 100).saturating_mul(percent);
        let rest = (self.parts % 100 * percent + 50) / 100;
        Self {
            parts: whole.saturating_add(rest),
            ..self
        }
    }

    /// Creates an amount from millionths of a millionth of the currency, as a store keeps it.
    #[must_use]
    pub const fn from_picos(currency: Currency, picos: u128) -> Self {
        Self {
            currency,
            parts: picos,
        }
    }

    /// Returns the exact amount in millionths of a millionth of the currency.
    #[must_use]
    pub const fn picos(self) -> u128 {
        self.parts
    }

    /// Returns the currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Returns the amount in units of the currency, as the nearest float.
    #[must_use]
    pub const fn amount(self) -> f64 {
        self.parts as f64 / COST_PARTS as f64
    }

    /// Returns the sum of two amounts; `None` when their currencies differ.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let parts = self.parts.checked_add(other.parts)?;
        (self.currency == other.currency).then_some(Self { parts, ..self })
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.currency)?;
        write_decimal(f, self.parts, COST_PARTS, 6)
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Cost", 2)?;
        object.serialize_field("currency", &self.currency)?;
        object.serialize_field("amount", &self.amount())?;
        object.end()
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Cost {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cost".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let currency = generator.subschema_for::<Currency>();
        schemars::json_schema!({
            "type": "object",
            "description": "An amount of money.",
            "properties": { "currency": currency, "amount": { "type": "number" } },
            "required": ["currency", "amount"]
        })
    }
}

/// Writes `parts / unit` with as many decimals as the formatter asks for; without a precision,
/// with two, as money is written, and at most `decimals` where there is more to say.
fn write_decimal(
    f: &mut fmt::Formatter<'_>,
    parts: u128,
    unit: u128,
    decimals: usize,
) -> fmt::Result {
    let wanted = f.precision().unwrap_or(decimals).min(12);
    let scale = 10_u128.pow(u32::try_from(wanted).unwrap_or_default());
    // Whole and rest apart: `parts * scale` could overflow.
    let rest = (parts % unit * scale + unit / 2) / unit;
    let (whole, rest) = (parts / unit + rest / scale, rest % scale);
    let digits = format!("{rest:0wanted$}");
    let digits = match f.precision() {
        Some(_) => digits.as_str(),
        None => {
            let shown = digits.trim_end_matches('0').len().max(2);
            digits.get(..shown).unwrap_or(&digits)
        }
    };
    if wanted == 0 {
        return write!(f, "{whole}");
    }
    write!(f, "{whole}.{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact() {
        for (price, shown) in [
            (0.8, "0.80"),
            (0.1875, "0.1875"),
            (0.188, "0.188"),
            (200.0, "200.00"),
        ] {
            assert_eq!(Rate::of(price).to_string(), shown);
        }
        assert_eq!(Rate::of(0.15).percent(10), Rate::of(0.015));
    }

    #[test]
    fn amounts_honor_the_precision() {
        let cost = Cost::zero(Currency::Usd).plus(Rate::of(2.5), 1_234_567);
        assert_eq!(cost.to_string(), "USD 3.086418");
        assert_eq!(format!("{cost:.2}"), "USD 3.09");
        assert_eq!(format!("{cost:.0}"), "USD 3");
        assert_eq!(Cost::zero(Currency::Cny).to_string(), "CNY 0.00");
        let small = Cost::zero(Currency::Cny).plus(Rate::of(0.02), 1);
        assert_eq!(format!("{small:.8}"), "CNY 0.00000002");
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let cost = Cost::zero(Currency::Cny).plus(Rate(u64::MAX), u64::MAX);
        assert!(cost.plus(Rate(u64::MAX), u64::MAX).amount() > 1e20);
        assert!(cost.to_string().starts_with("CNY 340"));
    }

    #[test]
    fn currencies_do_not_mix() {
        let yuan = Cost::zero(Currency::Cny);
        assert_eq!(yuan.checked_add(Cost::zero(Currency::Usd)), None);
        assert_eq!(yuan.checked_add(yuan), Some(yuan));
    }
}
