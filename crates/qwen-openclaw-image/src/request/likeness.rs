//! Whether a task that the service tells of was asked for by a request.

use qwen_openclaw_catalog::image::ImageSize;
use qwen_openclaw_tasks::{Likeness, TaskReport};
use serde_json::Value;

use crate::usage::{self, ImageUsage};

/// Compares the prompt, and what was counted of a task that is done: the number of images and their
/// size. Some models do not tell the prompt.
pub(crate) fn likeness(body: &Value, report: &TaskReport) -> Likeness {
    if counted_otherwise(body, report) {
        return Likeness::Other;
    }
    let asked = body.pointer("/input/prompt").and_then(Value::as_str);
    let results = report.output.get("results").and_then(Value::as_array);
    let mut told = results.into_iter().flatten();
    let told = told.find_map(|result| result.get("orig_prompt"));
    let told = told.or_else(|| report.output.get("orig_prompt"));
    Likeness::of_prompts(asked, told.and_then(Value::as_str), is_all_words(body))
}

/// Whether a request is its prompt, but for what a batch of requests has in common.
fn is_all_words(body: &Value) -> bool {
    let input = body.get("input").and_then(Value::as_object);
    input.is_some_and(|input| input.keys().all(|name| name == "prompt"))
        && body.pointer("/parameters/seed").is_none()
}

fn counted_otherwise(body: &Value, report: &TaskReport) -> bool {
    let asked = usage::number(body.pointer("/parameters/n"));
    let metrics = report.output.get("task_metrics");
    let total = usage::number(metrics.and_then(|metrics| metrics.get("TOTAL")));
    let counted = report.usage.as_ref().and_then(ImageUsage::of);
    if let Some(asked) = asked {
        // Some may have failed.
        let more = counted.is_some_and(|counted| u64::from(counted.images) > asked);
        if more || total.is_some_and(|total| total != asked) {
            return true;
        }
    }
    let pixels = |value: Option<&Value>| match value?.as_str()?.parse().ok()? {
        ImageSize::Pixels(size) => Some(size),
        _ => None,
    };
    let size = report.usage.as_ref().and_then(|usage| usage.get("size"));
    let sizes = (pixels(body.pointer("/parameters/size")), pixels(size));
    matches!(sizes, (Some(asked), Some(told)) if asked != told)
}
