"""Run by protocols.sh: Anthropic's protocol on the emulator, through Anthropic's own SDK, unchanged."""

import os

import anthropic

BASE = os.environ["ANTHROPIC"]
client = anthropic.Anthropic(base_url=BASE, api_key="sk-test", max_retries=0)
MODEL = "qwen3.7-plus"
WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
ASK = {"model": MODEL, "max_tokens": 4096}
THINK = {"type": "enabled", "budget_tokens": 1024}


def user(content):
    return [{"role": "user", "content": content}]


def whole():
    message = client.messages.create(system="Be brief.", messages=user("What is 6*7?"), **ASK)
    assert [block.type for block in message.content] == ["text"], message
    assert "42" in message.content[0].text and message.stop_reason == "end_turn", message
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0, message.usage

    thinking = client.messages.create(thinking=THINK, messages=user("What is 6*7?"), **ASK)
    assert [block.type for block in thinking.content] == ["thinking", "text"], thinking

    short = client.messages.create(model=MODEL, max_tokens=9, messages=user("Count to 50"))
    assert short.stop_reason == "max_tokens" and short.usage.output_tokens == 9, short
    cut = client.messages.create(stop_sequences=["5,"], messages=user("Count to 50"), **ASK)
    assert (cut.stop_reason, cut.stop_sequence) == ("stop_sequence", "5,"), cut
    assert cut.content[0].text == "1, 2, 3, 4, ", cut

    bearer = anthropic.Anthropic(base_url=BASE, api_key=None, auth_token="sk-test")
    assert bearer.messages.create(messages=user("Hello"), **ASK).content[0].text


def streamed():
    asked = {"thinking": THINK, "messages": user("What is 6*7?"), **ASK}
    with client.messages.stream(**asked) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop", kinds
    again = client.messages.create(**asked)
    assert [block.to_dict() for block in final.content] == [
        block.to_dict() for block in again.content
    ], final
    assert final.usage.output_tokens == again.usage.output_tokens, final.usage


def tools(stream):
    messages = user("What is the weather in Ulm?")
    for requests in range(1, 5):
        asked = {"tools": [WEATHER], "messages": messages, **ASK}
        if stream:
            with client.messages.stream(**asked) as answer:
                message = answer.get_final_message()
        else:
            message = client.messages.create(**asked)
        messages = messages + [{"role": "assistant", "content": message.content}]
        if message.stop_reason != "tool_use":
            break
        calls = [block for block in message.content if block.type == "tool_use"]
        assert [call.input for call in calls] == [{"city": "Ulm"}], calls
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": "12 C"} for call in calls
        ]
        messages = messages + user(results)
    assert requests == 2 and "12 C" in message.content[0].text, message


def images():
    image = {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}}
    parts = [image, {"type": "text", "text": "What is this?"}]
    message = client.messages.create(messages=user(parts), **ASK)
    assert "an image at https://a.example/b.png" in message.content[0].text, message


def signatures():
    asked = {
        "model": "qwen4-max",
        "max_tokens": 4096,
        "thinking": {**THINK, "display": "summarized"},
        "tools": [WEATHER],
        "extra_headers": {"x-emulator-fault": "reasoning-lost"},
    }
    messages = user("What is the weather in Ulm?")
    with client.messages.stream(messages=messages, **asked) as stream:
        first = stream.get_final_message()
    thinking, call = first.content
    assert thinking.signature and thinking.thinking, thinking
    result = user([{"type": "tool_result", "tool_use_id": call.id, "content": "12 C"}])
    turn = {"role": "assistant", "content": first.content}
    second = client.messages.create(messages=messages + [turn] + result, **asked)
    assert "12 C" in second.content[-1].text, second
    try:
        turn = {"role": "assistant", "content": [call]}
        client.messages.create(messages=messages + [turn] + result, **asked)
        raise AssertionError("the signature is missing")
    except anthropic.BadRequestError as error:
        assert "encrypted_content is missing" in str(error), error


def cached():
    system = [{"type": "text", "text": "word " * 2000, "cache_control": {"type": "ephemeral"}}]
    asked = {"system": system, "messages": user("Hello"), **ASK}
    first = client.messages.create(**asked).usage
    second = client.messages.create(**asked).usage
    assert first.cache_creation_input_tokens > 1024 and first.cache_read_input_tokens == 0, first
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens, second
    assert second.input_tokens == first.input_tokens, (first, second)


def failing():
    def refused(kind, fault=None, stream=False, **asked):
        headers = {"x-emulator-fault": fault} if fault else None
        try:
            answer = client.messages.create(extra_headers=headers, stream=stream, **asked)
            if stream:
                list(answer)
        except kind as error:
            return error
        raise AssertionError(f"{kind} expected")

    asked = {"messages": user("Hello"), **ASK}
    error = refused(anthropic.RateLimitError, "limit-requests", **asked)
    assert error.body["error"]["type"] == "rate_limit_error", error.body
    refused(anthropic.NotFoundError, messages=user("Hello"), model="nothing", max_tokens=1)
    refused(anthropic.BadRequestError, messages=user("Hello"), model=MODEL, max_tokens=-1)
    wrong = anthropic.Anthropic(base_url=BASE, api_key="sk-sp-plan", max_retries=0)
    try:
        wrong.messages.create(**asked)
        raise AssertionError("a key of a plan")
    except anthropic.AuthenticationError as error:
        assert error.body["error"]["type"] == "authentication_error", error.body
    for fault in ["stream-error", "stream-error-event"]:
        error = refused(anthropic.APIStatusError, fault, stream=True, **asked)
        assert "inappropriate content" in str(error), error
    for fault in ["unknown-fields", "duplicate-fields", "comments", "crlf", "split-utf8"]:
        headers = {"x-emulator-fault": fault}
        events = list(client.messages.create(stream=True, extra_headers=headers, **asked))
        assert events[-1].type == "message_stop", fault


for check in [whole, streamed, images, signatures, cached, failing]:
    check()
for stream in [False, True]:
    tools(stream)
