// OpenAI's Node library against the emulator: chat in each of its forms, and the models.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { VERSION } from "openai/version";
import { z } from "zod";

const client = new OpenAI();
const question = [{ role: "user", content: "What is 6*7?" }];

// Whole.
const whole = await client.chat.completions.create({ model: "qwen3.5-plus", messages: question });
const { message, finish_reason } = whole.choices[0];
assert.match(message.content, /6\*7 = 42/);
assert.equal(finish_reason, "stop");
assert.ok(message.reasoning_content);
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);

// A stream has the same text and usage.
const stream = await client.chat.completions.create({
    model: "qwen3.5-plus",
    messages: question,
    stream: true,
    stream_options: { include_usage: true },
});
const chunks = await Array.fromAsync(stream);
const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
assert.equal(text, message.content);
assert.ok(chunks.length > 5);
assert.deepEqual(chunks.at(-1).usage, whole.usage);

// A tool loop that the library runs.
const asked = [];
const runner = client.chat.completions.runTools({
    model: "qwen3-max",
    messages: [{ role: "user", content: "How is the weather in Kyiv?" }],
    tools: [
        {
            type: "function",
            function: {
                name: "get_weather",
                description: "The weather in a city",
                parse: JSON.parse,
                parameters: {
                    type: "object",
                    properties: { city: { type: "string" }, days: { type: "integer" } },
                    required: ["city"],
                },
                function: (input) => {
                    asked.push(input);
                    return "12 degrees and rain";
                },
            },
        },
    ],
});
assert.match(await runner.finalContent(), /12 degrees and rain/);
assert.deepEqual(asked, [{ city: "Kyiv" }]);

// A typed answer.
const City = z.object({ name: z.string(), population: z.int(), rivers: z.array(z.string()) });
const parsed = await client.chat.completions.parse({
    model: "qwen3.7-plus",
    messages: [{ role: "user", content: "Describe Kyiv as JSON" }],
    response_format: zodResponseFormat(City, "city"),
});
City.parse(parsed.choices[0].message.parsed);

// The models.
const ids = (await Array.fromAsync(client.models.list())).map((model) => model.id);
assert.ok(ids.includes("qwen3.5-plus") && ids.includes("qwen3-max"), ids.join());

// What the service refuses becomes the library's own error.
await assert.rejects(
    client.chat.completions.create({ model: "no-such-model", messages: question }),
    (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found",
);
await assert.rejects(
    new OpenAI({ apiKey: "wrong" }).models.list(),
    (error) => error instanceof OpenAI.AuthenticationError && error.code === "invalid_api_key",
);

console.log(`openai ${VERSION} (Node): passed`);
