#!/bin/sh
# Where the jar has the native library of a Rust target: FOLDER/FILE, as Platform.java names them.
# Usage: native-library.sh TARGET
set -eu
case $1 in
    *-linux-musl*) system=linux-musl file=libcapsock_jni.so ;;
    *-linux-gnu*) system=linux file=libcapsock_jni.so ;;
    *-apple-darwin) system=macos file=libcapsock_jni.dylib ;;
    *-windows-*) system=windows file=capsock_jni.dll ;;
    *-freebsd) system=freebsd file=libcapsock_jni.so ;;
    *)
        echo "native-library.sh: the jar has no name for $1" >&2
        exit 1
        ;;
esac
echo "$system-${1%%-*}/$file"
