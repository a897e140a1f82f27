//! The size of an image: as it is written, what a model takes, and what it makes of it.

/// The sizes of a model.
#[derive(Debug)]
pub(super) struct Sizes {
    /// Sizes by name: the side of the square that has about as many pixels.
    pub(super) tiers: &'static [(&'static str, u32)],
    /// Sizes in pixels.
    pub(super) exact: Exact,
    pub(super) default: (u32, u32),
    /// Whether a size that is not given in pixels has the shape of the last input image.
    pub(super) like_input: bool,
    /// What sides are rounded to.
    pub(super) multiple: u32,
}

/// Sizes in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exact {
    OneOf(&'static [(u32, u32)]),
    /// As many pixels as a square with a side between these, and no side more than so many times
    /// as long as the other.
    Area(u32, u32, u32),
    /// Each side between these.
    Sides(u32, u32),
    /// The field has no effect.
    Ignored,
}

/// What is wrong with a size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wrong {
    /// It is not two numbers with the sign between them.
    Form,
    /// The model does not make it.
    Range,
}

/// Reads `1328*1328` or, with `x` as the sign, `1328x1328`.
pub(super) fn read(text: &str, sign: char) -> Result<(u32, u32), Wrong> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let (width, height) = text.split_once(sign).ok_or(Wrong::Form)?;
    Ok((
        number(width).ok_or(Wrong::Form)?,
        number(height).ok_or(Wrong::Form)?,
    ))
}

impl Sizes {
    /// What is made for a requested size, given that of the last input image.
    pub(super) fn made(
        &self,
        wanted: Option<&str>,
        sign: char,
        input: Option<(u32, u32)>,
    ) -> Result<(u32, u32), Wrong> {
        let Some(wanted) = wanted.filter(|_| !matches!(self.exact, Exact::Ignored)) else {
            return Ok(self.shaped(self.default, input));
        };
        let tier = self.tiers.iter().find(|(name, _)| *name == wanted);
        if let Some((_, side)) = tier {
            return Ok(self.shaped((*side, *side), input));
        }
        let (width, height) = read(wanted, sign)?;
        if !self.exact.takes(width, height) {
            return Err(Wrong::Range);
        }
        Ok((self.rounded(width), self.rounded(height)))
    }

    /// As many pixels as `size` in the shape of an input image.
    fn shaped(&self, size: (u32, u32), input: Option<(u32, u32)>) -> (u32, u32) {
        let Some((width, height)) = input.filter(|_| self.like_input) else {
            return size;
        };
        let area = f64::from(size.0) * f64::from(size.1);
        // Images of any shape may come in; none is so thin that it could not be looked at.
        let ratio = (f64::from(width) / f64::from(height)).clamp(1.0 / 8.0, 8.0);
        let side = |length: f64| (length as u32 / 16 * 16).max(16);
        (side((area * ratio).sqrt()), side((area / ratio).sqrt()))
    }

    fn rounded(&self, side: u32) -> u32 {
        (side + self.multiple / 2) / self.multiple * self.multiple
    }
}

impl Exact {
    fn takes(self, width: u32, height: u32) -> bool {
        match self {
            Self::OneOf(list) => list.contains(&(width, height)),
            Self::Sides(least, most) => {
                let fits = |side| (least..=most).contains(&side);
                fits(width) && fits(height)
            }
            Self::Area(least, most, ratio) => {
                let (width, height, ratio) =
                    (u64::from(width), u64::from(height), u64::from(ratio));
                let square = |side: u32| u64::from(side) * u64::from(side);
                (square(least)..=square(most)).contains(&width.saturating_mul(height))
                    && width.max(height) <= width.min(height) * ratio
            }
            Self::Ignored => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::models::{self, Mode};

    fn made(model: &str, mode: Mode, wanted: &str) -> Result<(u32, u32), Wrong> {
        let sizes = models::find(model).unwrap().sizes(mode);
        sizes.made(Some(wanted), '*', Some((1696, 960)))
    }

    #[test]
    fn are_read_in_both_spellings() {
        assert_eq!(read("1328*928", '*'), Ok((1328, 928)));
        assert_eq!(read("1328x928", 'x'), Ok((1328, 928)));
        for text in ["1328x928", "1328", "*", "1*", "-1*2", "1*2*3", "1 * 2", ""] {
            assert_eq!(read(text, '*'), Err(Wrong::Form), "{text}");
        }
        assert_eq!(read("99999999999*1", '*'), Ok((u32::MAX, 1)));
    }

    #[test]
    fn are_held_to_the_model() {
        for (model, wanted, takes) in [
            ("qwen-image-max", "1664*928", true),
            ("qwen-image-max", "1024*1024", false),
            ("qwen-image-2.0", "2688*1536", true),
            ("qwen-image-3.0", "2720*1536", true),
            ("qwen-image-3.0", "2049*2048", false),
            ("qwen-image-3.0", "511*512", false),
            ("qwen-image-3.0", "4096*512", true),
            ("qwen-image-3.0", "4104*512", false),
            ("qwen-image-edit-plus", "512*2048", true),
            ("qwen-image-edit-plus", "511*2048", false),
            ("wan2.6-t2i", "1280*1280", true),
            ("wan2.6-t2i", "1279*1280", false),
            ("wan2.6-t2i", "2800*700", true),
            ("wan2.2-t2i-plus", "512*1440", true),
            ("wan2.2-t2i-plus", "1441*512", false),
            ("wan2.7-image", "4096*4096", false),
            ("wan2.7-image-pro", "4096*4096", true),
            ("wan2.7-image", "4294967295*4294967295", false),
        ] {
            let made = made(model, Mode::Text, wanted);
            assert_eq!(made.is_ok(), takes, "{model} {wanted}");
        }
    }

    #[test]
    fn tiers_have_the_shape_of_the_input() {
        let edit = |model, wanted| made(model, Mode::Edit, wanted);
        assert_eq!(edit("wan2.6-image", "1K"), Ok((1696, 960)));
        assert_eq!(edit("wan2.7-image", "2K"), Ok((2720, 1536)));
        assert_eq!(edit("wan2.7-image-pro", "4K"), Err(Wrong::Form));
        let text = models::find("wan2.7-image-pro").unwrap().sizes(Mode::Text);
        assert_eq!(text.made(Some("4K"), '*', None), Ok((4096, 4096)));
        // As seen of the service: 1520*2736 for an input of 768*1376.
        let free = models::find("qwen-image-3.0").unwrap().sizes(Mode::Edit);
        assert_eq!(free.made(None, '*', Some((768, 1376))), Ok((1520, 2736)));
        assert_eq!(free.made(None, '*', Some((1, 4000))).unwrap().0, 720);
    }

    #[test]
    fn some_models_round_and_one_does_not_look() {
        assert_eq!(
            made("qwen-image-edit-max", Mode::Edit, "1000*1001"),
            Ok((1008, 1008))
        );
        assert_eq!(
            made("qwen-image-edit", Mode::Edit, "anything"),
            Ok((1360, 768))
        );
    }
}
