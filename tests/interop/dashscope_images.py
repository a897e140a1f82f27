"""Image calls of the `dashscope` SDK against the emulator, each with what must come of it.

Started by images.sh. DASHSCOPE_HTTP_BASE_URL is an emulator without faults; the argument is the
base URL of one that lets the results of a task fail after the first.
"""

import os
import sys
import tempfile

import dashscope
from dashscope import ImageSynthesis, MultiModalConversation
from dashscope.aigc.image_generation import ImageGeneration

from png import png

PLAIN = os.environ["DASHSCOPE_HTTP_BASE_URL"]
(PARTLY,) = sys.argv[1:]


def message(text, *images):
    content = [{"image": image} for image in images]
    return [{"role": "user", "content": [*content, {"text": text}]}]


def content(answer):
    """The parts of all messages of an answer, which must be good."""
    assert answer.status_code == 200, answer
    return [part for choice in answer.output.choices for part in choice.message.content]


def step(text):
    print(f"  {text}")


# ImageSynthesis: text to image, in one call
assert dashscope.base_http_api_url == PLAIN
done = ImageSynthesis.call(
    model="wan2.5-t2i-preview",
    prompt="a red crane",
    negative_prompt="people",
    n=2,
    size="1280*1280",
    seed=7,
    watermark=True,
    prompt_extend=True,
)
assert done.status_code == 200 and done.output.task_status == "SUCCEEDED", done
assert done.usage.image_count == 2 and done.output["task_metrics"]["SUCCEEDED"] == 2, done
assert [png(result.url)[0] for result in done.output.results] == [(1280, 1280)] * 2
assert done.output.results[0]["orig_prompt"] == "a red crane", done
step("ImageSynthesis.call: two pictures")

# async_call, fetch, wait, list, cancel
task = ImageSynthesis.async_call(model="qwen-image", prompt="a red crane", size="928*1664")
assert task.status_code == 200 and task.output.task_status == "PENDING", task
assert ImageSynthesis.fetch(task).output.task_status in ("PENDING", "RUNNING")
done = ImageSynthesis.wait(task)
assert done.output.task_status == "SUCCEEDED" and done.usage.image_count == 1, done
assert png(done.output.results[0].url)[0] == (928, 1664)
listed = ImageSynthesis.list(model_name="qwen-image")
assert listed.output["total"] == 1 and listed.output["data"][0]["status"] == "SUCCEEDED", listed
task = ImageSynthesis.async_call(model="wan2.2-t2i-flash", prompt="x")
assert ImageSynthesis.cancel(task).status_code == 200
assert ImageSynthesis.wait(task).output.task_status == "CANCELED"
step("ImageSynthesis.async_call, fetch, wait, list, cancel")

# editing: a file of this machine, and a result of before
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a crane.png")
    with open(path, "wb") as file:
        file.write(png(done.output.results[0].url)[1])
    edited = ImageSynthesis.call(
        model="wan2.5-i2i-preview",
        prompt="make it snow",
        images=["file://" + path, done.output.results[0].url],
        n=1,
    )
    assert edited.output.task_status == "SUCCEEDED", edited
    size = png(edited.output.results[0].url)[0]
    assert size[0] < size[1], size
    edited = ImageSynthesis.call(
        model="wanx2.1-imageedit",
        prompt="make it snow",
        function="description_edit",
        base_image_url="file://" + path,
    )
    assert edited.output.task_status == "SUCCEEDED" and edited.usage.image_count == 1, edited
    step("ImageSynthesis.call: local files edited")

    # MultiModalConversation with image models
    made = MultiModalConversation.call(
        model="qwen-image-max",
        messages=message("a red crane"),
        negative_prompt="people",
        size="1328*1328",
        watermark=False,
        prompt_extend=True,
    )
    assert png(content(made)[0]["image"])[0] == (1328, 1328)
    assert made.usage["width"] == 1328 and made.usage["image_count"] == 1, made.usage
    made = MultiModalConversation.call(
        model="qwen-image-edit-plus",
        messages=message("put them together", "file://" + path, content(made)[0]["image"]),
        n=2,
        size="1024*1024",
    )
    assert [png(part["image"])[0] for part in content(made)] == [(1024, 1024)] * 2
    step("MultiModalConversation.call: qwen-image and its editing")

    # ImageGeneration: at once, as a task, and text and images in turn
    made = ImageGeneration.call(model="wan2.6-t2i", messages=message("a red crane"), n=2)
    assert [png(part["image"])[0] for part in content(made)] == [(1280, 1280)] * 2
    assert made.usage["image_count"] == 2 and made.usage["size"] == "1280*1280", made.usage
    task = ImageGeneration.async_call(
        model="wan2.7-image-pro", messages=message("make it snow", "file://" + path), size="1K"
    )
    assert task.status_code == 200, task
    done = ImageGeneration.wait(task)
    assert done.output["task_status"] == "SUCCEEDED", done
    size = png(content(done)[0]["image"])[0]
    assert size[0] < size[1], size
step("ImageGeneration.call, async_call, wait")
texts, images, last = "", [], None
for event in ImageGeneration.call(
    model="wan2.6-image",
    messages=message("how to fold a crane"),
    stream=True,
    enable_interleave=True,
    max_images=2,
):
    (part,) = content(event)
    texts += part.get("text") or ""
    images += [part["image"]] if part.get("image") else []
    last = event
assert "how to fold a crane" in texts and len(images) == 2, (texts, images)
assert last.output.choices[0].finish_reason == "stop" and last.usage["image_count"] == 2, last
assert png(images[1])[0] == (1280, 1280)
step("ImageGeneration.call: text and images as a stream")

# refusals
wrong = ImageSynthesis.async_call(model="qwen-image", prompt="x", n=2)
assert wrong.status_code == 400 and wrong.message == "num_images_per_prompt must be 1", wrong
wrong = ImageSynthesis.async_call(model="wan0.1-t2i", prompt="x")
assert wrong.status_code == 404 and wrong.code == "ModelNotFound", wrong
wrong = MultiModalConversation.call(model="qwen-image-edit", messages=message("x"))
assert wrong.status_code == 400 and wrong.message == "lack of image or text", wrong
step("refusals")

# the SDK's second client
client = dashscope.Client(api_key="sk-test", base_url=PLAIN)
job = client.images.generate(model="wan2.2-t2i-plus", prompt="a red crane", n=1, size="1024*768")
assert job.status == "SUCCEEDED" and png(job.image_urls[0])[0] == (1024, 768), job
job = client.images.generate(model="wan2.6-t2i", prompt="a red crane", n=1)
assert job.status == "SUCCEEDED" and png(job.image_urls[0])[0] == (1280, 1280), job
step("the second client: images.generate")

# some results of a task fail, and it has succeeded
dashscope.base_http_api_url = PARTLY
done = ImageSynthesis.call(model="wan2.5-t2i-preview", prompt="x", n=3)
assert done.output.task_status == "SUCCEEDED" and done.usage.image_count == 1, done
assert done.output["task_metrics"] == {"TOTAL": 3, "SUCCEEDED": 1, "FAILED": 2}, done
first, *failed = done.output.results
assert png(first.url)[0] == (1280, 1280)
assert [result["code"] for result in failed] == ["InternalError.Timeout"] * 2, failed
step("a task of which some results fail")
