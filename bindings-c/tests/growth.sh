#!/usr/bin/env bash
# growth.sh: a program compiled with an earlier capsock.h runs with a later library: growth/capsock.h is the header of
# the first commit with opaque options, and the library is built of a copy of the tree whose description has one more
# option and one more total, in the middle. Plain, under valgrind, and with AddressSanitizer.
# A line for each check; the last line is "N passed, N failed".
set -euo pipefail

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$tests/../.." && pwd)
grown=$root/target/growth
tree=$grown/tree

rm -rf "$tree"
mkdir -p "$tree" "$grown/bin"
tar -C "$root" --exclude=target --exclude=./.git --exclude=./.venv --exclude=./dist --exclude='*.pyc' -cf - . |
    tar -C "$tree" -xf -

# Both go in before something that is there, so that every number behind them moves.
awk '{ if ($0 ~ /^        Opt \{$/) held = $0
       else if (held != "") {
           if ($0 ~ /name: "max_connections",/) {
               print "        Opt {\n            name: \"grown\",\n            over: Over::Both,\n            kind: Kind::Size,"
               print "            unit: \"bytes\",\n            default: Default::Number(7),\n            range: \"\","
               print "            since: \"0.2.0\",\n            error: \"the growth\",\n            sentence: \"A later option.\","
               print "            paragraph: \"\",\n        },"
           }
           print held; print; held = ""
       } else print }' "$root/api/src/options.rs" >"$tree/api/src/options.rs"
sed '/total("requests",/i\    total("grown", "A later total."),' "$root/api/src/totals.rs" >"$tree/api/src/totals.rs"

export CARGO_TARGET_DIR=$grown/build
(cd "$tree" && CAPSOCK_BLESS=1 cargo test --quiet --package capsock-api --test generated >"$grown/log" 2>&1 &&
    cargo build --quiet --package capsock-c >>"$grown/log" 2>&1) || { cat "$grown/log"; exit 1; }

passed=0
failed=0
check() { # NAME COMMAND...
    local name=$1
    shift
    if timeout 120 "$@" >"$grown/log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "passed  growth: $name"
    else
        failed=$((failed + 1))
        cat "$grown/log"
        echo "failed  growth: $name"
    fi
}

library=$CARGO_TARGET_DIR/debug
ln -sf libcapsock.so "$library/libcapsock.so.0"
export LD_LIBRARY_PATH=$library
flags=(-std=c99 -Wall -Wextra -Werror -g "-I$tests/growth" "$tests/growth/program.c" "-L$library" -lcapsock)
# shellcheck disable=SC2016 # the words are for the other shell
check "the library has grown in the middle" sh -c 'nm -D "$1" | grep -q " capsock_server_options_set_grown$" &&
    nm -D "$1" | grep -q " capsock_stats_grown$" && ! grep -q grown "$2"' \
    sh "$library/libcapsock.so" "$tests/growth/capsock.h"
check "an earlier program links" gcc "${flags[@]}" -o "$grown/bin/plain"
check "it runs" "$grown/bin/plain"
check "it runs under valgrind" valgrind --quiet --leak-check=full --show-leak-kinds=definite \
    --errors-for-leak-kinds=definite --error-exitcode=99 "$grown/bin/plain"
skipped=
# Alpine's gcc comes without the sanitizer's library.
if gcc -fsanitize=address -x c -o "$grown/bin/none" - 2>/dev/null <<<'int main(void) { return 0; }'; then
    check "it links with AddressSanitizer" gcc -fsanitize=address "${flags[@]}" -o "$grown/bin/asan"
    check "it runs with AddressSanitizer" "$grown/bin/asan"
else
    echo "skipped  growth: AddressSanitizer: gcc cannot link with it"
    skipped=", 1 skipped"
fi
echo "$passed passed, $failed failed$skipped"
[ "$failed" -eq 0 ]
