#!/usr/bin/env bash
# The AI SDK against the emulator: `@ai-sdk/openai-compatible`, `@ai-sdk/alibaba`, and the page about them.
# Needs npm and its registry; skips without them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/interop/common.bash

newer_node
npm_packages ai-sdk ai@7.0.173 @ai-sdk/openai-compatible@3.0.92 @ai-sdk/alibaba@2.0.58 zod@4.6.7
offline 300

emulator
# Node looks for packages beside the program.
ln -s "$(realpath "$modules")/node_modules" "$work/node_modules"
for block in 1 2 3; do
    snippet ai-sdk js $block >"$work/snippet.mjs"
    printed=$(cd "$work" && alone ALIBABA_API_KEY=sk-0123456789abcdef node snippet.mjs)
    [[ $block == 3 ]] || same_as_page ai-sdk 1 "$printed"
done
[[ $(head -c 8 "$work/lobster.mp4" | tail -c 4) == ftyp ]] || fail "the page made no video"
for script in ai_sdk.mjs ai_sdk_services.mjs; do
    cp "tests/interop/$script" "$work"
    alone node "$work/$script" "$origin"
done
