//! What the service says of finished images. Each family of models has a form of its own.

use serde_json::{Value, json};

use super::{models::Family, order::Order};
use crate::chat;

/// The `output` of an answer that comes at once, and of tasks of the newer form.
pub(super) fn output(order: &Order, urls: &[String]) -> Value {
    let choice = |content: Vec<Value>| {
        json!({
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": content},
        })
    };
    match order.model.family {
        Family::Wan26 | Family::Wan27 | Family::OldWan if order.interleaved => {
            let content = story(order, urls).iter().map(Piece::content).collect();
            json!({"choices": [choice(content)], "finished": true})
        }
        Family::Wan26 | Family::Wan27 | Family::OldWan => {
            let choices = urls
                .iter()
                .map(|url| choice(vec![json!({"image": url, "type": "image"})]));
            json!({"choices": choices.collect::<Vec<_>>(), "finished": true})
        }
        family => {
            let mut content: Vec<Value> = urls.iter().map(|url| json!({"image": url})).collect();
            if family == Family::Z {
                content.push(json!({"text": made_of(order)}));
            }
            let mut output = json!({"choices": [choice(content)]});
            if family == Family::Qwen1 {
                output["task_metric"] = metrics(urls.len(), urls.len());
            }
            output
        }
    }
}

/// The `usage` for a number of images.
pub(super) fn usage(order: &Order, images: usize) -> Value {
    let (width, height) = (order.width, order.height);
    match order.model.family {
        Family::OldWan => json!({"image_count": images}),
        Family::Wan26 | Family::Wan27 => {
            let (input, output) = tokens(order, images);
            json!({
                "image_count": images,
                "input_tokens": input,
                "output_tokens": output,
                "size": format!("{width}*{height}"),
                "total_tokens": input + output,
            })
        }
        Family::Qwen3 => classes(order, images),
        Family::Z => {
            let (input, output) = tokens(order, images);
            let mut usage = json!({
                "height": height,
                "image_count": images,
                "input_tokens": input,
                "output_tokens": output,
                "total_tokens": input + output,
                "width": width,
            });
            if order.prompt_extend {
                usage["output_tokens_details"] = json!({"reasoning_tokens": 0});
            }
            usage
        }
        Family::Qwen1 | Family::Qwen2 => {
            json!({"height": height, "image_count": images, "width": width})
        }
    }
}

/// The tokens in and out, of the models that say: text for text, or one for each image of wan2.7.
pub(super) fn tokens(order: &Order, images: usize) -> (usize, usize) {
    match order.model.family {
        Family::Wan26 if order.interleaved => {
            let urls = vec![String::new(); images];
            let pieces = story(order, &urls);
            let tokens = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => chat::count_tokens(text),
                Piece::Image(_) => 0,
            });
            (chat::count_tokens(&order.prompt), tokens.sum())
        }
        Family::Wan27 => (0, images),
        Family::Z if order.prompt_extend => (
            chat::count_tokens(&order.prompt),
            chat::count_tokens(&made_of(order)),
        ),
        _ => (0, 0),
    }
}

/// The `usage` of Qwen-Image 3.0: the classes that have prices.
pub(super) fn classes(order: &Order, images: usize) -> Value {
    let class = |(width, height): (u32, u32)| {
        if u64::from(width) * u64::from(height) <= 2_250_000 {
            "1k"
        } else {
            "2k"
        }
    };
    // That of several images is inferred: the dearest. The size of one elsewhere is not known.
    let inputs = order.inputs.iter().filter_map(|input| input.pixels);
    let input = inputs.map(class).max().unwrap_or("1k");
    json!({
        "output_width": order.width,
        "output_height": order.height,
        "input_image_count": order.inputs.len(),
        "input_image_type": format!("qima_input_{input}"),
        "output_image_count": images,
        "output_image_type": format!("qima_output_{}", class((order.width, order.height))),
    })
}

/// Results of a task of the older form. Those from `urls.len()` on have failed.
pub(super) fn results(order: &Order, urls: &[String], failure: Option<(&str, &str)>) -> Value {
    let mut results: Vec<Value> = urls
        .iter()
        .map(|url| {
            let mut result = json!({"orig_prompt": order.prompt, "url": url});
            if order.prompt_extend {
                result["actual_prompt"] = made_of(order).into();
            }
            result
        })
        .collect();
    if let Some((code, message)) = failure {
        results.resize(order.count, json!({"code": code, "message": message}));
    }
    json!({"results": results, "task_metrics": metrics(order.count, urls.len())})
}

fn metrics(total: usize, succeeded: usize) -> Value {
    json!({"TOTAL": total, "SUCCEEDED": succeeded, "FAILED": total - succeeded})
}

/// What becomes of the prompt.
fn made_of(order: &Order) -> String {
    if order.prompt_extend {
        format!("{}, in every detail", order.prompt)
    } else {
        order.prompt.clone()
    }
}

/// Text or an image.
pub(super) enum Piece<'a> {
    Text(String),
    Image(&'a str),
}

impl Piece<'_> {
    pub(super) fn content(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::Image(url) => json!({"type": "image", "image": url}),
        }
    }
}

/// Text and images in turn: a sentence before each image.
pub(super) fn story<'a>(order: &Order, urls: &'a [String]) -> Vec<Piece<'a>> {
    let pieces = urls.iter().enumerate().flat_map(|(number, url)| {
        let (number, count) = (number + 1, urls.len());
        let sentence = format!("Image {number} of {count}: {}. ", order.prompt);
        [Piece::Text(sentence), Piece::Image(url)]
    });
    pieces.collect()
}
