#!/usr/bin/env bash
# Runs the pinned clang-tidy 14 over the library and the program.
#
#   scripts/tidy.sh [BUILD_FOLDER [FILE...]]     default: every source of build/release
#
# The build folder gives the compile commands.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
shift || true

tidy=$(command -v clang-tidy-14 || command -v clang-tidy)
"$tidy" --version | grep -q 'version 14\.' || { echo "clang-tidy 14 is needed" >&2; exit 1; }
[ -f "$build/compile_commands.json" ] || { echo "no compile_commands.json in $build" >&2; exit 1; }

files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  mapfile -t files < <(grep -oE '"file": "[^"]+"' "$build/compile_commands.json" | cut -d'"' -f4 |
                       grep -vE '/(tests|bench)/' | sort -u)
fi
[ ${#files[@]} -gt 0 ] || { echo "no sources found in $build" >&2; exit 1; }
printf '%s\n' "${files[@]}" |
  xargs -P "$(nproc)" -n 1 "$tidy" -p "$build" --quiet \
    --extra-arg=-Wno-unknown-warning-option 2>/dev/null
echo "clang-tidy: ${#files[@]} files are clean"
