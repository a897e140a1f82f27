#!/usr/bin/env bash
# OpenAI's own libraries for Python and Node against the emulator, and the page about them.
# Needs Python with venv and pip, npm, and their registries; skips without them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/interop/common.bash

python_packages openai openai==3.57.0
newer_node
npm_packages openai-node openai@7.59.0 zod@4.6.7
offline 300

emulator
snippet openai sh 1 >"$work/settings"
source "$work/settings"
settings=(OPENAI_BASE_URL="$OPENAI_BASE_URL" OPENAI_API_KEY="$OPENAI_API_KEY")
snippet openai python >"$work/snippet.py"
printed=$(alone "${settings[@]}" "$python" "$work/snippet.py")
same_as_page openai 1 "$printed"
alone "${settings[@]}" "$python" tests/interop/openai_chat.py

# Node looks for packages beside the program.
ln -s "$(realpath "$modules")/node_modules" "$work/node_modules"
snippet openai js >"$work/snippet.mjs"
printed=$(alone "${settings[@]}" node "$work/snippet.mjs")
same_as_page openai 1 "$printed"
for script in openai_chat.mjs openai_services.mjs; do
    cp "tests/interop/$script" "$work"
    alone "${settings[@]}" node "$work/$script"
done
