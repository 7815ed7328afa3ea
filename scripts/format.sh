#!/usr/bin/env bash
# Formats every C++ file with the pinned clang-format 14; with --check only says which differ.
set -euo pipefail
cd "$(dirname "$0")/.."

formatter=$(command -v clang-format-14 || command -v clang-format)
"$formatter" --version | grep -q 'version 14\.' || {
  echo "clang-format 14 is needed (Debian 12), this is: $("$formatter" --version)" >&2
  exit 1
}
# The files of the project: those that git tracks or would; outside a repository, all but builds.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  list=$(git ls-files --cached --others --exclude-standard -- '*.h' '*.cc' '*.cu' |
         while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
else
  list=$(find . -path './build*' -prune -o \( -name '*.h' -o -name '*.cc' -o -name '*.cu' \) -print)
fi
[ -n "$list" ] || { echo "no C++ files found" >&2; exit 1; }
mapfile -t files <<<"$list"

if [ "${1:-}" = --check ]; then
  "$formatter" --dry-run -Werror "${files[@]}"
  echo "format: ${#files[@]} files are as clang-format 14 writes them"
else
  "$formatter" -i "${files[@]}"
fi
