"""`images.generate` of the `openai` SDK against the emulator, with what must come of it.

Started by images.sh. OPENAI_BASE_URL is the emulator's OpenAI-compatible API.
"""

import openai
from openai import OpenAI

from png import png

client = OpenAI(max_retries=0)


def step(text):
    print(f"  {text}")


# text to image
made = client.images.generate(model="qwen-image-3.0", prompt="a red crane", n=2, size="1328x1328")
assert made.created > 1_700_000_000 and len(made.data) == 2, made
assert [png(image.url)[0] for image in made.data] == [(1328, 1328)] * 2
usage = made.usage.model_dump()
assert usage["output_image_count"] == 2 and usage["output_image_type"] == "qima_output_1k", usage
step("images.generate: two pictures")

# what the SDK does not know goes in extra_body; b64_json is ignored
made = client.images.generate(
    model="qwen-image-3.0-pro",
    prompt="make it snow",
    size="auto",
    response_format="b64_json",
    extra_body={
        "image": [made.data[0].url],
        "seed": 7,
        "watermark": True,
        "negative_prompt": "rain",
        "prompt_extend": True,
        "prompt_extend_mode": "direct",
    },
)
assert made.data[0].b64_json is None and png(made.data[0].url)[0] == (2048, 2048), made
assert made.usage.model_dump()["input_image_count"] == 1, made.usage
step("images.generate: a picture edited, by its URL")

# refusals
for call, param in (
    ({"prompt": ""}, "prompt"),
    ({"size": "1328*1328"}, "size"),
    ({"n": 7}, "n"),
    ({"extra_body": {"image": []}}, "image"),
):
    try:
        client.images.generate(**{"model": "qwen-image-3.0", "prompt": "x", **call})
        raise AssertionError(f"{call} was taken")
    except openai.BadRequestError as error:
        assert error.code == "InvalidParameter" and error.param == param, error
        assert error.type == "invalid_request_error" and error.request_id, error
try:
    client.images.generate(model="gpt-image-1", prompt="x")
    raise AssertionError("an unknown model was taken")
except openai.NotFoundError as error:
    assert error.code == "model_not_found", error
step("refusals, with the field in param")
