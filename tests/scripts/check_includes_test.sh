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

mkdir -p "$tree/engine/graph" "$tree/engine/exact" "$tree/study/run" "$tree/study/predict"
echo '#include "base/a.h"' >"$tree/engine/b.h"
echo '#include <vector>' >"$tree/base/a.h"
echo '#include "engine/graph/d.h"' >"$tree/engine/exact/c.h"
echo '#include "engine/graph/e.h"' >"$tree/engine/graph/d.h"
echo '#include "study/run/f.h"' >"$tree/study/predict/g.h"
"$check" "$tree" >/dev/null || fail "includes downward were refused"

# plant FILE INCLUDE: the tree with this one line must be refused, naming it.
plant() {
  printf '// a comment\n  #  include "%s"\n' "$2" >"$tree/$1"
  if output=$("$check" "$tree"); then fail "$1 including $2 passed"; fi
  case $output in *"$1:2:"*"\"$2\""*) ;; *) fail "the message does not name it: $output" ;; esac
  rm "$tree/$1"
}
# Between folders.
plant base/c.h engine/b.h
plant engine/c.cc layers/conv.h
plant engine/graph/c.cc layers/conv.h
plant engine/c.cc b.h
plant engine/c.cc ../base/a.h
plant engine/c.cc tests/support/mutations.h
# Between the rooms of one folder.
plant engine/graph/c.cc engine/exact/c.h
plant engine/graph/c.cc engine/b.h
plant study/run/c.h study/predict/g.h
# eval uses base alone.
plant eval/c.cc engine/b.h
plant eval/c.cc engine/graph/d.h
# What is included must be in a room that is listed.
plant study/predict/c.h study/attic/a.h

# A room that is not listed.
mkdir "$tree/study/attic"
echo '#include <vector>' >"$tree/study/attic/a.h"
if output=$("$check" "$tree"); then fail "an unlisted room passed"; fi
case $output in *"study/attic/a.h:1:"*"study/attic/ is not listed"*) ;; *) fail "not named: $output" ;; esac
rm -r "$tree/study/attic"

# open FILE TEXT: a file with these lines, which begin with a namespace.
mkdir -p "$tree/tests/engine" "$tree/tests/base"
open() { printf '%b' "// a comment\n$2" >"$tree/$1"; }
allow() {
  open "$1" "$2"
  "$check" "$tree" >/dev/null || fail "$1 was refused: $2"
  rm "$tree/$1"
}
refuse() {
  open "$1" "$2"
  if output=$("$check" "$tree"); then fail "$1 passed: $2"; fi
  case $output in *"$1:$3: opens the namespace "*) ;; *) fail "the message does not name it: $output" ;; esac
  rm "$tree/$1"
}
allow base/c.h 'namespace apatite {\nnamespace {\n}  // namespace\n}  // namespace apatite\n'
allow engine/graph/c.h 'namespace apatite::engine {\nnamespace cuda {\n}  // namespace cuda\n}\n'
allow engine/exact/d.h 'namespace apatite::engine::exact {\n}\n'
allow tests/engine/c.cc 'namespace apatite::engine {\n}\n'
allow tests/base/c.cc 'namespace fs = std::filesystem;\nnamespace apatite {\n}\n'
refuse base/c.h 'namespace apatite::engine {\n}\n' 2
refuse engine/graph/c.h 'namespace apatite {\n}\n' 2
refuse engine/graph/c.h 'namespace apatite::engines {\n}\n' 2
refuse engine/c.h 'namespace apatite::engine {\n}  // namespace apatite::engine\nnamespace apatite::eval {\n}\n' 4
refuse engine/c.h 'namespace {\n}  // namespace\n' 2
refuse tests/engine/c.cc 'namespace apatite {\n}\n' 2
echo "all planted errors were found"
