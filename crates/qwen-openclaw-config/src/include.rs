//! `$include`: other files in the same folder, merged as OpenClaw merges them.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use serde_json::{Map, Value};

use crate::{
    document::Document,
    error::Error,
    file::{folder_of, read, text_of},
};

pub(crate) const KEY: &str = "$include";

/// The largest included file, in bytes.
const MAX_BYTES: u64 = 2 << 20;

/// How deep files may include each other.
const MAX_DEPTH: usize = 10;

/// How many files may be included in all; OpenClaw has no limit, and a few small files can include
/// each other a billion times.
const MAX_FILES: usize = 100;

/// Replaces every `$include` in `value`, which was read from the file at `path`.
///
/// Members beside an `$include` override what it brings; objects are merged, arrays joined.
pub(crate) fn resolve(value: Value, path: &Path) -> Result<Value, Error> {
    let folder = folder_of(path);
    let mut resolver = Resolver {
        folder: normalized(folder),
        real_folder: fs::canonicalize(folder).map_err(Error::read)?,
        chain: vec![normalized(path)],
        files: 0,
    };
    resolver.resolve(value)
}

struct Resolver {
    folder: PathBuf,
    real_folder: PathBuf,
    /// The files that are being included, outermost first.
    chain: Vec<PathBuf>,
    files: usize,
}

impl Resolver {
    fn resolve(&mut self, value: Value) -> Result<Value, Error> {
        match value {
            Value::Array(elements) => elements
                .into_iter()
                .map(|element| self.resolve(element))
                .collect(),
            Value::Object(mut members) => {
                let include = members.remove(KEY);
                let mut resolved = Map::new();
                for (name, value) in members {
                    resolved.insert(name, self.resolve(value)?);
                }
                match include {
                    None => Ok(Value::Object(resolved)),
                    Some(include) => self.included(&include, resolved),
                }
            }
            scalar => Ok(scalar),
        }
    }

    fn included(&mut self, include: &Value, beside: Map<String, Value>) -> Result<Value, Error> {
        let included = match include {
            Value::String(name) => self.load(name)?,
            Value::Array(names) => {
                let mut all = Value::Object(Map::new());
                for name in names {
                    let name = name
                        .as_str()
                        .ok_or_else(|| Error::include("an element of the array is not a string"))?;
                    all = merged(all, self.load(name)?);
                }
                all
            }
            _ => return Err(Error::include("it is neither a string nor an array")),
        };
        if beside.is_empty() {
            return Ok(included);
        }
        if !included.is_object() {
            let problem = "other keys stand beside it, so the file must contain an object";
            return Err(Error::include(problem));
        }
        Ok(merged(included, Value::Object(beside)))
    }

    fn load(&mut self, name: &str) -> Result<Value, Error> {
        let shown: String = name.escape_debug().take(100).collect();
        let within = self
            .chain
            .last()
            .map_or(Path::new("."), |path| folder_of(path));
        let path = normalized(&within.join(name));
        if !path.starts_with(&self.folder) {
            return Err(Error::include(format!("{shown} is outside the folder")));
        }
        if self.chain.contains(&path) {
            return Err(Error::include(format!("{shown} includes itself")));
        }
        if self.chain.len() > MAX_DEPTH {
            let problem = format!("{shown} is more than {MAX_DEPTH} levels deep");
            return Err(Error::include(problem));
        }
        self.files += 1;
        if self.files > MAX_FILES {
            return Err(Error::include(format!("more than {MAX_FILES} files")));
        }
        // A link may lead elsewhere.
        if let Ok(real) = fs::canonicalize(&path)
            && !real.starts_with(&self.real_folder)
        {
            return Err(Error::include(format!("{shown} leads outside the folder")));
        }
        let failed =
            |error: Error| Error::include(format!("{shown} cannot be used")).caused_by(error);
        let contents = read(&path, MAX_BYTES)
            .map_err(failed)?
            .ok_or_else(|| Error::include(format!("{shown} does not exist")))?;
        let document = text_of(&contents)
            .and_then(|text| Document::parse_any(text.to_owned()))
            .map_err(|error| failed(error.in_file(&shown)))?;
        self.chain.push(path);
        let value = self.resolve(document.to_value());
        self.chain.pop();
        value
    }
}

/// Merges two values: members of both are merged, elements joined, and the later wins otherwise.
fn merged(earlier: Value, later: Value) -> Value {
    match (earlier, later) {
        (Value::Array(mut earlier), Value::Array(later)) => {
            earlier.extend(later);
            Value::Array(earlier)
        }
        (Value::Object(mut earlier), Value::Object(later)) => {
            for (name, value) in later {
                let value = match earlier.remove(&name) {
                    Some(old) => merged(old, value),
                    None => value,
                };
                earlier.insert(name, value);
            }
            Value::Object(earlier)
        }
        (_, later) => later,
    }
}

/// Resolves `.` and `..` by the text alone.
fn normalized(path: &Path) -> PathBuf {
    let mut normalized = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(
                    normalized.components().next_back(),
                    Some(Component::Normal(_))
                ) =>
            {
                normalized.pop();
            }
            other => normalized.push(other),
        }
    }
    normalized
}

#[cfg(test)]
mod tests;
