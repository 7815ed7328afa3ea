#!/bin/sh
# Checks that includes go one way: between the top-level folders and between the rooms (sub-folders)
# inside one. A file may include files of its own room and of the rooms listed before it. Every quoted
# include is written from the root of the repository.
#
# It also checks the namespaces: a file of the folder X, and a test of it in tests/X, opens only
# apatite::X or a namespace inside it; those of base open apatite itself.
#
#   scripts/check_includes.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"

# The rooms from the ground up. A folder's own name stands for the files directly in it.
rooms="
base
engine/graph engine/runtime engine/schedule engine/backend
engine/reference engine/onednn engine/exact engine/cuda engine
layers
models
weights/safetensors weights weights/torch weights/conversion
image/pixels image/resize image/dicom image/dicom/pixels image/codec image/decoder image/recipe image
gradcam/map gradcam/trust gradcam/picture
eval/statistics eval/data eval/roc eval/classification eval eval/report
study/run study/predict study/explain study/faithfulness
apatite
cli/terminal cli/options cli/commands cli"

present=""
for folder in $(printf '%s\n' $rooms | cut -d/ -f1 | uniq); do
  [ ! -d "$folder" ] || present="$present $folder"
done
[ -n "$present" ] || { echo "no folder of the library is here" >&2; exit 1; }

# shellcheck disable=SC2086
find $present -type f \( -name '*.h' -o -name '*.cc' -o -name '*.cu' \) | sort |
xargs awk -v rooms="$(echo $rooms)" '
  function room_of(path) { sub(/\/[^\/]*$/, "", path); return path }
  function complain(text) { print FILENAME ":" FNR ": " text; bad = 1 }
  BEGIN { count = split(rooms, names, " "); for (i = 1; i <= count; ++i) rank[names[i]] = i }
  FNR == 1 {
    ++files
    mine = room_of(FILENAME)
    if (!(mine in rank)) complain("the folder " mine "/ is not listed in scripts/check_includes.sh")
  }
  /^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    theirs = room_of(quoted[2])
    # eval starts from a CSV file: it uses base alone.
    if (!(theirs in rank) || rank[theirs] > rank[mine] ||
        (mine ~ /^eval/ && theirs !~ /^eval/ && theirs != "base"))
      complain(mine "/ must not include \"" quoted[2] "\"")
  }
  END {
    if (files == 0) { print "no C++ file found"; exit 1 }
    if (!bad) print "includes: the " files " files include only their own room and those below it"
    exit bad
  }'

for folder in $present; do
  [ ! -d "tests/$folder" ] || present="$present tests/$folder"
done
# shellcheck disable=SC2086
find $present -type f \( -name '*.h' -o -name '*.cc' -o -name '*.cu' \) | sort |
xargs awk '
  function complain(text) { print FILENAME ":" FNR ": " text; bad = 1 }
  FNR == 1 {
    ++files
    depth = 0
    folder = FILENAME
    sub(/^tests\//, "", folder)
    sub(/\/.*/, "", folder)
    # The words that all share, and what users of the library see, are in the outer namespace.
    outer = folder == "base" || folder == "apatite"
    mine = outer ? "apatite" : "apatite::" folder
  }
  # scripts/format.sh ends a namespace with this comment.
  /^}.*\/\/ namespace/ { if (depth > 0) --depth }
  /^(inline )?namespace [A-Za-z_:]* *\{/ {
    name = $0
    sub(/^(inline )?namespace /, "", name)
    sub(/ *\{.*/, "", name)
    inside = name == mine || (!outer && index(name, mine "::") == 1)
    if (!inside && (depth == 0 || name ~ /^apatite/))
      complain("opens the namespace " (name == "" ? "without a name" : name) "; this folder has " mine)
  }
  /^(inline )?namespace( [A-Za-z_:]*)? *\{/ && !/}/ { ++depth }
  END {
    if (!bad) print "namespaces: the " files " files open only the namespace of their folder"
    exit bad
  }'
