"""LiteLLM against the emulator, through its provider for this service: whole, stream, tools, errors."""

import importlib.metadata
import json

import litellm

question = [{"role": "user", "content": "What is 6*7?"}]

whole = litellm.completion(model="dashscope/qwen3.5-plus", messages=question)
message = whole.choices[0].message
assert "6*7 = 42" in message.content and whole.choices[0].finish_reason == "stop", whole
assert message.reasoning_content, whole
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens, whole.usage

chunks = list(
    litellm.completion(
        model="dashscope/qwen3.5-plus", messages=question, stream=True, stream_options={"include_usage": True}
    )
)
rebuilt = litellm.stream_chunk_builder(chunks, messages=question)
assert len(chunks) > 5 and rebuilt.choices[0].message.content == message.content, rebuilt
assert rebuilt.usage.total_tokens == whole.usage.total_tokens, rebuilt.usage

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
asked = litellm.completion(model="dashscope/qwen3-max", messages=messages, tools=tools)
(call,) = asked.choices[0].message.tool_calls
assert call.function.name == "get_weather" and json.loads(call.function.arguments) == {"city": "Kyiv"}, call
messages += [
    asked.choices[0].message.model_dump(),
    {"role": "tool", "tool_call_id": call.id, "content": "12 degrees and rain"},
]
told = litellm.completion(model="dashscope/qwen3-max", messages=messages, tools=tools)
assert not told.choices[0].message.tool_calls, told
assert "12 degrees and rain" in told.choices[0].message.content, told

try:
    litellm.completion(model="dashscope/no-such-model", messages=question)
    raise AssertionError("an unknown model was accepted")
except litellm.NotFoundError as error:
    assert error.status_code == 404, error

print(f"litellm {importlib.metadata.version('litellm')}: passed")
