//! The rows of the video catalog.

use super::{
    AudioField, AudioTrack, Durations, Mode, Protocol, References,
    Resolution::{self, P480, P720, P1080},
    Sound, VideoModel,
    price::{FLASH, PREVIEW, STANDARD},
};

/// Every model, default first.
pub(super) const ALL: &[VideoModel] = &[
    VideoModel {
        shot_type: true,
        ..text("wan2.6-t2v")
    },
    VideoModel {
        shot_type: true,
        ..image("wan2.6-i2v")
    },
    VideoModel {
        shot_type: true,
        sound: Sound::Switchable,
        prices: FLASH,
        ..image("wan2.6-i2v-flash")
    },
    subjects("wan2.6-r2v"),
    VideoModel {
        sound: Sound::Switchable,
        prices: FLASH,
        ..subjects("wan2.6-r2v-flash")
    },
    VideoModel {
        protocol: Protocol::Media,
        prompt_limit: Some(5_000),
        audio_track: Some(AudioTrack {
            min_seconds: 2,
            ..AUDIO_URL
        }),
        ..text("wan2.7-t2v")
    },
    VideoModel {
        protocol: Protocol::Media,
        prompt_limit: Some(5_000),
        references: References::FRAMES,
        audio_track: Some(AudioTrack {
            field: AudioField::DrivingAudio,
            min_seconds: 2,
            ..AUDIO_URL
        }),
        ..image("wan2.7-i2v")
    },
    VideoModel {
        protocol: Protocol::Media,
        prompt_limit: None,
        durations: UP_TO_15,
        shot_type: false,
        prompt_extend: true,
        ..subjects("wan2.7-r2v")
    },
    VideoModel {
        resolutions: FROM_480P,
        durations: FIVE_OR_TEN,
        durations_with_video: FIVE_OR_TEN,
        prices: PREVIEW,
        ..text("wan2.5-t2v-preview")
    },
    VideoModel {
        resolutions: FROM_480P,
        durations: FIVE_OR_TEN,
        durations_with_video: FIVE_OR_TEN,
        prices: PREVIEW,
        ..image("wan2.5-i2v-preview")
    },
];

const FROM_480P: &[Resolution] = &[P480, P720, P1080];

const FROM_720P: &[Resolution] = &[P720, P1080];

const UP_TO_15: Durations = Durations::new(&[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], 5);

const UP_TO_10: Durations = Durations::new(&[2, 3, 4, 5, 6, 7, 8, 9, 10], 5);

const FIVE_OR_TEN: Durations = Durations::new(&[5, 10], 5);

const AUDIO_URL: AudioTrack = AudioTrack {
    field: AudioField::AudioUrl,
    min_seconds: 3,
    max_seconds: 30,
};

const fn text(id: &'static str) -> VideoModel {
    VideoModel {
        id,
        mode: Mode::TextToVideo,
        protocol: Protocol::Legacy,
        resolutions: FROM_720P,
        default_resolution: P1080,
        durations: UP_TO_15,
        durations_with_video: UP_TO_15,
        references: References::NONE,
        prompt_required: true,
        prompt_limit: Some(1_500),
        sound: Sound::Always,
        audio_track: Some(AUDIO_URL),
        shot_type: false,
        prompt_extend: true,
        prices: STANDARD,
    }
}

const fn image(id: &'static str) -> VideoModel {
    VideoModel {
        mode: Mode::ImageToVideo,
        references: References::ONE_IMAGE,
        prompt_required: false,
        ..text(id)
    }
}

const fn subjects(id: &'static str) -> VideoModel {
    VideoModel {
        mode: Mode::ReferenceToVideo,
        durations: UP_TO_10,
        durations_with_video: UP_TO_10,
        references: References::SUBJECTS,
        audio_track: None,
        shot_type: true,
        prompt_extend: false,
        ..text(id)
    }
}
