#!/usr/bin/env bash
# OpenClaw itself and the command read, validate and edit each other's files: what one of them writes,
# the other must understand. Needs npm and its registry; skips without them. Only npm sends anything:
# OpenClaw runs without a network, is never started as a daemon, and finds no key but an invented one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

source tests/interop/common.bash
version=2026.9.6
plugin=2026.9.4
# A network namespace without interfaces, so that nothing depends on what OpenClaw promises not to send.
unshare --map-root-user --net true 2>/dev/null || skip "no program can be kept off the network here"
newer_node
npm_packages openclaw "openclaw@$version"
# Packed, because OpenClaw would otherwise fetch it while onboarding.
npm_archive @openclaw/qwen-provider "$plugin"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --quiet --locked -p qwen-openclaw-cli
key=sk-invented-0123456789abcdef
masked=sk-inven...89abcdef

# Both programs, in the home $home.
ours() {
    env -i PATH="$PATH" HOME="$home" LANG=C.UTF-8 "$command" "$@"
}
openclaw() {
    unshare --map-root-user --net env -i PATH="$PATH" HOME="$home" LANG=C.UTF-8 DO_NOT_TRACK=1 \
        OPENCLAW_NO_AUTO_UPDATE=1 NO_UPDATE_NOTIFIER=1 npm_config_update_notifier=false \
        timeout 300 "$modules/node_modules/.bin/openclaw" "$@"
}
# Runs a command, shows what it said only if it failed, and leaves its standard output in $out.
run() {
    out=$("$@" 2>"$work/stderr") && return 0
    printf '%s\n' "$out" >&2
    cat "$work/stderr" >&2
    fail "$*"
}
# What a JavaScript expression over `it`, the JSON in $out, amounts to, as JSON with sorted keys.
value() {
    node -e 'const sorted = (_, v) => v && typeof v === "object" && !Array.isArray(v)
            ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => a < b ? -1 : 1)) : v;
        const it = JSON.parse(process.argv[2]);
        console.log(JSON.stringify(eval(process.argv[1]), sorted));' "$1" "$out"
}
same() {
    [[ $2 == "$3" ]] || fail "$1: '$2' is not '$3'"
}
valid() {
    run "$1" config validate --json
    same "$1 validates" "$(value it.valid)" true
}
# What both programs have to say alike.
chosen='({ model: it.defaultModel, resolved: it.resolvedDefault, fallbacks: it.fallbacks,
    aliases: it.aliases })'
agree() {
    run ours models status --json
    local mine
    mine=$(value "$chosen")
    run openclaw models status --json
    same "$1" "$mine" "$(value "$chosen")"
    same "$1: the default model" "$(value it.defaultModel)" "\"$2\""
}

# Ours writes, OpenClaw reads.
home=$work/ours
mkdir "$home"
run ours onboard --non-interactive --auth-choice qwen-standard-api-key \
    --modelstudio-standard-api-key "$key" --emulator
run ours models aliases add coder qwen/qwen3-coder-plus
run ours models fallbacks add qwen/qwen3-max-2026-01-23
run ours models fallbacks add qwen/qwen3-coder-plus
valid openclaw
agree "a file of ours" qwen/qwen3.5-plus
same "fallbacks" "$(value it.fallbacks)" '["qwen/qwen3-max-2026-01-23","qwen/qwen3-coder-plus"]'
same "aliases" "$(value it.aliases)" '{"Qwen":"qwen/qwen3.5-plus","coder":"qwen/qwen3-coder-plus"}'

# OpenClaw writes, ours reads.
home=$work/theirs
mkdir "$home"
run openclaw plugins install --force --accept-capabilities "$archive"
run openclaw onboard --non-interactive --accept-risk --skip-health \
    --auth-choice qwen-standard-api-key --modelstudio-standard-api-key "$key"
valid ours
agree "a file of OpenClaw's" qwen/qwen3.5-plus
label='it.auth.providers.find((p) => p.provider === "qwen").profiles.labels'
same "OpenClaw's label" "$(value "$label")" "[\"qwen:default=$masked\"]"
run ours models list --json
same "models list" "$(value 'it.models.some((m) => m.key === "qwen/qwen3.5-plus" && m.tags.includes("default"))')" true
run ours models auth import openclaw --json
[[ $out != *"$key"* ]] || fail "the import shows the key"
run ours models status --json
same "our label after the import" "$(value "$label")" "[\"qwen:default=$masked\"]"

# Ours edits OpenClaw's file, OpenClaw reads it again.
run ours models set qwen/qwen3-coder-plus
valid openclaw
agree "an edited file of OpenClaw's" qwen/qwen3-coder-plus

echo "openclaw $version: passed"
