#!/bin/sh
# Checks that a folder of the library includes only itself and the folders to its left, and that
# every quoted include is written from the root.
#
#   scripts/check_includes.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"
order="base engine layers models weights image gradcam eval study cli"

present=""
for folder in $order; do [ ! -d "$folder" ] || present="$present $folder"; done
[ -n "$present" ] || { echo "no folder of the library is here" >&2; exit 1; }

# shellcheck disable=SC2086
find $present -type f \( -name '*.h' -o -name '*.cc' -o -name '*.cu' \) | sort | xargs awk -v order="$order" '
  BEGIN { count = split(order, names, " "); for (i = 1; i <= count; ++i) rank[names[i]] = i }
  FNR == 1 { ++files; split(FILENAME, parts, "/"); mine = parts[1] }
  /^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\""); split(quoted[2], parts, "/"); theirs = parts[1]
    # eval starts from a CSV file: it uses base alone.
    wrong = !(theirs in rank) || rank[theirs] > rank[mine] ||
            (mine == "eval" && theirs != "eval" && theirs != "base")
    if (wrong) { print FILENAME ":" FNR ": " mine "/ must not include \"" quoted[2] "\""; bad = 1 }
  }
  END {
    if (files == 0) { print "no C++ file found"; exit 1 }
    if (!bad) print "includes: " files " files include only to their left"
    exit bad
  }'
