//! JSON schemas of the data types, which the command publishes.

use qwen_openclaw_catalog::{
    AuthChoice, Classification, Compat, Edition, Endpoint, Listing, ModelRef, Provider, Row,
    Thinking, classify, compat, listing, models,
    price::{ChatPrice, Cost, chat},
    video::{self, VideoModel, VideoPrice},
};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::Value;

/// Checks that a value has only fields of its schema, and every required one.
fn check<T: Serialize + JsonSchema>(value: &T) {
    let schema = schema_for!(T).to_value();
    let json = serde_json::to_value(value).unwrap();
    let name = &schema["title"];
    let Value::Object(fields) = &json else {
        assert_eq!(schema["type"], "string", "{name}");
        return;
    };
    let known = schema["properties"].as_object().unwrap();
    for field in fields.keys() {
        assert!(known.contains_key(field), "{name} has no {field}");
    }
    for field in schema["required"].as_array().into_iter().flatten() {
        assert!(
            fields.contains_key(field.as_str().unwrap()),
            "{name} demands {field}"
        );
    }
}

#[test]
fn schemas_match_the_serialized_values() {
    let model = &models(&Provider::QWEN, Edition::Merged)[0];
    let base_url = Endpoint::CodingGlobal.base_url();
    check::<Listing>(&listing(&Provider::QWEN, Edition::Merged, base_url)[0]);
    check::<Row>(&Row::of(model));
    check::<Thinking>(&model.thinking());
    check::<ModelRef>(&ModelRef::parse("qwen/glm-5").unwrap());
    check::<Compat>(&compat("qwen", base_url));
    check::<Classification>(&classify(base_url));
    check::<AuthChoice>(&AuthChoice::all()[0]);
    let prices = chat("qwen-plus", "china".parse().unwrap()).unwrap();
    check::<ChatPrice>(&prices);
    check::<Cost>(&prices.cost(&Default::default()).unwrap());
    let clip = &video::models()[0];
    check::<VideoModel>(clip);
    check::<VideoPrice>(video::price(clip, "global".parse().unwrap()).unwrap());
}
