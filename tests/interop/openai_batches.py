"""Batches of the `openai` package against the emulator.

Started by vectors.sh, which sets OPENAI_BASE_URL.
"""

import json
import time

import openai

client = openai.OpenAI(max_retries=0)
CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"


def step(text):
    print(f"  {text}")


def line(number, url, body):
    return json.dumps({"custom_id": f"line-{number}", "method": "POST", "url": url, "body": body})


def chat(number, temperature=1):
    messages = [{"role": "user", "content": f"Say {number}"}]
    body = {"model": "qwen-plus", "messages": messages, "temperature": temperature}
    return line(number, CHAT, body)


def create(url, lines, **more):
    content = "\n".join(lines).encode()
    file = client.files.create(file=("lines.jsonl", content), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint=url, completion_window="24h", **more
    )
    assert batch.id.startswith("batch_") and batch.status == "validating", batch
    assert batch.input_file_id == file.id and batch.endpoint == url, batch
    return batch


def wait(batch):
    deadline = time.monotonic() + 30
    ended = ("completed", "failed", "expired", "cancelled")
    while batch.status not in ended:
        assert time.monotonic() < deadline, batch
        time.sleep(0.1)
        batch = client.batches.retrieve(batch.id)
    return batch


def rows(file):
    return [json.loads(row) for row in client.files.content(file).text.splitlines()]


# The second line is refused.
chats = create(
    CHAT, [chat(0), chat(1, temperature=5), chat(2)], metadata={"ds_name": "three chats"}
)
done = wait(chats)
assert done.status == "completed" and done.errors is None, done
counts = done.request_counts
assert (counts.total, counts.completed, counts.failed) == (3, 2, 1), counts
assert done.created_at <= done.in_progress_at <= done.finalizing_at <= done.completed_at, done
output = rows(done.output_file_id)
assert [row["custom_id"] for row in output] == ["line-0", "line-2"], output
for row in output:
    assert row["response"]["status_code"] == 200 and row["error"] is None, row
    answer = openai.types.chat.ChatCompletion.model_validate(row["response"]["body"])
    assert answer.choices[0].message.content and answer.usage.total_tokens, answer
(error,) = rows(done.error_file_id)
assert error["custom_id"] == "line-1" and error["response"]["status_code"] == 400, error
assert error["error"]["code"] == "invalid_parameter_error", error
step("chats: create, retrieve, the output file, the error file")

body = {"model": "text-embedding-v4", "input": ["a cat", "the wind"], "dimensions": 64}
done = wait(create(EMBEDDINGS, [line(0, EMBEDDINGS, body)]))
(row,) = rows(done.output_file_id)
embedded = openai.types.CreateEmbeddingResponse.model_validate(row["response"]["body"])
assert [len(row.embedding) for row in embedded.data] == [64, 64], embedded
assert done.error_file_id is None, done
step("embeddings")

canceled = client.batches.cancel(create(CHAT, [chat(0)]).id)
assert canceled.status == "cancelling" and canceled.cancelling_at, canceled
canceled = wait(canceled)
assert canceled.status == "cancelled" and canceled.output_file_id is None, canceled
step("cancel")

failed = wait(create(CHAT, [chat(0), chat(0)]))
assert failed.status == "failed" and failed.failed_at, failed
(problem,) = failed.errors.data
assert (problem.code, problem.line) == ("duplicate_custom_id", 2), problem
step("a wrong file")

page = client.batches.list(limit=2)
assert page.data[0].id == failed.id and page.has_more, page
# The pages are walked by their last id.
assert [batch.id for batch in client.batches.list(limit=2)][-1] == chats.id
named = client.batches.list(extra_query={"ds_name": "three", "status": "completed"})
assert [batch.id for batch in named] == [chats.id], named
step("list: pages, filters")

for call in (client.batches.retrieve, client.batches.cancel):
    try:
        call("batch_x")
        raise AssertionError("a batch was found that is none")
    except openai.NotFoundError as error:
        assert error.code == "not_found", error
try:
    client.with_options(default_headers={"x-emulator-fault": "limit-requests"}).batches.list()
    raise AssertionError("a fault was passed over")
except openai.RateLimitError as error:
    assert error.code == "limit_requests", error
step("refusals, a fault")
