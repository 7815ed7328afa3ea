#!/bin/sh
# scripts/check_functions.sh accepts functions of 60 lines and long tables, and refuses functions of 61.
set -eu
check=$1/scripts/check_functions.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
fail() { echo "$1" >&2; exit 1; }

# lines COUNT TEXT: that many lines.
lines() { i=0; while [ $i -lt "$1" ]; do echo "$2"; i=$((i + 1)); done; }
# around COUNT OPENING CLOSING: a definition of COUNT lines between the two.
around() { printf '%b\n' "$2"; lines "$1" '    ++x;'; printf '%b\n' "$3"; }
allow() {
  "$check" "$tree" >"$tree/output" || fail "$1 was refused: $(cat "$tree/output")"
}
refuse() {
  if "$check" "$tree" >"$tree/output"; then fail "$1 passed: $(cat "$tree/output")"; fi
  grep -q "^a.cc:$2: a function of $3 lines" "$tree/output" ||
    fail "the message about $1 does not name it: $(cat "$tree/output")"
}

if "$check" "$tree" >/dev/null 2>&1; then fail "a tree with no file passed"; fi
echo 'int x;' >"$tree/a.cc"
if "$check" "$tree" >/dev/null 2>&1; then fail "a tree with no function passed"; fi

around 58 'void f() {' '}' >"$tree/a.cc"
allow "a function of 60 lines"
around 59 'void f() {' '}' >"$tree/a.cc"
refuse "a function of 61 lines" 1 61
around 58 'void f(int a,\n       int b) {' '}' >"$tree/a.cc"
refuse "a signature of two lines" 1 61
{ echo 'namespace apatite {'; echo; around 59 'std::vector<int> f() {' '}'; echo '}'; } >"$tree/a.cc"
refuse "a function in a namespace" 3 61
{ echo 'class A {'; echo ' public:'; around 59 '  [[nodiscard]] int f() const override {' '  }'; echo '};'; } \
  >"$tree/a.cc"
refuse "a member function" 3 61
{ echo 'A::A(int a)'; around 58 '    : a_(a) {' '}'; } >"$tree/a.cc"
refuse "a constructor with initialisers" 1 61
around 59 'TEST(A, B) {' '}' >"$tree/a.cc"
refuse "a test" 1 61
{ echo 'struct A {'; echo '  int a = 0;'; echo '};'; around 59 'struct A f() {' '}'; } >"$tree/a.cc"
refuse "a function that returns a struct" 4 61
{ echo 'void f() {'; echo '  const int table[] = {'; lines 300 '      1,'; echo '  };'; echo '}'; } >"$tree/a.cc"
allow "a function with a long table"
{ echo 'const Row kRows[] = {'; lines 300 '    {1, f()},'; echo '};'; around 3 'void f() {' '}'; } >"$tree/a.cc"
allow "a long table"
around 3 'class A {' '};' >"$tree/a.cc"
around 50 'void f() {' '}' >>"$tree/a.cc"
around 50 'void g() {' '}' >>"$tree/a.cc"
allow "two functions of less than 60 lines"
echo "all planted errors were found"
