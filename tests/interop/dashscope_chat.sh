#!/usr/bin/env bash
# The service's own Python SDK and LangChain's ChatTongyi, which is built on it, chat with the emulator.
# Needs Python with venv and pip, and PyPI; skips without them. Everything stays on loopback.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

skip() {
    echo "skipped: $1"
    exit 0
}
command -v python3 >/dev/null || skip "there is no python3"
versions=(dashscope==2.0.2 langchain-community==0.4.2 langchain-core==1.8.3)
venv=${TONGYI_VENV:-tests/interop/.venv/tongyi}
installed() {
    local list
    list=$("$venv/bin/pip" list --format freeze 2>/dev/null) || return 1
    for version in "${versions[@]}"; do
        grep -qx "$version" <<<"$list" || return 1
    done
}
if ! installed; then
    python3 -m venv "$venv" 2>/dev/null || skip "python3 has no venv"
    "$venv/bin/pip" install --quiet "${versions[@]}" || skip "${versions[*]} cannot be installed"
fi
cargo build --quiet --locked -p qwen-openclaw-cli
command=${CARGO_TARGET_DIR:-target}/debug/qwen-openclaw

work=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# Starts an emulator with these arguments and leaves its AIGC base URL in `base`.
emulator() {
    local addresses=$work/${#started[@]}
    : >"$addresses"
    "$command" emulator --quiet "$@" >"$addresses" &
    started+=($!)
    for _ in $(seq 100); do
        base=$(sed -n 's/^AIGC Global *//p' "$addresses")
        [[ -z $base ]] || return 0
        kill -0 "${started[-1]}" || exit 1
        sleep 0.1
    done
    echo "the emulator did not start"
    exit 1
}

emulator
plain=$base
emulator --fault 'stream-error;after=3'
broken=$base
emulator --fault 'throttling;times=1'
throttled=$base

# A home of its own: the SDK looks for keys there.
run() {
    env -i PATH="$PATH" HOME="$work" LANG=C.UTF-8 NO_PROXY=127.0.0.1 LANGSMITH_TRACING=false \
        DASHSCOPE_HTTP_BASE_URL="$plain" DASHSCOPE_API_KEY=sk-test \
        timeout 120 "$venv/bin/python" "$@"
}
run tests/interop/dashscope_chat.py "$broken" "$throttled"
run tests/interop/langchain_tongyi.py
echo "${versions[*]}: passed"
