#!/usr/bin/env bash
# install.sh: what `make install` puts into a folder, `make uninstall` removes, and nothing else.
# A line for each check; the last line is "N passed, N failed".
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
into=$(mktemp -d)
trap 'rm -rf "$into"' EXIT

passed=0
failed=0
check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$into/log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "passed  $name"
    else
        failed=$((failed + 1))
        cat "$into/log"
        echo "failed  $name"
    fi
}

installed() { DESTDIR=$1 PREFIX=$2 "$root/scripts/install"; }
removed() { DESTDIR=$1 PREFIX=$2 "$root/scripts/uninstall"; }
refused() { # WHY DESTINATION PREFIX
    local said
    ! said=$(removed "$2" "$3" 2>&1) && [[ $said = *"$1"* ]]
}
all_readable() { [ -z "$(find "$1" -not -perm -444 -print -quit)" ]; }

for prefix in /opt/capsock "/opt/with a space" /usr/local; do
    there=$into/destination
    mkdir "$there"
    # A mask that would keep others out, as an administrator may have.
    check "$prefix: installed" eval "(umask 077; installed '$there' '$prefix')"
    check "$prefix: everybody reads it" all_readable "$there$prefix"
    check "$prefix: installed again" installed "$there" "$prefix"
    touch "$there$prefix/lib/another"
    check "$prefix: removed" removed "$there" "$prefix"
    check "$prefix: the files of others stay" rm "$there$prefix/lib/another"
    check "$prefix: nothing is left" test -z "$(find "$there" -not -type d -print -quit)"
    check "$prefix: no second time" refused "not installed under" "$there" "$prefix"
    rm -rf "$there"
done

there=$into/destination
installed "$there" /opt/capsock >"$into/log" 2>&1
check "no folder is left" eval "removed '$there' /opt/capsock && rmdir '$there/opt/capsock' '$there/opt' '$there'"
installed "$there" /opt/capsock >"$into/log" 2>&1
touch "$into/outside"
echo ../../../outside >>"$there/opt/capsock/share/capsock/installed-files"
check "a list with a file outside is refused" refused "not a file of an installation" "$there" /opt/capsock
check "and nothing is removed" test -e "$into/outside" -a -e "$there/opt/capsock/bin/capsock"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
