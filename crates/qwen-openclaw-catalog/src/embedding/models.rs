//! The table of embedding models.

use super::{
    EmbeddingModel, Fusion, Input,
    price::{Rates, cny, cny_with_media},
};

pub(super) const ALL: &[EmbeddingModel] = &[
    EmbeddingModel {
        max_inputs: Some(20),
        max_tokens: Some(128_000),
        base64: true,
        ..text("qwen3.7-text-embedding")
    },
    EmbeddingModel {
        base64: true,
        ..text("qwen3.7-text-embedding-flash")
    },
    EmbeddingModel {
        dimensions: &[1_024, 2_048, 1_536, 768, 512, 256, 128, 64],
        max_inputs: Some(10),
        max_tokens: Some(8_192),
        rates: HALF_A_YUAN,
        ..text("text-embedding-v4")
    },
    EmbeddingModel {
        dimensions: &[1_024, 768, 512, 256, 128, 64],
        max_inputs: Some(10),
        max_tokens: Some(8_192),
        rates: HALF_A_YUAN,
        ..text("text-embedding-v3")
    },
    earlier("text-embedding-v2"),
    earlier("text-embedding-v1"),
    EmbeddingModel {
        dimensions: &[2_560, 2_048, 1_536, 1_024, 768, 512, 256],
        max_inputs: Some(20),
        max_tokens: Some(32_000),
        max_images: Some(5),
        max_image_bytes: Some(5 * MB),
        max_videos: Some(1),
        max_video_bytes: Some(50 * MB),
        fusion: Fusion::OnRequest,
        rates: Some(cny_with_media(0.7, 1.8)),
        ..multimodal("qwen3-vl-embedding")
    },
    EmbeddingModel {
        dimensions: &[1_024, 2_048, 768, 512],
        max_tokens: Some(32_000),
        max_images: Some(1),
        max_videos: Some(1),
        fusion: Fusion::Always,
        ..multimodal("qwen2.5-vl-embedding")
    },
    EmbeddingModel {
        dimensions: &[1_152, 1_024, 512, 256, 128, 64],
        ..dated_vision("tongyi-embedding-vision-plus-2026-03-06")
    },
    EmbeddingModel {
        dimensions: &[768, 512, 256, 128, 64],
        ..dated_vision("tongyi-embedding-vision-flash-2026-03-06")
    },
    EmbeddingModel {
        dimensions: &[1_152],
        rates: Some(cny_with_media(0.5, 0.5)),
        ..vision("tongyi-embedding-vision-plus")
    },
    EmbeddingModel {
        dimensions: &[768],
        rates: Some(cny_with_media(0.15, 0.15)),
        ..vision("tongyi-embedding-vision-flash")
    },
    EmbeddingModel {
        dimensions: &[1_024],
        max_tokens: Some(512),
        max_images: Some(1),
        max_image_bytes: Some(3 * MB),
        max_videos: Some(1),
        max_video_bytes: Some(10 * MB),
        ..multimodal("multimodal-embedding-v1")
    },
];

const MB: u64 = 1_024 * 1_024;

const HALF_A_YUAN: Option<Rates> = Some(cny(0.5));

const fn text(id: &'static str) -> EmbeddingModel {
    EmbeddingModel {
        id,
        input: Input::Text,
        dimensions: &[],
        max_inputs: None,
        max_tokens: None,
        max_images: None,
        max_image_bytes: None,
        max_videos: None,
        max_video_bytes: None,
        fusion: Fusion::Never,
        base64: false,
        rates: None,
    }
}

const fn earlier(id: &'static str) -> EmbeddingModel {
    EmbeddingModel {
        dimensions: &[1_536],
        max_inputs: Some(25),
        max_tokens: Some(2_048),
        rates: Some(cny(0.7)),
        ..text(id)
    }
}

const fn multimodal(id: &'static str) -> EmbeddingModel {
    EmbeddingModel {
        input: Input::Multimodal,
        ..text(id)
    }
}

const fn dated_vision(id: &'static str) -> EmbeddingModel {
    EmbeddingModel {
        max_tokens: Some(1_024),
        max_images: Some(64),
        max_image_bytes: Some(10 * MB),
        max_videos: Some(8),
        max_video_bytes: Some(50 * MB),
        fusion: Fusion::WithinContent,
        ..multimodal(id)
    }
}

const fn vision(id: &'static str) -> EmbeddingModel {
    EmbeddingModel {
        max_tokens: Some(1_024),
        max_images: Some(8),
        max_image_bytes: Some(3 * MB),
        max_video_bytes: Some(10 * MB),
        ..multimodal(id)
    }
}
