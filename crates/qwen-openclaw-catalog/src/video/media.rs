//! The references that a model accepts.

use std::fmt;

use serde::Serialize;

use super::{MAX_AUDIO_BYTES, MAX_IMAGE_BYTES, MAX_VIDEO_BYTES};

/// The type of an entry of `media[]`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MediaType {
    /// The image that the video starts with.
    FirstFrame,
    /// The image that the video ends with.
    LastFrame,
    /// The audio that drives the video.
    DrivingAudio,
    /// The video to continue; its length counts toward the duration.
    FirstClip,
    /// An image whose subject appears in the video.
    ReferenceImage,
    /// A video whose subject appears in the new one.
    ReferenceVideo,
}

impl MediaType {
    /// Returns the value of `type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstFrame => "first_frame",
            Self::LastFrame => "last_frame",
            Self::DrivingAudio => "driving_audio",
            Self::FirstClip => "first_clip",
            Self::ReferenceImage => "reference_image",
            Self::ReferenceVideo => "reference_video",
        }
    }

    /// Returns the maximum file size in bytes, the same for all models that accept the type.
    #[must_use]
    pub const fn max_bytes(self) -> u64 {
        match self {
            Self::FirstFrame | Self::LastFrame | Self::ReferenceImage => MAX_IMAGE_BYTES,
            Self::FirstClip | Self::ReferenceVideo => MAX_VIDEO_BYTES,
            Self::DrivingAudio => MAX_AUDIO_BYTES,
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many references a request must and may have.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct References {
    /// The minimum number of references of all kinds.
    pub min: u32,
    /// The maximum number of references of all kinds.
    pub max: u32,
    /// The maximum number of images.
    pub max_images: u32,
    /// The maximum number of videos.
    pub max_videos: u32,
    /// The allowed combinations of media; empty if all are allowed.
    pub sets: &'static [&'static [MediaType]],
}

impl References {
    /// No references.
    pub(super) const NONE: Self = Self {
        min: 0,
        max: 0,
        max_images: 0,
        max_videos: 0,
        sets: &[],
    };

    /// Exactly one image.
    pub(super) const ONE_IMAGE: Self = Self {
        min: 1,
        max: 1,
        max_images: 1,
        ..Self::NONE
    };

    /// One to five images and videos, at most three of them videos.
    pub(super) const SUBJECTS: Self = Self {
        min: 1,
        max: 5,
        max_images: 5,
        max_videos: 3,
        ..Self::NONE
    };

    /// Frames, or a video to continue.
    pub(super) const FRAMES: Self = Self {
        min: 1,
        max: 2,
        max_images: 2,
        max_videos: 1,
        sets: &[
            &[MediaType::FirstFrame],
            &[MediaType::FirstFrame, MediaType::DrivingAudio],
            &[MediaType::FirstFrame, MediaType::LastFrame],
            &[
                MediaType::FirstFrame,
                MediaType::LastFrame,
                MediaType::DrivingAudio,
            ],
            &[MediaType::FirstClip],
            &[MediaType::FirstClip, MediaType::LastFrame],
        ],
    };

    /// Returns whether this many images and videos are accepted.
    #[must_use]
    pub const fn accept(&self, images: usize, videos: usize) -> bool {
        let total = images.saturating_add(videos);
        total >= self.min as usize
            && total <= self.max as usize
            && images <= self.max_images as usize
            && videos <= self.max_videos as usize
    }

    /// Returns whether a combination of media is allowed, in any order.
    #[must_use]
    pub fn accept_set(&self, media: &[MediaType]) -> bool {
        let same = |set: &&[MediaType]| {
            set.len() == media.len() && set.iter().all(|kind| media.contains(kind))
        };
        self.sets.is_empty() || self.sets.iter().any(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_checked_in_total_and_by_kind() {
        let subjects = References::SUBJECTS;
        assert!(subjects.accept(5, 0) && subjects.accept(2, 3) && subjects.accept(0, 1));
        assert!(!subjects.accept(0, 0) && !subjects.accept(0, 4) && !subjects.accept(3, 3));
        assert!(References::ONE_IMAGE.accept(1, 0) && !References::ONE_IMAGE.accept(1, 1));
        assert!(References::NONE.accept(0, 0) && !References::NONE.accept(1, 0));
        assert!(!subjects.accept(usize::MAX, usize::MAX));
    }

    #[test]
    fn the_size_limit_depends_on_the_kind() {
        assert_eq!(MediaType::FirstFrame.max_bytes(), 20 << 20);
        assert_eq!(MediaType::ReferenceVideo.max_bytes(), 100 << 20);
        assert_eq!(MediaType::DrivingAudio.max_bytes(), 15 << 20);
    }

    #[test]
    fn only_documented_combinations_are_accepted() {
        use MediaType::{DrivingAudio, FirstClip, FirstFrame, LastFrame};
        let frames = References::FRAMES;
        assert!(frames.accept_set(&[LastFrame, FirstFrame]));
        assert!(frames.accept_set(&[FirstClip, LastFrame]));
        assert!(!frames.accept_set(&[LastFrame]));
        assert!(!frames.accept_set(&[FirstClip, DrivingAudio]));
        assert!(!frames.accept_set(&[FirstFrame, FirstFrame]));
        assert!(References::SUBJECTS.accept_set(&[]));
    }
}
