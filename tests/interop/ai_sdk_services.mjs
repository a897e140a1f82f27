// The AI SDK against the emulator: vectors and images.
import assert from "node:assert/strict";
import { createAlibaba, VERSION } from "@ai-sdk/alibaba";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { cosineSimilarity, embedMany, generateImage } from "ai";

const origin = process.argv[2];
const baseURL = `${origin}/compatible-mode/v1`;
const apiKey = "sk-0123456789abcdef";
const alibaba = createAlibaba({ embeddingBaseURL: `${origin}/api/v1`, apiKey });
const compatible = createOpenAICompatible({ name: "qwen", baseURL, apiKey });

// Vectors, over the OpenAI-compatible path and over DashScope's own: the same.
const values = ["a lobster in the sea", "the lobster of the sea", "tax law of 1990"];
const found = [];
for (const provider of [compatible, alibaba]) {
    const { embeddings, usage } = await embedMany({
        model: provider.embeddingModel("text-embedding-v4"),
        values,
        maxRetries: 0,
    });
    const [sea, same, law] = embeddings;
    assert.ok(cosineSimilarity(sea, same) > cosineSimilarity(sea, law));
    assert.ok(usage.tokens > 0);
    found.push(sea);
}
assert.ok(cosineSimilarity(...found) > 0.999);

// An image.
const { image } = await generateImage({
    model: compatible.imageModel("qwen-image-3.0"),
    prompt: "a lobster surfing at sunset",
    size: "1024x768",
    maxRetries: 0,
});
const png = Buffer.from(image.uint8Array);
assert.equal(png.subarray(1, 4).toString(), "PNG");
assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1024, 768]);

console.log(`@ai-sdk/alibaba ${VERSION} and @ai-sdk/openai-compatible, services: passed`);
