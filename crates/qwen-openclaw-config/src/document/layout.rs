//! How a document is laid out, so that what is added looks like the rest.

use std::ops::Range;

use serde::Serialize;
use serde_json::{Serializer, ser::PrettyFormatter};

use crate::{
    error::Error,
    syntax::{Kind, Node, PieceKind, is_plain_name, pieces},
};

/// The line ending and the indentation of one level.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) line_end: &'static str,
    unit: String,
}

impl Layout {
    pub(super) fn of(text: &str, root: &Node) -> Self {
        let line_end = match text.find(['\r', '\n']) {
            Some(at) if text[at..].starts_with("\r\n") => "\r\n",
            Some(at) if text[at..].starts_with('\r') => "\r",
            _ => "\n",
        };
        let first = root.items().into_iter().next();
        let unit = first
            .and_then(|item| own_indent(text, item.start))
            .filter(|indent| !indent.is_empty())
            .map_or_else(|| "  ".to_owned(), ToOwned::to_owned);
        Self { line_end, unit }
    }

    /// Returns the indentation one level below.
    pub(super) fn deeper(&self, indent: &str) -> String {
        format!("{indent}{}", self.unit)
    }

    /// Writes a value as JSON, on several lines, of which all but the first are indented by `indent`.
    pub(super) fn print(&self, value: &impl Serialize, indent: &str) -> Result<String, Error> {
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(self.unit.as_bytes());
        let mut serializer = Serializer::with_formatter(&mut bytes, formatter);
        let printed = value.serialize(&mut serializer).ok();
        let text = printed.and_then(|()| String::from_utf8(bytes).ok());
        // A string has no line break of its own: it is escaped.
        let line_end = format!("{}{indent}", self.line_end);
        Ok(text.ok_or_else(Error::read_back)?.replace('\n', &line_end))
    }

    /// Wraps a printed value in objects with one member each.
    pub(super) fn wrap(&self, names: &[String], value: &str, indent: &str) -> String {
        let Some((name, rest)) = names.split_first() else {
            return value.to_owned();
        };
        let (inner, end) = (self.deeper(indent), self.line_end);
        let value = self.wrap(rest, value, &inner);
        let name = quoted(name);
        format!("{{{end}{inner}{name}: {value}{end}{indent}}}")
    }
}

/// Returns the indentation of the line in which `offset` lies.
pub(super) fn line_indent(text: &str, offset: usize) -> &str {
    let start = text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line = text[start..offset].trim_start_matches(crate::syntax::BYTE_ORDER_MARK);
    &line[..line.len() - line.trim_start_matches(is_indent).len()]
}

/// Returns the indentation of what starts at `offset`, if nothing precedes it on its line.
pub(super) fn own_indent(text: &str, offset: usize) -> Option<&str> {
    let start = text[..offset].rfind(['\n', '\r'])? + 1;
    let line = &text[start..offset];
    line.chars().all(is_indent).then_some(line)
}

fn is_indent(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// Writes a name for an object: in quotes, unless none of its other names has any.
pub(super) fn name_in(object: &Node, text: &str, name: &str) -> String {
    let bare = |span: &Range<usize>| !text[span.clone()].starts_with(['"', '\'']);
    let all_bare = match &object.kind {
        Kind::Object(members) => {
            !members.is_empty() && members.iter().all(|member| bare(&member.name_span))
        }
        _ => false,
    };
    if all_bare && is_plain_name(name) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// Returns whether the items of a container stand on lines of their own.
pub(super) fn is_multiline(text: &str, container: &Node) -> bool {
    gaps(container).into_iter().any(|gap| {
        pieces(text, gap)
            .iter()
            .any(|piece| piece.kind == PieceKind::LineBreak)
    })
}

/// Returns what stands between the items of a container, both ends included.
pub(super) fn gaps(container: &Node) -> Vec<Range<usize>> {
    let mut start = container.span.start + 1;
    let mut gaps = Vec::new();
    for item in container.items() {
        gaps.push(start..item.start);
        start = item.end;
    }
    gaps.push(start..container.span.end - 1);
    gaps
}
