//! From what was asked for to a format that the model has.

use qwen_openclaw_catalog::video::{Framing, Ratio, Resolution, Size, VideoModel};
use qwen_openclaw_tasks::Changes;

use super::{AspectRatio, VideoRequest};
use crate::Error;

/// The format of the video; the ratio is `None` where it follows the image.
pub(super) struct Format {
    pub(super) resolution: Resolution,
    pub(super) ratio: Option<Ratio>,
}

impl Format {
    pub(super) fn of(
        request: &VideoRequest,
        model: &VideoModel,
        changes: &mut Changes,
    ) -> Result<Self, Error> {
        // Where there are no sizes, a size only stands in for a resolution.
        let has_sizes = model.framing() == Framing::Size;
        if let Some(size) = request
            .size
            .filter(|_| has_sizes || request.resolution.is_none())
        {
            return Self::of_size(size, request, model, changes);
        }
        let resolution = match request.resolution {
            Some(asked) => offered_resolution(asked, model, changes)?,
            None => cheapest(model),
        };
        let ratio = match (model.framing(), request.ratio) {
            // The ratio follows the image: there is nothing to send, and nothing is lost.
            (Framing::Resolution, _) => None,
            (_, None) => Some(Ratio::R16x9),
            (_, Some(asked)) => Some(offered_ratio(asked, resolution, model, changes)?),
        };
        Ok(Self { resolution, ratio })
    }

    fn of_size(
        size: Size,
        request: &VideoRequest,
        model: &VideoModel,
        changes: &mut Changes,
    ) -> Result<Self, Error> {
        // To image-to-video, which has no sizes, a size still says which resolution is meant.
        let (resolution, ratio) = match model.format_of(size) {
            Some(format) => format,
            None => {
                let (resolution, ratio) = nearest(size, model);
                let applied = match model.size(resolution, ratio) {
                    Some(size) => size.to_string(),
                    None => resolution.as_str().to_owned(),
                };
                changes.note("size", size, Some(applied), || match model.framing() {
                    Framing::Resolution => list(model.resolutions().iter()),
                    _ => list(model.sizes().iter()),
                })?;
                (resolution, ratio)
            }
        };
        let ratio = match model.framing() {
            Framing::Resolution => None,
            // Asked for apart from the size, the ratio says more.
            Framing::ResolutionAndRatio => Some(match request.ratio {
                Some(asked) => offered_ratio(asked, resolution, model, changes)?,
                None => ratio,
            }),
            _ => Some(ratio),
        };
        Ok(Self { resolution, ratio })
    }
}

/// 720P where the model has it: the service's default is 1080P, at almost twice the price.
fn cheapest(model: &VideoModel) -> Resolution {
    match model.resolutions().contains(&Resolution::P720) {
        true => Resolution::P720,
        false => model.default_resolution(),
    }
}

fn offered_resolution(
    asked: Resolution,
    model: &VideoModel,
    changes: &mut Changes,
) -> Result<Resolution, Error> {
    if model.resolutions().contains(&asked) {
        return Ok(asked);
    }
    let distance = |resolution: &&Resolution| resolution.lines().abs_diff(asked.lines());
    let nearest = model
        .resolutions()
        .iter()
        .min_by_key(distance)
        .copied()
        .unwrap_or(asked);
    let applied = Some(nearest.as_str().to_owned());
    changes.note("resolution", asked, applied, || {
        list(model.resolutions().iter())
    })?;
    Ok(nearest)
}

fn offered_ratio(
    asked: AspectRatio,
    resolution: Resolution,
    model: &VideoModel,
    changes: &mut Changes,
) -> Result<Ratio, Error> {
    let ratios = model.ratios(resolution);
    if let Some(known) = asked.known().filter(|known| ratios.contains(known)) {
        return Ok(known);
    }
    let nearest = closest_ratio(asked.value(), &ratios).unwrap_or(Ratio::R16x9);
    let applied = Some(nearest.as_str().to_owned());
    changes.note("ratio", asked, applied, || list(ratios.iter()))?;
    Ok(nearest)
}

/// The format nearest to a size: that of the nearest size, or, where there are no sizes, the
/// resolution nearest to its short side.
fn nearest(size: Size, model: &VideoModel) -> (Resolution, Ratio) {
    // Squares of logarithms: of two sizes as far away, the one of nearly the same shape is nearer.
    let apart = |a: u32, b: u32| (f64::from(a.max(1)).ln() - f64::from(b.max(1)).ln()).powi(2);
    let distance = |of: &Size| apart(of.width, size.width) + apart(of.height, size.height);
    let sizes = model.sizes();
    let nearest = sizes
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)));
    if let Some(format) = nearest.and_then(|size| model.format_of(*size)) {
        return format;
    }
    let short = size.width.min(size.height);
    let lines = |resolution: &&Resolution| resolution.lines().abs_diff(short);
    let resolution = model.resolutions().iter().min_by_key(lines).copied();
    (
        resolution.unwrap_or_else(|| model.default_resolution()),
        Ratio::R16x9,
    )
}

/// The ratio nearest to a value. Compared as logarithms: 2:1 is as far from 1:1 as 1:2.
fn closest_ratio(value: f64, ratios: &[Ratio]) -> Option<Ratio> {
    let distance = |ratio: &Ratio| (ratio.value().ln() - value.max(f64::MIN_POSITIVE).ln()).abs();
    ratios
        .iter()
        .copied()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

fn list<'a, T: ToString + 'a>(values: impl Iterator<Item = &'a T>) -> String {
    let values: Vec<String> = values.map(ToString::to_string).collect();
    format!("it takes {}", values.join(", "))
}
