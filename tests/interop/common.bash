# What the scripts for other people's programs share: packages in a cache folder, a namespace without a
# network, the emulator, and the snippets of `docs/clients/`. Source it in the repository's root.
#
# A script installs first, then calls `offline`, which starts it again where nothing but loopback can be
# reached, and within a time limit.

skip() {
    echo "skipped: $1"
    exit 0
}
fail() {
    echo "FAILED: $1" >&2
    exit 1
}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/qwen-openclaw/interop
command=${CARGO_TARGET_DIR:-target}/debug/qwen-openclaw

# Installs npm packages of these versions into a folder of their own, and leaves it in `modules`.
npm_packages() {
    modules=$cache/$1
    shift
    [[ $(cat "$modules/installed" 2>/dev/null) != "$*" ]] || return 0
    command -v npm >/dev/null || skip "there is no npm"
    rm -rf "$modules"
    mkdir -p "$modules"
    npm install --prefix "$modules" --cache "$cache/npm" --no-audit --no-fund --no-save \
        --no-update-notifier "$@" >"$modules/npm.log" 2>&1 || skip "npm cannot install $*"
    echo "$*" >"$modules/installed"
}
# Leaves the archive of a package, at a version, in `archive`.
npm_archive() {
    archive=${1#@}
    archive=$cache/${archive//\//-}-$2.tgz
    [[ -f $archive ]] ||
        npm pack --silent --cache "$cache/npm" --pack-destination "$cache" "$1@$2" >/dev/null 2>&1 ||
        skip "npm cannot fetch $1@$2"
}
# Many machines have an older Node than these programs want; npm has that as a package.
newer_node() {
    if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit((a === 24 && b >= 16) || (a === 26 && b >= 1) || a > 26 ? 0 : 1)' 2>/dev/null; then
        npm_packages node node@24.21.0
        PATH=$modules/node_modules/.bin:$PATH
        node --version >/dev/null 2>&1 || skip "Node 24 from npm does not run here"
    fi
}
# The same for Python, into a virtual environment: leaves its interpreter in `python`.
python_packages() {
    local venv=$cache/$1
    python=$venv/bin/python
    shift
    [[ $(cat "$venv/installed" 2>/dev/null) != "$*" ]] || return 0
    command -v python3 >/dev/null || skip "there is no python3"
    rm -rf "$venv"
    mkdir -p "$cache"
    python3 -m venv "$venv" 2>/dev/null || skip "python3 has no venv"
    "$venv/bin/pip" install --quiet "$@" || skip "pip cannot install $*"
    echo "$*" >"$venv/installed"
}

# Starts the script again, at most for so many seconds, where only loopback can be reached.
offline() {
    if [[ -n ${INTEROP_OFFLINE:-} ]]; then
        work=$(mktemp -d)
        started=()
        trap 'kill "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
        return 0
    fi
    cargo build --quiet --locked -p qwen-openclaw-cli
    unshare --map-root-user --net ip link set lo up 2>/dev/null ||
        skip "no program can be kept off the network here"
    INTEROP_OFFLINE=1 exec unshare --map-root-user --net \
        bash -c 'ip link set lo up && exec timeout "$@"' bash "$1" bash "tests/interop/$(basename "$0")"
}

# Starts an emulator with these arguments: leaves its origin in `origin`, its log in `log`.
emulator() {
    local urls=$work/urls${#started[@]}
    log=$work/log${#started[@]}
    : >"$urls"
    "$command" emulator "$@" >"$urls" 2>"$log" &
    started+=($!)
    for _ in $(seq 100); do
        origin=$(sed -n 's#^Standard Global *\(http://[^/]*\)/.*#\1#p' "$urls")
        [[ -z $origin ]] || return 0
        kill -0 "${started[-1]}" || fail "the emulator stopped: $(cat "$log")"
        sleep 0.1
    done
    fail "the emulator did not start"
}
# The number of requests that the log has of a path.
requests() {
    grep -c " $1 " "$log" || true
}

# The blocks of a language on a page of `docs/clients/`, with the emulator's origin in place of the one
# that stands there: all of them, or the one with this number.
snippet() {
    local text
    text=$(awk -v start="\`\`\`$2" -v want="${3:-0}" '
        inside && /^```/ { inside = 0; next }
        inside { print }
        !inside && $0 == start { inside = want == 0 || ++seen == want }
    ' "docs/clients/$1.md")
    [[ -n $text ]] || fail "docs/clients/$1.md has no block ${3:-} of $2"
    printf '%s\n' "${text//http:\/\/127.0.0.1:8080/$origin}"
}
# Compares what a snippet printed with the page.
same_as_page() {
    local page
    page=$(snippet "$1" text "$2")
    [[ $3 == "$page" ]] || fail "docs/clients/$1.md, block $2 of text: it printed
$3"
}

# A program with an environment of its own: no key, no settings and no proxy but what is passed as
# NAME=VALUE.
alone() {
    env -i PATH="$PATH" HOME="$work" LANG=C.UTF-8 "$@"
}
