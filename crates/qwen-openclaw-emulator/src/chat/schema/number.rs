//! Numbers within limits.

use serde_json::{Number, Value};

/// The limits of a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The least, and whether it is allowed itself.
    least: Option<(f64, bool)>,
    most: Option<(f64, bool)>,
    step: Option<f64>,
}

/// How many multiples are tried from where the first could be.
const TRIES: i32 = 64;

impl Limits {
    pub(super) fn of(schema: &Value) -> Self {
        let number = |name: &str| schema.get(name).and_then(Value::as_f64);
        let limit = |inclusive: &str, exclusive: &str, tighter: fn(f64, f64) -> bool| {
            // Draft 4 says with a flag that the limit itself is out.
            let flag = schema.get(exclusive).and_then(Value::as_bool) == Some(true);
            let inclusive = number(inclusive).map(|limit| (limit, !flag));
            let exclusive = number(exclusive).map(|limit| (limit, false));
            match (inclusive, exclusive) {
                (Some(one), Some(other)) if tighter(one.0, other.0) => Some(one),
                (one, other) => other.or(one),
            }
        };
        Self {
            least: limit("minimum", "exclusiveMinimum", |one, other| one > other),
            most: limit("maximum", "exclusiveMaximum", |one, other| one < other),
            step: number("multipleOf").filter(|step| *step > 0.0),
        }
    }

    /// Tells whether a number is within the limits.
    pub(super) fn take(self, number: &Value) -> bool {
        number.as_f64().is_some_and(|number| self.contain(number))
    }

    fn contain(self, number: f64) -> bool {
        let above = |(limit, itself)| number > limit || itself && number == limit;
        let below = |(limit, itself)| number < limit || itself && number == limit;
        self.least.is_none_or(above)
            && self.most.is_none_or(below)
            && self.step.is_none_or(|step| {
                let times = number / step;
                (times - times.round()).abs() < 1e-9 * times.abs().max(1.0)
            })
    }

    /// Numbers within the limits, those of the prompt first.
    pub(super) fn candidates(self, whole: bool, hints: &[f64]) -> Vec<Value> {
        let step = match self.step {
            Some(step) if !whole || step.fract() == 0.0 => step,
            // A whole multiple of a fraction is among its multiples, if not soon.
            Some(_) | None if whole => 1.0,
            Some(step) => step,
            None => 0.5,
        };
        // From the least up, else from the most down, else from zero.
        let (start, direction) = match (self.least, self.most) {
            (Some((least, _)), _) => ((least / step).ceil(), 1.0),
            (None, Some((most, _))) => ((most / step).floor().min((1.0 / step).floor()), -1.0),
            (None, None) => (0.0, 1.0),
        };
        let multiples = (0..TRIES).map(|number| (start + direction * f64::from(number)) * step);
        let between = match (self.least, self.most) {
            (Some((least, _)), Some((most, _))) if !whole && self.step.is_none() => {
                Some(least + (most - least) / 2.0)
            }
            _ => None,
        };
        hints
            .iter()
            .copied()
            .chain(multiples)
            .chain(between)
            .filter(|number| number.is_finite() && self.contain(*number))
            .filter(|number| !whole || number.fract() == 0.0)
            .filter_map(value)
            .collect()
    }
}

/// A number as JSON, without a fraction if it has none.
fn value(number: f64) -> Option<Value> {
    // Between these, a float without a fraction is an integer that fits.
    if number.fract() == 0.0 && number.abs() < 9e18 {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}

pub(super) fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}
