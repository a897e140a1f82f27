"""Run by protocols.sh: the Responses API on the emulator, through OpenAI's own SDK, unchanged."""

import json
import os

import openai
from pydantic import BaseModel

client = openai.OpenAI(base_url=os.environ["BASE"], api_key="sk-test", max_retries=0)
MODEL = "qwen3.7-plus"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


def whole():
    response = client.responses.create(model=MODEL, instructions="Be brief.", input="What is 6*7?")
    assert response.status == "completed" and response.error is None, response
    assert "42" in response.output_text, response.output_text
    assert [item.type for item in response.output] == ["reasoning", "message"], response.output
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens, usage
    assert 0 < usage.output_tokens_details.reasoning_tokens < usage.output_tokens, usage
    assert usage.x_details[0]["x_billing_type"] == "response_api", usage

    plain = client.responses.create(model=MODEL, input="Hello", reasoning={"effort": "none"})
    assert [item.type for item in plain.output] == ["message"], plain.output
    short = client.responses.create(
        model=MODEL, input="Count to 50", reasoning={"effort": "none"}, max_output_tokens=9
    )
    assert short.status == "incomplete", short
    assert short.incomplete_details.reason == "max_output_tokens", short
    assert short.usage.output_tokens == 9, short.usage


def stored():
    first = client.responses.create(model=MODEL, input="My name is Zoe.")
    second = client.responses.create(model=MODEL, input="And now?", previous_response_id=first.id)
    assert "turn 2" in second.output_text and "My name is Zoe." in second.output_text, second
    assert second.usage.input_tokens > first.usage.input_tokens
    assert client.responses.retrieve(first.id).output_text == first.output_text
    client.responses.delete(first.id)
    try:
        client.responses.retrieve(first.id)
        raise AssertionError("it was deleted")
    except openai.NotFoundError as error:
        assert error.code == "not_found", error


def conversations():
    made = client.conversations.create(
        metadata={"topic": "names"}, items=[{"role": "user", "content": "My name is Zoe."}]
    )
    response = client.responses.create(model=MODEL, input="And now?", conversation=made.id)
    assert "turn 2" in response.output_text and "My name is Zoe." in response.output_text
    assert response.conversation.id == made.id, response
    client.conversations.items.create(made.id, items=[{"role": "user", "content": "Bye."}])
    items = list(client.conversations.items.list(made.id, order="asc", limit=2))
    kinds = [item.type for item in items]
    assert kinds == ["message", "message", "reasoning", "message", "message"], kinds
    assert items[0].content[0].text == "My name is Zoe.", items[0]
    assert client.conversations.items.retrieve(items[4].id, conversation_id=made.id) == items[4]
    changed = client.conversations.update(made.id, metadata={"topic": "ends"})
    assert changed.metadata == {"topic": "ends"}, changed
    assert client.conversations.delete(made.id).deleted


def streamed():
    with client.responses.stream(model=MODEL, input="What is 6*7?") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert text == final.output_text and "42" in text, text
    thought = "".join(e.delta for e in events if e.type == "response.reasoning_summary_text.delta")
    assert thought == final.output[0].summary[0].text, final.output
    again = client.responses.create(model=MODEL, input="What is 6*7?")
    assert again.output_text == text, again.output_text


def tools():
    conversation = [{"role": "user", "content": "What is the weather in Ulm?"}]
    requests = 0
    while True:
        requests += 1
        assert requests < 5, "no end in sight"
        response = client.responses.create(model=MODEL, input=conversation, tools=[WEATHER])
        conversation += response.output
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            break
        for call in calls:
            assert json.loads(call.arguments) == {"city": "Ulm"}, call
            result = {"type": "function_call_output", "call_id": call.call_id, "output": "12 C"}
            conversation.append(result)
    assert requests == 2 and "12 C" in response.output_text, response.output_text

    with client.responses.stream(
        model=MODEL, input="What is the weather in Ulm?", tools=[WEATHER]
    ) as stream:
        events = list(stream)
        call = stream.get_final_response().output[-1]
    pieces = "".join(e.delta for e in events if e.type == "response.function_call_arguments.delta")
    assert pieces == call.arguments and json.loads(pieces) == {"city": "Ulm"}, call
    answered = client.responses.create(
        model=MODEL,
        previous_response_id=stream.get_final_response().id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "rain"}],
        tools=[WEATHER],
    )
    assert "rain" in answered.output_text, answered.output_text


class Person(BaseModel):
    name: str
    age: int


def structured():
    response = client.responses.parse(
        model=MODEL, input="Who is Zoe, aged 7?", text_format=Person
    )
    assert isinstance(response.output_parsed, Person), response.output
    assert response.output_parsed.age == 7, response.output_parsed


def images():
    parts = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": "https://a.example/b.png", "detail": "auto"},
    ]
    response = client.responses.create(model=MODEL, input=[{"role": "user", "content": parts}])
    assert "an image at https://a.example/b.png" in response.output_text, response.output_text


def encrypted():
    asked = {"model": "qwen4-max", "reasoning": {"summary": "auto"}, "tools": [WEATHER]}
    strict = {"x-emulator-fault": "reasoning-lost"}
    conversation = [{"role": "user", "content": "What is the weather in Ulm?"}]
    first = client.responses.create(input=conversation, **asked)
    reasoning, call = first.output
    assert reasoning.encrypted_content and reasoning.summary[0].text, reasoning
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "12 C"}
    kept = conversation + first.output + [result]
    second = client.responses.create(input=kept, extra_headers=strict, **asked)
    assert "12 C" in second.output_text
    followed = client.responses.create(
        input=[result], previous_response_id=first.id, extra_headers=strict, **asked
    )
    assert followed.output_text == second.output_text
    try:
        lost = conversation + [call, result]
        client.responses.create(input=lost, extra_headers=strict, **asked)
        raise AssertionError("the reasoning is missing")
    except openai.BadRequestError as error:
        assert "encrypted_content is missing" in error.message, error


def failing():
    def refused(kind, fault=None, **asked):
        headers = {"x-emulator-fault": fault} if fault else None
        try:
            response = client.responses.create(extra_headers=headers, **asked)
            if asked.get("stream"):
                list(response)
        except kind as error:
            return error
        raise AssertionError(f"{kind} expected")

    asked = {"model": MODEL, "input": "Hello"}
    assert refused(openai.RateLimitError, "limit-requests", **asked).code == "limit_requests"
    refused(openai.NotFoundError, model="nothing", input="Hello")
    refused(openai.BadRequestError, background=True, **asked)
    refused(openai.BadRequestError, previous_response_id="resp_1", **asked)
    for fault in ["stream-error", "stream-error-event"]:
        error = refused(openai.APIError, fault, stream=True, **asked)
        assert "inappropriate content" in error.message, error
    # Not `comments`: the SDK takes a blank line after an id for an event.
    for fault in ["unknown-fields", "duplicate-fields", "crlf", "split-utf8"]:
        headers = {"x-emulator-fault": fault}
        events = list(client.responses.create(stream=True, extra_headers=headers, **asked))
        assert events[-1].type == "response.completed", fault


for check in [whole, stored, conversations, streamed, tools, structured, images, encrypted, failing]:
    check()
