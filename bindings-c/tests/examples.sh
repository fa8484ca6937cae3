#!/usr/bin/env bash
# examples.sh BIN PEER: each server of the examples, compiled into BIN, answers its client and ends on Ctrl-C;
# the peer of the demo asks itself the texts of the folder PEER.
set -euo pipefail
bin=$1
texts=$2/texts.txt
expected=$2/expected.txt

end_what_is_left() {
    local left
    mapfile -t left < <(jobs -p)
    [ ${#left[@]} -eq 0 ] || kill "${left[@]}"
}
trap end_what_is_left EXIT

say_failed() {
    echo "$1" >&2
    exit 1
}

# Starts a server, asks it by the port that its first line names, and presses Ctrl-C.
try() { # SERVER CLIENT
    local line port reply status=0
    coproc server { exec env --default-signal=INT "$bin/$1" 0; }
    # shellcheck disable=SC2154 # coproc sets it
    local process=$server_PID
    read -r -t 30 line <&"${server[0]}" || say_failed "$1 did not start"
    [[ $line =~ ^The\ server\ is\ ready\ to\ receive\ on\ port\ ([0-9]+)$ ]] || say_failed "$1 said: $line"
    port=${BASH_REMATCH[1]}
    reply=$("$bin/$2" localhost "$port" <<<'hello, straße')
    [ "$reply" = "Input lowercase sentence: From Server: HELLO, STRASSE" ] || say_failed "$2 said: $reply"
    kill -INT "$process"
    wait "$process" || status=$?
    [ "$status" -eq 0 ] || say_failed "$1 ended with status $status"
}

# An error has its text on standard error, and a status.
refuse() { # COMMAND...
    local error status=0
    error=$("$@" 2>&1 >/dev/null <<<'hello') || status=$?
    [[ $status -eq 1 && $error = "could not "* ]] || say_failed "$* ended with status $status and said: $error"
}

try udp_server udp_client
try tcp_server tcp_client
try concurrent_tcp_server tcp_client
refuse "$bin/tcp_server" 70000
refuse "$bin/udp_server" -1
refuse "$bin/tcp_client" does-not-exist.invalid
refuse "$bin/udp_client" does-not-exist.invalid

coproc peer { exec "$bin/peer" serve; }
# shellcheck disable=SC2154 # coproc sets it
peer_process=$peer_PID
cells=
while read -r -t 30 line <&"${peer[0]}" && [ "$line" != ready ]; do
    cells+=$line$'\n'
done
[ "$(grep -c "^[tu][cd]p " <<<"$cells")" -eq 8 ] || say_failed "peer serve said: $cells"
answers=$(printf %s "$cells" | "$bin/peer" ask "$texts" "$expected")
[ "$(grep -c $'\tok\t' <<<"$answers")" -eq 8 ] || say_failed "peer ask said: $answers"
eval "exec ${peer[1]}>&-"
wait "$peer_process"
