#!/bin/sh
# Builds the native library and copies it to where the jar takes it from.
# Usage: build-native.sh CLASSES_FOLDER (Maven's target/classes)
set -eu
classes=$1
cd "$(dirname "$0")"
cargo build --quiet --release --package capsock-jni
# Cargo knows where it built: CARGO_TARGET_DIR and its own settings count.
target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
folder=$classes/io/capsock/native/$platform
mkdir -p "$folder"
cp "$target/release/libcapsock_jni.so" "$folder/"
