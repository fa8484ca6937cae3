# shellcheck shell=bash
# What the scripts here share. It is sourced, and leaves the caller in the root of the checkout.
# shellcheck disable=SC2034 # the names here are for those who source it
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# The folder of the builds. If PORTABLE is set, they have the backend of macOS and FreeBSD (docs/architecture.md,
# "Backends") and a folder of their own; less optimised, they take less time.
build=$root/target
if [ -n "${PORTABLE:-}" ]; then
    build=$root/target/portable
    export RUSTFLAGS="--cfg capsock_portable"
    export CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
    export CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true
fi

logs=$build/logs
venv=$root/.venv
jar=$root/bindings-java/target/capsock.jar

# The scripts look for what they built in this folder, wherever the caller keeps other builds.
export CARGO_TARGET_DIR=$build
# pyo3 is built again for each new answer to the question which Python this is for: always the same.
export PYO3_PYTHON=$venv/bin/python
# In a fresh clone nothing was built before: what makes the next build shorter makes this one longer.
if [ -n "${CI:-}" ]; then export CARGO_INCREMENTAL=0; fi
# cargo takes make's job server for its own and warns when it is closed.
unset MAKEFLAGS MFLAGS

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# quietly NAME COMMAND...: runs it with its output in a log, which is shown if it fails or if V is set.
quietly() {
    local log=$logs/$1.log status=0
    shift
    mkdir -p "$logs"
    if [ -n "${V:-}" ]; then
        "$@" </dev/null 2>&1 | tee "$log" || status=$?
    else
        "$@" </dev/null >"$log" 2>&1 || status=$?
        [ "$status" -eq 0 ] || { tail -n 80 "$log" && say "The whole log: ${log#"$root"/}"; } >&2
    fi
    return "$status"
}

# check NAME COMMAND...: runs it quietly, says whether it succeeded, and counts.
passed=0
failed=0
check() {
    local name=$1
    shift
    if quietly "$(basename "$0")-${name// /-}" "$@"; then
        passed=$((passed + 1))
        say "ok      $name"
    else
        failed=$((failed + 1))
        say "FAILED  $name"
    fi
}

# shell_files FILE...: those of the files that shellcheck reads.
shell_files() { grep --files-with-matches --extended-regexp '^#(!.*sh| shellcheck shell=bash)$' "$@" || true; }

# stale FILE SOURCE...: is the file missing, or older than a file in one of the sources?
stale() {
    local file=$1
    shift
    [ ! -e "$file" ] || [ -n "$(find "$@" -type f -newer "$file" \
        -not -path '*/target/*' -not -name '*.pyc' -not -path '*/.*_cache/*' -print -quit)" ]
}

version() { sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1; }

# The JDK that builds the jar: the oldest here that can.
java_home() { "$root/scripts/jdks" | head -n 1 | cut -f 2; }

# The newest CPython with a GIL, which takes the tools: its minor version, a tab, its path.
newest_python() { "$root/scripts/pythons" | awk -F '\t' '$1 !~ /t$/ { newest = $0 } END { print newest }'; }

# java_format check|apply: Spotless reads no file outside a project's folder, so the examples and the benchmark are
# projects of their own.
java_format() {
    local folder
    for folder in bindings-java examples bench; do
        JAVA_HOME=$(java_home) mvn --batch-mode --no-transfer-progress --file "$folder" "spotless:$1" || return
    done
}
