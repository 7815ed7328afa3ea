#!/usr/bin/env bash
# Builds apatite, makes a small network and a few images, predicts, explains, evaluates, and shows the
# results; on a bare Debian 12 too. The weights are untrained: the figures show that it runs, not that
# it diagnoses.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh build
echo "building (some minutes the first time)"
mkdir -p build
cache=()
! command -v ccache >/dev/null || cache=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
{ cmake --preset release -B build/demo -DAPATITE_BUILD_TESTS=OFF -DAPATITE_BUILD_BENCH=OFF \
    -DAPATITE_CUDA=OFF "${cache[@]}" &&
  cmake --build build/demo --target apatite_program draw_calcifications; } >build/demo.log 2>&1 ||
  { tail -60 build/demo.log; exit 1; }

out=build/demo/out
rm -rf "$out"
mkdir -p "$out"
apatite=build/demo/apatite
set -x
build/demo/examples/draw_calcifications "$out/images" 8
$apatite init cifar_resnet20 --seed 1 --classes benign,malignant --input-channels 1 \
  -o "$out/weights.safetensors"
$apatite check "$out/weights.safetensors"
$apatite predict --weights "$out/weights.safetensors" --images "$out/images" \
  -o "$out/predictions.csv"
$apatite explain --weights "$out/weights.safetensors" --images "$out/images" -o "$out/maps" --panel
$apatite evaluate "$out/predictions.csv" --positive malignant --threshold 0.5 \
  --json "$out/metrics.json" --plots "$out/plots"
{ set +x; } 2>/dev/null
echo
awk -F, '{ printf "%-16s  %-9s  %-13.13s  %-15.15s  %-10.10s  %-10.10s\n", $1, $2, $4, $5, $6, $7 }' \
  "$out/predictions.csv"
echo
echo "maps to look through: $out/maps/index.html; plots: $out/plots"
echo "sha256, the same on every machine:"
(cd "$out" && sha256sum predictions.csv metrics.json)
