//! Values made to fit a JSON schema.

mod check;
mod hints;
mod make;
mod merge;
mod number;
mod pattern;
#[cfg(test)]
mod tests;

use std::io;

use serde::Serialize;
use serde_json::{Value, ser::Formatter};

pub(super) use self::hints::Hints;
use self::make::Maker;

/// Makes a value that fits `schema`, with words and numbers of `prompt` where they fit.
///
/// Understood are the keywords that tool parameters and typed answers use, those of objects, arrays,
/// strings and numbers, `enum`, `const`, `$ref`, the combinations and `not`. A schema that nothing
/// fits, as far as can be found out, gets `null`.
pub(super) fn example(schema: &Value, prompt: &str) -> Value {
    Maker::new(schema, prompt).make(schema)
}

/// The same, with nothing that is not required.
pub(super) fn required(schema: &Value, prompt: &str) -> Value {
    Maker::new(schema, prompt).only_required().make(schema)
}

/// Writes JSON with a blank after colons and commas, as the models do.
pub(super) fn spaced(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => value.to_string(),
    }
}

/// The schema that a reference within `root` means.
fn target<'a>(root: &'a Value, reference: &Value) -> Option<&'a Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

fn count(schema: &Value, name: &str) -> Option<usize> {
    let number = schema.get(name)?;
    let whole = number.as_f64().filter(|number| *number >= 0.0);
    number
        .as_u64()
        .or_else(|| whole.map(|number| number as u64))
        .and_then(|number| usize::try_from(number).ok())
}

/// The JSON style of the models.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
