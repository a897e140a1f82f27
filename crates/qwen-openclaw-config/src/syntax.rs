//! JSON5 with the position of everything in it.
//!
//! jsonc-parser reads the text. What it accepts beyond JSON5 is refused here, so that OpenClaw reads
//! every accepted file the same way.

mod excerpt;
mod strict;
mod trivia;

use std::ops::Range;

use jsonc_parser::{
    CollectOptions, CommentCollectionStrategy, ParseOptions,
    ast::{self, ObjectPropName},
    common::Ranged,
    errors::{ParseError, ParseErrorKind},
    parse_to_ast,
};
use serde_json::{Map, Number, Value};

pub use self::excerpt::Position;
pub(crate) use self::{
    excerpt::{line_of, line_starts},
    trivia::{Piece, PieceKind, pieces},
};
use crate::error::Error;

/// A byte order mark, which is kept where it was.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// A value, and the bytes it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// `None` if it is infinite or not a number, which JSON writes as `null`.
    Number(Option<Number>),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object. Its bytes are those from its name to the end of its value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) name_span: Range<usize>,
    pub(crate) value: Node,
}

impl Member {
    pub(crate) fn span(&self) -> Range<usize> {
        self.name_span.start..self.value.span.end
    }
}

impl Node {
    /// Returns the member that counts: the last of that name, as in JSON5.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        match &self.kind {
            Kind::Object(members) => members.iter().rev().find(|member| member.name == name),
            _ => None,
        }
    }

    /// Converts to a value without positions.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(value) => value.clone().map_or(Value::Null, Value::Number),
            Kind::String(value) => Value::String(value.clone()),
            Kind::Array(elements) => elements.iter().map(Self::to_value).collect(),
            Kind::Object(members) => {
                let pairs = members
                    .iter()
                    .map(|member| (member.name.clone(), member.value.to_value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// Returns the spans of the members or elements.
    pub(crate) fn items(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Array(elements) => elements.iter().map(|node| node.span.clone()).collect(),
            Kind::Object(members) => members.iter().map(Member::span).collect(),
            _ => Vec::new(),
        }
    }
}

/// Parses a whole text. Spans count from its start, a byte order mark included.
pub(crate) fn parse(text: &str) -> Result<Node, Error> {
    let mark = text.len() - text.trim_start_matches(BYTE_ORDER_MARK).len();
    if mark > BYTE_ORDER_MARK.len_utf8() {
        return Err(at(text, mark, "a second byte order mark"));
    }
    let body = &text[mark..];
    let collect = CollectOptions {
        comments: CommentCollectionStrategy::AsTokens,
        tokens: true,
    };
    let options = ParseOptions {
        allow_missing_commas: false,
        ..ParseOptions::default()
    };
    let parsed =
        parse_to_ast(body, &collect, &options).map_err(|error| unreadable(text, mark, &error))?;
    if let Some((offset, problem)) = strict::problem(body, &parsed.tokens.unwrap_or_default()) {
        return Err(at(text, mark + offset, problem));
    }
    match parsed.value {
        Some(value) => Ok(node(value, mark)),
        None => Err(at(text, text.len(), "the file has no value")),
    }
}

/// Whether a name can be written without quotes everywhere.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || b"_$".contains(&first))
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(&byte))
}

/// Converts the parser's tree, which borrows from the text. Its depth is bounded by the parser.
fn node(value: ast::Value<'_>, mark: usize) -> Node {
    let range = value.range();
    let span = mark + range.start..mark + range.end;
    let kind = match value {
        ast::Value::NullKeyword(_) => Kind::Null,
        ast::Value::BooleanLit(literal) => Kind::Bool(literal.value),
        ast::Value::NumberLit(literal) => Kind::Number(number(literal.value)),
        ast::Value::StringLit(literal) => Kind::String(literal.value.into_owned()),
        ast::Value::Array(array) => {
            let elements = array.elements.into_iter();
            Kind::Array(elements.map(|element| node(element, mark)).collect())
        }
        ast::Value::Object(object) => {
            let members = object.properties.into_iter().map(|property| {
                let range = property.name.range();
                Member {
                    name_span: mark + range.start..mark + range.end,
                    name: match property.name {
                        ObjectPropName::String(name) => name.value.into_owned(),
                        ObjectPropName::Word(name) => name.value.to_owned(),
                    },
                    value: node(property.value, mark),
                }
            });
            Kind::Object(members.collect())
        }
    };
    Node { span, kind }
}

/// Reads a number as JavaScript does, but keeps integers of up to 64 bits exact.
fn number(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
    let integer = match hexadecimal {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => digits.parse::<u64>().ok(),
    };
    if let Some(integer) = integer {
        return match i64::try_from(integer) {
            Ok(0) if negative => Number::from_f64(-0.0),
            Ok(integer) if negative => Some((-integer).into()),
            _ if negative => Number::from_f64(-float(integer)),
            _ => Some(integer.into()),
        };
    }
    let magnitude = match hexadecimal {
        Some(digits) => digits
            .chars()
            .filter_map(|digit| digit.to_digit(16))
            .fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit)),
        None => digits.parse::<f64>().ok()?,
    };
    Number::from_f64(if negative { -magnitude } else { magnitude })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "JavaScript has no other numbers"
)]
fn float(integer: u64) -> f64 {
    integer as f64
}

fn unreadable(text: &str, mark: usize, error: &ParseError) -> Error {
    let problem = match error.kind() {
        // Its own message contains the escape.
        ParseErrorKind::String(_) if error.kind().to_string().contains('\'') => {
            "invalid unicode escape sequence".to_owned()
        }
        ParseErrorKind::NestingDepthExceeded => "the nesting is too deep".to_owned(),
        kind => {
            let message = kind.to_string();
            let mut letters = message.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_lowercase().chain(letters).collect()
            })
        }
    };
    at(text, mark + error.range().start, problem)
}

fn at(text: &str, offset: usize, problem: impl Into<String>) -> Error {
    Error::syntax(problem.into(), Position::of(text, offset))
}

#[cfg(test)]
pub(crate) mod tests;
