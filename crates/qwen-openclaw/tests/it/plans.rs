//! What the catalog knows of a plan, and what it does not.

use qwen_openclaw::{
    ErrorKind, Qwen, RouteWarning,
    catalog::{Level, Plan},
    chat::RequestNote,
};

fn coding_plan() -> Qwen {
    let builder = Qwen::builder().api_key("sk-sp-0123456789abcdef");
    builder.plan(Plan::Coding).build().unwrap()
}

#[tokio::test]
async fn only_what_is_certain_is_refused() {
    let qwen = coding_plan();
    // `notes` resolves a request as `send` does, and sends nothing.
    let certain = qwen.chat("qwen3.6-flash").user("hi");
    let error = certain.notes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(
        error
            .to_string()
            .contains("is not offered on the Coding Plan"),
        "{error}"
    );
    assert_eq!(certain.force().notes().await.unwrap(), []);

    let disputed = qwen.chat("qwen3.6-plus").user("hi");
    assert_eq!(disputed.notes().await.unwrap(), []);
    let route = qwen.route("qwen3.6-plus").await.unwrap();
    assert!(matches!(
        route.warnings()[..],
        [RouteWarning::MayLackModel(_)]
    ));
    let unknown = qwen.chat("qwen9-max").user("hi");
    assert_eq!(unknown.notes().await.unwrap(), []);
}

#[tokio::test]
async fn notes_are_those_of_the_endpoint_and_its_model() {
    let qwen = coding_plan();
    let chat = qwen.chat("MiniMax-M2.5").user("hi").think(Level::Off);
    assert_eq!(chat.notes().await.unwrap(), [RequestNote::AlwaysThinks]);
}
