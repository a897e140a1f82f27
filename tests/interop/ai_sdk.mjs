// The AI SDK against the emulator through both of its chat providers, and a video through Alibaba's.
import assert from "node:assert/strict";
import { createAlibaba, VERSION } from "@ai-sdk/alibaba";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
    APICallError,
    experimental_generateVideo as generateVideo,
    generateText,
    isStepCount,
    Output,
    streamText,
    tool,
} from "ai";
import { z } from "zod";

const origin = process.argv[2];
const baseURL = `${origin}/compatible-mode/v1`;
const apiKey = "sk-0123456789abcdef";
const alibaba = createAlibaba({ baseURL, videoBaseURL: origin, apiKey });
const compatible = createOpenAICompatible({
    name: "qwen",
    baseURL,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
});
const quick = { maxRetries: 0 };

for (const provider of [compatible, alibaba]) {
    const prompt = "What is 6*7?";

    // Whole and as a stream: the same text, reasoning and usage.
    const whole = await generateText({ ...quick, model: provider("qwen3.5-plus"), prompt });
    assert.match(whole.text, /6\*7 = 42/);
    assert.equal(whole.finishReason, "stop");
    assert.ok(whole.reasoningText);
    assert.ok(whole.usage.inputTokens > 0 && whole.usage.outputTokens > 0);
    const stream = streamText({ ...quick, model: provider("qwen3.5-plus"), prompt });
    const pieces = await Array.fromAsync(stream.textStream);
    assert.equal(pieces.join(""), whole.text);
    assert.ok(pieces.length > 5);
    assert.equal(await stream.reasoningText, whole.reasoningText);
    assert.equal((await stream.usage).totalTokens, whole.usage.totalTokens);

    // A tool loop, with both kinds of requests.
    for (const run of [generateText, streamText]) {
        const asked = [];
        const looped = await run({
            ...quick,
            model: provider("qwen3-max"),
            prompt: "How is the weather in Kyiv?",
            stopWhen: isStepCount(5),
            tools: {
                get_weather: tool({
                    description: "The weather in a city",
                    inputSchema: z.object({ city: z.string(), days: z.int().optional() }),
                    execute: (input) => {
                        asked.push(input);
                        return "12 degrees and rain";
                    },
                }),
            },
        });
        assert.match(await looped.text, /12 degrees and rain/);
        assert.deepEqual(asked, [{ city: "Kyiv" }]);
        assert.equal((await looped.steps).length, 2);
    }

    // A typed answer.
    const city = z.object({
        name: z.string(),
        population: z.int().min(0),
        rivers: z.array(z.string()),
    });
    const typed = await generateText({
        ...quick,
        model: provider("qwen3.7-plus"),
        prompt: "Describe Kyiv as JSON",
        output: Output.object({ schema: city }),
    });
    city.parse(typed.output);

    // What the service refuses.
    await assert.rejects(
        generateText({ ...quick, model: provider("no-such-model"), prompt }),
        (error) => APICallError.isInstance(error) && error.statusCode === 404 && !error.isRetryable,
    );
}

// A video. The SDK itself fetches nothing from loopback.
const { video, warnings } = await generateVideo({
    ...quick,
    model: alibaba.video("wan2.6-t2v"),
    prompt: "a lobster surfing at sunset",
    duration: 5,
    resolution: "1280x720",
    poll: { intervalMs: 100 },
    download: async ({ url }) => {
        const response = await fetch(url);
        assert.equal(response.status, 200);
        return { data: await response.bytes(), mediaType: response.headers.get("content-type") };
    },
});
assert.deepEqual(warnings, []);
assert.equal(video.mediaType, "video/mp4");
assert.equal(Buffer.from(video.uint8Array.slice(4, 8)).toString(), "ftyp");

console.log(`@ai-sdk/alibaba ${VERSION} and @ai-sdk/openai-compatible: passed`);
