#!/usr/bin/env bash
# LiteLLM's Python library against the emulator, and the page about it.
# Needs Python with venv and pip, and PyPI; skips without them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/interop/common.bash

python_packages litellm litellm==1.110.2
offline 300

emulator
snippet litellm sh >"$work/settings"
source "$work/settings"
# Prices come with the package; otherwise it asks GitHub for newer ones first.
settings=(DASHSCOPE_API_BASE="$DASHSCOPE_API_BASE" DASHSCOPE_API_KEY="$DASHSCOPE_API_KEY"
    LITELLM_LOCAL_MODEL_COST_MAP=True)
snippet litellm python >"$work/snippet.py"
printed=$(alone "${settings[@]}" "$python" "$work/snippet.py")
same_as_page litellm 1 "$printed"
alone "${settings[@]}" "$python" tests/interop/litellm_chat.py
