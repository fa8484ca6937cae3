#!/usr/bin/env bash
# calls.sh CAPSOCK C_CALLS ROUNDS: runs the benchmark of the calls, which checks every reply, against two servers of
# the command. Nobody looks at what it measures: that takes a quiet machine.
set -euo pipefail

end_what_is_left() {
    local left
    mapfile -t left < <(jobs -p)
    [ ${#left[@]} -eq 0 ] || kill "${left[@]}"
}
trap end_what_is_left EXIT

# The port of a server, which ends with this script.
ports=()
serve() { # CAPSOCK TRANSPORT
    local line
    coproc server { exec "$1" serve "$2" --port 0 --json; }
    # shellcheck disable=SC2154 # coproc sets it
    read -r -t 30 line <&"${server[0]}"
    [[ $line =~ \"port\":([0-9]+) ]]
    ports+=("${BASH_REMATCH[1]}")
}
serve "$1" tcp 2>/dev/null
serve "$1" udp 2>/dev/null
"$2" "${ports[@]}" "$3"
