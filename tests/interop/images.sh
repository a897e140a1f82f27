#!/usr/bin/env bash
# The SDKs of the service and of OpenAI make images on the emulator: what works there must work here.
# Needs Python with venv and pip, and PyPI; skips without them. Everything stays on loopback.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

skip() {
    echo "skipped: $1"
    exit 0
}
command -v python3 >/dev/null || skip "there is no python3"
dashscope=2.0.2
openai=3.57.0
venv=${IMAGES_VENV:-tests/interop/.venv/images}
installed=$("$venv/bin/pip" list --format=freeze 2>/dev/null || true)
if ! grep -qx "dashscope==$dashscope" <<<"$installed" || ! grep -qx "openai==$openai" <<<"$installed"; then
    python3 -m venv "$venv" 2>/dev/null || skip "python3 has no venv"
    "$venv/bin/pip" install --quiet "dashscope==$dashscope" "openai==$openai" ||
        skip "the SDKs cannot be installed"
fi
cargo build --quiet --locked -p qwen-openclaw-cli
command=${CARGO_TARGET_DIR:-target}/debug/qwen-openclaw

work=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# Starts an emulator with these arguments and leaves its base URLs in `base` and `open_ai`.
emulator() {
    local addresses=$work/${#started[@]}
    : >"$addresses"
    "$command" emulator "$@" >"$addresses" &
    started+=($!)
    for _ in $(seq 100); do
        base=$(sed -n 's/^AIGC Global *//p' "$addresses")
        open_ai=$(sed -n 's/^Standard Global *//p' "$addresses")
        [[ -z $base ]] || return 0
        kill -0 "${started[-1]}" || exit 1
        sleep 0.1
    done
    echo "the emulator did not start"
    exit 1
}

emulator --fault 'results-fail;after=1'
partly=$base
emulator
plain=$base

# A home of its own: the SDKs look for keys there.
python=(env -i "PATH=$PATH" "HOME=$work" LANG=C.UTF-8 NO_PROXY=127.0.0.1
    "DASHSCOPE_HTTP_BASE_URL=$plain" DASHSCOPE_API_KEY=sk-test
    "OPENAI_BASE_URL=$open_ai" OPENAI_API_KEY=sk-test "$venv/bin/python")
"${python[@]}" tests/interop/dashscope_images.py "$partly"
echo "dashscope $dashscope: passed"
"${python[@]}" tests/interop/openai_images.py
echo "openai $openai: passed"
