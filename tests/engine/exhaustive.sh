#!/bin/sh
# Checks that an operation which one place does not know is a compile error in that place: in the
# table of operations, in differentiate, in the schedule and in each backend.
#
#   exhaustive.sh COMPILER ROOT
#
# -DAPATITE_TEST_EXTRA_OP adds an operation, ExtraOp, to the set (engine/graph/op.h). Each place must
# compile without it, and must not compile with it, with an error that names ExtraOp. Code that knows
# no operation by name must compile with it, or the definition itself would be what fails.
set -eu
compiler=$1
cd "$2"

places="
engine/graph/operations.cc
engine/schedule/fusion.cc
engine/schedule/scheduled_ops.cc
engine/reference/run_node.cc
engine/exact/plan.cc
engine/cuda/program.cc
layers/differentiate.cc"
indifferent="engine/graph/graph.cc engine/exact/step.cc engine/cuda/tiles.cc"

output=$(mktemp)
trap 'rm -f "$output"' EXIT
bad=0
complain() {
  echo "$1" >&2
  head -20 "$output" >&2
  bad=1
}
compiles() { "$compiler" -std=c++20 -fsyntax-only -w -I. "$@" >"$output" 2>&1; }

for file in $indifferent; do
  compiles -DAPATITE_TEST_EXTRA_OP "$file" || complain "$file: does not compile with ExtraOp"
done
for file in $places; do
  compiles "$file" || complain "$file: does not compile as it is"
  if compiles -DAPATITE_TEST_EXTRA_OP "$file"; then
    complain "$file: compiles although it does not know ExtraOp"
  elif ! grep -Eq 'const (apatite::engine::)?ExtraOp' "$output"; then
    complain "$file: fails, but not because of ExtraOp"
  fi
done
[ $bad -ne 0 ] || echo "exhaustive: each of$(echo " $places" | tr '\n' ' ')refuses an unknown operation"
exit $bad
