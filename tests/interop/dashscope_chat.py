"""Chats of the `dashscope` SDK against the emulator, each with what must come of it.

Started by dashscope_chat.sh. DASHSCOPE_HTTP_BASE_URL is an emulator without faults; the arguments
are the base URLs of one whose streams end in an error and one that throttles the first chat.
"""

import asyncio
import base64
import json
import os
import struct
import sys
import tempfile
import zlib

import dashscope
from dashscope import AioGeneration, Generation, Models, MultiModalConversation, Tokenization
from dashscope.api_entities.aio_session import close_shared_aio_session

PLAIN = os.environ["DASHSCOPE_HTTP_BASE_URL"]
BROKEN, THROTTLED = sys.argv[1:]
TEXT, VISION, THINKING = "qwen-plus", "qwen3-vl-plus", "qwen3.7-max"
SUM = [{"role": "user", "content": "What is 2+2?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def step(text):
    print(f"  {text}")


def good(answer):
    assert answer.status_code == 200 and answer.request_id, answer
    usage = answer.usage
    assert usage["input_tokens"] + usage["output_tokens"] == usage["total_tokens"], usage
    return answer


def refused(answer, status, code, message):
    assert (answer.status_code, answer.code) == (status, code), answer
    assert message in answer.message, answer


def png(width, height):
    """A real picture, all black."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# Generation.call, whole
assert dashscope.base_http_api_url == PLAIN
plain = good(Generation.call(model=TEXT, prompt="What is 2+2?"))
assert plain.output.choices is None and plain.output.finish_reason == "stop", plain
answer = plain.output.text
assert "2+2 = 4" in answer, answer
message = good(Generation.call(model=TEXT, messages=SUM, result_format="message"))
assert message.output.text is None, message
assert message.output.choices[0].message.content == answer, message
assert message.output.choices[0].finish_reason == "stop", message
assert message.usage == plain.usage, message
step("Generation.call: text and message")

# streams: cumulative, incremental, and incremental made cumulative by the SDK
frames = [good(f) for f in Generation.call(model=TEXT, messages=SUM, result_format="message", stream=True)]
texts = [f.output.choices[0].message.content for f in frames]
assert len(texts) > 5 and texts[-1] == answer, texts
assert all(after.startswith(before) for before, after in zip(texts, texts[1:])), texts
assert [f.output.choices[0].finish_reason for f in frames] == ["null"] * (len(frames) - 1) + ["stop"]
assert frames[-1].usage == message.usage and frames[0].usage["output_tokens"] == 1, frames[0]
for wanted in (True, False):
    frames = [
        good(f)
        for f in Generation.call(
            model=TEXT, messages=SUM, result_format="message", stream=True, incremental_output=wanted
        )
    ]
    pieces = [f.output.choices[0].message.content for f in frames]
    assert ("".join(pieces) if wanted else pieces[-1]) == answer, pieces
    assert len(pieces) > 5, pieces
step("Generation.call: streams, cumulative and incremental")

# reasoning
frames = [
    good(f)
    for f in Generation.call(
        model=TEXT,
        messages=SUM,
        result_format="message",
        stream=True,
        incremental_output=True,
        enable_thinking=True,
        thinking_budget=20,
    )
]
messages = [f.output.choices[0].message for f in frames]
thoughts = "".join(m["reasoning_content"] for m in messages)
assert thoughts.startswith("The user wrote 3 words"), thoughts
assert "".join(m.content for m in messages) == answer
assert frames[-1].usage["output_tokens_details"]["reasoning_tokens"] == 20, frames[-1].usage
whole = good(Generation.call(model=THINKING, messages=SUM))
assert whole.output.choices[0].message.reasoning_content.startswith("The user wrote"), whole
step("Generation.call: reasoning")

# tools, until the answer is a text
ask = {"result_format": "message", "tools": [WEATHER]}
talk = [{"role": "user", "content": "What is the weather in Ulm?"}]
called = good(Generation.call(model=TEXT, messages=talk, **ask)).output.choices[0]
assert called.finish_reason == "tool_calls", called
call = called.message.tool_calls[0]
assert call["function"]["name"] == "get_weather" and call["type"] == "function", call
assert json.loads(call["function"]["arguments"]) == {"city": "Ulm"}, call
talk += [called.message, {"role": "tool", "tool_call_id": call["id"], "content": "12 C, clear"}]
told = good(Generation.call(model=TEXT, messages=talk, **ask)).output.choices[0]
assert told.finish_reason == "stop" and "12 C, clear" in told.message.content, told
for wanted in (None, True, False):
    frames = Generation.call(model=TEXT, messages=talk[:1], stream=True, incremental_output=wanted, **ask)
    frames = [good(f).output.choices[0] for f in frames]
    assert frames[-1].finish_reason == "tool_calls", frames[-1]
    calls = [f.message.tool_calls[0]["function"] for f in frames if "tool_calls" in f.message]
    arguments = "".join(c["arguments"] for c in calls) if wanted else calls[-1]["arguments"]
    assert json.loads(arguments) == {"city": "Ulm"}, calls
    assert calls[0]["name"] == "get_weather", calls
step("Generation.call: a tool, its result, and streams of calls")

# more of the parameters
several = good(Generation.call(model="qwen3-max", messages=SUM, n=3))
assert [choice.index for choice in several.output.choices] == [0, 1, 2], several
short = good(Generation.call(model=TEXT, messages=SUM, result_format="message", max_tokens=5))
assert short.output.choices[0].finish_reason == "length" and short.usage["output_tokens"] == 5, short
cut = good(Generation.call(model=TEXT, messages=SUM, stop=["="], enable_search=True, seed=7))
assert cut.output.text.endswith("2+2 "), cut
typed = good(
    Generation.call(
        model=TEXT,
        messages=[{"role": "user", "content": "Who lives in Kyiv? As JSON with the keys name and city"}],
        result_format="message",
        response_format={"type": "json_object"},
    )
)
assert json.loads(typed.output.choices[0].message.content) == {"name": "Kyiv", "city": "Kyiv"}, typed
chances = good(Generation.call(model=TEXT, messages=SUM, result_format="message", logprobs=True, top_logprobs=2))
first = chances.output.choices[0]["logprobs"]["content"][0]
assert answer.startswith(first["token"]) and len(first["top_logprobs"]) == 2, first
step("Generation.call: n, max_tokens, stop, response_format, logprobs")


async def asynchronous():
    whole = good(await AioGeneration.call(model=TEXT, messages=SUM, result_format="message"))
    assert whole.output.choices[0].message.content == answer, whole
    frames = await AioGeneration.call(
        model=TEXT, messages=SUM, result_format="message", stream=True, incremental_output=True
    )
    pieces = [good(f).output.choices[0].message.content async for f in frames]
    assert "".join(pieces) == answer, pieces
    await close_shared_aio_session()


asyncio.run(asynchronous())
step("AioGeneration.call: whole and stream")


# MultiModalConversation.call
def about(picture):
    return [{"role": "user", "content": [{"image": picture}, {"text": "What is this?"}]}]


def said(answer):
    return answer.output.choices[0].message.content[0]["text"]


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a cat.png")
    with open(path, "wb") as file:
        file.write(png(64, 48))
    inline = "data:image/png;base64," + base64.b64encode(png(64, 48)).decode()
    for picture, tells in (
        ("https://example.com/cat.png", "an image at https://example.com/cat.png"),
        (inline, "a PNG image of 64×48 pixels"),
        ("file://" + path, "an image at oss://dashscope-instant/"),
    ):
        seen = good(MultiModalConversation.call(model=VISION, messages=about(picture)))
        assert tells in said(seen), seen
        assert seen.usage["image_tokens"] == seen.usage["input_tokens_details"]["image_tokens"] > 0, seen
        for wanted in (None, True, False):
            frames = MultiModalConversation.call(
                model=VISION, messages=about(picture), stream=True, incremental_output=wanted
            )
            frames = [good(f) for f in frames]
            pieces = [said(f) for f in frames if f.output.choices[0].message.content]
            if wanted is not False:
                assert tells in "".join(pieces) and frames[-1].output.choices[0].message.content == [], pieces
            else:
                assert tells in pieces[-1], pieces
            assert frames[-1].output.choices[0].finish_reason == "stop", frames[-1]
step("MultiModalConversation.call: URL, data and file, whole and streams")

thought = list(
    MultiModalConversation.call(
        model=VISION, messages=about(inline), stream=True, incremental_output=True, enable_thinking=True
    )
)
assert "".join(f.output.choices[0].message.reasoning_content for f in thought).startswith("The user wrote")
called = good(MultiModalConversation.call(model="qwen3.7-plus", messages=talk[:1], tools=[WEATHER]))
assert called.output.choices[0].message.tool_calls[0]["function"]["name"] == "get_weather", called
step("MultiModalConversation.call: reasoning, a tool")

# Tokenization.call
tokens = Tokenization.call(model=TEXT, messages=SUM)
assert tokens.status_code == 200, tokens
assert tokens.usage["input_tokens"] == message.usage["input_tokens"], tokens
assert len(tokens.output["token_ids"]) == len(tokens.output["tokens"]) == tokens.usage["input_tokens"]
assert "What is 2+2?" in "".join(tokens.output["tokens"]), tokens
step("Tokenization.call: as many tokens as the usage says")

# Models
pages = Models.list(page=2, page_size=5).output
assert pages["page_no"] == 2 and len(pages["models"]) == 5 and pages["total"] > 20, pages
assert Models.get(TEXT).output["model"] == TEXT
assert Models.get("qwen0").status_code == 404
step("Models: list and get")

# the SDK's second client
client = dashscope.Client(api_key="sk-test", base_url=PLAIN)
whole = client.chat.completions.create(model=TEXT, messages="What is 2+2?")
assert whole.choices[0].message.content == answer and whole.usage.total_tokens > 90, whole
chunks = list(client.chat.completions.create(model=TEXT, messages="What is 2+2?", stream=True))
assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == answer, len(chunks)
assert chunks[-1].choices[0].finish_reason == "stop", chunks[-1]
called = client.chat.completions.create(model=TEXT, messages=talk[:1], tools=[WEATHER]).choices[0].message
assert called.tool_calls[0].function.name == "get_weather", called
picture = [{"type": "image", "url": inline}, {"type": "text", "text": "What is this?"}]
seen = client.multimodal.chat.create(model=VISION, messages=[{"role": "user", "content": picture}])
assert "a PNG image of 64×48 pixels" in seen.choices[0].message.content, seen
count = client.tokenization.count(model=TEXT, messages="What is 2+2?")
assert count.input_tokens == whole.usage.input_tokens == len(count.tokens), count
assert client.models.get("glm-5.2").open_source and client.models.list(page_size=3).total_count > 20
step("the second client: chat, multimodal, tokenization, models")

# refusals, whole and as a stream
for stream in (False, True):

    def ask_for(**call):
        answers = Generation.call(stream=stream, **call)
        return next(iter(answers)) if stream else answers

    refused(ask_for(model="qwen0", messages=SUM), 404, "ModelNotFound", "`qwen0` does not exist")
    refused(ask_for(model=VISION, messages=SUM), 400, "InvalidParameter", "url error, please check url")
    refused(ask_for(model=TEXT, messages=SUM, temperature=2.0), 400, "InvalidParameter", "[0.0, 2.0)")
    refused(ask_for(model=TEXT, messages=SUM, api_key="sk-sp-1"), 401, "InvalidApiKey", "Invalid API-key")
refused(
    next(iter(Generation.call(model=TEXT, messages=SUM, result_format="message", stream=True, enable_thinking=True))),
    400,
    "InvalidParameter",
    'incremental_output parameter must be "true"',
)
step("refusals")

# faults: an error inside a stream, and a 429
dashscope.base_http_api_url = BROKEN
frames = list(
    Generation.call(model=TEXT, messages=SUM, result_format="message", stream=True, incremental_output=True)
)
assert [f.status_code for f in frames] == [200, 200, 200, 400], len(frames)
pieces = [f.output.choices[0].message.content for f in frames[:-1]]
assert answer.startswith("".join(pieces)) and all(pieces), pieces
refused(frames[-1], 400, "DataInspectionFailed", "inappropriate content")
dashscope.base_http_api_url = THROTTLED
refused(Generation.call(model=TEXT, messages=SUM), 429, "Throttling.RateQuota", "limit exceeded")
good(Generation.call(model=TEXT, messages=SUM))
step("an error inside a stream, a throttled chat")
