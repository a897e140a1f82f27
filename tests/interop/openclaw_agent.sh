#!/usr/bin/env bash
# OpenClaw's agent, its `infer model run` and its video generation against the emulator, all with one base
# URL, and the page about it. Needs npm and its registry; skips without them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/interop/common.bash

version=2026.9.6
plugin=2026.9.4
newer_node
npm_packages openclaw "openclaw@$version"

npm_archive @openclaw/qwen-provider "$plugin"
offline 600

openclaw() {
    alone DO_NOT_TRACK=1 OPENCLAW_NO_AUTO_UPDATE=1 NO_UPDATE_NOTIFIER=1 "${key[@]}" \
        timeout 150 "$modules/node_modules/.bin/openclaw" "$@"
}
# Installing looks for what a configured key needs, so that there is none yet.
key=()
openclaw plugins install --force --accept-capabilities "$archive" >"$work/installed" 2>&1 ||
    fail "$(cat "$work/installed")"
key=(QWEN_API_KEY=sk-0123456789abcdef)

emulator
snippet openclaw json >"$work/.openclaw/openclaw.json"
mkdir -p "$work/.openclaw/workspace"
cd "$work"

# Runs OpenClaw, leaves what it printed in `out`, and the requests that it made in `made`.
run() {
    : >"$log"
    out=$(openclaw "$@" 2>"$work/stderr") || {
        printf '%s\n' "$out" >&2
        cat "$work/stderr" >&2
        fail "openclaw $*"
    }
    made=$(wc -l <"$log")
}
# What a JavaScript expression over `it`, the JSON in $out, amounts to.
value() {
    node -p 'const it = JSON.parse(process.argv[2]); eval(process.argv[1])' "$1" "$out"
}
same() {
    [[ $2 == "$3" ]] || fail "$1: '$2' is not '$3'"
}

# A prompt that names no tool is answered with one request.
run agent --local --agent main --json --message "Why is the sky blue?"
[[ $(value 'it.payloads[0].text') == *"standing in for qwen3.5-plus"* ]] || fail "the agent said $out"
same "tools called" "$(value '(it.meta.toolSummary ?? { calls: 0 }).calls')" 0
same "requests of the agent" "$made" 1

# A named tool is called once, and its result is told.
echo "The lobster is called Larry." >.openclaw/workspace/notes.txt
run agent --local --agent main --json --session-id tool --message 'Use the tool `read` on "notes.txt".'
same "tools called" "$(value 'it.meta.toolSummary.calls + " " + it.meta.toolSummary.tools')" "1 read"
[[ $(value 'it.payloads[0].text') == *"The lobster is called Larry."* ]] || fail "the agent said $out"
same "requests of the agent with a tool" "$made" 2

run infer model run --prompt "What is 6*7?" --json
[[ $(value 'it.outputs[0].text') == *"6*7 = 42"* ]] || fail "infer model run said $out"
same "requests of infer" "$made" 1

run infer video generate --prompt "a lobster surfing at sunset" --output "$work/lobster.mp4" --json
same "the video's model" "$(value 'it.model')" wan2.6-t2v
[[ $(head -c 8 lobster.mp4 | tail -c 4) == ftyp ]] || fail "lobster.mp4 is no video"
same "videos made" "$(requests '/compatible-mode/v1/api/v1/services/aigc/video-generation/video-synthesis')" 1

echo "openclaw $version as an agent: passed"
