"""LangChain's `ChatTongyi` against the emulator, each call with what must come of it.

Started by dashscope_chat.sh, with DASHSCOPE_HTTP_BASE_URL as an emulator without faults.
"""

import asyncio
import warnings

# The package is no longer developed and says so.
warnings.simplefilter("ignore", DeprecationWarning)

from langchain_community.chat_models.tongyi import ChatTongyi
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field

TEXT, VISION = "qwen-plus", "qwen-vl-max-latest"


def step(text):
    print(f"  {text}")


def total(usage):
    assert usage["input_tokens"] + usage["output_tokens"] == usage["total_tokens"], usage
    return usage["total_tokens"]


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"12 C in {city}"


chat = ChatTongyi(model=TEXT)

# invoke
reply = chat.invoke([SystemMessage("Be brief."), HumanMessage("What is 2+2?")])
answer = reply.content
assert "2+2 = 4" in answer, reply
assert reply.response_metadata["finish_reason"] == "stop", reply
assert total(reply.response_metadata["token_usage"]) > 20, reply
step("invoke")

# stream, which ChatTongyi does only when told to
streaming = ChatTongyi(model=TEXT, streaming=True)
chunks = list(streaming.stream([SystemMessage("Be brief."), HumanMessage("What is 2+2?")]))
assert len(chunks) > 5 and "".join(chunk.content for chunk in chunks) == answer, chunks
last = [chunk for chunk in chunks if chunk.response_metadata.get("token_usage")][-1]
assert total(last.response_metadata["token_usage"]) == total(reply.response_metadata["token_usage"]), last
assert streaming.invoke("What is 2+2?").content == chat.invoke("What is 2+2?").content


async def asynchronous():
    assert (await chat.ainvoke("What is 2+2?")).content == chat.invoke("What is 2+2?").content
    pieces = [chunk.content async for chunk in streaming.astream("What is 2+2?")]
    assert "".join(pieces) == chat.invoke("What is 2+2?").content, pieces


asyncio.run(asynchronous())
step("stream, ainvoke, astream")

# tools: an agent's loop, whole and as a stream, which ends by itself
agent, streaming_agent = (model.bind_tools([get_weather]) for model in (chat, streaming))


def streamed(talk):
    whole = None
    for chunk in streaming_agent.stream(talk):
        whole = chunk if whole is None else whole + chunk
    return whole


for turn in (agent.invoke, streamed):
    talk = [HumanMessage("What is the weather in Ulm?")]
    for turns in range(5):
        reply = turn(talk)
        talk.append(reply)
        if not reply.tool_calls:
            break
        for call in reply.tool_calls:
            assert (call["name"], call["args"]) == ("get_weather", {"city": "Ulm"}), call
            talk.append(ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]))
    assert turns == 1 and "12 C in Ulm" in reply.content, talk
step("a loop with a tool, whole and as a stream")


class Person(BaseModel):
    """A person that a text is about."""

    name: str = Field(description="The name")
    city: str = Field(description="The city")


typed = chat.with_structured_output(Person).invoke("Which person lives in Kyiv?")
assert isinstance(typed, Person) and typed.city == "Kyiv", typed
step("structured output")

# pictures
seen = ChatTongyi(model=VISION).invoke(
    [HumanMessage([{"image": "https://example.com/cat.png"}, {"text": "What is this?"}])]
)
assert "an image at https://example.com/cat.png" in seen.content[0]["text"], seen
step("a picture")

# refusals
try:
    ChatTongyi(model="qwen3.7-plus", max_retries=1).invoke("Hi")
    raise AssertionError("a vision model was taken on the path of the others")
except ValueError as error:
    assert "url error, please check url" in str(error), error
step("a model that ChatTongyi takes for one without eyes")
