#!/usr/bin/env bash
# Runs every libFuzzer target of a build made with the preset `fuzz`, as many at a time as there are
# cores.
#
#   scripts/fuzz.sh [BUILD_FOLDER [SECONDS]]    default: build/fuzz, 60 seconds per target
#
# The corpus is kept in BUILD_FOLDER/corpus/TARGET; an input that crashes is left beside it and
# named. Memory is limited: a reader that believes a header's sizes before checking them fails.
set -euo pipefail
build=${1:-build/fuzz}
seconds=${2:-60}
goldens=$(dirname "$0")/../tests/goldens
export build seconds goldens

# Runs one target; what it says is shown only if it fails.
fuzz() {
  local name corpus seeds=() log
  name=$(basename "$1")
  corpus=$build/corpus/$name
  mkdir -p "$corpus"
  case $name in fuzz_dicom*) seeds=(-max_len=8192 "$goldens/dicom") ;; esac
  log=$corpus.log
  "$1" -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=10 \
    -artifact_prefix="$corpus-" "$corpus" "${seeds[@]}" >"$log" 2>&1 || {
      echo "$name failed:"; tail -40 "$log"; return 1
    }
  echo "$name: $(grep -oE 'Done [0-9]+ runs in [0-9]+' "$log") s"
}
export -f fuzz

list=$(find "$build" -type f -name 'fuzz_*' -executable | sort)
[ -n "$list" ] || { echo "no fuzz_* program below $build" >&2; exit 1; }
tr '\n' '\0' <<<"$list" | xargs -0 -P "$(nproc)" -I{} bash -ceu 'fuzz "$1"' _ {} ||
  { echo "a fuzzer failed: see above" >&2; exit 1; }
