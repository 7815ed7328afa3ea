#!/bin/sh
# Checks that the libraries never print, exit or abort: only the program talks.
#
#   scripts/check_symbols.sh BUILD_FOLDER
#
# Reads the undefined symbols of every libapatite_*.a below the folder; finding none is a failure.
set -eu
build=${1:?pass the build folder}
libraries=$(find "$build" -name 'libapatite_*.a' | sort)
[ -n "$libraries" ] || { echo "no libapatite_*.a below $build" >&2; exit 1; }

# shellcheck disable=SC2086
nm -A -u -C $libraries | awk '
  BEGIN {
    count = split("exit _exit _Exit quick_exit abort __assert_fail printf vprintf puts putchar " \
                  "__printf_chk __vprintf_chk perror std::cout std::cerr std::clog stdout stderr " \
                  "system popen execve execvp", names, " ")
    for (i = 1; i <= count; ++i) banned[names[i]] = 1
  }
  {
    ++symbols
    name = $NF
    sub(/@.*/, "", name)
    # (nvcc writes a call of exit into each of its objects, for a launch without arguments to copy.)
    if (name == "exit" && $1 ~ /\.cu\.o:$/) next
    if (name in banned) { print $1 " uses " name; bad = 1 }
  }
  END {
    if (symbols == 0) { print "no symbol found"; exit 1 }
    if (!bad) print "symbols: no library prints, exits or aborts (" symbols " undefined symbols seen)"
    exit bad
  }'
