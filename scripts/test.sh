#!/usr/bin/env bash
# Every check of the project, on a bare Debian 12 too; ends with the closing lines of ctest.
#
#   scripts/test.sh --quick   format, a release build without bench/ and the slow tests, the short tests
#   scripts/test.sh           also bench/, the slow tests, the short tests with sanitizers, the fuzzers
#                             for 10 s each
#   scripts/test.sh --all     also clang-tidy over every source, the fuzzers for 60 s each
#
# Where the folder ../shared/data exists, or APATITE_DATA names another one, a test of real data that is
# skipped counts as a failure (APATITE_REQUIRE_DATA=1).
set -euo pipefail
cd "$(dirname "$0")/.."

extent=default
case "${1:-}" in
  --quick) extent=quick ;;
  --all) extent=all ;;
  "") ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
jobs=$(nproc)
cache=()
if command -v ccache >/dev/null; then
  # A precompiled header would hide the sources from the cache; paths below this folder are made
  # relative, so that a checkout elsewhere finds what this one compiled.
  cache=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache
         -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON)
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
fi
if [ -n "${APATITE_DATA:-}" ] || [ -d ../shared/data ]; then export APATITE_REQUIRE_DATA=1; fi
step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

# build PRESET [TARGET [OPTION...]]: configures and builds; what the compiler says is shown only if it
# fails. An empty TARGET stands for all.
build() {
  local log=build/$1.log
  mkdir -p build
  { cmake --preset "$1" "${cache[@]}" "${@:3}" &&
    cmake --build --preset "$1" -j "$jobs" ${2:+--target "$2"}; } >"$log" 2>&1 ||
    { grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | tail -60; exit 1; }
}

# run_tests PRESET [OPTION...]: shows what failed and the closing lines; exits if a test failed.
run_tests() {
  local log=build/ctest-$1.log
  ctest --test-dir "build/$1" --output-on-failure -j "$jobs" --no-tests=error "${@:2}" 2>&1 |
    tee "$log" | grep -vE '(Start +[0-9]+:|Passed|^ *$)' || true
  grep -q '100% tests passed' "$log" || exit 1
}

step "packages"
if [ "$extent" = quick ]; then scripts/install_packages.sh test; else scripts/install_packages.sh full; fi

step "format"
scripts/format.sh --check

step "release build"
if [ "$extent" = quick ]; then
  build release "" -DAPATITE_BUILD_BENCH=OFF -DAPATITE_SLOW_TESTS=OFF
  step "the short tests"
  run_tests release -LE slow
else
  build release "" -DAPATITE_BUILD_BENCH=ON -DAPATITE_SLOW_TESTS=ON
  step "all tests"
  run_tests release

  # The slow tests are slow because they compute much, not because they touch other code.
  step "the short tests with the address and undefined-behaviour sanitizers"
  build asan "" -DAPATITE_SLOW_TESTS=OFF
  run_tests asan -LE slow

  seconds=10
  [ "$extent" = default ] || seconds=60
  step "fuzzers, $seconds s each"
  build fuzz fuzzers
  scripts/fuzz.sh build/fuzz "$seconds"
fi
if [ "$extent" = all ]; then
  step "clang-tidy"
  scripts/tidy.sh build/release
fi

step "summary"
sed -n '/% tests passed/,$p' build/ctest-release.log | grep -v '% tests passed' || true
grep '% tests passed' build/ctest-release.log
