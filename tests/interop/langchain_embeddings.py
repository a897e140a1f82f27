"""LangChain's DashScopeEmbeddings against the emulator.

Started by vectors.sh, which sets DASHSCOPE_HTTP_BASE_URL.
"""

from langchain_community.embeddings import DashScopeEmbeddings
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

TEXTS = [
    "The ferry to the island leaves at noon.",
    "To reset a password, open the settings.",
    "Cats sleep most of the day.",
]

embeddings = DashScopeEmbeddings(model="text-embedding-v4")
many = embeddings.embed_documents([f"{TEXTS[at % 3]} {at}" for at in range(23)])
assert len(many) == 23 and {len(vector) for vector in many} == {1024}
assert many[0] == embeddings.embed_documents([f"{TEXTS[0]} 0"])[0]
print("  DashScopeEmbeddings: 23 documents in three requests")

store = InMemoryVectorStore(embeddings)
store.add_documents([Document(page_content=text) for text in TEXTS])
(found,) = store.similarity_search("How do I reset my password?", k=1)
assert found.page_content == TEXTS[1], found
print("  a vector store: the document that answers is found")

assert len(DashScopeEmbeddings().embed_query("x")) == 1536  # text-embedding-v1
try:
    DashScopeEmbeddings(model="text-embedding-v3").embed_documents(["x", ""])
    raise AssertionError("an empty text was embedded")
except ValueError as error:
    assert "Range of input length should be [1, 8192]" in str(error), error
print("  the first model, a refusal")
