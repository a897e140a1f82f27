//! What a finished task says it used.

use serde_json::{Value, json};

use super::{
    models::{Frame, Input, Usage},
    request::Order,
};

/// The `usage` of a finished task. Each family of models has fields of its own.
pub(super) fn usage(order: &Order) -> Value {
    let model = order.model;
    let lines = order.tier.lines();
    let (input, output) = (order.input_seconds, order.seconds);
    let mut usage = json!({"video_count": 1});
    match model.usage {
        Usage::V26 | Usage::V26Audio | Usage::V27 => {
            usage["duration"] = (input + output).into();
            usage["input_video_duration"] = input.into();
            usage["output_video_duration"] = output.into();
            usage["SR"] = lines.into();
        }
        Usage::Edit => {
            usage["duration"] = ((input + output) as f64).into();
            usage["input_video_duration"] = (input as f64).into();
            usage["output_video_duration"] = (output as f64).into();
            usage["SR"] = lines.into();
        }
        Usage::V25 => {
            usage["duration"] = output.into();
            usage["SR"] = lines.into();
        }
        Usage::Frames => {
            usage["video_duration"] = output.into();
            usage["SR"] = lines.into();
        }
        Usage::V21 => {
            usage["video_duration"] = output.into();
            usage["video_ratio"] = "standard".into();
        }
    }
    match (model.usage, model.frame) {
        (Usage::V26, Frame::Pixels) => {
            usage["size"] = format!("{}*{}", order.width, order.height).into();
        }
        (Usage::V27, Frame::TierAndRatio) => usage["ratio"] = order.ratio.into(),
        (Usage::V26Audio, _) if model.input == Input::Image => usage["audio"] = order.audio.into(),
        _ => {}
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Region;

    fn used(model: &str, input: Value, parameters: Value) -> Value {
        let body = json!({"model": model, "input": input, "parameters": parameters});
        let frames = model.contains("kf2v");
        usage(&Order::read(&body, Region::China, frames).unwrap())
    }

    #[test]
    fn each_family_has_its_fields() {
        let (text, image) = (
            json!({"prompt": "x"}),
            json!({"img_url": "https://x/1.png"}),
        );
        assert_eq!(
            used(
                "wan2.6-t2v",
                text.clone(),
                json!({"size": "1280*720", "duration": 10})
            ),
            json!({"duration": 10, "size": "1280*720", "input_video_duration": 0,
                "output_video_duration": 10, "video_count": 1, "SR": 720})
        );
        assert_eq!(
            used("wan2.6-i2v-flash", image.clone(), json!({"audio": false})),
            json!({"duration": 5, "input_video_duration": 0, "output_video_duration": 5,
                "video_count": 1, "SR": 1080, "audio": false})
        );
        let references = json!({"prompt": "x", "reference_urls": ["https://x/1.mp4"]});
        assert_eq!(
            used("wan2.6-r2v", references, json!({"size": "720*1280"})),
            json!({"duration": 10, "size": "720*1280", "input_video_duration": 5,
                "output_video_duration": 5, "video_count": 1, "SR": 720})
        );
        assert_eq!(
            used("wan2.7-t2v", text.clone(), json!({"ratio": "1:1"})),
            json!({"duration": 5, "input_video_duration": 0, "output_video_duration": 5,
                "video_count": 1, "SR": 1080, "ratio": "1:1"})
        );
        let frame = json!({"media": [{"type": "first_frame", "url": "https://x/1.png"}]});
        assert!(used("wan2.7-i2v", frame, json!({})).get("ratio").is_none());
        let clip = json!({"media": [{"type": "video", "url": "https://x/1.mp4"}]});
        assert_eq!(
            used("wan2.7-videoedit", clip, json!({})),
            json!({"duration": 10.0, "input_video_duration": 5.0, "output_video_duration": 5.0,
                "video_count": 1, "SR": 1080})
        );
        assert_eq!(
            used("wan2.5-i2v-preview", image, json!({"resolution": "480P"})),
            json!({"duration": 5, "SR": 480, "video_count": 1})
        );
        let first = json!({"first_frame_url": "https://x/1.png"});
        assert_eq!(
            used("wan2.2-kf2v-flash", first, json!({})),
            json!({"video_duration": 5, "SR": 720, "video_count": 1})
        );
        assert_eq!(
            used("wanx2.1-t2v-plus", text, json!({})),
            json!({"video_duration": 5, "video_ratio": "standard", "video_count": 1})
        );
    }
}
