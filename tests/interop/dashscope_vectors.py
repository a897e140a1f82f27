"""Vectors, rankings and files of the `dashscope` SDK against the emulator.

Started by vectors.sh, which sets DASHSCOPE_HTTP_BASE_URL.
"""

import gzip
import json
import math
import os
import tempfile
import urllib.request

import dashscope
from dashscope import (
    BatchTextEmbedding,
    Files,
    MultiModalEmbedding,
    TextEmbedding,
    TextReRank,
)
from dashscope.utils.oss_utils import OssUtils

assert dashscope.base_http_api_url == os.environ["DASHSCOPE_HTTP_BASE_URL"]
TEXTS = ["a black cat on the roof", "the cat sat on a roof", "interest rates rose"]


def step(text):
    print(f"  {text}")


def cosine(one, other):
    assert len(one) == len(other), (len(one), len(other))
    for vector in (one, other):
        assert math.isclose(math.hypot(*vector), 1, abs_tol=1e-4), math.hypot(*vector)
    return sum(a * b for a, b in zip(one, other))


def embedded(answer):
    assert answer.status_code == 200, answer
    return answer.output["embeddings"]


# TextEmbedding
rows = embedded(TextEmbedding.call(model="text-embedding-v4", input=TEXTS))
assert [row["text_index"] for row in rows] == [0, 1, 2], rows
cat, also, rates = (row["embedding"] for row in rows)
assert len(cat) == 1024 and cosine(cat, also) > 0.4 > 0.2 > cosine(cat, rates)
one = TextEmbedding.call(
    model="text-embedding-v3",
    input=TEXTS[0],
    text_type="query",
    dimension=256,
    output_type="dense&sparse",
    instruct="Find animals",
)
row = embedded(one)[0]
assert len(row["embedding"]) == 256, row
assert {"black", "cat", "roof"} < {word["token"] for word in row["sparse_embedding"]}, row
assert one.usage["total_tokens"] == 6, one.usage
wrong = TextEmbedding.call(model="text-embedding-v4", input=["x"] * 11)
assert wrong.status_code == 400 and wrong.code == "InvalidParameter", wrong
assert "batch size is invalid, it should not be larger than 10" in wrong.message, wrong
wrong = TextEmbedding.call(model="text-embedding-v0", input="x")
assert wrong.status_code == 404 and wrong.code == "ModelNotFound", wrong
step("TextEmbedding: dense, sparse, refusals")

# MultiModalEmbedding, with a local file that the SDK uploads
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "cat.png")
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0")
    answer = MultiModalEmbedding.call(
        model="tongyi-embedding-vision-plus",
        input=[
            {"factor": 1, "text": "a black cat"},
            {"image": "https://example.com/black-cat.png"},
            {"image": "file://" + path},
            {"video": "https://example.com/red-bus.mp4"},
        ],
    )
rows = embedded(answer)
assert [row["type"] for row in rows] == ["text", "image", "image", "video"], rows
text, image, local, video = (row["embedding"] for row in rows)
assert cosine(text, image) > 0.3 > cosine(text, video)
usage = answer.usage
assert usage["input_tokens_details"]["image_tokens"] == 258 + 66, usage
assert usage["total_tokens"] == usage["input_tokens"] + 4, usage
fused = embedded(
    MultiModalEmbedding.call(
        model="qwen3-vl-embedding",
        input=[{"text": "a cat"}, {"image": "https://example.com/cat.png"}],
        dimension=512,
        enable_fusion=True,
    )
)
assert len(fused) == 1 and fused[0]["type"] == "fusion" and len(fused[0]["embedding"]) == 512
step("MultiModalEmbedding: URLs, a local file, fusion")

# TextReRank
documents = ["Bread rises in the warm.", "Paris is the capital of France.", "The capital gains."]
for model in ("gte-rerank-v2", "qwen3-rerank", "qwen3.7-text-rerank"):
    ranked = TextReRank.call(
        model=model,
        query="the capital of France",
        documents=documents,
        top_n=2,
        return_documents=True,
        instruct="Answer the question",
    )
    assert ranked.status_code == 200, ranked
    assert [result.index for result in ranked.output.results] == [1, 2], ranked.output
    best = ranked.output.results[0]
    # As an attribute, the SDK has its default for the document.
    assert best["document"]["text"] == documents[1] and 0.7 < best.relevance_score <= 1, best
    assert ranked.usage.total_tokens > 0, ranked.usage
ranked = TextReRank.call(
    model="qwen3-vl-rerank",
    query={"text": "a black cat"},
    documents=[{"image": "https://example.com/bus.png"}, {"image": "https://example.com/cat.png"}],
)
assert [result.index for result in ranked.output.results] == [1, 0], ranked.output
refused = TextReRank.call(model="gte-rerank", query="x", documents=["x"])
assert refused.status_code == 404 and refused.code == "ModelNotFound", refused
step("TextReRank: texts, pictures, a retired model")

# BatchTextEmbedding: a task for the lines of a file, uploaded or elsewhere
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "lines.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(TEXTS))
    url, _ = OssUtils.upload(model="text-embedding-async-v2", file_path=path)
task = BatchTextEmbedding.async_call(
    model="text-embedding-async-v2",
    url=url,
    text_type="document",
    headers={"X-DashScope-OssResourceResolve": "enable"},
)
assert task.status_code == 200 and task.output.task_status == "PENDING", task
done = BatchTextEmbedding.wait(task)
assert done.output.task_status == "SUCCEEDED" and done.usage.total_tokens == 16, done
with urllib.request.urlopen(done.output.url) as answer:
    rows = [json.loads(line) for line in gzip.decompress(answer.read()).splitlines()]
assert [row["text_index"] for row in rows] == [0, 1, 2], rows
cat, also, rates = (row["embedding"] for row in rows)
assert len(cat) == 1536 and cosine(cat, also) > 0.4 > 0.2 > cosine(cat, rates)
done = BatchTextEmbedding.call("text-embedding-async-v1", "https://example.com/lines.txt")
assert done.output.task_status == "SUCCEEDED" and ".gz?" in done.output.url, done
failed = BatchTextEmbedding.call("text-embedding-async-v1", "https://example.com/lines.csv")
assert failed.output.task_status == "FAILED" and failed.output.url == "null", failed
assert failed.output.code == "InvalidFile.TypeNotTxt", failed
step("BatchTextEmbedding: async_call, wait, call, the result, a failure")

# Files, with both clients
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "lines.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"messages": []}\n')
    uploaded = Files.upload(path, description="some lines")
    client = dashscope.Client(api_key="sk-test", base_url=dashscope.base_http_api_url)
    second = client.files.upload(file_path=path)
assert uploaded.status_code == 200, uploaded
(first,) = uploaded.output["uploaded_files"]
assert first["name"] == "lines.jsonl" and not uploaded.output["failed_uploads"], uploaded.output
file = Files.get(first["file_id"])
assert file.output["size"] == 17 and file.output["description"] == "some lines", file
listed = Files.list(page=1, page_size=1)
assert listed.output["total"] == 2 and len(listed.output["files"]) == 1, listed
assert listed.output["files"][0]["file_id"] == second.file_id, (listed, second)
got = client.files.get(second.file_id)
assert got.name == "lines.jsonl" and got.size == 17 and got.uploaded_at, got
assert client.files.list().total_count == 2
assert client.files.delete(second.file_id).deleted
assert Files.delete(first["file_id"]).status_code == 200
gone = Files.get(first["file_id"])
assert gone.status_code == 400 and gone.message == "File not found.", gone
try:
    client.files.get(first["file_id"])
    raise AssertionError("a deleted file was found")
except dashscope.v2.errors.NotFoundError:
    pass
step("Files: upload, get, list, delete, with both clients")
