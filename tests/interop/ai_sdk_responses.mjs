// Run by protocols.sh: the AI SDK's OpenAI provider, which uses the Responses API unless told otherwise.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

globalThis.AI_SDK_LOG_WARNINGS = false;
// The packages are in a folder of their own, not beside this file.
const folder = createRequire(join(process.env.MODULES, "package.json"));
const load = (name) => import(pathToFileURL(folder.resolve(name)));
const { generateObject, generateText, isStepCount, stepCountIs, streamText, tool } = await load("ai");
const { createOpenAI } = await load("@ai-sdk/openai");
const { z } = await load("zod");

const openai = createOpenAI({ baseURL: process.env.BASE, apiKey: "sk-test" });
const model = openai("qwen3.7-plus");
const weather = tool({
  description: "Tells the weather",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `12 C in ${city}`,
});
const tools = { get_weather: weather };
const stopWhen = (isStepCount ?? stepCountIs)(5);

const whole = await generateText({ model, system: "Be brief.", prompt: "What is 6*7?" });
assert.match(whole.text, /42/);
assert.equal(whole.finishReason, "stop");
assert.ok(whole.reasoningText.length > 0);
assert.ok(whole.usage.inputTokens > 0 && whole.usage.outputTokens > 0);

const stream = streamText({ model, prompt: "What is 6*7?" });
let text = "";
for await (const piece of stream.textStream) text += piece;
assert.match(text, /42/);
assert.equal(await stream.finishReason, "stop");
assert.deepEqual(await stream.warnings, []);

const short = await generateText({ model, prompt: "Count to 50", maxOutputTokens: 9 });
assert.equal(short.finishReason, "length");

// The second step names the items of the first by their ids alone.
const prompt = "What is the weather in Ulm?";
const loop = await generateText({ model, tools, stopWhen, prompt });
assert.equal(loop.steps.length, 2);
assert.deepEqual(loop.steps[0].toolCalls.map((call) => call.input), [{ city: "Ulm" }]);
assert.match(loop.text, /12 C in Ulm/);

// And here it sends them, since nothing is stored.
const unstored = await generateText({
  model, tools, stopWhen, prompt, providerOptions: { openai: { store: false } },
});
assert.equal(unstored.steps.length, 2);
assert.match(unstored.text, /12 C in Ulm/);

const streamed = streamText({ model, tools, stopWhen, prompt });
for await (const _ of streamed.textStream);
assert.equal((await streamed.steps).length, 2);
assert.match(await streamed.text, /12 C in Ulm/);

const schema = z.object({ name: z.string(), age: z.number() });
const { object } = await generateObject({ model, schema, prompt: "Who is Zoe, aged 7?" });
assert.equal(object.age, 7);
assert.equal(typeof object.name, "string");
