//! Whether a task that the service tells of was asked for by a request.

use serde_json::{Map, Value};

use qwen_openclaw_tasks::{Likeness, TaskReport};

/// Lengths are told as counted, `5.02` for instance.
const SECONDS_APART: f64 = 1.0;

/// Compares the prompt, and what was counted of a video that is done: length, size, resolution.
pub(crate) fn likeness(body: &Value, report: &TaskReport) -> Likeness {
    let usage = report.usage.as_ref().and_then(Value::as_object);
    let parameters = body.get("parameters").and_then(Value::as_object);
    if let (Some(parameters), Some(usage)) = (parameters, usage)
        && counted_otherwise(parameters, usage)
    {
        return Likeness::Other;
    }
    let asked = body.pointer("/input/prompt").and_then(Value::as_str);
    let told = report.output.get("orig_prompt").and_then(Value::as_str);
    Likeness::of_prompts(asked, told, is_all_words(body))
}

/// Whether a request is its prompt, but for what a batch of requests has in common.
fn is_all_words(body: &Value) -> bool {
    let input = body.get("input").and_then(Value::as_object);
    input.is_some_and(|input| input.keys().all(|name| name == "prompt"))
        && body.pointer("/parameters/seed").is_none()
}

fn counted_otherwise(parameters: &Map<String, Value>, usage: &Map<String, Value>) -> bool {
    // What went in may be counted too.
    let all = number(usage.get("input_video_duration")).is_none_or(|seconds| seconds == 0.0);
    let seconds = number(usage.get("output_video_duration"))
        .or_else(|| number(usage.get("video_duration")))
        .or_else(|| number(usage.get("duration")).filter(|_| all));
    let seconds = seconds.filter(|seconds| *seconds > 0.0);
    let seconds = (number(parameters.get("duration")), seconds);
    if let (Some(asked), Some(counted)) = seconds
        && (asked - counted).abs() > SECONDS_APART
    {
        return true;
    }
    let differs = |asked: Option<Vec<u64>>, told: Option<Vec<u64>>| matches!((asked, told), (Some(asked), Some(told)) if asked != told);
    differs(
        numbers(parameters.get("size"), 2),
        numbers(usage.get("size"), 2),
    ) || differs(
        numbers(parameters.get("resolution"), 1),
        numbers(usage.get("SR"), 1),
    )
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The numbers in `1280*720`, `720P` or `720`, if there are so many.
fn numbers(value: Option<&Value>, count: usize) -> Option<Vec<u64>> {
    let text = match value? {
        Value::String(text) => text.clone(),
        // `720.0` is written without a fraction too.
        Value::Number(number) => format!("{:.0}", number.as_f64()?),
        _ => return None,
    };
    let parts = text.split(|c: char| !c.is_ascii_digit());
    let parts = parts.filter(|part| !part.is_empty()).map(str::parse);
    let numbers: Vec<u64> = parts.collect::<Result<_, _>>().ok()?;
    (numbers.len() == count).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(body: &Value, output: Value, usage: Value) -> Likeness {
        likeness(
            body,
            &TaskReport::of(&json!({"output": output, "usage": usage})),
        )
    }

    #[test]
    fn prompts_are_compared_and_a_lack_of_them_tells_nothing() {
        let body = json!({"input": {"prompt": "a cat on a roof"}, "parameters": {}});
        for (told, expected) in [
            (json!("a cat on a roof"), Likeness::Same),
            (json!(" a cat\n on a roof"), Likeness::Same),
            (json!("a dog"), Likeness::Other),
            (json!("a cat on a roof, asleep"), Likeness::Other),
            // It may have been cut.
            (json!("a cat on"), Likeness::Untold),
            (json!(""), Likeness::Untold),
            (Value::Null, Likeness::Untold),
            (json!(7), Likeness::Untold),
        ] {
            let output = json!({ "orig_prompt": told });
            assert_eq!(of(&body, output, Value::Null), expected, "{told}");
        }
        let silent = json!({"input": {"img_url": "https://a/b.png"}, "parameters": {}});
        for told in [json!("a cat"), Value::Null] {
            let output = json!({ "orig_prompt": told });
            assert_eq!(of(&silent, output, Value::Null), Likeness::Untold);
        }
    }

    #[test]
    fn the_same_words_with_more_to_them_may_be_anybodys() {
        for body in [
            json!({"input": {"prompt": "move", "img_url": "https://a/b.png"}}),
            json!({"input": {"prompt": "move", "media": []}}),
            json!({"input": {"prompt": "move", "negative_prompt": "blur"}}),
            json!({"input": {"prompt": "move"}, "parameters": {"seed": 7}}),
        ] {
            let said = |told: &str| of(&body, json!({ "orig_prompt": told }), Value::Null);
            assert_eq!(said("move"), Likeness::Untold, "{body}");
            assert_eq!(said("stay"), Likeness::Other, "{body}");
        }
    }

    #[test]
    fn what_was_counted_must_be_what_was_asked_for() {
        let asked = |parameters: Value| json!({"input": {"prompt": "p"}, "parameters": parameters});
        for (parameters, usage, expected) in [
            (
                json!({"duration": 5}),
                json!({"duration": 5}),
                Likeness::Same,
            ),
            (
                json!({"duration": 5}),
                json!({"duration": "5.04"}),
                Likeness::Same,
            ),
            (
                json!({"duration": 5}),
                json!({"duration": 10}),
                Likeness::Other,
            ),
            (
                json!({"duration": 5}),
                json!({"video_duration": 10.0}),
                Likeness::Other,
            ),
            (
                json!({"duration": 5}),
                json!({"video_duration": 0, "SR": 720}),
                Likeness::Same,
            ),
            // Input and output together.
            (
                json!({"duration": 5}),
                json!({"duration": 10, "input_video_duration": 5, "output_video_duration": 5}),
                Likeness::Same,
            ),
            (
                json!({"duration": 5}),
                json!({"duration": 10, "input_video_duration": 5}),
                Likeness::Same,
            ),
            (
                json!({"size": "1280*720"}),
                json!({"size": "1280*720"}),
                Likeness::Same,
            ),
            (
                json!({"size": "1280*720"}),
                json!({"size": "1280x720"}),
                Likeness::Same,
            ),
            (
                json!({"size": "1280*720"}),
                json!({"size": "720*1280"}),
                Likeness::Other,
            ),
            (
                json!({"resolution": "720P"}),
                json!({"SR": 720}),
                Likeness::Same,
            ),
            (
                json!({"resolution": "720P"}),
                json!({"SR": "720"}),
                Likeness::Same,
            ),
            (
                json!({"resolution": "720P"}),
                json!({"SR": 1080.0}),
                Likeness::Other,
            ),
            (
                json!({"resolution": "2K"}),
                json!({"SR": {}}),
                Likeness::Same,
            ),
            (json!({}), json!([]), Likeness::Same),
        ] {
            let output = json!({"orig_prompt": "p"});
            let said = of(&asked(parameters.clone()), output, usage.clone());
            assert_eq!(said, expected, "{parameters} {usage}");
        }
    }
}
