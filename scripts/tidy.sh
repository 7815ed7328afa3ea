#!/usr/bin/env bash
# Runs the pinned clang-tidy 14 over the library and the program, the files changed last first.
#
#   scripts/tidy.sh [--seconds N] [BUILD_FOLDER [FILE...]]
#
# Without files: every source of BUILD_FOLDER (build/release), which gives the compile commands. With
# --seconds no file is begun after that time; the last line says how many were checked.
set -euo pipefail
cd "$(dirname "$0")/.."
deadline=9999999999
if [ "${1:-}" = --seconds ]; then
  deadline=$(($(date +%s) + $2))
  shift 2
fi
build=${1:-build/release}
shift || true

tidy=$(command -v clang-tidy-14 || command -v clang-tidy)
"$tidy" --version | grep -q 'version 14\.' || { echo "clang-tidy 14 is needed" >&2; exit 1; }
[ -f "$build/compile_commands.json" ] || { echo "no compile_commands.json in $build" >&2; exit 1; }

files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  # What git changed last, then all; of these, once each, what is compiled.
  compiled=$(grep -oE '"file": "[^"]+"' "$build/compile_commands.json" | cut -d'"' -f4 |
             sed "s|^$PWD/||" | grep -vE '^(tests|bench)/' | sort -u)
  [ -n "$compiled" ] || { echo "no sources found in $build" >&2; exit 1; }
  changed=$(git log --name-only --format= -n 100 -- '*.cc' 2>/dev/null | grep -Fx "$compiled" || true)
  mapfile -t files <<<"$(printf '%s\n%s\n' "$changed" "$compiled" | awk 'NF && !seen[$0]++')"
fi

# The compile commands without GCC's precompiled headers, which clang cannot read.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/checked
: >"$log"
sed 's/ -Winvalid-pch//; s/ -include [^ ]*cmake_pch\.hxx//' "$build/compile_commands.json" \
  >"$work/compile_commands.json"
export tidy work deadline log
check() {
  [ "$(date +%s)" -lt "$deadline" ] || return 0
  "$tidy" -p "$work" --quiet --extra-arg=-Wno-unknown-warning-option "$1" 2>/dev/null || return 1
  echo "$1" >>"$log"
}
export -f check
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c 'check "$1"' _ {} ||
  { echo "clang-tidy: see above" >&2; exit 1; }
echo "clang-tidy: $(wc -l <"$log") of ${#files[@]} files checked, all clean"
