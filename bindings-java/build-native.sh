#!/bin/sh
# Builds the native library and copies it to where the jar takes it from, with those of other platforms.
# Usage: build-native.sh CLASSES_FOLDER (Maven's target/classes) [NATIVES_FOLDER [true]]
# NATIVES_FOLDER has a folder with a library for each further platform: linux-aarch64/libcapsock_jni.so.
# true: nothing is built, and the libraries are those of NATIVES_FOLDER.
set -eu
classes=$1
natives=${2:-}
all=$classes/io/capsock/native
rm -rf "$all"
if [ "${3:-false}" = true ]; then
    mkdir -p "$all"
    cp -R "$natives"/. "$all/"
    exit
fi
cd "$(dirname "$0")"
cargo build --quiet --release --package capsock-jni
# Cargo knows where it built: CARGO_TARGET_DIR and its own settings count.
target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
host=$(rustc --version --verbose | sed -n 's/^host: //p')
library=$(./native-library.sh "${CARGO_BUILD_TARGET:-$host}")
mkdir -p "$all/$(dirname "$library")"
cp "$target/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}release/$(basename "$library")" "$all/$library"
if [ -n "$natives" ]; then
    cp -R "$natives"/. "$all/"
fi
