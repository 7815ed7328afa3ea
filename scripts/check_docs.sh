#!/bin/sh
# Checks the documents:
# - A paragraph of README.md, CONTRIBUTING.md and docs/*.md has at most six lines (of at most 120
#   characters; a longer line counts as several). Code, tables, lists and headings are no paragraphs.
# - Every link to a file of the repository leads to a file, and every path of the code that is written
#   in backquotes is there (`apatite/PATH` may be the
#   installed PATH).
# - Every line of their C++ examples is a line of examples/predict_and_explain.cc.
#
#   scripts/check_docs.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"
[ -f README.md ] || { echo "there is no README.md here" >&2; exit 1; }
documents=$(find README.md CONTRIBUTING.md docs -maxdepth 1 -name '*.md' 2>/dev/null | sort)
bad=0

# shellcheck disable=SC2086
awk '
  function end_paragraph() {
    if (lines > 6) { print file ":" start ": a paragraph of " lines " lines; at most 6"; bad = 1 }
    lines = 0
  }
  FNR == 1 { end_paragraph(); code = 0; list = 0 }
  { file = FILENAME }
  /^ *```/ { end_paragraph(); code = !code; next }
  code { next }
  /^[ \t]*$/ { end_paragraph(); blank = 1; next }
  # An item goes on in the lines behind it, and in indented ones after an empty line.
  /^ *([-*]|[0-9]+\.) / { end_paragraph(); list = 1; blank = 0; next }
  list && (!blank || /^ /) { blank = 0; next }
  { list = 0; blank = 0 }
  /^(\||#|    )/ { end_paragraph(); next }
  {
    if (lines == 0) { start = FNR; ++paragraphs }
    lines += int((length($0) + 119) / 120)
  }
  END {
    end_paragraph()
    if (paragraphs == 0) { print "no paragraph found"; bad = 1 }
    exit bad
  }' $documents || bad=1

for document in $documents; do
  folder=$(dirname "$document")
  for target in $(grep -o '](\([^)#: ]*\)[)#]' "$document" | sed 's/^](//; s/[)#]$//'); do
    [ -e "$folder/$target" ] || { echo "$document: the link to $target leads nowhere"; bad=1; }
  done
  for path in $(grep -o '`[a-z_]*/[a-z_./0-9-]*`' "$document" | tr -d '`' | sort -u); do
    [ -d "${path%%/*}" ] || continue
    [ -e "$path" ] || [ -e "$path.cc" ] || [ -e "${path#apatite/}" ] ||
      { echo "$document: there is no $path"; bad=1; }
  done
  sed -n '/^```cpp/,/^```$/p' "$document" | grep -v '^```' | sed 's/^ *//' | grep . |
  while IFS= read -r line; do
    sed 's/^ *//' examples/predict_and_explain.cc | grep -qxF -- "$line" ||
      { echo "$document: the example has no line '$line'"; exit 1; }
  done || bad=1
done

[ "$bad" = 1 ] || echo "documents: $(echo "$documents" | wc -l) files are in order"
exit "$bad"
