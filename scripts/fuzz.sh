#!/usr/bin/env bash
# Runs every libFuzzer target of a build made with the preset `fuzz`.
#
#   scripts/fuzz.sh [BUILD_FOLDER [SECONDS]]
#
# The corpus is kept in BUILD_FOLDER/corpus/TARGET; an input that crashes is left beside it and
# named. Memory is limited: a reader that believes a header's sizes before checking them fails.
set -euo pipefail
build=${1:-build/fuzz}
seconds=${2:-60}

goldens=$(dirname "$0")/../tests/goldens
list=$(find "$build" -type f -name 'fuzz_*' -executable | sort)
[ -n "$list" ] || { echo "no fuzz_* program below $build" >&2; exit 1; }
mapfile -t targets <<<"$list"
for target in "${targets[@]}"; do
  name=$(basename "$target")
  corpus=$build/corpus/$name
  mkdir -p "$corpus"
  seeds=()
  case $name in fuzz_dicom*) seeds=(-max_len=8192 "$goldens/dicom") ;; esac
  log=$build/corpus/$name.log
  "$target" -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=10 \
    -artifact_prefix="$build/corpus/$name-" "$corpus" "${seeds[@]}" >"$log" 2>&1 || {
      echo "$name failed:"; tail -40 "$log"; exit 1
    }
  echo "$name: $(grep -oE 'Done [0-9]+ runs in [0-9]+' "$log") s"
done
