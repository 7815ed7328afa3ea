#!/bin/sh
# Installs the build to a temporary folder. Another project finds the package there, compiles each
# installed header alone and builds the example; and its results have the bits of the program's.
#   package_test.sh BUILD_FOLDER CONSUMER_SOURCE SOURCE_FOLDER
set -eu
build=$1
consumer=$2
source=$3
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
fail() { echo "$1" >&2; exit 1; }

cmake --install "$build" --prefix "$tree/prefix" >/dev/null

# The installed headers are those that docs/library.md lists.
(cd "$tree/prefix/include" && find . -type f | sed 's|^\./||' | sort) >"$tree/installed"
sed -n 's/^| `\(apatite\/[a-z_\/]*\.h\)`.*/\1/p' "$source/docs/library.md" | sort >"$tree/listed"
[ -s "$tree/listed" ] || fail "docs/library.md lists no header"
diff "$tree/listed" "$tree/installed" ||
  fail "docs/library.md lists other headers (<) than are installed (>)"

cmake -S "$consumer" -B "$tree/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DAPATITE_EXAMPLE="$source/examples/predict_and_explain.cc" \
  -DCMAKE_PREFIX_PATH="$tree/prefix" >/dev/null
cmake --build "$tree/build" >"$tree/log" || { cat "$tree/log"; exit 1; }
[ "$(find "$tree/build/CMakeFiles/headers_alone.dir" -name '*.o' | wc -l)" = \
  "$(wc -l <"$tree/installed")" ] || fail "not every installed header was compiled alone"

# A small study with the program.
cd "$tree"
program=$tree/prefix/bin/apatite
"$build/examples/draw_calcifications" images 2 >/dev/null
"$program" init cifar_resnet20 --seed 1 --classes benign,malignant --input-channels 1 \
  -o weights.safetensors >/dev/null
"$program" predict --weights weights.safetensors --images images -o predictions.csv >/dev/null
"$program" explain --weights weights.safetensors --images images/malignant/1.png -o maps >/dev/null
"$program" evaluate predictions.csv --positive malignant --threshold 0.5 --json metrics.json >/dev/null
row=$(grep '^malignant/1\.png,' predictions.csv)

# The same with the library.
"$tree/build/compare_with_program" weights.safetensors images/malignant/1.png \
  "$(echo "$row" | cut -d, -f4,5)" maps/maps/*.npy predictions.csv metrics.json
# Logits of another image are noticed.
other=$(grep '^benign/1\.png,' predictions.csv | cut -d, -f4,5)
if "$tree/build/compare_with_program" weights.safetensors images/malignant/1.png \
  "$other" maps/maps/*.npy predictions.csv metrics.json >/dev/null; then
  fail "the logits of another image passed"
fi

# The example prints the probability that the program wrote.
"$tree/build/predict_and_explain" weights.safetensors images/malignant/1.png predictions.csv \
  >example.txt
cat example.txt
grep -q '^the strongest evidence for ' example.txt || fail "the example shows no map"
grep -q '^auc = ' example.txt || fail "the example shows no AUC"
echo "$row" | cut -d, -f7 | awk -v shown="$(sed -n 's/^p:malignant = //p' example.txt)" \
  '{ exit !(shown != "" && sprintf("%.17g", $1) == sprintf("%.17g", shown)) }' ||
  fail "the example and the program have different probabilities: $row"
