//! The price lists of chat models.
//!
//! China: help.aliyun.com model-studio, page "model-pricing", as of 2026-05-27. A "k" of its tier
//! limits is read as 1,024 tokens, since the tier up to "256k" covers inputs of 258,048 tokens.
//! Global: models.dev, as of 2026-07-02. It carries no more than the first tier of models that
//! have several in China, so longer inputs have no known price there.

use super::{ChatPrice, Currency, Rate, Tier};

/// The lists for mainland China.
pub(super) const CHINA: &[ChatPrice] = &[
    ChatPrice {
        model: "qwen3.7-max",
        tiers: &[any(12.0, 36.0).implicit(2.4).explicit(15.0, 1.2)],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3.6-plus",
        tiers: &[
            up_to(256 * K, 2.0, 12.0).explicit(2.5, 0.2),
            up_to(MILLION, 8.0, 48.0).explicit(10.0, 0.8),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3.6-flash",
        tiers: &[
            up_to(256 * K, 1.2, 7.2).explicit(1.5, 0.12),
            up_to(MILLION, 4.8, 28.8).explicit(6.0, 0.48),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3.5-plus",
        tiers: &[
            up_to(128 * K, 0.8, 4.8).explicit(1.0, 0.08),
            up_to(256 * K, 2.0, 12.0).explicit(2.5, 0.2),
            up_to(MILLION, 4.0, 24.0).explicit(5.0, 0.4),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3.5-flash",
        tiers: &[
            up_to(128 * K, 0.2, 2.0).explicit(0.25, 0.02),
            up_to(256 * K, 0.8, 8.0).explicit(1.0, 0.08),
            up_to(MILLION, 1.2, 12.0).explicit(1.5, 0.12),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3-max",
        tiers: &[
            up_to(32 * K, 2.5, 10.0).implicit(0.5).explicit(3.125, 0.25),
            up_to(128 * K, 4.0, 16.0).implicit(0.8).explicit(5.0, 0.4),
            up_to(256 * K, 7.0, 28.0).implicit(1.4).explicit(8.75, 0.7),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen-plus",
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
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen-flash",
        tiers: &[
            up_to(128 * K, 0.15, 1.5)
                .implicit(0.03)
                .explicit(0.188, 0.015),
            up_to(256 * K, 0.6, 6.0).implicit(0.12).explicit(0.75, 0.06),
            up_to(MILLION, 1.2, 12.0).implicit(0.24).explicit(1.5, 0.12),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen-turbo",
        tiers: &[any(0.3, 0.6).thinking(3.0).implicit(0.06)],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen-max",
        tiers: &[any(2.4, 9.6).implicit(0.48)],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3-coder-plus",
        tiers: &[
            up_to(32 * K, 4.0, 16.0).implicit(0.8).explicit(5.0, 0.4),
            up_to(128 * K, 6.0, 24.0).implicit(1.2).explicit(7.5, 0.6),
            up_to(256 * K, 10.0, 40.0).implicit(2.0).explicit(12.5, 1.0),
            up_to(MILLION, 20.0, 200.0)
                .implicit(4.0)
                .explicit(25.0, 2.0),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3-coder-flash",
        tiers: &[
            up_to(32 * K, 1.0, 4.0).implicit(0.2).explicit(1.25, 0.1),
            up_to(128 * K, 1.5, 6.0).implicit(0.3).explicit(1.875, 0.15),
            up_to(256 * K, 2.5, 10.0)
                .implicit(0.5)
                .explicit(3.125, 0.25),
            up_to(MILLION, 5.0, 25.0).implicit(1.0).explicit(6.25, 0.5),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3-coder-next",
        tiers: &[
            up_to(32 * K, 1.0, 4.0),
            up_to(128 * K, 1.5, 6.0),
            up_to(256 * K, 2.5, 10.0),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3-vl-plus",
        tiers: &[
            up_to(32 * K, 1.0, 10.0).implicit(0.2).explicit(1.25, 0.1),
            up_to(128 * K, 1.5, 15.0)
                .implicit(0.3)
                .explicit(1.875, 0.15),
            up_to(256 * K, 3.0, 30.0).implicit(0.6).explicit(3.75, 0.3),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwen3-vl-flash",
        tiers: &[
            up_to(32 * K, 0.15, 1.5)
                .implicit(0.03)
                .explicit(0.1875, 0.015),
            up_to(128 * K, 0.3, 3.0)
                .implicit(0.06)
                .explicit(0.375, 0.03),
            up_to(256 * K, 0.6, 6.0).implicit(0.12).explicit(0.75, 0.06),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "glm-5.1",
        tiers: &[
            up_to(32 * K, 6.0, 24.0).implicit(1.2).explicit(7.5, 0.6),
            up_to(200 * K, 8.0, 28.0).implicit(1.6).explicit(10.0, 0.8),
        ],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "kimi-k2.6",
        tiers: &[any(6.5, 27.0).implicit(1.3).explicit(8.125, 0.65)],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "deepseek-v4-pro",
        tiers: &[any(12.0, 24.0).implicit(1.0)],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "deepseek-v4-flash",
        tiers: &[any(1.0, 2.0).implicit(0.2)],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "deepseek-v3.2",
        tiers: &[any(2.0, 3.0).implicit(0.4).explicit(2.5, 0.2)],
        ..CHINA_LIST
    },
    ChatPrice {
        model: "qwq-plus",
        tiers: &[any(1.6, 4.0)],
        ..CHINA_LIST
    },
];

/// The lists for everywhere else.
pub(super) const GLOBAL: &[ChatPrice] = &[
    ChatPrice {
        model: "qwen3.7-max",
        tiers: &[any(2.5, 7.5).implicit(0.5).write(3.125)],
        ..GLOBAL_LIST
    },
    ChatPrice {
        model: "qwen3.7-plus",
        tiers: &[
            up_to(256_000, 0.5, 3.0).explicit(0.625, 0.05),
            up_to(MILLION, 2.0, 6.0).explicit(2.5, 0.2),
        ],
        ..GLOBAL_LIST
    },
    ChatPrice {
        model: "qwen-plus",
        tiers: &[up_to(128 * K, 0.4, 1.2).thinking(4.0)],
        ..GLOBAL_LIST
    },
    ChatPrice {
        model: "qwen3-max",
        tiers: &[up_to(32 * K, 1.2, 6.0)],
        ..GLOBAL_LIST
    },
    ChatPrice {
        model: "qwen3-vl-plus",
        tiers: &[up_to(32 * K, 0.2, 1.6).thinking(4.8)],
        ..GLOBAL_LIST
    },
    ChatPrice {
        model: "qwen3-coder-plus",
        tiers: &[up_to(32 * K, 1.0, 5.0)],
        ..GLOBAL_LIST
    },
];

const K: u64 = 1_024;

const MILLION: u64 = 1_000_000;

const CHINA_LIST: ChatPrice = ChatPrice {
    model: "",
    currency: Currency::Cny,
    tiers: &[],
    source: "help.aliyun.com model-studio model-pricing",
    as_of: "2026-05-27",
};

const GLOBAL_LIST: ChatPrice = ChatPrice {
    model: "",
    currency: Currency::Usd,
    tiers: &[],
    source: "models.dev",
    as_of: "2026-07-02",
};

const fn up_to(limit: u64, input: f64, output: f64) -> Tier {
    Tier {
        up_to: Some(limit),
        ..any(input, output)
    }
}

const fn any(input: f64, output: f64) -> Tier {
    Tier {
        up_to: None,
        input: Rate::of(input),
        output: Rate::of(output),
        thinking_output: None,
        implicit_hit: None,
        explicit_write: None,
        explicit_read: None,
    }
}

impl Tier {
    const fn thinking(self, output: f64) -> Self {
        Self {
            thinking_output: Some(Rate::of(output)),
            ..self
        }
    }

    const fn implicit(self, hit: f64) -> Self {
        Self {
            implicit_hit: Some(Rate::of(hit)),
            ..self
        }
    }

    const fn explicit(self, write: f64, read: f64) -> Self {
        Self {
            explicit_read: Some(Rate::of(read)),
            ..self.write(write)
        }
    }

    const fn write(self, write: f64) -> Self {
        Self {
            explicit_write: Some(Rate::of(write)),
            ..self
        }
    }
}
