#!/bin/sh
# Installs the build to a temporary folder; another project finds it there, builds and runs; and its
# bits are those of the program.
#   package_test.sh BUILD_FOLDER CONSUMER_SOURCE
set -eu
build=$1
consumer=$2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

cmake --install "$build" --prefix "$tree/prefix" >/dev/null
cmake -S "$consumer" -B "$tree/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$tree/prefix" >/dev/null
cmake --build "$tree/build" >/dev/null
logits=$("$tree/build/consumer")

program=$tree/prefix/bin/apatite
"$program" init cifar_resnet20 --seed 1 -o "$tree/weights.safetensors" >/dev/null
report=$("$program" check "$tree/weights.safetensors")
case $report in
  *"$logits"*) echo "the consumer and the program agree: $logits" ;;
  *) echo "the consumer says: $logits"; echo "the program says: $report"; exit 1 ;;
esac
