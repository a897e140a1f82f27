//! Edits of a document's text.

use std::ops::Range;

use serde::Serialize;
use serde_json::Value;

use super::{
    Document,
    intent::{Intent, apply},
    layout,
    splice::{Splice, comma_in, spliced, take_out},
};
use crate::{
    error::Error,
    path::{KeyPath, Segment},
    syntax::{self, Kind, Node, PieceKind, pieces},
};

impl Document {
    /// Sets the value at `path`.
    ///
    /// An existing value is replaced where it stands; a new member goes to the end of its object, and
    /// objects on the way there are created. If a name occurs twice, the value that counts is
    /// replaced. Setting the value that is there already changes nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongType`](crate::ErrorKind::WrongType) when something on the way is not an
    /// object, or an array without that element;
    /// [`ErrorKind::Included`](crate::ErrorKind::Included) when an object on the way has an
    /// `$include`; [`ErrorKind::InvalidPath`](crate::ErrorKind::InvalidPath) for the root;
    /// [`ErrorKind::ReadBack`](crate::ErrorKind::ReadBack) when the value cannot be written as JSON.
    pub fn set(&mut self, path: &KeyPath, value: &impl Serialize) -> Result<(), Error> {
        self.check_not_included(path)?;
        let plain = to_value(value)?;
        let segments = path.segments();
        if segments.is_empty() {
            return Err(Error::invalid_path(""));
        }
        let known = (0..=segments.len())
            .rev()
            .find(|length| self.find(&segments[..*length]).is_some())
            .unwrap_or(0);
        let node = self.find(&segments[..known]).unwrap_or(&self.root);
        if known == segments.len() {
            if node.to_value() == plain && !is_not_json(node) {
                return Ok(());
            }
            let indent = layout::line_indent(&self.text, node.span.start);
            let text = self.layout.print(value, indent)?;
            let span = node.span.clone();
            let splices = vec![Splice { span, text }];
            return self.change(splices, &Intent::Set(segments, plain));
        }
        let Kind::Object(_) = node.kind else {
            let expected = match segments[known] {
                Segment::Index(_) => "an array with that element",
                Segment::Name(_) => "an object",
            };
            return Err(Error::shape(&path.prefix(known), expected));
        };
        let names: Option<Vec<String>> = segments[known..]
            .iter()
            .map(|segment| match segment {
                Segment::Name(name) => Some(name.clone()),
                Segment::Index(_) => None,
            })
            .collect();
        let names = names.ok_or_else(|| Error::shape(path, "an element of an array"))?;
        let (name, rest) = names.split_first().ok_or_else(Error::read_back)?;
        let name = layout::name_in(node, &self.text, name);
        let splices = self.add(node, node.items().len(), |indent| {
            let mut inner = indent.to_owned();
            for _ in rest {
                inner = self.layout.deeper(&inner);
            }
            let value = self.layout.print(value, &inner)?;
            Ok(format!(
                "{name}: {}",
                self.layout.wrap(rest, &value, indent)
            ))
        })?;
        self.change(splices, &Intent::Set(segments, plain))
    }

    /// Sets the value at `path` to a value written in JSON5, whose members keep their order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Syntax`](crate::ErrorKind::Syntax) when it is not JSON5, about `the value` as the
    /// file; and those of [`set`](Self::set).
    pub fn set_json5(&mut self, path: &KeyPath, value: &str) -> Result<(), Error> {
        let value =
            Self::parse_any(value.to_owned()).map_err(|error| error.in_file("the value"))?;
        self.set(path, &value.root)
    }

    /// Inserts an element into the array at `path`, before the element at `index`.
    ///
    /// An index at or past the end appends.
    ///
    /// # Errors
    ///
    /// The same as [`set`](Self::set), where [`ErrorKind::WrongType`](crate::ErrorKind::WrongType)
    /// means that there is no array.
    pub fn insert(
        &mut self,
        path: &KeyPath,
        index: usize,
        value: &impl Serialize,
    ) -> Result<(), Error> {
        self.check_not_included(path)?;
        let plain = to_value(value)?;
        let segments = path.segments();
        let array = self
            .find(segments)
            .filter(|node| matches!(node.kind, Kind::Array(_)))
            .ok_or_else(|| Error::shape(path, "an array"))?;
        let index = index.min(array.items().len());
        let splices = self.add(array, index, |indent| self.layout.print(value, indent))?;
        self.change(splices, &Intent::Insert(segments, index, plain))
    }

    /// Appends an element to the array at `path`, creating the array if there is nothing.
    ///
    /// # Errors
    ///
    /// The same as [`insert`](Self::insert).
    pub fn append(&mut self, path: &KeyPath, value: &impl Serialize) -> Result<(), Error> {
        if self.contains(path) {
            self.insert(path, usize::MAX, value)
        } else {
            self.set(path, &[value])
        }
    }

    /// Removes the value at `path`; returns whether there was one.
    ///
    /// A member goes with its name; if the name occurs twice, all of them go. Comments beside it stay,
    /// those inside its value go with it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Included`](crate::ErrorKind::Included) when an object on the way has an
    /// `$include`, [`ErrorKind::InvalidPath`](crate::ErrorKind::InvalidPath) for the root.
    pub fn unset(&mut self, path: &KeyPath) -> Result<bool, Error> {
        self.check_not_included(path)?;
        let segments = path.segments();
        let Some((last, above)) = segments.split_last() else {
            return Err(Error::invalid_path(""));
        };
        if self.find(segments).is_none() {
            return Ok(false);
        }
        let Some(container) = self.find(above) else {
            return Ok(false);
        };
        let indexes: Vec<usize> = match (&container.kind, last) {
            (Kind::Object(members), Segment::Name(name)) => members
                .iter()
                .enumerate()
                .filter(|(_, member)| member.name == *name)
                .map(|(index, _)| index)
                .collect(),
            (_, Segment::Index(index)) => vec![*index],
            _ => Vec::new(),
        };
        // One at a time, from the end, because each changes what stands around the next.
        let mut changed = self.clone();
        for index in indexes.into_iter().rev() {
            let container = changed.find(above).ok_or_else(Error::read_back)?;
            let text = spliced(&changed.text, take_out(&changed.text, container, index));
            let root = syntax::parse(&text).map_err(|_| Error::read_back())?;
            changed.text = text;
            changed.root = root;
        }
        self.adopt(changed, &Intent::Unset(segments))?;
        Ok(true)
    }

    /// Renames the member at `path`; returns whether there was one.
    ///
    /// # Errors
    ///
    /// The same as [`unset`](Self::unset), and
    /// [`ErrorKind::WrongType`](crate::ErrorKind::WrongType) when the path does not end in a name, or
    /// the object has a member of the new name already.
    pub fn rename(&mut self, path: &KeyPath, name: &str) -> Result<bool, Error> {
        self.check_not_included(path)?;
        let segments = path.segments();
        let Some((Segment::Name(old), above)) = segments.split_last() else {
            return Err(Error::shape(path, "a member of an object"));
        };
        let Some(object) = self.find(above) else {
            return Ok(false);
        };
        let Some(member) = object.member(old) else {
            return Ok(false);
        };
        if object.member(name).is_some() {
            return Err(Error::shape(path, "free to be renamed"));
        }
        let span = member.name_span.clone();
        let text = layout::name_in(object, &self.text, name);
        self.change(vec![Splice { span, text }], &Intent::Rename(segments, name))?;
        Ok(true)
    }

    fn check_not_included(&self, path: &KeyPath) -> Result<(), Error> {
        if self.is_included(path) {
            return Err(Error::included(path));
        }
        Ok(())
    }

    /// Adds an item to a container, before the one at `index`.
    fn add(
        &self,
        container: &Node,
        index: usize,
        item: impl Fn(&str) -> Result<String, Error>,
    ) -> Result<Vec<Splice>, Error> {
        let text = self.text.as_str();
        let items = container.items();
        let outer = layout::line_indent(text, container.span.start);
        if items.is_empty() {
            let inner = self.layout.deeper(outer);
            let start = container.span.start + 1;
            let end = container.span.end - 1;
            // After comments, in place of the blanks before the closing bracket.
            let keep = pieces(text, start..end)
                .iter()
                .rev()
                .find(|piece| piece.kind == PieceKind::Comment)
                .map_or(start, |piece| piece.span.end);
            let line_end = self.layout.line_end;
            let item = item(&inner)?;
            let text = format!("{line_end}{inner}{item}{line_end}{outer}");
            return Ok(vec![Splice {
                span: keep..end,
                text,
            }]);
        }
        let multiline = layout::is_multiline(text, container);
        let inner = items
            .iter()
            .find_map(|item| layout::own_indent(text, item.start))
            .map_or_else(|| self.layout.deeper(outer), ToOwned::to_owned);
        let item = item(if multiline { &inner } else { outer })?;
        let before = if multiline {
            format!("{}{inner}", self.layout.line_end)
        } else {
            " ".to_owned()
        };
        let gaps = layout::gaps(container);
        if index == 0 {
            let at = end_of_line(text, &gaps[0], gaps[0].start, multiline);
            return Ok(if multiline {
                vec![Splice::insert(at, format!("{before}{item},"))]
            } else {
                vec![Splice::insert(items[0].start, format!("{item}, "))]
            });
        }
        let gap = &gaps[index];
        let comma = comma_in(text, gap);
        let end = comma.as_ref().map_or(gap.start, |comma| comma.end);
        let at = end_of_line(text, gap, end, multiline);
        let mut splices = Vec::new();
        if comma.is_none() {
            splices.push(Splice::insert(gap.start, ","));
        }
        let is_followed = index < items.len() || comma.is_some();
        let after = if is_followed { "," } else { "" };
        splices.push(Splice::insert(at, format!("{before}{item}{after}")));
        Ok(splices)
    }

    /// Makes a change, if it says what it should.
    fn change(&mut self, splices: Vec<Splice>, intent: &Intent<'_>) -> Result<(), Error> {
        let text = spliced(&self.text, splices);
        let root = syntax::parse(&text).map_err(|_| Error::read_back())?;
        self.adopt(
            Self {
                text,
                root,
                layout: self.layout.clone(),
            },
            intent,
        )
    }

    fn adopt(&mut self, changed: Self, intent: &Intent<'_>) -> Result<(), Error> {
        let mut expected = self.to_value();
        apply(&mut expected, intent).ok_or_else(Error::read_back)?;
        if changed.to_value() != expected {
            return Err(Error::read_back());
        }
        *self = changed;
        Ok(())
    }
}

/// Whether a value reads as null without being written so.
fn is_not_json(node: &Node) -> bool {
    matches!(node.kind, Kind::Number(None))
}

fn to_value(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|_| Error::read_back())
}

/// Returns the end of what belongs to the line at `from`: comments, if items have their own lines.
fn end_of_line(text: &str, gap: &Range<usize>, from: usize, multiline: bool) -> usize {
    if !multiline {
        return from;
    }
    pieces(text, from..gap.end)
        .iter()
        .take_while(|piece| piece.kind != PieceKind::LineBreak)
        .filter(|piece| piece.kind == PieceKind::Comment)
        .last()
        .map_or(from, |piece| piece.span.end)
}
