//! Rows of the Qwen models, in display order.
//!
//! Sources: OpenClaw documentation (Qwen provider page) for edition `2026.4`, the catalog
//! of OpenClaw 2026.9 for edition `2026.9` and the Token Plan, 2026-11; for edition `2026.11` the
//! page named at the row. See [`CHINA`], [`MODELS_DEV`] and [`LITELLM`] for the sources of prices.

use super::{
    super::families::{QWEN3_5, QWEN3_7, QWEN3_8, QWEN4},
    BOTH, ModelFacts, NEWER, Offer, V2026_4, V2026_9, portal, standard, text, token_plan, vision,
};
use crate::{
    edition::Edition,
    modality::Modality::{Image, Text, Video},
    price::{CHINA, K, LITELLM, MILLION, MODELS_DEV, PriceList, any, up_to},
};

pub(super) const ROWS: &[ModelFacts] = &[
    ModelFacts {
        context: Some(1_000_000),
        max_output: Some(65_536),
        family: QWEN3_5,
        offers: &[
            Offer {
                default: true,
                notes: "thinks unless told not to",
                ..standard(BOTH)
            },
            Offer {
                default: true,
                ..portal()
            },
        ],
        china: Some(PriceList {
            tiers: &[
                up_to(128 * K, 0.8, 4.8).explicit(1.0, 0.08),
                up_to(256 * K, 2.0, 12.0).explicit(2.5, 0.2),
                up_to(MILLION, 4.0, 24.0).explicit(5.0, 0.4),
            ],
            ..CHINA
        }),
        ..vision("qwen3.5-plus")
    },
    ModelFacts {
        context: Some(1_000_000),
        max_output: Some(65_536),
        offers: &[standard(&[V2026_9.thinking().not_in_coding_plan()])],
        china: Some(PriceList {
            tiers: &[
                up_to(256 * K, 1.2, 7.2).explicit(1.5, 0.12),
                up_to(MILLION, 4.8, 28.8).explicit(6.0, 0.48),
            ],
            ..CHINA
        }),
        ..vision("qwen3.6-flash")
    },
    ModelFacts {
        context: Some(1_000_000),
        max_output: Some(65_536),
        offers: &[
            Offer {
                notes: "prefer Standard",
                ..standard(&[
                    V2026_4.not_in_coding_plan(),
                    V2026_9.thinking().in_coding_plan(),
                ])
            },
            token_plan(4),
        ],
        describes_in: &[Edition::V2026_9],
        china: Some(PriceList {
            tiers: &[
                up_to(256 * K, 2.0, 12.0).explicit(2.5, 0.2),
                up_to(MILLION, 8.0, 48.0).explicit(10.0, 0.8),
            ],
            ..CHINA
        }),
        ..vision("qwen3.6-plus")
    },
    ModelFacts {
        context: Some(1_000_000),
        max_output: Some(65_536),
        family: QWEN3_7,
        offers: &[standard(&[V2026_9.thinking().not_in_coding_plan()])],
        china: Some(PriceList {
            tiers: &[any(12.0, 36.0).implicit(2.4).explicit(15.0, 1.2)],
            ..CHINA
        }),
        global: Some(PriceList {
            tiers: &[any(2.5, 7.5).implicit(0.5).explicit(3.125, 0.25)],
            ..LITELLM
        }),
        ..text("qwen3.7-max")
    },
    // models.dev lists video for this one; the catalog does not.
    ModelFacts {
        context: Some(1_000_000),
        max_output: Some(65_536),
        family: QWEN3_7,
        offers: &[
            standard(&[V2026_9.thinking().in_coding_plan()]),
            Offer {
                default: true,
                ..token_plan(1)
            },
        ],
        global: Some(PriceList {
            tiers: &[up_to(256_000, 0.4, 1.6), up_to(MILLION, 1.2, 4.8)],
            ..LITELLM
        }),
        ..vision("qwen3.7-plus")
    },
    ModelFacts {
        context: Some(1_000_000),
        max_input: Some(991_808),
        max_output: Some(131_072),
        family: QWEN3_8,
        offers: &[
            standard(&[V2026_9.thinking().not_in_coding_plan()]),
            token_plan(2),
        ],
        code_mode: Some("capable"),
        global: Some(PriceList {
            tiers: &[any(2.0, 6.0).explicit(2.5, 0.25)],
            ..LITELLM
        }),
        ..vision("qwen3.8-max")
    },
    ModelFacts {
        context: Some(1_000_000),
        max_output: Some(131_072),
        family: QWEN3_8,
        offers: &[
            standard(&[V2026_9.thinking().not_in_coding_plan()]),
            token_plan(3),
        ],
        global: Some(PriceList {
            tiers: &[any(0.15, 0.47).explicit(0.2, 0.016)],
            ..LITELLM
        }),
        ..vision("qwen3.8-flash")
    },
    // help.aliyun.com, Model Studio, Qwen4 pages, 2026-11-16. Whether a plan offers it is unknown.
    // The price is what users report; which cache its read price is for they do not say.
    ModelFacts {
        input: &[Text, Image, Video],
        context: Some(1_000_000),
        max_input: Some(991_808),
        max_output: Some(131_072),
        max_output_thinking: Some(262_144),
        family: QWEN4,
        offers: &[Offer {
            notes: "newer than OpenClaw 2026.9",
            ..standard(NEWER)
        }],
        global: Some(PriceList {
            tiers: &[any(1.5, 4.5).implicit(0.075).read(0.075)],
            source: "reported by users",
            as_of: "2026-11-25",
            ..LITELLM
        }),
        ..text("qwen4-max")
    },
    ModelFacts {
        context: Some(262_144),
        max_output: Some(65_536),
        offers: &[Offer {
            notes: "Qwen Max line",
            ..standard(BOTH)
        }],
        ..text("qwen3-max-2026-01-23")
    },
    ModelFacts {
        context: Some(262_144),
        max_output: Some(65_536),
        offers: &[
            Offer {
                notes: "coding",
                ..standard(BOTH)
            },
            Offer {
                notes: "coding",
                ..token_plan(5)
            },
        ],
        china: Some(PriceList {
            tiers: &[
                up_to(32 * K, 1.0, 4.0),
                up_to(128 * K, 1.5, 6.0),
                up_to(256 * K, 2.5, 10.0),
            ],
            ..CHINA
        }),
        ..text("qwen3-coder-next")
    },
    ModelFacts {
        context: Some(1_000_000),
        max_output: Some(65_536),
        offers: &[Offer {
            notes: "coding",
            ..standard(BOTH)
        }],
        china: Some(PriceList {
            tiers: &[
                up_to(32 * K, 4.0, 16.0).implicit(0.8).explicit(5.0, 0.4),
                up_to(128 * K, 6.0, 24.0).implicit(1.2).explicit(7.5, 0.6),
                up_to(256 * K, 10.0, 40.0).implicit(2.0).explicit(12.5, 1.0),
                up_to(MILLION, 20.0, 200.0)
                    .implicit(4.0)
                    .explicit(25.0, 2.0),
            ],
            ..CHINA
        }),
        global: Some(PriceList {
            tiers: &[up_to(32 * K, 1.0, 5.0)],
            ..MODELS_DEV
        }),
        ..text("qwen3-coder-plus")
    },
];
