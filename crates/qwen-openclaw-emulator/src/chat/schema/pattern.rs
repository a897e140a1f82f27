//! The regular expressions of schemas: matching, and making texts that match.

mod parse;

use std::cell::Cell;

use self::parse::Parser;

/// A regular expression in the subset that schemas use: classes, groups, alternatives, repetition and
/// anchors, without lookaround and backreferences.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Branch>);

type Branch = Vec<Node>;

#[derive(Clone, Debug)]
enum Node {
    Class(Class),
    Group(Vec<Branch>),
    Repeat(Box<Self>, usize, usize),
    Start,
    End,
    Boundary,
}

#[derive(Clone, Debug, Default)]
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
    /// Classes within the class, such as `\W`.
    nested: Vec<Self>,
}

/// How many steps a match may take: some expressions would take for ever.
const MAX_STEPS: usize = 20_000;
/// How deep a match may go, which is about as many repetitions of a group.
const MAX_MATCH_DEPTH: usize = 600;
/// The longest text that is made.
const MAX_LENGTH: usize = 2000;

impl Pattern {
    /// Parses an expression; `None` if it is not one, or has what is not understood.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Parser::new(text).parse().map(Self)
    }

    /// Tells whether a part of `text` matches, and in how many steps that was found out.
    pub(super) fn search(&self, text: &str) -> (bool, usize) {
        let text: Vec<char> = text.chars().collect();
        let matcher = Matcher {
            text: &text,
            steps: Cell::new(0),
            depth: Cell::new(0),
        };
        let mut starts = 0..=text.len();
        let found = starts.any(|start| matcher.any(&self.0, start, &mut |_| true));
        (found, matcher.steps.get())
    }

    /// Makes a text, with each open repetition `extra` times longer than it must be, and other
    /// characters and branches for another `variant`.
    pub(super) fn example(&self, extra: usize, variant: usize) -> String {
        let mut text = String::new();
        write(&self.0, extra, variant, &mut text);
        text
    }
}

impl Class {
    fn of(literal: char) -> Self {
        Self {
            ranges: vec![(literal, literal)],
            ..Self::default()
        }
    }

    fn has(&self, character: char) -> bool {
        let mut ranges = self.ranges.iter();
        let found = ranges.any(|(first, last)| (*first..=*last).contains(&character))
            || self.nested.iter().any(|class| class.has(character));
        found != self.negated
    }

    /// A character of the class, a usual one if there is.
    fn example(&self, variant: usize) -> char {
        const USUAL: &str = "aexampl0123456789AEXMPLbcdfghijknoqrstuvwyzBCDFGHIJKNOQRSTUVWYZ-_. ";
        let usual: Vec<char> = USUAL.chars().filter(|usual| self.has(*usual)).collect();
        if usual.is_empty() {
            let starts = self.ranges.iter().map(|(first, _)| *first);
            let mut others = starts.chain('!'..='\u{17f}').filter(|c| self.has(*c));
            return others.next().unwrap_or('\u{fffd}');
        }
        usual[variant % usual.len()]
    }
}

struct Matcher<'a> {
    text: &'a [char],
    steps: Cell<usize>,
    depth: Cell<usize>,
}

/// What is to match after a node.
type Next<'a> = &'a mut dyn FnMut(usize) -> bool;

impl Matcher<'_> {
    fn any(&self, branches: &[Branch], at: usize, next: Next<'_>) -> bool {
        branches.iter().any(|branch| self.all(branch, at, next))
    }

    fn all(&self, nodes: &[Node], at: usize, next: Next<'_>) -> bool {
        match nodes.split_first() {
            None => next(at),
            Some((node, rest)) => self.one(node, at, &mut |at| self.all(rest, at, next)),
        }
    }

    fn one(&self, node: &Node, at: usize, next: Next<'_>) -> bool {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS || self.depth.get() > MAX_MATCH_DEPTH {
            return false;
        }
        self.depth.set(self.depth.get() + 1);
        let matches = self.here(node, at, next);
        self.depth.set(self.depth.get() - 1);
        matches
    }

    fn here(&self, node: &Node, at: usize, next: Next<'_>) -> bool {
        match node {
            Node::Class(class) => self.text.get(at).is_some_and(|c| class.has(*c)) && next(at + 1),
            Node::Group(branches) => self.any(branches, at, next),
            Node::Start => at == 0 && next(at),
            Node::End => at == self.text.len() && next(at),
            Node::Boundary => {
                let is_word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
                let before = at.checked_sub(1).and_then(|at| self.text.get(at));
                let edge = before.is_some_and(is_word) != self.text.get(at).is_some_and(is_word);
                edge && next(at)
            }
            Node::Repeat(node, least, most) => match &**node {
                // One after the other, without a call for each.
                Node::Class(class) => {
                    let fitting = self.text[at.min(self.text.len())..].iter();
                    let count = fitting.take(*most).take_while(|c| class.has(**c)).count();
                    (*least..=count).rev().any(|count| next(at + count))
                }
                node => self.repeat(node, *least, *most, at, next),
            },
        }
    }

    fn repeat(&self, node: &Node, least: usize, most: usize, at: usize, next: Next<'_>) -> bool {
        let more = most > 0
            && self.one(node, at, &mut |end| {
                // Nothing, taken once more, stays nothing.
                let goes_on = end > at || least > 1;
                goes_on && self.repeat(node, least.saturating_sub(1), most - 1, end, next)
                    || end == at && least <= 1 && next(end)
            });
        more || least == 0 && next(at)
    }
}

fn write(branches: &[Branch], extra: usize, variant: usize, text: &mut String) {
    for node in branches
        .get(variant % branches.len().max(1))
        .into_iter()
        .flatten()
    {
        write_node(node, extra, variant, text);
    }
}

fn write_node(node: &Node, extra: usize, variant: usize, text: &mut String) {
    match node {
        Node::Class(class) => text.push(class.example(variant + text.len())),
        Node::Group(branches) => write(branches, extra, variant, text),
        Node::Repeat(node, least, most) => {
            for _ in 0..least.saturating_add(extra).min(*most) {
                if text.len() > MAX_LENGTH {
                    return;
                }
                write_node(node, extra, variant, text);
            }
        }
        Node::Start | Node::End | Node::Boundary => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_what_it_should() {
        for (pattern, yes, no) in [
            (
                "^[A-Z]{3}-\\d{4}$",
                &["ABC-1234"][..],
                &["abc-1234", "ABC-12345"][..],
            ),
            ("^(?:red|green)$", &["red", "green"], &["reds", "blue", ""]),
            ("b+", &["abba"], &["aa"]),
            (
                "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$",
                &["a.b@c.de"],
                &["a@b", "a b@c.de"],
            ),
            ("^(ab?)*$", &["", "aab"], &["b"]),
            ("^\\w+(-\\w+)*$", &["a-b-c"], &["a--b"]),
            ("^.{2,3}?$", &["你好"], &["x", "xxxx"]),
            ("^[-+]?[0-9]+$", &["-7", "7"], &["+"]),
            ("^(?<year>\\d{4})\\u002d[\\]x]$", &["2026-]"], &["2026-y"]),
            ("\\bcat\\b", &["a cat."], &["concat"]),
            ("^(a*)*$", &["aaa"], &["b"]),
            ("^a{,2}$", &["a{,2}"], &["aa"]),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            for text in yes {
                assert!(parsed.search(text).0, "{pattern}: {text}");
            }
            for text in no {
                assert!(!parsed.search(text).0, "{pattern}: {text}");
            }
        }
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for pattern in [
            "(?=a)", "(?!a)", "(?<=a)b", "(a)\\1", "(", ")", "[", "*", "\\p{L}", "[b-a]",
        ] {
            assert!(Pattern::parse(pattern).is_none(), "{pattern}");
        }
        let deep = "(".repeat(100_000);
        assert!(Pattern::parse(&deep).is_none());
    }

    #[test]
    fn examples_match() {
        for pattern in [
            "^[A-Z]{3}-\\d{4}$",
            "^(?:red|green|blue)+$",
            "^\\S+@\\S+\\.[a-z]{2,}$",
            "^#(?:[0-9a-f]{3}){1,2}$",
            "^[^a-zA-Z0-9]$",
            "^\\+?[1-9]\\d{1,14}$",
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            for extra in 0..5 {
                for variant in 0..5 {
                    let text = parsed.example(extra, variant);
                    assert!(parsed.search(&text).0, "{pattern}: {text}");
                }
            }
        }
    }

    #[test]
    fn no_pattern_takes_for_ever() {
        let text = "a".repeat(40);
        for pattern in ["^(a+)+$", "^(a|aa)+$", "(x+x+)+y", "^(a?){1000}b$"] {
            let parsed = Pattern::parse(pattern).unwrap();
            parsed.search(&format!("{text}b"));
        }
        let nested = "((((a{999}){999}){999}){999})";
        assert!(Pattern::parse(nested).unwrap().example(3, 0).len() <= MAX_LENGTH + 1);
    }
}
