//! JSON text, written in another way.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of an object in their order.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The same JSON with the fields of every object in reverse and more white space. `None` for what
/// is no JSON, and where a field is repeated, so that the order matters.
pub(crate) fn rewritten(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with('{') {
        let Fields(fields) = serde_json::from_str(text).ok()?;
        let mut names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() < fields.len() {
            return None;
        }
        let fields = fields.iter().rev().map(|(name, value)| {
            let name = serde_json::to_string(name).ok()?;
            Some(format!("{name} :\t{}", rewritten(value.get())?))
        });
        let fields: Option<Vec<_>> = fields.collect();
        return Some(format!("{{ {} }}", fields?.join(" , ")));
    }
    if text.starts_with('[') {
        let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
        let items: Option<Vec<_>> = items.iter().map(|item| rewritten(item.get())).collect();
        return Some(format!("[ {} ]", items?.join(" ,  ")));
    }
    serde_json::from_str::<&RawValue>(text).ok()?;
    Some(text.to_owned())
}

#[test]
fn only_the_order_and_white_space_change() {
    let text = r#"{"a":[1.0,{"b":"x, y"}],"c":null}"#;
    let other = "{ \"c\" :\tnull , \"a\" :\t[ 1.0 ,  { \"b\" :\t\"x, y\" } ] }";
    assert_eq!(rewritten(text).as_deref(), Some(other));
    assert_eq!(rewritten(r#"{"a":1,"a":2}"#), None);
    assert_eq!(rewritten("{"), None);
}
