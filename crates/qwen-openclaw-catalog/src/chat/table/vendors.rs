//! Rows of other vendors' models that the service resells.
//!
//! Sources as for the Qwen models.

use super::{
    super::families::{DEEPSEEK_V4, GLM_5_2, GLM_HYBRID, KIMI_CODE, KIMI_HYBRID, MINIMAX_M2_5},
    BOTH, ModelFacts, Offer, V2026_4, V2026_9, priced, standard, text, token_plan, vision,
};
use crate::price::{CHINA, K, LITELLM, PriceList, any, up_to};

pub(super) const ROWS: &[ModelFacts] = &[
    ModelFacts {
        context: Some(1_000_000),
        max_output: Some(65_536),
        family: MINIMAX_M2_5,
        offers: &[
            Offer {
                notes: "reasoning enabled",
                ..standard(&[
                    V2026_4.thinking().in_coding_plan(),
                    V2026_9.thinking().in_coding_plan(),
                ])
            },
            Offer {
                context: Some(196_608),
                max_output: Some(32_768),
                notes: "always thinks",
                ..token_plan(8)
            },
        ],
        ..text("MiniMax-M2.5")
    },
    ModelFacts {
        context: Some(202_752),
        max_output: Some(16_384),
        family: GLM_HYBRID,
        offers: &[
            Offer {
                notes: "GLM",
                ..standard(BOTH)
            },
            Offer {
                notes: "GLM",
                ..token_plan(7)
            },
        ],
        ..text("glm-5")
    },
    ModelFacts {
        context: Some(202_752),
        max_output: Some(16_384),
        family: GLM_HYBRID,
        offers: &[Offer {
            notes: "GLM",
            ..standard(BOTH)
        }],
        ..text("glm-4.7")
    },
    ModelFacts {
        context: Some(262_144),
        max_output: Some(32_768),
        family: KIMI_HYBRID,
        offers: &[
            Offer {
                notes: "Moonshot AI via Alibaba",
                ..standard(BOTH)
            },
            Offer {
                max_output: Some(98_304),
                notes: "Moonshot AI via Alibaba",
                ..token_plan(6)
            },
        ],
        ..vision("kimi-k2.5")
    },
    ModelFacts {
        family: GLM_HYBRID,
        china: Some(PriceList {
            tiers: &[
                up_to(32 * K, 6.0, 24.0).implicit(1.2).explicit(7.5, 0.6),
                up_to(200 * K, 8.0, 28.0).implicit(1.6).explicit(10.0, 0.8),
            ],
            ..CHINA
        }),
        ..priced("glm-5.1")
    },
    ModelFacts {
        family: GLM_5_2,
        global: Some(PriceList {
            tiers: &[any(1.4, 4.4)],
            ..LITELLM
        }),
        ..priced("glm-5.2")
    },
    ModelFacts {
        family: KIMI_HYBRID,
        china: Some(PriceList {
            tiers: &[any(6.5, 27.0).implicit(1.3).explicit(8.125, 0.65)],
            ..CHINA
        }),
        ..priced("kimi-k2.6")
    },
    ModelFacts {
        family: KIMI_CODE,
        global: Some(PriceList {
            tiers: &[any(0.95, 4.0)],
            ..LITELLM
        }),
        ..priced("kimi-k2.7-code")
    },
    ModelFacts {
        family: DEEPSEEK_V4,
        china: Some(PriceList {
            tiers: &[any(12.0, 24.0).implicit(1.0)],
            ..CHINA
        }),
        global: Some(PriceList {
            tiers: &[any(2.4, 4.8)],
            ..LITELLM
        }),
        ..priced("deepseek-v4-pro")
    },
    ModelFacts {
        family: DEEPSEEK_V4,
        china: Some(PriceList {
            tiers: &[any(1.0, 2.0).implicit(0.2)],
            ..CHINA
        }),
        global: Some(PriceList {
            tiers: &[any(0.2, 0.4)],
            ..LITELLM
        }),
        ..priced("deepseek-v4-flash")
    },
    ModelFacts {
        china: Some(PriceList {
            tiers: &[any(2.0, 3.0).implicit(0.4).explicit(2.5, 0.2)],
            ..CHINA
        }),
        ..priced("deepseek-v3.2")
    },
];
