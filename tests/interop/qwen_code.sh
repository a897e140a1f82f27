#!/usr/bin/env bash
# Qwen Code against the emulator, and the page about it: it answers, and lists a folder with the right tool.
# Needs npm and its registry; skips without them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/interop/common.bash

version=0.24.4
newer_node
npm_packages qwen-code "@qwen-code/qwen-code@$version"
offline 300

emulator
mkdir -p "$work/.qwen" "$work/project/lobsters"
snippet qwen-code json >"$work/.qwen/settings.json"
echo "The lobster is called Larry." >"$work/project/notes.txt"
cd "$work/project"

# Runs it without a terminal, and leaves its events as JSON in `out`.
run() {
    : >"$log"
    out=$(alone timeout 60 "$modules/node_modules/.bin/qwen" --output-format json "$@" 2>"$work/stderr") || {
        printf '%s\n' "$out" >&2
        cat "$work/stderr" >&2
        fail "qwen $*"
    }
    # Its memory asks too, so that there are more requests than turns.
    local made
    made=$(requests /compatible-mode/v1/chat/completions)
    [[ $made -le 5 ]] || fail "it made $made requests"
}
# What a JavaScript expression amounts to: `calls` are the tools called, `results` what they said, `end` is
# the last event.
value() {
    node -p 'const it = JSON.parse(process.argv[2]);
        const parts = it.flatMap((event) => event.message?.content ?? []);
        const calls = parts.filter((part) => part.type === "tool_use");
        const results = parts.filter((part) => part.type === "tool_result");
        const end = it.at(-1);
        eval(process.argv[1])' "$1" "$out"
}
same() {
    [[ $2 == "$3" ]] || fail "$1: '$2' is not '$3'"
}

run "Why is the sky blue?"
same "tools called" "$(value calls.length)" 0
same "turns" "$(value end.num_turns)" 1
[[ $(value end.result) == "The sky is blue because "* ]] || fail "it said $out"

run "List the directory \"$work/project\""
same "the tool" "$(value 'calls.map((call) => `${call.name} ${JSON.stringify(call.input)}`).join()')" \
    "list_directory {\"path\":\"$work/project\"}"
same "its result" "$(value '`${results[0].is_error} ${results[0].content}`')" "false Listed 2 item(s)"
[[ $(value end.result) == "I asked, and list_directory says "* ]] || fail "it said $out"
same "how it ended" "$(value '`${end.subtype} ${end.is_error}`')" "success false"
same "turns with a tool" "$(value end.num_turns)" 2

echo "qwen-code $version: passed"
