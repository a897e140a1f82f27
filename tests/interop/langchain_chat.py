"""LangChain's ChatOpenAI against the emulator: whole, stream, tools and typed answers."""

import importlib.metadata

import openai
import pydantic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

chat = ChatOpenAI(model="qwen3-max", max_retries=0)

whole = chat.invoke("What is 6*7?")
assert "6*7 = 42" in whole.content and whole.response_metadata["finish_reason"] == "stop", whole
usage = whole.usage_metadata
assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0, usage

chunks = list(ChatOpenAI(model="qwen3-max", stream_usage=True).stream("What is 6*7?"))
total = chunks[0]
for chunk in chunks[1:]:
    total += chunk
assert len(chunks) > 5 and total.content == whole.content, total
assert total.usage_metadata["total_tokens"] == usage["total_tokens"], total.usage_metadata


@tool
def get_weather(city: str, days: int = 1) -> str:
    """The weather in a city."""
    return f"12 degrees and rain in {city}"


armed = chat.bind_tools([get_weather])
messages = [HumanMessage("How is the weather in Kyiv?")]
asked = armed.invoke(messages)
(call,) = asked.tool_calls
assert (call["name"], call["args"]) == ("get_weather", {"city": "Kyiv"}), call
result = get_weather.invoke(call)
assert isinstance(result, ToolMessage), result
told = armed.invoke([*messages, asked, result])
assert not told.tool_calls and "12 degrees and rain in Kyiv" in told.content, told


class City(pydantic.BaseModel):
    """A city."""

    name: str
    population: int


for method in ["json_schema", "function_calling"]:
    typed = chat.with_structured_output(City, method=method)
    assert isinstance(typed.invoke("Describe Kyiv as JSON"), City), method

try:
    ChatOpenAI(model="no-such-model", max_retries=0).invoke("Hello")
    raise AssertionError("an unknown model was accepted")
except openai.NotFoundError as error:
    assert error.code == "model_not_found", error

print(f"langchain-openai {importlib.metadata.version('langchain-openai')}: passed")
