//! The rows of the image catalog.

use super::{
    Form, ImageModel, ImageSize, Images, RequestRate, Size,
    SizeClass::{K1, K2, K4},
    Sizes,
    price::{
        BASIC, EDIT, FLASH, IMAGE_2, IMAGE_2_PRO, IMAGE_3, IMAGE_3_PRO, PLUS, PRO, WAN, WAN_PRO,
        Z_TURBO,
    },
};

/// Every model, default first.
pub(super) const ALL: &[ImageModel] = &[
    third("qwen-image-3.0", IMAGE_3),
    third("qwen-image-3.0-pro", IMAGE_3_PRO),
    ImageModel {
        rate: rate(2, 1),
        prices: IMAGE_2,
        ..second("qwen-image-2.0")
    },
    ImageModel {
        rate: rate(2, 60),
        prices: IMAGE_2_PRO,
        ..second("qwen-image-2.0-pro")
    },
    ImageModel {
        rate: rate(2, 60),
        prices: PRO,
        ..first("qwen-image-max")
    },
    ImageModel {
        form: Form::PromptTask,
        rate: rate(2, 1),
        prices: PLUS,
        ..first("qwen-image-plus")
    },
    ImageModel {
        form: Form::PromptTask,
        prices: BASIC,
        ..first("qwen-image")
    },
    ImageModel {
        prices: PRO,
        ..edit("qwen-image-edit-max")
    },
    ImageModel {
        prices: PLUS,
        ..edit("qwen-image-edit-plus")
    },
    ImageModel {
        sizes: Sizes::FollowsImage,
        sizes_with_images: Sizes::FollowsImage,
        max_count: Some(1),
        prices: EDIT,
        ..edit("qwen-image-edit")
    },
    ImageModel {
        rate: rate(5, 1),
        ..wan_2_7("wan2.7-image")
    },
    ImageModel {
        sizes: Sizes::Classes(&[K1, K2, K4]),
        prices: WAN_PRO,
        ..wan_2_7("wan2.7-image-pro")
    },
    ImageModel {
        rate: rate(1, 1),
        prompt_limit: Some(2_100),
        prices: WAN,
        ..wan_text("wan2.6-t2i")
    },
    ImageModel {
        images: Images::of(1, 4),
        sizes: Sizes::Classes(&[K1, K2]),
        sizes_with_images: Sizes::Classes(&[K1, K2]),
        default_size: None,
        prompt_limit: Some(2_000),
        prices: WAN,
        ..wan_text("wan2.6-image")
    },
    ImageModel {
        form: Form::PromptTask,
        ..wan_prompt("wan2.5-t2i-preview")
    },
    // Documented for Wan: up to three images. What else it takes is not.
    ImageModel {
        form: Form::EditTask,
        images: Images::of(1, 3),
        sizes: Sizes::Unknown,
        sizes_with_images: Sizes::Unknown,
        default_size: None,
        max_count: None,
        default_count: None,
        ..wan_prompt("wan2.5-i2i-preview")
    },
    ImageModel {
        prices: FLASH,
        ..wan_2_2("wan2.2-t2i-flash")
    },
    wan_2_2("wan2.2-t2i-plus"),
    ImageModel {
        prompt_extend: Some(true),
        prices: Z_TURBO,
        ..bare("z-image-turbo", Form::Messages)
    },
];

const LISTED: Sizes = Sizes::Listed(&[
    Size::new(1_664, 928),
    Size::new(1_472, 1_104),
    Size::new(1_328, 1_328),
    Size::new(1_104, 1_472),
    Size::new(928, 1_664),
]);

/// The negative prompt of all models but 3.0.
const NEGATIVE_LIMIT: Option<u32> = Some(500);

const fn area(min_side: u64, max_side: u64, max_ratio: Option<u32>, auto: bool) -> Sizes {
    Sizes::Area {
        min: min_side * min_side,
        max: max_side * max_side,
        max_ratio,
        auto,
    }
}

const fn rate(requests: u32, seconds: u32) -> Option<RequestRate> {
    Some(RequestRate { requests, seconds })
}

const fn pixels(width: u32, height: u32) -> Option<ImageSize> {
    Some(ImageSize::Pixels(Size::new(width, height)))
}

/// A model of which nothing is known but its form.
const fn bare(id: &'static str, form: Form) -> ImageModel {
    ImageModel {
        id,
        form,
        images: Images::of(0, 0),
        sizes: Sizes::Unknown,
        sizes_with_images: Sizes::Unknown,
        default_size: None,
        max_count: None,
        default_count: None,
        prompt_limit: None,
        prompt_token_limit: None,
        negative_prompt: None,
        negative_prompt_limit: NEGATIVE_LIMIT,
        seed: None,
        prompt_extend: None,
        watermark: None,
        rate: None,
        prices: None,
    }
}

/// With the switches of the documented examples.
const fn documented(id: &'static str, form: Form) -> ImageModel {
    ImageModel {
        negative_prompt: Some(true),
        seed: Some(true),
        prompt_extend: Some(true),
        watermark: Some(true),
        ..bare(id, form)
    }
}

const fn third(id: &'static str, prices: Option<super::Prices>) -> ImageModel {
    ImageModel {
        images: Images::of(0, 3),
        sizes: area(512, 2_048, Some(8), true),
        sizes_with_images: area(512, 2_048, Some(8), true),
        // The service's own default is not documented. This is the vendor's example, and of the
        // cheaper class.
        default_size: pixels(1_328, 1_328),
        max_count: Some(6),
        prompt_token_limit: Some(4_500),
        negative_prompt_limit: None,
        prices,
        ..documented(id, Form::OpenAi)
    }
}

const fn second(id: &'static str) -> ImageModel {
    ImageModel {
        images: Images::of(0, 3),
        sizes: area(512, 2_048, None, false),
        sizes_with_images: area(512, 2_048, None, false),
        default_size: pixels(2_048, 2_048),
        max_count: Some(6),
        default_count: Some(1),
        prompt_token_limit: Some(1_300),
        ..documented(id, Form::Messages)
    }
}

const fn first(id: &'static str) -> ImageModel {
    ImageModel {
        sizes: LISTED,
        sizes_with_images: LISTED,
        default_size: pixels(1_664, 928),
        max_count: Some(1),
        default_count: Some(1),
        prompt_limit: Some(800),
        ..documented(id, Form::Messages)
    }
}

const fn edit(id: &'static str) -> ImageModel {
    const SIDES: Sizes = Sizes::Sides {
        min: 512,
        max: 2_048,
    };
    ImageModel {
        images: Images::of(1, 3),
        sizes: SIDES,
        sizes_with_images: SIDES,
        max_count: Some(6),
        prompt_limit: Some(800),
        ..documented(id, Form::Messages)
    }
}

const fn wan_2_7(id: &'static str) -> ImageModel {
    ImageModel {
        images: Images::of(0, 9),
        sizes: Sizes::Classes(&[K1, K2]),
        sizes_with_images: Sizes::Classes(&[K1, K2]),
        default_size: Some(ImageSize::Class(K2)),
        max_count: Some(4),
        default_count: Some(1),
        prompt_limit: Some(5_000),
        prices: WAN,
        ..bare(id, Form::MessagesTask)
    }
}

const fn wan_text(id: &'static str) -> ImageModel {
    ImageModel {
        sizes: area(1_280, 1_440, Some(4), false),
        sizes_with_images: area(1_280, 1_440, Some(4), false),
        default_size: pixels(1_280, 1_280),
        max_count: Some(4),
        default_count: Some(4),
        ..bare(id, Form::MessagesTask)
    }
}

const fn wan_prompt(id: &'static str) -> ImageModel {
    ImageModel {
        form: Form::PromptTask,
        prompt_limit: Some(2_000),
        negative_prompt: Some(true),
        seed: Some(true),
        prompt_extend: Some(true),
        watermark: Some(true),
        ..wan_text(id)
    }
}

const fn wan_2_2(id: &'static str) -> ImageModel {
    const SIDES: Sizes = Sizes::Sides {
        min: 512,
        max: 1_440,
    };
    ImageModel {
        sizes: SIDES,
        sizes_with_images: SIDES,
        default_size: pixels(1_024, 1_024),
        prompt_limit: Some(500),
        ..wan_prompt(id)
    }
}
