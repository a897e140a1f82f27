//! From the size that was asked for to one that the model has.

use qwen_openclaw_catalog::image::{ImageModel, ImageSize, Size, SizeClass, Sizes};
use qwen_openclaw_tasks::Changes;

use super::ImageRequest;
use crate::Error;

/// The size to send, if any.
pub(super) fn size(
    request: &ImageRequest,
    model: &ImageModel,
    changes: &mut Changes,
) -> Result<Option<ImageSize>, Error> {
    let images = request.images.len();
    // Without a size, an edited image has that of the image which went in.
    let default = model.default_size().filter(|_| images == 0);
    let Some(asked) = request.size else {
        return Ok(default);
    };
    let sizes = model.sizes(images);
    if sizes.accept(asked) {
        return Ok(Some(asked));
    }
    let nearest = nearest(asked, sizes).or(default);
    let applied = nearest.map(|size| size.to_string());
    changes.note("size", asked, applied, || says(sizes))?;
    Ok(nearest)
}

fn nearest(asked: ImageSize, sizes: Sizes) -> Option<ImageSize> {
    match (asked, sizes) {
        (ImageSize::Pixels(size), _) => sizes.nearest(size).map(ImageSize::Pixels),
        (ImageSize::Class(class), Sizes::Classes(classes)) => {
            let smaller = classes.iter().filter(|offered| **offered <= class).max();
            smaller.or(classes.first()).copied().map(ImageSize::Class)
        }
        (ImageSize::Class(class), _) => sizes.nearest(square(class)).map(ImageSize::Pixels),
        _ => None,
    }
}

fn square(class: SizeClass) -> Size {
    let side = match class {
        SizeClass::K1 => 1_024,
        SizeClass::K2 => 2_048,
        _ => 4_096,
    };
    Size::new(side, side)
}

fn says(sizes: Sizes) -> String {
    fn list<T: ToString>(values: &[T]) -> String {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        values.join(", ")
    }
    match sizes {
        Sizes::FollowsImage => "the size follows the image".to_owned(),
        Sizes::Listed(sizes) => format!("it takes {}", list(sizes)),
        Sizes::Classes(classes) => format!("it takes {}, or exact pixels", list(classes)),
        Sizes::Sides { min, max } => format!("its sides are {min} to {max} pixels"),
        Sizes::Area {
            min,
            max,
            max_ratio,
            ..
        } => {
            let ratio = max_ratio.map_or_else(String::new, |ratio| {
                format!(", and a longer side of at most {ratio} times the shorter one")
            });
            format!("it takes {min} to {max} pixels in all{ratio}")
        }
        _ => "it does not say which it takes".to_owned(),
    }
}
