#!/usr/bin/env bash
# Vectors, rankings, files and batches of the emulator through three Python programs, unchanged: the service's
# own SDK, OpenAI's, and LangChain. Needs Python with venv and pip, and PyPI; skips without them.
# Everything stays on loopback.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

skip() {
    echo "skipped: $1"
    exit 0
}
command -v python3 >/dev/null || skip "there is no python3"
packages=(dashscope==2.0.2 openai==3.57.0 langchain-community==0.4.2)
venv=${VECTORS_VENV:-tests/interop/.venv/vectors}
installed=$("$venv/bin/pip" freeze 2>/dev/null || true)
for package in "${packages[@]}"; do
    grep -qx "$package" <<<"${installed//_/-}" && continue
    python3 -m venv "$venv" 2>/dev/null || skip "python3 has no venv"
    "$venv/bin/pip" install --quiet "${packages[@]}" || skip "${packages[*]} cannot be installed"
    break
done
cargo build --quiet --locked -p qwen-openclaw-cli
command=${CARGO_TARGET_DIR:-target}/debug/qwen-openclaw

work=$(mktemp -d)
emulator=
trap 'kill "$emulator" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
: >"$work/urls"
"$command" emulator --quiet >"$work/urls" &
emulator=$!
base=
for _ in $(seq 100); do
    base=$(sed -n 's/^Standard Global *//p' "$work/urls")
    [[ -z $base ]] || break
    kill -0 "$emulator" || exit 1
    sleep 0.1
done
[[ -n $base ]] || {
    echo "the emulator did not start"
    exit 1
}
origin=${base%/compatible-mode/v1}

for script in dashscope_vectors openai_vectors openai_batches langchain_embeddings; do
    echo "$script"
    # A home of its own: the SDKs look for keys there.
    env -i PATH="$PATH" HOME="$work" LANG=C.UTF-8 NO_PROXY=127.0.0.1 \
        OPENAI_BASE_URL="$base" OPENAI_API_KEY=sk-test \
        DASHSCOPE_HTTP_BASE_URL="$origin/api/v1" DASHSCOPE_API_KEY=sk-test \
        "$venv/bin/python" -W ignore::DeprecationWarning "tests/interop/$script.py"
done
echo "${packages[*]}: passed"
