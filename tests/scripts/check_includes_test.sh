#!/bin/sh
# scripts/check_includes.sh accepts what goes left and refuses each of the planted errors.
set -eu
check=$1/scripts/check_includes.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
fail() { echo "$1" >&2; exit 1; }

if "$check" "$tree" >/dev/null 2>&1; then fail "a tree with no folder passed"; fi
mkdir "$tree/base" "$tree/engine" "$tree/layers" "$tree/eval"
if "$check" "$tree" >/dev/null 2>&1; then fail "a tree with no file passed"; fi

echo '#include "base/a.h"' >"$tree/engine/b.h"
echo '#include <vector>' >"$tree/base/a.h"
"$check" "$tree" >/dev/null || fail "includes to the left were refused"

# plant FILE INCLUDE: the tree with this one line must be refused, naming it.
plant() {
  printf '// a comment\n  #  include "%s"\n' "$2" >"$tree/$1"
  if output=$("$check" "$tree"); then fail "$1 including $2 passed"; fi
  case $output in *"$1:2:"*"\"$2\""*) ;; *) fail "the message does not name it: $output" ;; esac
  rm "$tree/$1"
}
plant base/c.h engine/b.h
plant engine/c.cc layers/conv.h
plant engine/c.cc b.h
plant engine/c.cc ../base/a.h
plant engine/c.cc tests/support/mutations.h
plant eval/c.cc engine/b.h
echo "all planted errors were found"
