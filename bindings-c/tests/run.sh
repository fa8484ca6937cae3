#!/usr/bin/env bash
# run.sh PREFIX: tests the library that is installed in PREFIX, found through pkg-config as a user's program
# finds it. Compiles every test and example as C99 (and C++17) with all warnings, linked with the shared and
# with the static library, and runs them; runs the tests under valgrind.
# A line for each test; the last line is "N passed, N failed".
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: run.sh PREFIX" >&2; exit 2; }
prefix=$(cd "$1" && pwd)
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
examples=$(cd "$tests/../../examples" && pwd)
limit=300 # seconds for one program; each test program has a limit of its own below it
into=$(mktemp -d)
trap 'rm -rf "$into"' EXIT

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
export LD_LIBRARY_PATH=$prefix/lib
export LC_ALL=C.UTF-8
unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR

passed=0
failed=0
result() { # passed|failed NAME
    if [ "$1" = passed ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    echo "$1  $2"
}

# Does the command succeed? Shows what it printed if it does not.
check() { # NAME COMMAND...
    local name=$1
    shift
    if timeout "$limit" "$@" >"$into/log" 2>&1 </dev/null; then
        result passed "$name"
    else
        cat "$into/log"
        result failed "$name"
        return 1
    fi
}

# Runs a program that prints "passed NAME" or "failed NAME" for each of its tests, and counts those.
run() { # NAME COMMAND...
    local name=$1 status=0 outcome test
    shift
    timeout "$limit" "$@" >"$into/tests" 2>"$into/log" </dev/null || status=$?
    while read -r outcome test; do
        result "$outcome" "$name: $test"
    done <"$into/tests"
    # A status that no test explains: a crash, a hang, a leak.
    if [ "$status" -ne 0 ] && ! grep -q '^failed' "$into/tests"; then
        result failed "$name: ended with status $status"
    fi
    [ "$status" -eq 0 ] || cat "$into/log"
}

warnings=(-Wall -Wextra -Wpedantic -Wconversion -Werror -O1 -g)
mapfile -t cflags < <(pkg-config --cflags capsock | xargs -n 1)
# shellcheck disable=SC2034 # taken by its name below
mapfile -t shared < <(pkg-config --libs capsock | xargs -n 1)
# The linker takes the first library that it finds on its way, and here that is the static one.
mkdir "$into/static-lib"
ln -s "$prefix/lib/libcapsock.a" "$into/static-lib/"
# shellcheck disable=SC2034 # as above
mapfile -t static < <(echo "-L$into/static-lib" && pkg-config --static --libs capsock | xargs -n 1)

for linkage in shared static; do
    bin=$into/$linkage
    mkdir "$bin"
    declare -n libraries=$linkage
    for source in "$tests"/*.c "$examples"/c/*.c "$examples"/peer/peer.c; do
        name=$(basename "$source" .c)
        check "$linkage: compile $name.c as C99" \
            gcc -std=c99 "${warnings[@]}" "${cflags[@]}" -o "$bin/$name" "$source" "${libraries[@]}" -pthread || true
    done
    for source in "$examples"/textbook/c/*.c; do
        name=textbook_$(basename "$source" .c)
        check "$linkage: compile $name.c as C99" \
            gcc -std=c99 "${warnings[@]}" "${cflags[@]}" -o "$bin/$name" "$source" "${libraries[@]}" -pthread || true
    done
    check "$linkage: compile test_cpp.cpp as C++17" \
        g++ -std=c++17 "${warnings[@]}" "${cflags[@]}" -o "$bin/test_cpp" "$tests/test_cpp.cpp" "${libraries[@]}" || true
    for program in "$bin"/test_*; do
        run "$linkage: $(basename "$program")" "$program"
    done
    check "$linkage: examples answer" "$tests/examples.sh" "$bin" "$examples/peer" || true
done

check "compile unload.c as C99" gcc -std=c99 "${warnings[@]}" "${cflags[@]}" -o "$into/unload" "$tests/unload/unload.c" -ldl || true
run "shared: unload" "$into/unload" "$prefix/lib/libcapsock.so"

check "bench: compile c_calls.c as C99" gcc -std=c99 "${warnings[@]}" "${cflags[@]}" -o "$into/c_calls" \
    "$examples/../bench/calls/c_calls.c" "${shared[@]}" || true
check "bench: c_calls runs" "$tests/calls.sh" "$prefix/bin/capsock" "$into/c_calls" 3 || true

# shellcheck disable=SC2016 # the word is for the compiler
check "the header alone, as C99 and as C++17" sh -c '
    echo "#include <capsock.h>" >"$1/alone.c" &&
    gcc -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wundef -Wstrict-prototypes -Werror "-I$2/include" -fsyntax-only "$1/alone.c" &&
    g++ -std=c++17 -x c++ -Wall -Wextra -Wpedantic -Wconversion -Wundef -Werror "-I$2/include" -fsyntax-only "$1/alone.c"' \
    sh "$into" "$prefix" || true
# The linker warns that getaddrinfo(3) of glibc loads libraries all the same.
# shellcheck disable=SC2046 # words
check "a program without any shared library" gcc -std=c99 "${cflags[@]}" -static -o "$into/all_static" \
    "$tests/test_clients.c" $(pkg-config --static --libs capsock) || true
check "it needs none" sh -c "! readelf -d '$into/all_static' | grep NEEDED" || true
run "all static: test_clients" "$into/all_static"

# A project of CMake's, with both libraries.
mkdir "$into/cmake"
cp "$examples/c/tcp_client.c" "$into/cmake/"
cat >"$into/cmake/CMakeLists.txt" <<'PROJECT'
cmake_minimum_required(VERSION 3.18)
project(example C)
find_package(capsock 0.1 REQUIRED)
foreach(library capsock capsock-static)
  add_executable(with_${library} tcp_client.c)
  target_link_libraries(with_${library} PRIVATE capsock::${library})
endforeach()
PROJECT
check "find_package(capsock) of CMake" cmake -S "$into/cmake" -B "$into/cmake/build" "-DCMAKE_PREFIX_PATH=$prefix" || true
check "its targets" cmake --build "$into/cmake/build" || true
for program in "$into"/cmake/build/with_*; do
    check "$(basename "$program") runs" sh -c "echo hello | '$program' 127.0.0.1 1 2>&1 | grep ECONNREFUSED" || true
done
sed -i 's/capsock 0.1/capsock 1.0/' "$into/cmake/CMakeLists.txt"
check "a later major version is not found" sh -c "! cmake -S '$into/cmake' -B '$into/cmake/later' '-DCMAKE_PREFIX_PATH=$prefix'" || true

check "the static programs need no shared library of ours" sh -c "! ldd '$into'/static/* | grep libcapsock" || true
check "the shared library has its soname" sh -c "readelf -d '$prefix/lib/libcapsock.so' | grep -q 'soname: .libcapsock.so.0.'" || true
check "the shared library shows capsock_ names only" sh -c \
    "! nm -D --defined-only '$prefix/lib/libcapsock.so' | grep -v ' capsock_'" || true

if command -v valgrind >/dev/null; then
    memcheck=(valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite
        --error-exitcode=99 --child-silent-after-fork=yes --suppressions="$tests/valgrind.supp")
    for program in "$into"/shared/test_*; do
        run "valgrind: $(basename "$program")" "${memcheck[@]}" "$program"
    done
else
    result failed "valgrind is not installed (Debian: apt-get install valgrind)"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
