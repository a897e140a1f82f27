"""Embeddings and files of the `openai` package against the emulator.

Started by vectors.sh, which sets OPENAI_BASE_URL.
"""

import math

import openai

client = openai.OpenAI(max_retries=0)
TEXTS = ["a black cat on the roof", "the cat sat on a roof", "interest rates rose"]


def step(text):
    print(f"  {text}")


def cosine(one, other):
    assert len(one) == len(other), (len(one), len(other))
    return sum(a * b for a, b in zip(one, other))


# The package asks for base64 and decodes it, unless told otherwise.
embedded = client.embeddings.create(model="text-embedding-v4", input=TEXTS)
assert embedded.object == "list" and embedded.model == "text-embedding-v4", embedded
assert [row.index for row in embedded.data] == [0, 1, 2]
cat, also, rates = (row.embedding for row in embedded.data)
for vector in (cat, also, rates):
    assert len(vector) == 1024 and math.isclose(math.hypot(*vector), 1, abs_tol=1e-4)
assert cosine(cat, also) > 0.4 > 0.2 > cosine(cat, rates)
assert embedded.usage.prompt_tokens == embedded.usage.total_tokens == 16, embedded.usage
floats = client.embeddings.create(
    model="text-embedding-v4", input=TEXTS[0], encoding_format="float"
)
assert all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(floats.data[0].embedding, cat))
short = client.embeddings.create(model="text-embedding-v4", input=TEXTS[0], dimensions=64)
prefix = cat[:64]
scale = math.hypot(*prefix)
assert math.isclose(cosine(prefix, short.data[0].embedding) / scale, 1, abs_tol=1e-5)
step("embeddings: base64, floats, dimensions")

for texts, text in (
    (["x"] * 11, "batch size is invalid, it should not be larger than 10"),
    ([[1, 2], [3]], "contents is neither str nor list of str"),
    ("", "Range of input length should be [1, 8192]"),
):
    try:
        client.embeddings.create(model="text-embedding-v4", input=texts)
        raise AssertionError(f"{texts} was taken")
    except openai.BadRequestError as error:
        assert error.code == "InvalidParameter" and text in error.message, error
for model, code in (("nobody", "model_not_found"), ("qwen3-max", "model_not_supported")):
    try:
        client.embeddings.create(model=model, input="x")
        raise AssertionError(f"{model} embeds")
    except openai.NotFoundError as error:
        assert error.code == code, error
try:
    client.with_options(
        default_headers={"x-emulator-fault": "insufficient-quota"}
    ).embeddings.create(model="text-embedding-v4", input="x")
    raise AssertionError("a fault was passed over")
except openai.RateLimitError as error:
    assert error.code == "insufficient_quota", error
step("embeddings: refusals, a fault")

content = b'{"custom_id": "1"}\n'
files = [
    client.files.create(file=(f"{number}.jsonl", content), purpose="batch") for number in range(3)
]
first = files[0]
assert first.id.startswith("file-batch-") and first.bytes == len(content), first
assert first.filename == "0.jsonl" and first.status == "processed", first
assert client.files.retrieve(first.id) == first
assert client.files.content(first.id).content == content
page = client.files.list(limit=2)
assert [file.id for file in page.data] == [files[2].id, files[1].id] and page.has_next_page()
# The pages are walked by their last id.
assert [file.id for file in client.files.list(limit=2)] == [file.id for file in reversed(files)]
extract = client.files.create(file=("a.txt", b"some text"), purpose="file-extract")
assert extract.id.startswith("file-fe-"), extract
assert client.files.delete(first.id).deleted
for call in (client.files.retrieve, client.files.content, client.files.delete):
    try:
        call(first.id)
        raise AssertionError("a deleted file was found")
    except openai.BadRequestError as error:
        assert error.body["message"] == "File not found.", error
step("files: create, retrieve, content, list, delete")
