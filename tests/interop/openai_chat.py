"""OpenAI's Python library against the emulator: chat in each of its forms, and the models."""

import json

import openai
import pydantic

client = openai.OpenAI()
question = [{"role": "user", "content": "What is 6*7?"}]

# Whole.
whole = client.chat.completions.create(model="qwen3.5-plus", messages=question)
message = whole.choices[0].message
assert "6*7 = 42" in message.content and whole.choices[0].finish_reason == "stop", whole
assert message.model_extra["reasoning_content"], whole
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens, whole.usage
assert whole.usage.completion_tokens_details.reasoning_tokens > 0, whole.usage

# A stream has the same text and usage, and reasoning of its own.
stream = client.chat.completions.create(
    model="qwen3.5-plus", messages=question, stream=True, stream_options={"include_usage": True}
)
chunks = list(stream)
deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
text = "".join(delta.content or "" for delta in deltas)
assert text == message.content and len(chunks) > 5, text
assert any((delta.model_extra or {}).get("reasoning_content") for delta in deltas)
assert chunks[-1].usage == whole.usage, chunks[-1]

# Thinking is switched off by a field that the library does not know.
plain = client.chat.completions.create(
    model="qwen3.5-plus", messages=question, extra_body={"enable_thinking": False}
)
assert "reasoning_content" not in (plain.choices[0].message.model_extra or {}), plain

# A tool loop.
tools = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        },
    }
]
messages = [{"role": "user", "content": "How is the weather in Kyiv?"}]
asked = client.chat.completions.create(model="qwen3-max", messages=messages, tools=tools)
(call,) = asked.choices[0].message.tool_calls
assert asked.choices[0].finish_reason == "tool_calls", asked
assert call.function.name == "get_weather" and json.loads(call.function.arguments) == {"city": "Kyiv"}, call
messages += [
    asked.choices[0].message,
    {"role": "tool", "tool_call_id": call.id, "content": "12 degrees and rain"},
]
told = client.chat.completions.create(model="qwen3-max", messages=messages, tools=tools)
assert told.choices[0].message.tool_calls is None and "12 degrees and rain" in told.choices[0].message.content

# The same call in a stream, put together by the library.
with client.chat.completions.stream(model="qwen3-max", messages=messages[:1], tools=tools) as events:
    final = events.get_final_completion()
streamed = final.choices[0].message.tool_calls[0].function
assert (streamed.name, json.loads(streamed.arguments)) == ("get_weather", {"city": "Kyiv"}), final


# A typed answer.
class City(pydantic.BaseModel):
    name: str
    population: int
    rivers: list[str]


parsed = client.chat.completions.parse(
    model="qwen3.7-plus",
    messages=[{"role": "user", "content": "Describe Kyiv as JSON"}],
    response_format=City,
)
assert isinstance(parsed.choices[0].message.parsed, City), parsed

# The models.
ids = {model.id for model in client.models.list()}
assert {"qwen3.5-plus", "qwen3-max"} <= ids, ids

# What the service refuses becomes the library's own error.
try:
    client.chat.completions.create(model="no-such-model", messages=question)
    raise AssertionError("an unknown model was accepted")
except openai.NotFoundError as error:
    assert error.code == "model_not_found", error
try:
    openai.OpenAI(api_key="wrong").models.list()
    raise AssertionError("a wrong key was accepted")
except openai.AuthenticationError as error:
    assert error.code == "invalid_api_key", error

print(f"openai {openai.__version__} (Python): passed")
