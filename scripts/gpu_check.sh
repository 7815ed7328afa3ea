#!/usr/bin/env bash
# Every check that needs a GPU, on a machine that has one, with programs that were built before (the
# machine needs no compiler). Ends with "GPU checks passed".
#
#   scripts/gpu_check.sh [--quick] [BUILD]    BUILD: default build/release
#
#     --quick  without the timings beside PyTorch
set -euo pipefail
cd "$(dirname "$0")/.."

timings=yes
build=build/release
for argument in "$@"; do
  case "$argument" in
    --quick) timings=no ;;
    -*) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    *) build=$argument ;;
  esac
done
step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

step "the GPU"
nvidia-smi --query-gpu=name,driver_version,compute_cap --format=csv,noheader
"$build/apatite" backends

step "the conformance list: bits of cuda-exact, bounds of cuda"
"$build/tests/conformance/conformance_test" \
  --gtest_filter='*cuda*-*cuda_on_cpu*' \
  >"$folder/conformance.log" 2>&1 || { tail -40 "$folder/conformance.log"; exit 1; }
grep -E '^\[ +(OK|SKIPPED)' "$folder/conformance.log"
# In a build without the GPU backends these tests do not exist; without a GPU they are skipped.
grep -q 'OK.*cuda_exact' "$folder/conformance.log"
grep -q 'OK.*FastBackend.*_cuda_' "$folder/conformance.log"
! grep -q SKIPPED "$folder/conformance.log"

step "whole networks: the bits of exact, any batch"
for network in resnet101 densenet201; do
  "$build/apatite" init "$network" --seed 1 -o "$folder/$network.safetensors" >/dev/null
  for batch in 1 3 32; do
    for size in 224 97; do
      for backend in exact cuda-exact; do
        "$build/bench/run_network" "$folder/$network.safetensors" --backend $backend --threads 0 \
          --batch $batch --height $size --logits "$folder/$backend.npy" </dev/null >/dev/null
      done
      cmp "$folder/exact.npy" "$folder/cuda-exact.npy"
      echo "$network, $batch images of ${size}x224: $(sha256sum <"$folder/exact.npy" | cut -c1-16)"
    done
  done
done

step "predictions and maps: the files of exact"
"$build/examples/draw_calcifications" "$folder/images" 8
for backend in exact cuda-exact; do
  "$build/apatite" explain --weights "$folder/densenet201.safetensors" --images "$folder/images" \
    --method gradcam,layercam,gradient --backend $backend -o "$folder/maps-$backend" >/dev/null
  "$build/apatite" predict --weights "$folder/resnet101.safetensors" --images "$folder/images" \
    --batch 3 --backend $backend -o "$folder/predictions-$backend.csv" >/dev/null
  # (The JSON beside each map names the backend.)
  (cd "$folder/maps-$backend" && find . -name '*.npy' -o -name '*.png' | sort | xargs sha256sum) \
    >"$folder/maps-$backend.txt"
done
cmp "$folder/predictions-exact.csv" "$folder/predictions-cuda-exact.csv"
cmp "$folder/maps-exact.txt" "$folder/maps-cuda-exact.txt"
echo "predictions.csv $(sha256sum <"$folder/predictions-exact.csv" | cut -c1-16)," \
     "$(wc -l <"$folder/maps-exact.txt") maps and overlays"
test "$(wc -l <"$folder/maps-exact.txt")" -ge 16

if [ "$timings" = yes ]; then
  step "beside PyTorch"
  python3 bench/compare_torch_cuda.py --build "$build" --work "$folder"
fi
step "GPU checks passed"
