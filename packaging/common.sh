# shellcheck shell=bash
# What the scripts of packaging/ share. It is sourced, and leaves the caller in the root of the checkout.
called_from=$PWD
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

# The time of every file of a package, and of the package, in seconds since 1970: the same sources give the same bytes.
epoch() {
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        say "$SOURCE_DATE_EPOCH"
    else
        git log -1 --format=%ct 2>/dev/null || date --reference=CHANGELOG.md +%s
    fi
}

# The platform of this machine, as the packages are named: SYSTEM-PROCESSOR, with -musl after it if that is its libc.
host_platform() {
    local system processor libc=
    system=$(uname -s | tr '[:upper:]' '[:lower:]')
    [ "$system" != darwin ] || system=macos
    processor=$(uname -m)
    case $processor in
        arm64) processor=aarch64 ;;
        amd64) processor=x86_64 ;;
    esac
    if [ "$system" = linux ] && [[ $(ldd --version 2>&1 || true) = *musl* ]]; then libc=-musl; fi
    say "$system-$processor$libc"
}

# The path of a file that was named in the folder of the caller.
absolute() { case $1 in /*) say "$1" ;; *) say "$called_from/$1" ;; esac; }
