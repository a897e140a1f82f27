//! Rows of Qwen models that no edition lists: the media model, portal-only models, and models of
//! which only the price is known.
//!
//! Sources: OpenClaw documentation (media understanding and Qwen OAuth pages), and what
//! OpenClaw 2026.3 writes after a portal login. The portal's free tier ended on 2026-04-15.

use super::{
    super::families::{QWEN3_5, QWQ},
    ModelFacts, Offer, portal, priced, standard, text, vision,
};
use crate::{
    edition::Edition,
    modality::Modality::{Image, Text, Video},
    price::{CHINA, K, LITELLM, MILLION, MODELS_DEV, PriceList, any, up_to},
};

pub(super) const ROWS: &[ModelFacts] = &[
    // Its limits are not documented.
    ModelFacts {
        input: &[Text, Image, Video],
        offers: &[Offer {
            notes: "images and video, Standard only",
            ..standard(&[])
        }],
        media: true,
        describes_in: &[Edition::V2026_4, Edition::V2026_11, Edition::Merged],
        ..text("qwen-vl-max-latest")
    },
    ModelFacts {
        name: "Qwen Coder",
        context: Some(128_000),
        max_output: Some(8_192),
        offers: &[Offer {
            notes: "code",
            ..portal()
        }],
        ..text("coder-model")
    },
    ModelFacts {
        name: "Qwen Vision",
        context: Some(128_000),
        max_output: Some(8_192),
        offers: &[Offer {
            notes: "images and text",
            ..portal()
        }],
        ..vision("vision-model")
    },
    ModelFacts {
        family: QWEN3_5,
        china: Some(PriceList {
            tiers: &[
                up_to(128 * K, 0.2, 2.0).explicit(0.25, 0.02),
                up_to(256 * K, 0.8, 8.0).explicit(1.0, 0.08),
                up_to(MILLION, 1.2, 12.0).explicit(1.5, 0.12),
            ],
            ..CHINA
        }),
        ..priced("qwen3.5-flash")
    },
    // The text price, which is that of qwen3.8-flash.
    ModelFacts {
        global: Some(PriceList {
            tiers: &[any(0.15, 0.47).explicit(0.2, 0.016)],
            ..LITELLM
        }),
        ..priced("qwen3.8-omni-flash")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[
                up_to(32 * K, 2.5, 10.0).implicit(0.5).explicit(3.125, 0.25),
                up_to(128 * K, 4.0, 16.0).implicit(0.8).explicit(5.0, 0.4),
                up_to(256 * K, 7.0, 28.0).implicit(1.4).explicit(8.75, 0.7),
            ],
            ..CHINA
        }),
        global: Some(PriceList {
            tiers: &[up_to(32 * K, 1.2, 6.0)],
            ..MODELS_DEV
        }),
        ..priced("qwen3-max")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[
                up_to(128 * K, 0.8, 2.0)
                    .thinking(8.0)
                    .implicit(0.16)
                    .explicit(1.0, 0.08),
                up_to(256 * K, 2.4, 20.0)
                    .thinking(24.0)
                    .implicit(0.48)
                    .explicit(3.0, 0.24),
                up_to(MILLION, 4.8, 48.0)
                    .thinking(64.0)
                    .implicit(0.96)
                    .explicit(6.0, 0.48),
            ],
            ..CHINA
        }),
        global: Some(PriceList {
            tiers: &[up_to(128 * K, 0.4, 1.2).thinking(4.0)],
            ..MODELS_DEV
        }),
        ..priced("qwen-plus")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[
                up_to(128 * K, 0.15, 1.5)
                    .implicit(0.03)
                    .explicit(0.188, 0.015),
                up_to(256 * K, 0.6, 6.0).implicit(0.12).explicit(0.75, 0.06),
                up_to(MILLION, 1.2, 12.0).implicit(0.24).explicit(1.5, 0.12),
            ],
            ..CHINA
        }),
        ..priced("qwen-flash")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[any(0.3, 0.6).thinking(3.0).implicit(0.06)],
            ..CHINA
        }),
        ..priced("qwen-turbo")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[any(2.4, 9.6).implicit(0.48)],
            ..CHINA
        }),
        ..priced("qwen-max")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[
                up_to(32 * K, 1.0, 4.0).implicit(0.2).explicit(1.25, 0.1),
                up_to(128 * K, 1.5, 6.0).implicit(0.3).explicit(1.875, 0.15),
                up_to(256 * K, 2.5, 10.0)
                    .implicit(0.5)
                    .explicit(3.125, 0.25),
                up_to(MILLION, 5.0, 25.0).implicit(1.0).explicit(6.25, 0.5),
            ],
            ..CHINA
        }),
        ..priced("qwen3-coder-flash")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[
                up_to(32 * K, 1.0, 10.0).implicit(0.2).explicit(1.25, 0.1),
                up_to(128 * K, 1.5, 15.0)
                    .implicit(0.3)
                    .explicit(1.875, 0.15),
                up_to(256 * K, 3.0, 30.0).implicit(0.6).explicit(3.75, 0.3),
            ],
            ..CHINA
        }),
        global: Some(PriceList {
            tiers: &[up_to(32 * K, 0.2, 1.6).thinking(4.8)],
            ..MODELS_DEV
        }),
        ..priced("qwen3-vl-plus")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[
                up_to(32 * K, 0.15, 1.5)
                    .implicit(0.03)
                    .explicit(0.1875, 0.015),
                up_to(128 * K, 0.3, 3.0)
                    .implicit(0.06)
                    .explicit(0.375, 0.03),
                up_to(256 * K, 0.6, 6.0).implicit(0.12).explicit(0.75, 0.06),
            ],
            ..CHINA
        }),
        ..priced("qwen3-vl-flash")
    },
    ModelFacts {
        family: QWQ,
        china: Some(PriceList {
            tiers: &[any(1.6, 4.0)],
            ..CHINA
        }),
        ..priced("qwq-plus")
    },
];
