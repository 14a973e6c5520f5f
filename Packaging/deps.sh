#!/usr/bin/env bash
# Installs the Debian packages that are missing; where it cannot, says what is missing and how to get it.
#
# usage: deps.sh PACKAGE...
set -euo pipefail

# By what a package is known where there is no dpkg: a header, or a program.
found() {
  local header= program=
  case $1 in
    libjpeg62-turbo-dev) header=jpeglib.h ;; libavformat-dev) header=libavformat/avformat.h ;;
    libavcodec-dev) header=libavcodec/avcodec.h ;; libavutil-dev) header=libavutil/avutil.h ;;
    libswscale-dev) header=libswscale/swscale.h ;; libopenblas-dev) header=cblas.h ;;
    libsqlite3-dev) header=sqlite3.h ;; libcsv-dev) header=csv.h ;; libxxhash-dev) header=xxhash.h ;;
    zlib1g-dev) header=zlib.h ;; libisal-dev) header=isa-l/igzip_lib.h ;; libpng-dev) header=png.h ;;
    libssl-dev) header=openssl/evp.h ;; libx264-dev) header=x264.h ;; libopenjp2-7-dev) header=openjpeg-2.5/openjpeg.h ;;
    patchelf | nasm) program=$1 ;; dpkg-dev) program=dpkg-source ;;
    # Opened at run time where it is there, and done without where it is not.
    libdnnl2) return 0 ;;
  esac
  [ -z "$header" ] || { printf '#include <stdint.h>\n#include <stdio.h>\n#include <%s>\n' "$header" |
    "$(command -v cc || command -v clang)" -E - >/dev/null 2>&1; return; }
  [ -n "$program" ] && command -v "$program" >/dev/null
}

missing=()
for package; do
  if command -v dpkg-query >/dev/null; then
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  else
    found "$package" || missing+=("$package")
  fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=none
if [ "$(id -u)" = 0 ]; then root=; elif sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; then root=sudo; fi
if command -v apt-get >/dev/null && [ "$root" != none ]; then
  echo "installing ${missing[*]}"
  $root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  exit 0
fi
{
  echo "missing here: ${missing[*]}"
  if command -v apt-get >/dev/null; then
    echo "  they need root: apt-get install ${missing[*]}"
  else
    echo "  these are Debian's names; the packages of this system's own with the same headers will do"
  fi
  echo "  or without them: a bundle from another machine (make bundle there) runs here as it is, see docs/install.md"
} >&2
exit 1
