//! Vectors of bags.

use super::bag::Bag;
use crate::id::splitmix;

/// How many dimensions are filled at a time. Every model's dimension is a multiple.
const BLOCK: usize = 64;

/// The vector of a bag, of length one.
///
/// Each feature adds its weight, with a sign, to one place of each block, so that each block alone
/// tells bags apart. The first dimensions of a vector are therefore, up to their length, the vector
/// of fewer dimensions. `space` is the model's: vectors of two models have nothing in common.
pub(super) fn vector(bag: &Bag, space: u64, dimension: usize) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimension];
    for feature in bag.features() {
        let mut bits = feature.hash ^ space;
        for block in vector.chunks_mut(BLOCK) {
            bits = splitmix(bits);
            let place = bits as usize % block.len();
            if let Some(value) = block.get_mut(place) {
                let negative = bits >> 63 == 1;
                *value += if negative {
                    -feature.weight
                } else {
                    feature.weight
                };
            }
        }
    }
    normalize(&mut vector);
    vector
}

/// Brings a vector to length one. One of zeros, whose features cancel out, becomes the first unit
/// vector.
fn normalize(vector: &mut [f32]) {
    let squares: f64 = vector.iter().map(|value| f64::from(*value).powi(2)).sum();
    if squares == 0.0 {
        if let Some(first) = vector.first_mut() {
            *first = 1.0;
        }
        return;
    }
    let scale = squares.sqrt().recip();
    for value in vector {
        *value = (f64::from(*value) * scale) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, dimension: usize) -> Vec<f32> {
        vector(&Bag::of_text(text), 7, dimension)
    }

    fn cosine(one: &[f32], other: &[f32]) -> f32 {
        one.iter().zip(other).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn vectors_are_unit_length_at_any_dimension() {
        for dimension in [64, 1024, 1152, 2560] {
            for text in ["", "x", "the wind blows from the east", "天高"] {
                let vector = of(text, dimension);
                assert_eq!(vector.len(), dimension);
                let length = cosine(&vector, &vector);
                assert!((length - 1.0).abs() < 1e-5, "{text} {dimension} {length}");
            }
        }
    }

    #[test]
    fn fewer_dimensions_are_the_first_ones() {
        let text = "the wind blows from the east";
        let (whole, short) = (of(text, 1024), of(text, 256));
        let mut prefix = whole[..256].to_vec();
        normalize(&mut prefix);
        for (one, other) in prefix.iter().zip(&short) {
            assert!((one - other).abs() < 1e-6);
        }
    }

    #[test]
    fn shared_words_are_near_at_any_dimension() {
        let texts = [
            "The cat sleeps on the warm roof",
            "On the roof a cat was sleeping",
            "Interest rates rose again in March",
        ];
        for dimension in [64, 256, 1024] {
            let [cat, cats, rates] = texts.map(|text| of(text, dimension));
            let (near, far) = (cosine(&cat, &cats), cosine(&cat, &rates));
            assert!(near > far + 0.2, "{dimension}: {near} {far}");
            assert!(near > 0.35 && far < 0.25, "{dimension}: {near} {far}");
        }
    }

    #[test]
    fn spaces_have_nothing_in_common() {
        let bag = Bag::of_text("the wind blows from the east");
        let [one, other] = [1, 2].map(|space| vector(&bag, space, 1024));
        assert!(cosine(&one, &other).abs() < 0.2);
        assert_eq!(one, vector(&bag, 1, 1024));
    }

    #[test]
    fn zeros_become_a_unit_vector() {
        let mut zeros = [0.0; 3];
        normalize(&mut zeros);
        assert_eq!(zeros, [1.0, 0.0, 0.0]);
    }
}
