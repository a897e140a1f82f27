//! A configuration's text, with what it says.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use crate::{
    error::Error,
    path::{KeyPath, Segment},
    syntax::{self, Kind, Node, Position},
};

mod edit;
mod intent;
mod layout;
mod splice;

use layout::Layout;

/// The text of a configuration, and what it says.
///
/// Edits change the text in place: comments, the order of keys, indentation, line endings, a byte
/// order mark, and the spelling of everything else stay as they are. After each edit the new text is
/// read back; if it does not say what was intended, the edit fails and changes nothing.
///
/// ```
/// use qwen_openclaw_config::{Document, KeyPath};
///
/// let mut document = Document::parse("{\n  // mine\n  gateway: { port: 0x4650 },\n}\n")?;
/// document.set(&KeyPath::from(["gateway", "bind"]), &"loopback")?;
/// assert_eq!(
///     document.text(),
///     "{\n  // mine\n  gateway: { port: 0x4650, bind: \"loopback\" },\n}\n"
/// );
/// # Ok::<(), qwen_openclaw_config::Error>(())
/// ```
///
/// `Debug` does not show the text, which may contain keys.
#[derive(Clone)]
pub struct Document {
    text: String,
    root: Node,
    /// How the text was laid out when it was read.
    layout: Layout,
}

/// A name that occurs twice in an object. The last value counts.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Duplicate {
    /// The path of the value that counts.
    pub path: KeyPath,
    /// The lines of all occurrences, counted from 1.
    pub lines: Vec<usize>,
}

impl Document {
    /// Creates the text of a new configuration: an empty object.
    #[must_use]
    pub fn new() -> Self {
        let text = "{}\n".to_owned();
        let root = Node {
            span: 0..2,
            kind: Kind::Object(Vec::new()),
        };
        let layout = Layout::of(&text, &root);
        Self { text, root, layout }
    }

    /// Parses JSON5.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Syntax`](crate::ErrorKind::Syntax) when the text is not JSON5 or nested too
    /// deeply (about 250 objects), [`ErrorKind::WrongType`](crate::ErrorKind::WrongType) when it is
    /// not an object.
    pub fn parse(text: impl Into<String>) -> Result<Self, Error> {
        let document = Self::parse_any(text.into())?;
        match document.root.kind {
            Kind::Object(_) => Ok(document),
            _ => Err(Error::shape(&KeyPath::default(), "an object")),
        }
    }

    /// Parses JSON5 of any type, for included files.
    pub(crate) fn parse_any(text: String) -> Result<Self, Error> {
        let root = syntax::parse(&text)?;
        let layout = Layout::of(&text, &root);
        Ok(Self { text, root, layout })
    }

    /// Returns the text. It may contain keys.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the whole value.
    ///
    /// Infinity and NaN, which JSON cannot express, become null. The value may contain keys.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.root.to_value()
    }

    /// Returns the value at `path`, if there is one. It may contain keys.
    #[must_use]
    pub fn get(&self, path: &KeyPath) -> Option<Value> {
        self.find(path.segments()).map(Node::to_value)
    }

    /// Returns whether there is a value at `path`.
    #[must_use]
    pub fn contains(&self, path: &KeyPath) -> bool {
        self.find(path.segments()).is_some()
    }

    /// Returns a string, if there is one at `path`.
    #[must_use]
    pub fn get_text(&self, path: &KeyPath) -> Option<&str> {
        match &self.find(path.segments())?.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the names of the object at `path`, in the order of the text; none if there is no
    /// object.
    #[must_use]
    pub fn names(&self, path: &KeyPath) -> Vec<&str> {
        match self.find(path.segments()).map(|node| &node.kind) {
            Some(Kind::Object(members)) => {
                let mut names: Vec<&str> = Vec::new();
                for member in members {
                    if !names.contains(&member.name.as_str()) {
                        names.push(&member.name);
                    }
                }
                names
            }
            _ => Vec::new(),
        }
    }

    /// Returns the lines of the value at `path`, counted from 1, with both ends.
    #[must_use]
    pub fn lines(&self, path: &KeyPath) -> Option<(usize, usize)> {
        let span = &self.find(path.segments())?.span;
        let starts = syntax::line_starts(&self.text);
        let line = |offset| syntax::line_of(&starts, offset);
        Some((line(span.start), line(span.end)))
    }

    /// Returns where the value at `path` is, by its name if it has one; `None` if there is no such
    /// value in this text.
    #[must_use]
    pub fn position(&self, path: &KeyPath) -> Option<Position> {
        let segments = path.segments();
        let start = match segments.split_last() {
            Some((Segment::Name(name), parent)) => self.find(parent)?.member(name)?.name_span.start,
            _ => self.find(segments)?.span.start,
        };
        Some(Position::of(&self.text, start))
    }

    /// Returns the names that occur twice in the same object.
    #[must_use]
    pub fn duplicates(&self) -> Vec<Duplicate> {
        let mut found = Vec::new();
        let starts = syntax::line_starts(&self.text);
        collect_duplicates(&self.root, &KeyPath::default(), &starts, &mut found);
        found
    }

    /// Returns whether the value at `path`, or an object on the way there, takes values from other
    /// files.
    pub(crate) fn is_included(&self, path: &KeyPath) -> bool {
        let segments = path.segments();
        (0..=segments.len()).any(|length| {
            self.find(&segments[..length])
                .is_some_and(|node| node.member(crate::include::KEY).is_some())
        })
    }

    pub(crate) fn find(&self, segments: &[Segment]) -> Option<&Node> {
        segments
            .iter()
            .try_fold(&self.root, |node, segment| match segment {
                Segment::Name(name) => Some(&node.member(name)?.value),
                Segment::Index(index) => match &node.kind {
                    Kind::Array(elements) => elements.get(*index),
                    _ => None,
                },
            })
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("length", &self.text.len())
            .finish_non_exhaustive()
    }
}

fn collect_duplicates(node: &Node, path: &KeyPath, starts: &[usize], found: &mut Vec<Duplicate>) {
    match &node.kind {
        Kind::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect_duplicates(element, &path.clone().index(index), starts, found);
            }
        }
        Kind::Object(members) => {
            let mut lines: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for member in members {
                let path = path.clone().name(&member.name);
                collect_duplicates(&member.value, &path, starts, found);
                let line = syntax::line_of(starts, member.name_span.start);
                lines.entry(&member.name).or_default().push(line);
            }
            let twice = lines.into_iter().filter(|(_, lines)| lines.len() > 1);
            found.extend(twice.map(|(name, lines)| Duplicate {
                path: path.clone().name(name),
                lines,
            }));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
