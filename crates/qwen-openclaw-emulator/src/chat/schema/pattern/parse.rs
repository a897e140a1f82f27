//! Reading regular expressions.

use std::{iter::Peekable, str::Chars};

use super::{Branch, Class, Node};

/// How deep groups may be.
const MAX_DEPTH: usize = 32;
/// The largest count of a repetition that is followed.
const MAX_COUNT: usize = 1000;

pub(super) struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars().peekable(),
        }
    }

    /// Reads the whole text.
    pub(super) fn parse(mut self) -> Option<Vec<Branch>> {
        let branches = self.branches(0)?;
        self.rest.next().is_none().then_some(branches)
    }

    fn branches(&mut self, depth: usize) -> Option<Vec<Branch>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut branches = vec![Vec::new()];
        while let Some(&next) = self.rest.peek() {
            match next {
                ')' => break,
                '|' => {
                    self.rest.next();
                    branches.push(Vec::new());
                }
                _ => {
                    let node = self.node(depth)?;
                    let node = self.repeated(node)?;
                    branches.last_mut()?.push(node);
                }
            }
        }
        Some(branches)
    }

    fn node(&mut self, depth: usize) -> Option<Node> {
        Some(match self.rest.next()? {
            '^' => Node::Start,
            '$' => Node::End,
            '.' => Node::Class(Class {
                negated: true,
                ranges: vec![('\n', '\n')],
                nested: Vec::new(),
            }),
            '(' => {
                if self.rest.next_if_eq(&'?').is_some() {
                    match self.rest.next()? {
                        ':' => {}
                        // A named group; `(?<=` and `(?<!` look back.
                        '<' if !matches!(self.rest.peek()?, '=' | '!') => {
                            self.rest.by_ref().find(|c| *c == '>')?;
                        }
                        _ => return None,
                    }
                }
                let branches = self.branches(depth + 1)?;
                self.rest.next_if_eq(&')')?;
                Node::Group(branches)
            }
            '[' => Node::Class(self.class()?),
            '\\' => match self.rest.next()? {
                'b' => Node::Boundary,
                escaped => Node::Class(self.escape(escaped)?),
            },
            '*' | '+' | '?' => return None,
            literal => Node::Class(Class::of(literal)),
        })
    }

    fn repeated(&mut self, node: Node) -> Option<Node> {
        let (least, most) = match self.rest.peek() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => {
                let mut ahead = self.rest.clone();
                ahead.next();
                let counts: String = ahead.by_ref().take_while(|c| *c != '}').collect();
                let Some(counts) = counts_of(&counts) else {
                    // A brace that stands for itself has become a node before.
                    return Some(node);
                };
                self.rest = ahead;
                return self.lazy(node, counts);
            }
            _ => return Some(node),
        };
        self.rest.next();
        self.lazy(node, (least, most))
    }

    /// What is matched does not depend on how much a repetition takes first.
    fn lazy(&mut self, node: Node, (least, most): (usize, usize)) -> Option<Node> {
        self.rest.next_if(|c| matches!(c, '?' | '+'));
        (least <= most && least <= MAX_COUNT).then(|| Node::Repeat(Box::new(node), least, most))
    }

    fn class(&mut self) -> Option<Class> {
        let mut class = Class {
            negated: self.rest.next_if_eq(&'^').is_some(),
            ..Class::default()
        };
        loop {
            let first = match self.rest.next()? {
                ']' => return Some(class),
                '\\' => {
                    let escaped = self.rest.next()?;
                    let inner = match escaped {
                        'b' => Class::of('\u{8}'),
                        _ => self.escape(escaped)?,
                    };
                    match inner.ranges[..] {
                        [(one, other)] if one == other && !inner.negated => one,
                        _ => {
                            class.nested.push(inner);
                            continue;
                        }
                    }
                }
                literal => literal,
            };
            let mut ahead = self.rest.clone();
            let is_range = ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']');
            if !is_range {
                class.ranges.push((first, first));
                continue;
            }
            self.rest = ahead;
            let last = match self.rest.next()? {
                '\\' => {
                    let escaped = self.rest.next()?;
                    self.escape(escaped)?.ranges.first()?.0
                }
                literal => literal,
            };
            if last < first {
                return None;
            }
            class.ranges.push((first, last));
        }
    }

    fn escape(&mut self, escaped: char) -> Option<Class> {
        let ranges = match escaped.to_ascii_lowercase() {
            'd' => vec![('0', '9')],
            'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            's' => vec![(' ', ' '), ('\t', '\r'), ('\u{a0}', '\u{a0}')],
            _ => {
                return Some(Class::of(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    '0' => '\0',
                    'x' => self.code(2)?,
                    'u' => self.code(4)?,
                    sign if !sign.is_alphanumeric() => sign,
                    _ => return None,
                }));
            }
        };
        Some(Class {
            negated: escaped.is_uppercase(),
            ranges,
            nested: Vec::new(),
        })
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let text: String = self.rest.by_ref().take(digits).collect();
        char::from_u32(u32::from_str_radix(&text, 16).ok()?)
    }
}

/// The counts between braces.
fn counts_of(text: &str) -> Option<(usize, usize)> {
    let number = |text: &str| text.parse::<usize>().ok();
    match text.split_once(',') {
        None => number(text).map(|count| (count, count)),
        Some((least, "")) => Some((number(least)?, usize::MAX)),
        Some((least, most)) => Some((number(least)?, number(most)?)),
    }
}
