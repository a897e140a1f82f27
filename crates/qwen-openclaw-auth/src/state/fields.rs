//! JSON objects with unrecognized fields.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
    ser::Error as _,
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

/// The fields of a JSON object, each with its original text.
///
/// Unrecognized fields are written back verbatim. `Debug` does not show them.
///
/// Its serde support is limited to JSON, and it cannot be deserialized inside `#[serde(flatten)]`,
/// which passes values instead of their text. Use [`from_values`](Self::from_values) and
/// [`to_values`](Self::to_values) there, in any format.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    /// Parses an object; `None` if the text is not a JSON object.
    ///
    /// If a name occurs twice, the last value wins.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// Returns true if there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a field's JSON text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        Some(self.0.get(name)?.get())
    }

    /// Deserializes a field; `None` if it is absent or has another type.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.text(name)?).ok()
    }

    /// Sets a field. A value that cannot be represented in JSON leaves it unchanged.
    pub fn set(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        if let Ok(value) = to_raw_value(value) {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Keeps the fields for whose names `wanted` returns true.
    pub fn retain(&mut self, mut wanted: impl FnMut(&str) -> bool) {
        self.0.retain(|name, _| wanted(name));
    }

    /// Adds the fields of `others` whose names are not present yet.
    pub fn add_missing(&mut self, others: Self) {
        for (name, value) in others.0 {
            self.0.entry(name).or_insert(value);
        }
    }

    /// Deserializes fields from values, for `#[serde(deserialize_with = "..")]`.
    ///
    /// # Errors
    ///
    /// The deserializer's errors.
    pub fn from_values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let texts = values.into_iter().map(|(name, value)| {
            let text = to_raw_value(&value).map_err(D::Error::custom)?;
            Ok((name, text))
        });
        texts.collect::<Result<_, _>>().map(Self)
    }

    /// Serializes the fields' values, for `#[serde(serialize_with = "..")]`.
    ///
    /// # Errors
    ///
    /// The serializer's errors, and one for a number that no value can represent.
    pub fn to_values<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.0.iter().map(|(name, text)| {
            let value: Value = serde_json::from_str(text.get()).map_err(S::Error::custom)?;
            Ok((name, value))
        });
        let values: BTreeMap<_, _> = values.collect::<Result<_, _>>()?;
        values.serialize(serializer)
    }

    /// Removes a field and deserializes it: `Some(None)` if it is absent or null, `None` if it has
    /// another type.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<Option<T>> {
        match self.0.remove(name) {
            Some(value) => serde_json::from_str(value.get()).ok(),
            None => Some(None),
        }
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        self.0.len() == other.0.len()
            && pairs
                .into_iter()
                .all(|((name, text), (other, same))| name == other && text.get() == same.get())
    }
}

impl Eq for Fields {}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unrecognized_fields_keep_their_text() {
        let text = r#"{"a":0.30000000000000004,"b":1.10,"c":1E+2,"d":-0.0,"e":123456789012345678901234567890,"f":{"x":[1.0, 2e400]},"g":"\u00e9\ud800"}"#;
        let fields = Fields::parse(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&fields).unwrap(), text);
        assert_eq!(fields, fields.clone());
        assert_eq!(format!("{fields:?}"), "Fields(7)");
        for other in ["[]", "1", "{", "", "{\"a\":}"] {
            assert_eq!(Fields::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn fields_are_read_set_and_taken() {
        let mut fields = Fields::parse(br#"{"n":1,"t":"x","z":null,"n":2}"#).unwrap();
        assert_eq!(fields.get::<u64>("n"), Some(2));
        assert_eq!(fields.get::<String>("n"), None);
        assert_eq!(fields.take::<u64>("t"), None);
        assert_eq!(fields.take::<u64>("z"), Some(None));
        assert_eq!(fields.take::<u64>("gone"), Some(None));
        fields.set("t", "y");
        fields.add_missing(Fields::parse(br#"{"n":3,"m":4}"#).unwrap());
        let expect = Fields::parse(br#"{"m":4,"n":2,"t":"y"}"#).unwrap();
        assert_eq!(fields, expect);
        fields.retain(|name| name != "m");
        fields.remove("n");
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"t":"y"}"#);
        assert!(fields != expect && !fields.is_empty());
    }
}
