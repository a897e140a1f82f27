//! Whether a JSON value fits a JSON schema.
//!
//! An own reading of draft 2020-12: what validates all of it needs some forty crates, and the answers
//! of a model are described by few keywords. Those that are not understood are not checked, and
//! [`unchecked`] names them.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashSet},
};

use serde_json::{Map, Number, Value};

/// How many schemas are looked at for one value. One that needs more refers to itself without end.
const STEPS: u32 = 1_000_000;

/// How deep schemas are followed.
const DEPTH: u32 = 256;

/// The keywords that are checked.
const CHECKED: &[&str] = &[
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "dependentRequired",
    "else",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "if",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "prefixItems",
    "properties",
    "propertyNames",
    "required",
    "then",
    "type",
    "uniqueItems",
];

/// The keywords that demand nothing.
const ANNOTATIONS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "$vocabulary",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// Where and in what way a value does not fit.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Mismatch {
    /// Where in the value, from the inside out.
    place: Vec<Place>,
    /// What is demanded there, in words of the schema and none of the value.
    pub(crate) reason: String,
}

#[derive(Debug, Eq, PartialEq)]
enum Place {
    Field(String),
    Item(usize),
}

type Fits = Result<(), Mismatch>;

impl Mismatch {
    fn new(reason: impl Into<String>) -> Self {
        let (place, reason) = (Vec::new(), reason.into());
        Self { place, reason }
    }

    fn inside(mut self, place: Place) -> Self {
        self.place.push(place);
        self
    }

    /// The place in the form of `steps[2].minutes`; `.` for the whole.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for place in self.place.iter().rev() {
            match place {
                Place::Item(index) => path.push_str(&format!("[{index}]")),
                Place::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    // A model may have made the name up.
                    path.extend(name.chars().take(64).flat_map(char::escape_debug));
                }
            }
        }
        if path.is_empty() {
            ".".to_owned()
        } else {
            path
        }
    }
}

/// Checks whether `value` fits `schema`.
pub(crate) fn check(value: &Value, schema: &Value) -> Fits {
    let mut checker = Checker {
        root: schema,
        steps: STEPS,
        exhausted: false,
    };
    let fits = checker.value(schema, value, 0);
    if checker.exhausted {
        return Err(Mismatch::new("the schema is too complex to be checked"));
    }
    fits
}

/// The keywords of a schema that [`check`] does not check, in alphabetical order.
///
/// `$ref` is among them where it does not point into the schema itself.
pub(crate) fn unchecked(root: &Value) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut rest = vec![root];
    while let Some(schema) = rest.pop() {
        let Value::Object(fields) = schema else {
            continue;
        };
        for (keyword, value) in fields {
            let known = |list: &[&str]| list.contains(&&**keyword);
            if !known(CHECKED) && !known(ANNOTATIONS) {
                found.insert(keyword.clone());
            }
            match (&**keyword, value) {
                ("$ref", to) if target(root, to).is_none() => {
                    found.insert(keyword.clone());
                }
                (
                    "properties" | "$defs" | "definitions" | "patternProperties"
                    | "dependentSchemas",
                    Value::Object(inner),
                ) => rest.extend(inner.values()),
                ("allOf" | "anyOf" | "oneOf" | "prefixItems" | "items", Value::Array(inner)) => {
                    rest.extend(inner);
                }
                (
                    "items"
                    | "additionalProperties"
                    | "not"
                    | "if"
                    | "then"
                    | "else"
                    | "contains"
                    | "propertyNames",
                    inner,
                ) => rest.push(inner),
                _ => {}
            }
        }
    }
    found.into_iter().collect()
}

/// The schema that a reference points to, within `root`.
fn target<'a>(root: &'a Value, reference: &Value) -> Option<&'a Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

struct Checker<'a> {
    root: &'a Value,
    steps: u32,
    exhausted: bool,
}

impl Checker<'_> {
    fn value(&mut self, schema: &Value, value: &Value, depth: u32) -> Fits {
        if self.steps == 0 || depth > DEPTH {
            self.exhausted = true;
            return Err(Mismatch::new(""));
        }
        self.steps -= 1;
        let depth = depth + 1;
        match schema {
            Value::Bool(false) => Err(Mismatch::new("no value is allowed")),
            Value::Object(schema) => {
                if let Some(target) = schema.get("$ref").and_then(|to| target(self.root, to)) {
                    self.value(target, value, depth)?;
                }
                kind(schema, value)?;
                one_of_given(schema, value)?;
                match value {
                    Value::Number(number) => limits_of_number(schema, number)?,
                    Value::String(text) => {
                        let length = text.chars().count();
                        count(schema, "minLength", "maxLength", length, "characters")?;
                    }
                    Value::Array(items) => self.array(schema, items, depth)?,
                    Value::Object(fields) => self.object(schema, fields, depth)?,
                    Value::Null | Value::Bool(_) => {}
                }
                self.combined(schema, value, depth)
            }
            _ => Ok(()),
        }
    }

    fn array(&mut self, schema: &Map<String, Value>, items: &[Value], depth: u32) -> Fits {
        count(schema, "minItems", "maxItems", items.len(), "items")?;
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            let mut seen = HashSet::new();
            if !items.iter().all(|item| seen.insert(canonical(item))) {
                return Err(Mismatch::new("no two items may be the same"));
            }
        }
        // Before draft 2020-12, a list under `items` is what `prefixItems` is now.
        let listed = schema.get("prefixItems").or(schema.get("items"));
        let listed = listed
            .and_then(Value::as_array)
            .map_or(&[][..], |list| list);
        let others = schema.get("items").filter(|items| !items.is_array());
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = listed.get(index).or(others) {
                let fits = self.value(schema, item, depth);
                fits.map_err(|mismatch| mismatch.inside(Place::Item(index)))?;
            }
        }
        if let Some(contains) = schema.get("contains")
            && !items
                .iter()
                .any(|item| self.value(contains, item, depth).is_ok())
        {
            return Err(Mismatch::new(
                "an item that `contains` describes is missing",
            ));
        }
        Ok(())
    }

    fn object(
        &mut self,
        schema: &Map<String, Value>,
        fields: &Map<String, Value>,
        depth: u32,
    ) -> Fits {
        count(
            schema,
            "minProperties",
            "maxProperties",
            fields.len(),
            "fields",
        )?;
        required(schema.get("required"), fields)?;
        let dependent = schema.get("dependentRequired").and_then(Value::as_object);
        for (name, needed) in dependent.into_iter().flatten() {
            if fields.contains_key(name) {
                required(Some(needed), fields)?;
            }
        }
        let known = schema.get("properties").and_then(Value::as_object);
        // Which fields a pattern covers is not known here.
        let others = schema.get("additionalProperties");
        let others = others.filter(|_| !schema.contains_key("patternProperties"));
        for (name, value) in fields {
            let inside = |mismatch: Mismatch| mismatch.inside(Place::Field(name.clone()));
            if let Some(names) = schema.get("propertyNames") {
                let name = Value::String(name.clone());
                self.value(names, &name, depth).map_err(inside)?;
            }
            match known.and_then(|known| known.get(name)).or(others) {
                Some(Value::Bool(false)) => {
                    return Err(inside(Mismatch::new("the schema has no such field")));
                }
                Some(schema) => self.value(schema, value, depth).map_err(inside)?,
                None => {}
            }
        }
        Ok(())
    }

    /// `allOf` and its kin.
    fn combined(&mut self, schema: &Map<String, Value>, value: &Value, depth: u32) -> Fits {
        let all = schema.get("allOf").and_then(Value::as_array);
        for schema in all.into_iter().flatten() {
            self.value(schema, value, depth)?;
        }
        for (keyword, most) in [("anyOf", usize::MAX), ("oneOf", 1)] {
            let Some(Value::Array(choices)) = schema.get(keyword) else {
                continue;
            };
            let (mut fitting, mut nearest) = (0, Mismatch::new(""));
            for choice in choices {
                match self.value(choice, value, depth) {
                    Ok(()) => fitting += 1,
                    // The one that goes farthest is likely the one that was meant.
                    Err(found) if found.place.len() > nearest.place.len() => nearest = found,
                    Err(_) => {}
                }
            }
            if fitting == 0 && !nearest.place.is_empty() {
                return Err(nearest);
            }
            if fitting == 0 || fitting > most {
                let what = if fitting == 0 { "none" } else { "several" };
                let reason = format!("it fits {what} of the schemas under `{keyword}`");
                return Err(Mismatch::new(reason));
            }
        }
        if let Some(unwanted) = schema.get("not")
            && self.value(unwanted, value, depth).is_ok()
        {
            return Err(Mismatch::new("it fits the schema under `not`"));
        }
        if let Some(condition) = schema.get("if") {
            let holds = self.value(condition, value, depth).is_ok();
            if let Some(schema) = schema.get(if holds { "then" } else { "else" }) {
                self.value(schema, value, depth)?;
            }
        }
        Ok(())
    }
}

/// `type`.
fn kind(schema: &Map<String, Value>, value: &Value) -> Fits {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        // 1.0 is an integer too.
        "integer" => value
            .as_number()
            .is_some_and(|number| integer(number).is_some()),
        // A type that is not known here.
        _ => true,
    };
    let names: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if names.iter().any(|name| is(name)) {
        return Ok(());
    }
    Err(Mismatch::new(format!(
        "it must be of the type {}",
        names.join(" or ")
    )))
}

/// `enum` and `const`.
fn one_of_given(schema: &Map<String, Value>, value: &Value) -> Fits {
    let given = match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), None) => &values[..],
        (_, Some(only)) => std::slice::from_ref(only),
        _ => return Ok(()),
    };
    let found = canonical(value);
    if given.iter().any(|value| canonical(value) == found) {
        return Ok(());
    }
    Err(Mismatch::new(match given {
        [only] => format!("it must be {only}"),
        _ => format!("it must be one of {}", Value::from(given)),
    }))
}

fn required(names: Option<&Value>, fields: &Map<String, Value>) -> Fits {
    let names = names.and_then(Value::as_array).into_iter().flatten();
    let mut missing = names
        .filter_map(Value::as_str)
        .filter(|name| !fields.contains_key(*name));
    match missing.next() {
        Some(name) => Err(Mismatch::new(format!("the field `{name}` is missing"))),
        None => Ok(()),
    }
}

/// Limits of a length.
fn count(schema: &Map<String, Value>, least: &str, most: &str, found: usize, what: &str) -> Fits {
    let limit = |keyword: &str| {
        let number = schema.get(keyword)?.as_number()?;
        usize::try_from(integer(number)?).ok()
    };
    if let Some(least) = limit(least).filter(|least| found < *least) {
        return Err(Mismatch::new(format!(
            "it must have at least {least} {what}"
        )));
    }
    if let Some(most) = limit(most).filter(|most| found > *most) {
        return Err(Mismatch::new(format!("it must have at most {most} {what}")));
    }
    Ok(())
}

fn limits_of_number(schema: &Map<String, Value>, number: &Number) -> Fits {
    let checks: [(&str, &str, &[Ordering]); 4] = [
        ("minimum", "at least", &[Ordering::Greater, Ordering::Equal]),
        ("maximum", "at most", &[Ordering::Less, Ordering::Equal]),
        ("exclusiveMinimum", "above", &[Ordering::Greater]),
        ("exclusiveMaximum", "below", &[Ordering::Less]),
    ];
    for (keyword, words, allowed) in checks {
        if let Some(limit) = schema.get(keyword).and_then(Value::as_number)
            && let Some(order) = compare(number, limit)
            && !allowed.contains(&order)
        {
            return Err(Mismatch::new(format!("it must be {words} {limit}")));
        }
    }
    if let Some(factor) = schema.get("multipleOf").and_then(Value::as_number)
        && !is_multiple(number, factor)
    {
        return Err(Mismatch::new(format!("it must be a multiple of {factor}")));
    }
    Ok(())
}

fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn is_multiple(number: &Number, factor: &Number) -> bool {
    if let (Some(number), Some(factor)) = (integer(number), integer(factor)) {
        return factor == 0 || number % factor == 0;
    }
    let (Some(number), Some(factor)) = (number.as_f64(), factor.as_f64()) else {
        return true;
    };
    // 0.3 is a multiple of 0.1, whatever floating point makes of it.
    let times = number / factor;
    !times.is_finite() || (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
}

/// The number as an integer, if it is one.
fn integer(number: &Number) -> Option<i128> {
    let exact = number.as_i64().map(i128::from);
    let exact = exact.or_else(|| number.as_u64().map(i128::from));
    exact.or_else(|| {
        let float = number.as_f64()?;
        // Beyond 2^53 every float is an integer, and none of them is certain.
        let certain = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is an integer below 2^53"
        )]
        certain.then_some(float as i128)
    })
}

/// A text that is the same for values that JSON schema takes for the same.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => match integer(number) {
            Some(integer) => integer.to_string(),
            None => number.to_string(),
        },
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                format!("{}:{}", Value::from(&**name), canonical(value))
            };
            let mut fields: Vec<_> = fields.iter().map(field).collect();
            fields.sort_unstable();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
