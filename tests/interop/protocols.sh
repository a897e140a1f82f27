#!/usr/bin/env bash
# The Responses API and Anthropic's protocol on the emulator, through the SDKs that others made for them,
# unchanged: OpenAI's and Anthropic's for Python, and the AI SDK with its OpenAI provider.
# Needs Python with venv and pip, and PyPI, for the first two, and npm and its registry for the last; what
# is missing is skipped. Only pip and npm send anything beyond loopback.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

openai=3.57.0
anthropic=2.14.0
ai=7.0.173
provider=4.0.118
zod=4.6.7

work=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

venv=${PROTOCOLS_VENV:-tests/interop/.venv/protocols}
python() {
    command -v python3 >/dev/null || return 1
    "$venv/bin/pip" list --format=freeze 2>/dev/null >"$work/pip" || true
    grep -qx "openai==$openai" "$work/pip" && grep -qx "anthropic==$anthropic" "$work/pip" && return
    python3 -m venv "$venv" 2>/dev/null || return 1
    "$venv/bin/pip" install --quiet "openai==$openai" "anthropic==$anthropic"
}

modules=${AI_SDK_MODULES:-$PWD/tests/interop/.venv/ai-sdk}
modern() {
    node -e 'process.exit(parseInt(process.versions.node) >= 22 ? 0 : 1)' 2>/dev/null
}
javascript() {
    command -v npm >/dev/null || return 1
    PATH=$modules/node_modules/.bin:$PATH
    npm list --prefix "$modules" "ai@$ai" "@ai-sdk/openai@$provider" "zod@$zod" >/dev/null 2>&1 && modern && return
    mkdir -p "$modules"
    # The AI SDK wants a newer Node than many machines have; npm has that as a package.
    local node=()
    modern || node=(node@24)
    npm install --prefix "$modules" --cache "$work/cache" --no-audit --no-fund --no-update-notifier \
        "${node[@]}" "ai@$ai" "@ai-sdk/openai@$provider" "zod@$zod" >"$work/npm.log" 2>&1 || return 1
    modern
}

cargo build --quiet --locked -p qwen-openclaw-cli
command=${CARGO_TARGET_DIR:-target}/debug/qwen-openclaw
: >"$work/addresses"
"$command" emulator --quiet >"$work/addresses" &
started+=($!)
for _ in $(seq 100); do
    base=$(sed -n 's/^Standard Global *//p' "$work/addresses")
    anthropic_url=$(sed -n 's/^Anthropic Global *//p' "$work/addresses")
    [[ -z $anthropic_url ]] || break
    kill -0 "${started[0]}" || exit 1
    sleep 0.1
done
[[ -n $anthropic_url ]] || { echo "the emulator did not start"; exit 1; }

passed=()
clean=(env -i PATH="$PATH" HOME="$work" LANG=C.UTF-8 NO_PROXY=127.0.0.1)
if python; then
    "${clean[@]}" BASE="$base" "$venv/bin/python" tests/interop/openai_responses.py
    passed+=("openai $openai")
    "${clean[@]}" ANTHROPIC="$anthropic_url" "$venv/bin/python" tests/interop/anthropic_messages.py
    passed+=("anthropic $anthropic")
else
    echo "not run: openai and anthropic, which cannot be installed"
fi
if javascript; then
    "${clean[@]}" PATH="$PATH" BASE="$base" MODULES="$modules" \
        node tests/interop/ai_sdk_responses.mjs
    passed+=("ai $ai with @ai-sdk/openai $provider")
else
    echo "not run: ai, which cannot be installed"
fi
if [[ ${#passed[@]} == 0 ]]; then
    echo "skipped: neither Python's packages nor npm's can be installed"
else
    printf '%s: passed\n' "${passed[@]}"
fi
