#!/usr/bin/env bash
# LangChain's ChatOpenAI against the emulator, and the page about it.
# Needs Python with venv and pip, and PyPI; skips without them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/interop/common.bash

python_packages langchain langchain-openai==1.7.4 openai==3.57.0
offline 300

emulator
snippet langchain sh >"$work/settings"
source "$work/settings"
settings=(OPENAI_BASE_URL="$OPENAI_BASE_URL" OPENAI_API_KEY="$OPENAI_API_KEY")
snippet langchain python >"$work/snippet.py"
printed=$(alone "${settings[@]}" "$python" "$work/snippet.py")
same_as_page langchain 1 "$printed"
alone "${settings[@]}" "$python" tests/interop/langchain_chat.py
