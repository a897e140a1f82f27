#!/usr/bin/env bash
# Chats through the LiteLLM proxy: an OpenAI-compatible server written by somebody else.
# Its usage chunk has a choice with an empty delta, where Model Studio's has no choice at all.
# Needs Python with venv and pip, and PyPI; skips without them. Everything stays on loopback.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

source tests/interop/common.bash
# The newest whose proxy PyPI has all parts of.
version=1.108.7
python_packages litellm-proxy "litellm[proxy]==$version"
venv=$(dirname "$python")
cargo build --quiet --locked -p qwen-openclaw-cli

work=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=sk-litellm-0123456789abcdef0123456789abc
text='The proxy says hello, with a comma, "quotes" and 北京.'
cat >"$work/config.yaml" <<CONFIG
model_list:
  - model_name: mock-model
    litellm_params:
      model: openai/mock-model
      api_key: none
      mock_response: '$text'
CONFIG
env LITELLM_MASTER_KEY=$key LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_TELEMETRY=False \
    "$venv/litellm" --config "$work/config.yaml" --host 127.0.0.1 --port "$port" >"$work/proxy.log" 2>&1 &
proxy=$!
trap 'kill $proxy 2>/dev/null || true; wait $proxy 2>/dev/null || true; rm -rf "$work"' EXIT

for _ in $(seq 120); do
    python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/health/liveliness', timeout=1)" \
        2>/dev/null && break
    kill -0 $proxy 2>/dev/null || { cat "$work/proxy.log"; exit 1; }
    sleep 0.5
done

base=http://127.0.0.1:$port/v1
ask=("$command" chat --base-url "$base" --api-key-stdin -m qwen/mock-model)

got=$(printf %s "$key" | "${ask[@]}" "Hello?" 2>"$work/stderr")
[[ $got == "$text" ]] || { echo "text: $got"; cat "$work/stderr"; exit 1; }
grep -q ' in, .* out' "$work/stderr" || { echo "no usage:"; cat "$work/stderr"; exit 1; }

printf %s "$key" | "${ask[@]}" --json=stream "Hello?" 2>/dev/null >"$work/events"
python3 - "$work/events" "$text" <<'CHECK'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
result = events[-1]
pieces = [e["text"] for e in events if e["type"] == "text"]
usage = result["usage"]
assert result["type"] == "result" and result["text"] == sys.argv[2] == "".join(pieces), result
assert len(pieces) > 1, "it did not stream"
assert usage["input_tokens"] > 0 and usage["output_tokens"] > 0, usage
assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"], usage
print(f"text in {len(pieces)} pieces, usage {usage['input_tokens']} in, {usage['output_tokens']} out")
CHECK

code=0
printf %s sk-wrong | "${ask[@]}" "Hello?" >/dev/null 2>"$work/stderr" || code=$?
# Without a database the proxy answers a key it does not know with 400 and these words.
[[ $code == 4 ]] && grep -q 'error: No connected db' "$work/stderr" ||
    { echo "a wrong key exits with $code:"; cat "$work/stderr"; exit 1; }
echo "litellm $version, the proxy: passed"
