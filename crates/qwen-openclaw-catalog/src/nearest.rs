//! Suggestions for a probably mistyped name.

/// How many suggestions an error includes.
const SUGGESTIONS: usize = 3;

/// How many characters of a name are compared; anything longer is not a typo.
const LONGEST: usize = 64;

/// How many characters a name needs to mean all that begin with it, or itself plus an ending.
const SHORTEST_PREFIX: usize = 3;

/// Returns up to three values whose names are close to `word`, closest first.
///
/// A name is close if it differs in at most a third of its characters, or if one is a prefix of the
/// other. Several names may map to the same value, which is returned once. Case is ignored. Ties
/// keep their order.
pub(crate) fn nearest<'a, T: Copy + Eq>(
    word: &str,
    names: impl IntoIterator<Item = (&'a str, T)>,
) -> Vec<T> {
    let word = fold(word);
    let mut ranked: Vec<(usize, T)> = names
        .into_iter()
        .filter_map(|(name, value)| Some((rank(&word, &fold(name))?, value)))
        .collect();
    ranked.sort_by_key(|(distance, _)| *distance);
    let mut found: Vec<T> = Vec::with_capacity(SUGGESTIONS);
    for (_, value) in ranked {
        if found.len() == SUGGESTIONS {
            break;
        }
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// Returns up to three names close to a probably mistyped one, closest first.
///
/// A name is close if it differs in at most a third of its characters, or if it begins with the
/// mistyped one. Case is ignored.
///
/// ```
/// use qwen_openclaw_catalog::nearest_names;
///
/// assert_eq!(nearest_names("gml", ["glm", "coder"]), ["glm"]);
/// assert_eq!(nearest_names("cod", ["glm", "coder"]), ["coder"]);
/// assert!(nearest_names("gpt-4o", ["glm", "coder"]).is_empty());
/// assert!(nearest_names("coder-model", ["glm", "coder"]).is_empty());
/// ```
#[must_use]
pub fn nearest_names<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = fold(word);
    // What goes on far behind a short name is a name of its own.
    let is_other = |name: &&str| {
        let name = fold(name);
        folded.starts_with(&name) && 3 * (folded.len() - name.len()) > folded.len()
    };
    let names = names.into_iter().filter(|name| !is_other(name));
    nearest(word, names.map(|name| (name, name)))
}

/// Joins suggestions for a message: `a, b or c`.
pub(crate) fn join(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

fn fold(name: &str) -> Vec<char> {
    name.trim()
        .chars()
        .flat_map(char::to_lowercase)
        .take(LONGEST)
        .collect()
}

/// The edit distance, halved if one name is a prefix of the other: `glm` likely means `glm-5`.
/// `None` if the names have too little in common.
fn rank(word: &[char], name: &[char]) -> Option<usize> {
    let (shorter, longer) = (word.len().min(name.len()), word.len().max(name.len()));
    let distance = distance(word, name);
    if shorter >= SHORTEST_PREFIX && (name.starts_with(word) || word.starts_with(name)) {
        return Some(distance);
    }
    (3 * distance <= longer).then_some(2 * distance)
}

/// The number of insertions, deletions, replacements and swaps between two names.
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut before = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for row in 1..=left.len() {
        let mut current = vec![row; width];
        for column in 1..width {
            let same = left[row - 1] == right[column - 1];
            let mut best = (above[column] + 1)
                .min(current[column - 1] + 1)
                .min(above[column - 1] + usize::from(!same));
            let swapped = row > 1
                && column > 1
                && left[row - 1] == right[column - 2]
                && left[row - 2] == right[column - 1];
            if swapped {
                best = best.min(before[column - 2] + 1);
            }
            current[column] = best;
        }
        before = std::mem::replace(&mut above, current);
    }
    above[width - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, expected: usize) {
        assert_eq!(
            distance(&fold(left), &fold(right)),
            expected,
            "{left} {right}"
        );
        assert_eq!(
            distance(&fold(right), &fold(left)),
            expected,
            "{right} {left}"
        );
    }

    #[test]
    fn the_distance_counts_edits() {
        check("", "", 0);
        check("", "glm", 3);
        check("glm-5", "GLM-5", 0);
        check("qwen", "qwne", 1);
        check("kimi-k2.5", "kimi-k25", 1);
        check("kitten", "sitting", 3);
    }

    #[test]
    fn a_value_with_two_names_is_suggested_once() {
        let names = [
            ("alpha", 1),
            ("alpho", 1),
            ("alphi", 2),
            ("alphabet", 3),
            ("alphabets", 4),
            ("omega", 5),
        ];
        assert_eq!(nearest("alph", names), [1, 2, 3]);
    }

    #[test]
    fn what_has_little_in_common_is_not_suggested() {
        let close = |word, name| !nearest(word, [(name, ())]).is_empty();
        for (word, name) in [
            ("glm5", "glm-5"),
            ("glm", "glm-5"),
            ("qwn", "qwen"),
            ("GLM-5", "glm-5"),
            ("kimi-k3", "kimi-k2.5"),
            ("glm-5-2026", "glm-5"),
        ] {
            assert!(close(word, name), "{word} {name}");
        }
        for (word, name) in [
            ("gpt-4o", "glm-5"),
            ("gpt", "glm-5"),
            ("gl", "glm-5"),
            ("", "glm-5"),
            ("nope", "qwen"),
            ("claude-opus-4", "qwen3-coder-plus"),
        ] {
            assert!(!close(word, name), "{word} {name}");
        }
    }

    #[test]
    fn a_long_word_is_truncated_and_still_compared() {
        let long = "q".repeat(1 << 20);
        assert!(nearest(&long, [("qwen", ())]).is_empty());
        assert_eq!(nearest(&format!("qwen{long}"), [("qwen", ())]), [()]);
    }

    #[test]
    fn names_are_joined_for_a_sentence() {
        assert_eq!(join(&[]), "");
        assert_eq!(join(&["a"]), "a");
        assert_eq!(join(&["a", "b", "c"]), "a, b or c");
    }
}
