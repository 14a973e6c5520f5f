#!/usr/bin/env bash
# Packs the programs with their libraries for a machine that has nothing of ours, to be unpacked by check.sh.
#
# usage: bundle.sh OUT.tar.xz    (after swift build -c release)
set -euo pipefail
out=$(realpath -m "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/lib"
for program in echoprep echobench; do
  strip -o "$folder/$program" ".build/release/$program"
  ldd ".build/release/$program"
done | awk '$3 ~ "^/" {print $3}' | sort -u |
  # The machine's own: they must fit its kernel, its compiler and its PyTorch.
  grep -vE '/lib(c|m|dl|pthread|rt|stdc\+\+|gcc_s)\.so' | xargs -I{} cp -L {} "$folder/lib/"
strip --strip-unneeded "$folder"/lib/*
mkdir -p "$(dirname "$out")"
# Programs pack better when jumps are told apart from numbers.
case $(uname -m) in x86_64) filter=--x86 ;; aarch64) filter=--arm64 ;; *) filter= ;; esac
tar -C "$folder" -c . | xz $filter --lzma2=preset=9e,dict=192MiB >"$out"
echo "$out: $(($(stat -c %s "$out") >> 20)) MiB"
