#!/bin/sh
# Checks that no function is longer than 60 lines, from the first line of its signature to its closing
# brace. The rows of a table (an initialiser in braces) do not count. The script relies on the
# indentation that scripts/format.sh gives: the closing brace is in the column where the definition
# begins.
#
#   scripts/check_functions.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"

files=$(find . \( -path './build*' -o -path './.git' \) -prune -o \
        -type f \( -name '*.h' -o -name '*.cc' -o -name '*.cu' \) -print | sed 's|^\./||' | sort)
[ -n "$files" ] || { echo "no C++ file found" >&2; exit 1; }

# shellcheck disable=SC2086
awk -v most=60 '
  function indent(line) { match(line, /^ */); return RLENGTH }
  # Whether `line` closes what was opened in `column`.
  function closes(line, column) { return indent(line) == column && substr(line, column + 1, 1) == "}" }

  FNR == 1 { function_column = table_column = -1; start = 0; text = ""; ++files }
  /^[ \t]*(\/\/|#|$)/ { if (function_column >= 0) ++length_so_far; next }

  table_column >= 0 {
    if (closes($0, table_column)) { table_column = -1; if (function_column >= 0) ++length_so_far }
    next
  }
  function_column >= 0 {
    ++length_so_far
    if (closes($0, function_column)) {
      ++functions
      if (length_so_far > longest) longest = length_so_far
      if (length_so_far > most) {
        printf "%s:%d: a function of %d lines; the limit is %d\n", FILENAME, start, length_so_far, most
        ++too_long
      }
      function_column = -1
      text = ""
    } else if (/(=|return|\{|,|\() ?\{$/) {
      table_column = indent($0)
    }
    next
  }
  {
    # Outside of functions: gather the text of a declaration, which ends in "{", "}" or ";".
    if (text == "") { start = FNR; column = indent($0) }
    text = text " " $0
    if (/\{$/) {
      if (text ~ /^ *(export |inline |static |typedef )*(namespace|class|struct|enum|union|extern)[ {]/ &&
          text !~ /\) *(const|noexcept|override|final| )*\{$/) {
        text = ""
      } else if (text ~ /template *<.*> *(class|struct) [^(]*\{$/) {
        text = ""
      } else if (text ~ /(=|\{|,|\() ?\{$/ || text !~ /\(/) {
        table_column = column
        text = ""
      } else {
        function_column = column
        length_so_far = FNR - start + 1
      }
    } else if (/[;}]$/ || /[;}] *\/\// || /:$/ || /^[A-Z_]+(\(.*\))?$/) {
      text = ""
    }
  }
  END {
    if (functions == 0) { print "no function found"; exit 1 }
    if (too_long) print too_long " of " functions " functions are too long"
    else print "functions: the longest of " functions " has " longest " lines"
    exit too_long > 0
  }' $files
