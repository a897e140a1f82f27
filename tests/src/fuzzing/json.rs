//! JSON compared by what it says: numbers by their value, objects whatever their order.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Tree {
    /// A literal, an integer, or a text with its quotes.
    Plain(String),
    /// A number with a fraction or a power of ten.
    Number(u64),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

impl Tree {
    /// `None` for what is not JSON.
    pub(super) fn of(json: &[u8]) -> Option<Self> {
        Self::of_text(serde_json::from_slice::<&RawValue>(json).ok()?.get())
    }

    fn of_text(text: &str) -> Option<Self> {
        Some(match text.as_bytes().first()? {
            b'{' => {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| Some((name, Self::of_text(value.get())?)));
                Self::Object(fields.collect::<Option<_>>()?)
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                let items = items.into_iter().map(|item| Self::of_text(item.get()));
                Self::List(items.collect::<Option<_>>()?)
            }
            b'"' => Self::Plain(match serde_json::from_str::<String>(text) {
                Ok(said) => format!("{said:?}"),
                // Half of a pair of surrogates is JSON and no text.
                Err(_) => text.to_owned(),
            }),
            b'-' | b'0'..=b'9' => number(text)?,
            _ => Self::Plain(text.to_owned()),
        })
    }

    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.get(name),
            _ => None,
        }
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&String, &Self)> {
        match self {
            Self::Object(fields) => Some(fields.iter()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }
}

/// Integers are what they are, everything else is the nearest number a computer has.
fn number(text: &str) -> Option<Tree> {
    let near: f64 = text.parse().ok()?;
    if near == 0.0 {
        return Some(Tree::Plain("0".to_owned()));
    }
    let integer = text.parse::<i128>().ok();
    let integer = integer.filter(|integer| (i64::MIN.into()..=u64::MAX.into()).contains(integer));
    Some(match integer {
        Some(integer) => Tree::Plain(integer.to_string()),
        None => Tree::Number(near.to_bits()),
    })
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn numbers_are_the_same_in_any_writing() {
        let same =
            |a: &str, b: &str| Tree::of(a.as_bytes()).unwrap() == Tree::of(b.as_bytes()).unwrap();
        assert!(same("1.50", "15e-1") && same("0.0", "-0") && same("0.1", "0.10000000000000001"));
        assert!(!same("0.3", "0.30000000000000004") && !same("-1", "1") && !same("1", "\"1\""));
        assert!(same(
            r#"{"a":1,"b":[2.0],"a":3}"#,
            r#"{ "b":[2e0], "a":3 }"#
        ));
        assert_eq!(Tree::of(b"{"), None);
    }
}
