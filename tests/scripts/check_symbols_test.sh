#!/bin/sh
# scripts/check_symbols.sh accepts a silent library and refuses one that talks or ends the program.
#   check_symbols_test.sh SOURCE_FOLDER COMPILER
set -eu
check=$1/scripts/check_symbols.sh
compiler=$2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
fail() { echo "$1" >&2; exit 1; }

# library CODE: makes libapatite_planted.a of it.
library() {
  printf '%s\n' "$1" >"$tree/planted.cc"
  "$compiler" -std=c++20 -O2 -c "$tree/planted.cc" -o "$tree/planted.o"
  rm -f "$tree/libapatite_planted.a"
  ar rc "$tree/libapatite_planted.a" "$tree/planted.o"
}
refused() {
  library "$2"
  if output=$("$check" "$tree"); then fail "a library that uses $1 passed"; fi
  case $output in *"uses $1"*) ;; *) fail "the message does not name $1: $output" ;; esac
}

if "$check" "$tree" >/dev/null 2>&1; then fail "a folder with no library passed"; fi
library '#include <string>
std::string f(const std::string& s) { return s + s; }'
"$check" "$tree" >/dev/null || fail "a silent library was refused"
refused puts '#include <cstdio>
void f() { std::puts("x"); }'
refused exit '#include <cstdlib>
void f() { std::exit(1); }'
refused abort '#include <cstdlib>
void f(bool b) { if (b) std::abort(); }'
refused std::cout '#include <iostream>
void f() { std::cout << 1; }'
refused stderr '#include <cstdio>
void f() { std::fputs("x", stderr); }'
refused __assert_fail '#undef NDEBUG
#include <cassert>
void f(int x) { assert(x > 1); }'
echo "all planted errors were found"
