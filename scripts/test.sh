#!/usr/bin/env bash
# Every check of the project, on a bare Debian 12 too; ends with ctest's summary.
#
#   scripts/test.sh            all of it, below half an hour on two cores
#   scripts/test.sh --quick    format, release build and the tests not labelled slow
set -euo pipefail
cd "$(dirname "$0")/.."

quick=no
case "${1:-}" in
  --quick) quick=yes ;;
  "") ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
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
step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

# build PRESET [TARGET]: configures and builds; what the compiler says is shown only if it fails.
build() {
  local log=build/$1.log
  mkdir -p build
  { cmake --preset "$1" "${cache[@]}" &&
    cmake --build --preset "$1" -j "$jobs" ${2:+--target "$2"}; } >"$log" 2>&1 ||
    { grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | tail -60; exit 1; }
}

step "packages"
if [ "$quick" = yes ]; then scripts/install_packages.sh test; else scripts/install_packages.sh full; fi

step "format"
scripts/format.sh --check

step "release build"
build release
step "tests"
selection=()
[ "$quick" = no ] || selection=(-LE slow)
ctest --test-dir build/release --output-on-failure -j "$jobs" --no-tests=error "${selection[@]}" |
  tee build/ctest.log | grep -vE '(Start +[0-9]+:|Passed)' || true
grep -q '100% tests passed' build/ctest.log || exit 1

if [ "$quick" = no ]; then
  step "address and undefined-behaviour sanitizers"
  build asan
  # The slow tests are slow because they compute much, not because they touch other code.
  ctest --test-dir build/asan --output-on-failure -j "$jobs" --no-tests=error -LE slow |
    tee build/ctest-asan.log | grep -vE '(Start +[0-9]+:|Passed)' || true
  grep -q '100% tests passed' build/ctest-asan.log || exit 1

  step "fuzzers, 10 s each"
  build fuzz fuzzers
  scripts/fuzz.sh build/fuzz 10
fi

step "summary"
sed -n '/% tests passed/,$p' build/ctest.log | grep -v '% tests passed' || true
grep '% tests passed' build/ctest.log
