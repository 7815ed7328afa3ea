#!/usr/bin/env bash
# Installs what apatite needs from Debian 12; does nothing, and needs no network, when all is there.
#
#   scripts/install_packages.sh [build|test|full]
#     build  compile and run the program
#     test   and the tests and the format check (default)
#     full   and clang with its tidy, fuzzer and OpenMP run-time libraries
set -euo pipefail

packages=(g++ cmake ninja-build pkg-config libeigen3-dev libhwy-dev nlohmann-json3-dev libcli11-dev libpng-dev
          libgdcm-dev libjpeg62-turbo-dev libssl-dev zlib1g-dev)
test_packages=(libgtest-dev libbenchmark-dev libmpfr-dev clang-format)
full_packages=(clang clang-tidy libclang-rt-14-dev libomp-dev)

case "${1:-test}" in
  build) ;;
  test) packages+=("${test_packages[@]}") ;;
  full) packages+=("${test_packages[@]}" "${full_packages[@]}") ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "all ${#packages[@]} Debian packages are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "missing: ${missing[*]}; install them as root" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]}"
