#!/usr/bin/env bash
# The service's own Python SDK speaks and listens on the emulator, and ffprobe reads what was spoken.
# Needs Python with venv and pip, and PyPI; skips without them. Everything stays on loopback.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

skip() {
    echo "skipped: $1"
    exit 0
}
command -v python3 >/dev/null || skip "there is no python3"
version=2.0.2
venv=${DASHSCOPE_VENV:-tests/interop/.venv/dashscope}
if ! "$venv/bin/pip" show dashscope 2>/dev/null | grep -qx "Version: $version"; then
    python3 -m venv "$venv" 2>/dev/null || skip "python3 has no venv"
    "$venv/bin/pip" install --quiet "dashscope==$version" || skip "dashscope cannot be installed"
fi
command -v ffprobe >/dev/null || echo "  without ffprobe: it cannot be tried whether it reads the audio"
cargo build --quiet --locked -p qwen-openclaw-cli
command=${CARGO_TARGET_DIR:-target}/debug/qwen-openclaw

work=$(mktemp -d)
: >"$work/addresses"
"$command" emulator --quiet >"$work/addresses" &
emulator=$!
trap 'kill "$emulator" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    base=$(sed -n 's/^AIGC Global *//p' "$work/addresses")
    [[ -z $base ]] || break
    kill -0 "$emulator" || exit 1
    sleep 0.1
done
[[ -n $base ]] || {
    echo "the emulator did not start"
    exit 1
}
socket=${base/#http/ws}

# A home of its own: the SDK looks for keys there.
env -i PATH="$PATH" HOME="$work" TMPDIR="$work" LANG=C.UTF-8 NO_PROXY=127.0.0.1 \
    DASHSCOPE_HTTP_BASE_URL="$base" DASHSCOPE_API_KEY=sk-test \
    DASHSCOPE_WEBSOCKET_BASE_URL="${socket%/api/v1}/api-ws/v1/inference" \
    "$venv/bin/python" tests/interop/dashscope_speech.py
echo "dashscope $version, speech: passed"
