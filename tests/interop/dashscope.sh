#!/usr/bin/env bash
# The service's own Python SDK makes video clips on the emulator: what works there must work here. The page
# about it is run too.
# Needs Python with venv and pip, and PyPI; skips without them. Everything stays on loopback.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

source tests/interop/common.bash
command -v python3 >/dev/null || skip "there is no python3"
version=2.0.2
venv=${DASHSCOPE_VENV:-tests/interop/.venv/dashscope}
if ! "$venv/bin/pip" show dashscope 2>/dev/null | grep -qx "Version: $version"; then
    python3 -m venv "$venv" 2>/dev/null || skip "python3 has no venv"
    "$venv/bin/pip" install --quiet "dashscope==$version" || skip "dashscope cannot be installed"
fi
cargo build --quiet --locked -p qwen-openclaw-cli

work=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# Starts an emulator with these arguments and leaves its AIGC base URL in `base`.
emulator() {
    local addresses=$work/${#started[@]}
    : >"$addresses"
    "$command" emulator "$@" >"$addresses" &
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

emulator --video-seconds 5
plain=$base
emulator --fault 'throttling;on=poll;times=1'
throttled=$base
emulator --fault 'model-unavailable;on=poll;times=1'
unavailable=$base
emulator --fault 'task-fails;code=DataInspectionFailed'
failing=$base

# A home of its own: the SDK looks for keys there.
env -i PATH="$PATH" HOME="$work" LANG=C.UTF-8 NO_PROXY=127.0.0.1 \
    DASHSCOPE_HTTP_BASE_URL="$plain" DASHSCOPE_API_KEY=sk-test \
    "$venv/bin/python" tests/interop/dashscope_video.py "$throttled" "$unavailable" "$failing"

origin=${plain%/api/v1}
snippet dashscope sh >"$work/settings"
source "$work/settings"
for block in 1 2; do
    snippet dashscope python $block >"$work/snippet.py"
    printed=$(alone NO_PROXY=127.0.0.1 DASHSCOPE_HTTP_BASE_URL="$DASHSCOPE_HTTP_BASE_URL" \
        DASHSCOPE_API_KEY="$DASHSCOPE_API_KEY" "$venv/bin/python" "$work/snippet.py")
    same_as_page dashscope $block "$printed"
done
echo "dashscope $version: passed"
