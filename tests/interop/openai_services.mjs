// OpenAI's Node library against the emulator: vectors, images, responses and files.
import assert from "node:assert/strict";
import OpenAI, { toFile } from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { VERSION } from "openai/version";
import { z } from "zod";

const client = new OpenAI();
const nearness = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);

// Vectors: the library asks for base64 on its own, and decodes it.
const input = ["a lobster in the sea", "the lobster of the sea", "tax law of 1990"];
const vectors = async (fields) => {
    const { data, usage } = await client.embeddings.create({
        model: "text-embedding-v4",
        input,
        ...fields,
    });
    assert.equal(usage.prompt_tokens, usage.total_tokens);
    assert.deepEqual(data.map((row) => row.index), [0, 1, 2]);
    return data.map((row) => row.embedding);
};
const [sea, same, law] = await vectors({ dimensions: 256 });
assert.equal(sea.length, 256);
assert.ok(Math.abs(nearness(sea, sea) - 1) < 1e-3);
assert.ok(nearness(sea, same) > nearness(sea, law));
const floats = await vectors({ dimensions: 256, encoding_format: "float" });
assert.ok(nearness(floats[0], sea) > 0.999);

// An image.
const image = await client.images.generate({
    model: "qwen-image-3.0",
    prompt: "a lobster surfing at sunset",
    size: "1024x768",
});
const png = Buffer.from(await (await fetch(image.data[0].url)).arrayBuffer());
assert.equal(png.subarray(1, 4).toString(), "PNG");
assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1024, 768]);

// Responses: whole, as a stream, typed, and with a tool.
const response = await client.responses.create({ model: "qwen3.5-plus", input: "What is 6*7?" });
assert.match(response.output_text, /6\*7 = 42/);
assert.equal(response.status, "completed");
const events = await Array.fromAsync(
    await client.responses.create({ model: "qwen3.5-plus", input: "What is 6*7?", stream: true }),
);
const deltas = events.filter((event) => event.type === "response.output_text.delta");
assert.equal(deltas.map((event) => event.delta).join(""), response.output_text);
assert.equal(events.at(-1).type, "response.completed");
const City = z.object({ name: z.string(), population: z.int() });
const parsed = await client.responses.parse({
    model: "qwen3.7-plus",
    input: "Describe Kyiv as JSON",
    text: { format: zodTextFormat(City, "city") },
});
City.parse(parsed.output_parsed);
const tools = [
    {
        type: "function",
        name: "get_weather",
        strict: false,
        description: "The weather in a city",
        parameters: {
            type: "object",
            properties: { city: { type: "string" } },
            required: ["city"],
        },
    },
];
const turn = [{ role: "user", content: "How is the weather in Kyiv?" }];
const asked = await client.responses.create({ model: "qwen3-max", input: turn, tools });
const [call] = asked.output.filter((item) => item.type === "function_call");
assert.deepEqual([call.name, JSON.parse(call.arguments)], ["get_weather", { city: "Kyiv" }]);
turn.push(...asked.output, {
    type: "function_call_output",
    call_id: call.call_id,
    output: "12 degrees and rain",
});
const told = await client.responses.create({ model: "qwen3-max", input: turn, tools });
assert.match(told.output_text, /12 degrees and rain/);

// A file.
const file = await client.files.create({
    file: await toFile(Buffer.from('{"a":1}\n'), "rows.jsonl"),
    purpose: "batch",
});
assert.equal(await (await client.files.content(file.id)).text(), '{"a":1}\n');
assert.ok((await client.files.delete(file.id)).deleted);

console.log(`openai ${VERSION} (Node), services: passed`);
