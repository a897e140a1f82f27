//! The embedding models and their limits.
//!
//! Sources: the service's pages on text and multimodal embeddings, and the SDK `dashscope` 2.0.2. No
//! source has the dimensions of `qwen3.7-text-embedding`; that they are those of `text-embedding-v4`
//! is inferred, and so is all of its flash model.

/// A model for texts.
#[derive(Debug)]
pub(super) struct TextModel {
    pub(super) id: &'static str,
    /// The dimensions it has, the default first.
    pub(super) dimensions: &'static [usize],
    /// The maximum number of texts in a request.
    pub(super) batch: usize,
    /// The maximum number of tokens in a text.
    pub(super) tokens: usize,
}

const V4: &[usize] = &[1024, 2048, 1536, 768, 512, 256, 128, 64];
const V3: &[usize] = &[1024, 768, 512, 256, 128, 64];
const FIRST: &[usize] = &[1536];

const fn text(
    id: &'static str,
    dimensions: &'static [usize],
    batch: usize,
    tokens: usize,
) -> TextModel {
    TextModel {
        id,
        dimensions,
        batch,
        tokens,
    }
}

#[rustfmt::skip] // a table reads better with one model a line
static TEXT: &[TextModel] = &[
    text("qwen3.7-text-embedding", V4, 20, 128_000),
    text("qwen3.7-text-embedding-flash", V4, 20, 128_000),
    text("text-embedding-v4", V4, 10, 8_192),
    text("text-embedding-v3", V3, 10, 8_192),
    text("text-embedding-v2", FIRST, 25, 2_048),
    text("text-embedding-v1", FIRST, 25, 2_048),
];

/// The models that embed the lines of a file. Their vectors are those of the models they are named
/// after.
#[rustfmt::skip]
static BATCH: &[(&str, &str)] = &[
    ("text-embedding-async-v1", "text-embedding-v1"),
    ("text-embedding-async-v2", "text-embedding-v2"),
];

impl TextModel {
    /// Whether the dimension and the form of vectors can be chosen. The first models ignore both
    /// (langchain4j/langchain4j-community#783; the form inferred).
    pub(super) fn has_choices(&self) -> bool {
        self.dimensions.len() > 1
    }
}

pub(super) fn find_text(id: &str) -> Option<&'static TextModel> {
    TEXT.iter().find(|model| model.id == id)
}

/// Finds the model that embeds the lines of a file for the model of this id.
pub(super) fn find_batch(id: &str) -> Option<&'static TextModel> {
    let (_, model) = BATCH.iter().find(|(name, _)| *name == id)?;
    find_text(model)
}

/// When several contents become one vector.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fusion {
    Never,
    /// When `enable_fusion` is set.
    Optional,
    Always,
    /// Where they stand in one object.
    Objects,
}

/// A model for texts, images and videos.
#[derive(Debug)]
pub(super) struct MediaModel {
    pub(super) id: &'static str,
    /// The dimensions it has, the default first.
    pub(super) dimensions: &'static [usize],
    /// The maximum number of tokens in a text.
    pub(super) tokens: usize,
    /// The maximum number of images, and the size of one in MB.
    pub(super) images: (usize, usize),
    /// The maximum number of videos, and the size of one in MB.
    pub(super) videos: (usize, usize),
    pub(super) fusion: Fusion,
    /// Whether `multi_images` is taken.
    pub(super) multi_images: bool,
}

#[rustfmt::skip]
static MEDIA: &[MediaModel] = &[
    MediaModel {
        id: "qwen3-vl-embedding", dimensions: &[2560, 2048, 1536, 1024, 768, 512, 256],
        tokens: 32_000, images: (5, 5), videos: (1, 50), fusion: Fusion::Optional, multi_images: false,
    },
    MediaModel {
        id: "qwen2.5-vl-embedding", dimensions: &[1024, 2048, 768, 512],
        tokens: 32_000, images: (1, 5), videos: (1, 50), fusion: Fusion::Always, multi_images: false,
    },
    MediaModel {
        id: "tongyi-embedding-vision-plus-2026-03-06", dimensions: &[1152, 1024, 512, 256, 128, 64],
        tokens: 1_024, images: (64, 10), videos: (8, 50), fusion: Fusion::Objects, multi_images: true,
    },
    MediaModel {
        id: "tongyi-embedding-vision-flash-2026-03-06", dimensions: &[768, 512, 256, 128, 64],
        tokens: 1_024, images: (64, 10), videos: (8, 50), fusion: Fusion::Objects, multi_images: true,
    },
    MediaModel {
        id: "tongyi-embedding-vision-plus", dimensions: &[1152],
        tokens: 1_024, images: (8, 3), videos: (1, 10), fusion: Fusion::Never, multi_images: true,
    },
    MediaModel {
        id: "tongyi-embedding-vision-flash", dimensions: &[768],
        tokens: 1_024, images: (8, 3), videos: (1, 10), fusion: Fusion::Never, multi_images: true,
    },
    MediaModel {
        id: "multimodal-embedding-v1", dimensions: &[1024],
        tokens: 512, images: (1, 3), videos: (1, 10), fusion: Fusion::Never, multi_images: false,
    },
];

pub(super) fn find_media(id: &str) -> Option<&'static MediaModel> {
    MEDIA.iter().find(|model| model.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_whole_blocks() {
        let text = TEXT.iter().map(|model| model.dimensions);
        for dimensions in text.chain(MEDIA.iter().map(|model| model.dimensions)) {
            assert!(dimensions.iter().all(|dimension| dimension % 64 == 0));
            assert!(!dimensions.is_empty());
        }
        for (id, _) in BATCH {
            assert!(find_batch(id).is_some(), "{id}");
        }
    }
}
