//! Suggestions for a probably mistyped name.

/// How many suggestions an error includes.
const SUGGESTIONS: usize = 3;

/// How many characters of a name are compared; anything longer is not a typo.
const LONGEST: usize = 64;

/// Returns the three values whose names are closest to `word`, closest first.
///
/// Several names may map to the same value, which is returned once. Case is ignored. Ties keep
/// their order.
pub(crate) fn nearest<T: Copy + Eq>(
    word: &str,
    names: impl IntoIterator<Item = (&'static str, T)>,
) -> Vec<T> {
    let word = fold(word);
    let mut ranked: Vec<(usize, T)> = names
        .into_iter()
        .map(|(name, value)| (rank(&word, &fold(name)), value))
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
fn rank(word: &[char], name: &[char]) -> usize {
    let distance = 2 * distance(word, name);
    let prefix = !word.is_empty() && (name.starts_with(word) || word.starts_with(name));
    if prefix { distance / 2 } else { distance }
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
            ("omega", 3),
            ("delta", 4),
        ];
        let found = nearest("alph", names);
        assert_eq!(found[..2], [1, 2]);
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_long_word_is_truncated_and_still_compared() {
        let word = "q".repeat(1 << 20);
        assert_eq!(nearest(&word, [("qwen", ())]), [()]);
    }

    #[test]
    fn names_are_joined_for_a_sentence() {
        assert_eq!(join(&[]), "");
        assert_eq!(join(&["a"]), "a");
        assert_eq!(join(&["a", "b", "c"]), "a, b or c");
    }
}
