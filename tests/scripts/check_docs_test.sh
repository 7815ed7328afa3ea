#!/bin/sh
# scripts/check_docs.sh accepts good documents and refuses each of the planted errors.
set -eu
check=$1/scripts/check_docs.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
fail() { echo "$1" >&2; exit 1; }

if "$check" "$tree" >/dev/null 2>&1; then fail "a tree with no document passed"; fi
mkdir "$tree/docs" "$tree/examples" "$tree/base"
touch "$tree/base/error.cc"
echo '  use(argv[1]);' >"$tree/examples/predict_and_explain.cc"
six='one
two
three
four
five
six'
long="$(printf '%0121d' 0)
$(printf '%0121d' 0)
$(printf '%0121d' 0)"
echo '# A heading alone' >"$tree/README.md"
if "$check" "$tree" >/dev/null; then fail "documents without a paragraph passed"; fi
cat >"$tree/README.md" <<END
# A heading
$six
# Another heading
$six

- an item
of
a
list
with
eight
lines
$six

  that goes on
$six

| a | table |
$(for row in 1 2 3 4 5 6 7 8; do echo "| $row | |"; done)

\`\`\`cpp
use(argv[1]);
\`\`\`

See [the page](docs/page.md#part), [elsewhere](https://example.org/), \`base/error\` and \`base/\`.
END
printf '%s\n\n```sh\n%s\nseven\n```\n' "$long" "$six" >"$tree/docs/page.md"
"$check" "$tree" >/dev/null || fail "good documents were refused: $("$check" "$tree")"

# plant TEXT MESSAGE: a document with this text must be refused with this message.
plant() {
  printf '%s\n' "$1" >"$tree/docs/planted.md"
  if output=$("$check" "$tree"); then fail "passed: $1"; fi
  case $output in *"docs/planted.md"*"$2"*) ;; *) fail "the message is: $output" ;; esac
  rm "$tree/docs/planted.md"
}
plant "$six
seven" ':1: a paragraph of 7 lines'
plant "- an item

$six
seven" ':3: a paragraph of 7 lines'
plant "$long
seven" ':1: a paragraph of 7 lines'
plant 'See [the page](missing.md).' 'the link to missing.md leads nowhere'
plant 'See `base/missing.h`.' 'there is no base/missing.h'
plant '```cpp
use(argv[2]);
```' "no line 'use(argv[2]);'"
echo "all planted errors were found"
