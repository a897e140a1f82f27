//! What a text or a file is about, as a bag of weighted features.
//!
//! The features of a text are its words and their trigrams, those of a file its digest. Texts have
//! as much in common as their bags have. No model does it so; it is plain, fast, and the same on
//! every machine.

use crate::id::splitmix;

/// Weighted features, in the order of their hashes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bag(Vec<Feature>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Feature {
    pub(super) hash: u64,
    pub(super) weight: f32,
}

/// A word and how much it weighs.
pub(super) struct Word {
    pub(super) text: String,
    pub(super) weight: f32,
}

/// What kinds of features are hashed from, so that they do not meet.
const WORD: u64 = 1;
const TRIGRAM: u64 = 2;
const OTHER: u64 = 3;

/// The weight of a word that says something.
const TELLING: f32 = 1.0;
/// The weight of a word that stands in every text.
const COMMON: f32 = 0.2;
/// The weight of each trigram of a telling word, which brings forms of a word together.
const PART: f32 = 0.3;

/// English words that say nothing of what a text is about.
#[rustfmt::skip]
const COMMON_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "has",
    "have", "how", "i", "in", "is", "it", "its", "of", "on", "or", "that", "the", "this", "to",
    "was", "were", "what", "when", "where", "which", "who", "with", "you",
];

impl Bag {
    /// The bag of a text.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut features = Vec::with_capacity(text.len() * 2);
        for word in words(text) {
            features.push(Feature {
                hash: hash(WORD, word.text.chars()),
                weight: word.weight,
            });
            if word.weight == TELLING {
                trigrams(&word.text, &mut features);
            }
        }
        if features.is_empty() {
            return Self::of_name(text);
        }
        Self::collect(features)
    }

    /// The bag of something that is only equal or not.
    pub(crate) fn of_name(name: &str) -> Self {
        Self::of_digest(hash(OTHER, name.chars()))
    }

    /// The bag of data with a digest.
    pub(crate) fn of_digest(digest: u64) -> Self {
        let hash = splitmix(digest ^ OTHER);
        let weight = TELLING;
        Self(vec![Feature { hash, weight }])
    }

    /// The bag of a file at a URL: itself, and the words of its name.
    pub(crate) fn of_url(url: &str) -> Self {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let file = path.rsplit('/').next().unwrap_or_default();
        let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
        let mut parts = vec![Self::of_name(url)];
        if words(name).next().is_some() {
            parts.push(Self::of_text(name));
        }
        Self::merge(&parts)
    }

    /// The bag of several things together, each with the same say.
    pub(crate) fn merge(parts: &[Self]) -> Self {
        let features = parts.iter().flat_map(|part| {
            let norm = part.norm();
            part.0.iter().map(move |feature| Feature {
                weight: feature.weight / norm,
                ..*feature
            })
        });
        Self::collect(features.collect())
    }

    /// Adds a feature with a share of what the bag weighs.
    pub(super) fn tint(&mut self, name: &str, share: f32) {
        let weight = self.norm() * share;
        let hash = hash(OTHER, name.chars());
        self.0.push(Feature { hash, weight });
    }

    pub(super) fn features(&self) -> &[Feature] {
        &self.0
    }

    /// How much of this bag is in another: 0 for nothing, 1 for all of it.
    pub(crate) fn covered_by(&self, other: &Self) -> f32 {
        let (mut all, mut common) = (0.0, 0.0);
        for feature in &self.0 {
            let weight = feature.weight * feature.weight;
            all += weight;
            if other.find(feature.hash).is_some() {
                common += weight;
            }
        }
        if all > 0.0 { common / all } else { 0.0 }
    }

    /// The cosine between two bags.
    pub(crate) fn cosine(&self, other: &Self) -> f32 {
        let products = self.0.iter().filter_map(|feature| {
            let found = other.find(feature.hash)?;
            Some(feature.weight * found.weight)
        });
        let product: f32 = products.sum();
        product / (self.norm() * other.norm())
    }

    fn find(&self, hash: u64) -> Option<&Feature> {
        let place = self.0.binary_search_by_key(&hash, |feature| feature.hash);
        place.ok().and_then(|place| self.0.get(place))
    }

    /// The length of the bag as a vector, which is above zero.
    fn norm(&self) -> f32 {
        let squares: f32 = self.0.iter().map(|f| f.weight * f.weight).sum();
        squares.sqrt().max(f32::MIN_POSITIVE)
    }

    /// Sorts features and counts those that come often, each time for less.
    fn collect(mut features: Vec<Feature>) -> Self {
        features.sort_unstable_by(|one, other| {
            let weights = other.weight.total_cmp(&one.weight);
            one.hash.cmp(&other.hash).then(weights)
        });
        let merged = features.chunk_by(|one, other| one.hash == other.hash);
        let merged = merged.filter_map(|same| {
            let first = same.first()?;
            Some(Feature {
                weight: first.weight * (same.len() as f32).sqrt(),
                ..*first
            })
        });
        Self(merged.collect())
    }
}

/// The words of a text in lower case. An ideograph is a word, and so are two of them.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut rest = text.chars().peekable();
    let mut last: Option<char> = None;
    let mut pair: Option<String> = None;
    std::iter::from_fn(move || {
        if let Some(text) = pair.take() {
            let weight = TELLING;
            return Some(Word { text, weight });
        }
        loop {
            let character = rest.next()?;
            if is_ideograph(character) {
                pair = last.map(|last| String::from_iter([last, character]));
                last = Some(character);
                let text = character.to_string();
                return Some(Word { text, weight: PART });
            }
            last = None;
            if !character.is_alphanumeric() {
                continue;
            }
            let mut text: String = character.to_lowercase().collect();
            while let Some(next) = rest.next_if(|c| c.is_alphanumeric() && !is_ideograph(*c)) {
                text.extend(next.to_lowercase());
            }
            let common = COMMON_WORDS.binary_search(&&*text).is_ok();
            let weight = if common { COMMON } else { TELLING };
            return Some(Word { text, weight });
        }
    })
}

fn is_ideograph(character: char) -> bool {
    character.is_alphanumeric() && (character as u32) >= 0x2e80
}

/// Adds the trigrams of a word, its borders included.
fn trigrams(word: &str, features: &mut Vec<Feature>) {
    let mut window = ['^'; 3];
    for character in word.chars().chain(['$']) {
        window = [window[1], window[2], character];
        features.push(Feature {
            hash: hash(TRIGRAM, window.into_iter()),
            weight: PART,
        });
    }
}

pub(super) fn hash(kind: u64, characters: impl Iterator<Item = char>) -> u64 {
    characters.fold(splitmix(kind), |state, character| {
        splitmix(state ^ u64::from(character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        words(text).map(|word| word.text).collect()
    }

    #[test]
    fn common_words_are_in_order() {
        assert!(COMMON_WORDS.is_sorted());
    }

    #[test]
    fn words_are_runs_of_letters_or_ideographs() {
        assert_eq!(
            list("The Wind, 2x ÉTÉ!"),
            ["the", "wind", "2x", "été"],
            "in lower case"
        );
        assert_eq!(
            list("风急 a天高"),
            ["风", "急", "风急", "a", "天", "高", "天高"]
        );
        assert_eq!(list("…!"), [""; 0]);
    }

    #[test]
    fn bags_have_in_common_what_texts_have() {
        let bag = Bag::of_text;
        let (cat, cats) = (bag("a cat sleeps"), bag("cats were sleeping"));
        let train = bag("the train is late");
        assert!((cat.cosine(&cat) - 1.0).abs() < 1e-5);
        assert!(cat.cosine(&cats) > 0.2, "{}", cat.cosine(&cats));
        assert!(cat.cosine(&train) < 0.1, "{}", cat.cosine(&train));
        assert!((bag("cat").covered_by(&bag("a black cat")) - 1.0).abs() < 1e-5);
        assert_eq!(bag("cat").covered_by(&train), 0.0);
    }

    #[test]
    fn nothing_is_without_a_bag() {
        for text in ["", " ", "…", "\0"] {
            let bag = Bag::of_text(text);
            assert_eq!(bag.features().len(), 1);
            assert!((bag.cosine(&bag) - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_file_at_a_url_is_about_its_name() {
        let image = Bag::of_url("https://example.com/a/black-cat.png?size=2");
        assert!(image.cosine(&Bag::of_text("a black cat")) > 0.4);
        let other = Bag::of_url("https://example.org/a/black-cat.png?size=2");
        assert!(image.cosine(&other) < 0.9);
        assert_eq!(Bag::of_url("https://").features().len(), 1);
    }
}
