#!/usr/bin/env bash
# Compiles the torch engine's library against an installed PyTorch, with the machine's C++ compiler.
#
# usage: compile.sh PYTORCH OUT
#   PYTORCH  the folder of the Python package torch, or "" for that of python3
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
torch=${1:-$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null || true)}
out=$2
if [ ! -e "$torch/lib/libtorch_cpu.so" ]; then
  echo "no PyTorch here: install one (pip install torch), or say where it is (make torch TORCH=DIR)" >&2
  exit 1
fi
echo "compiling for the PyTorch in $torch"
libraries="-ltorch_cpu -lc10"
# Nothing of ours calls it: it registers what runs on cards.
[ ! -e "$torch/lib/libtorch_cuda.so" ] || libraries="-Wl,--no-as-needed -ltorch_cuda -Wl,--as-needed $libraries"
abi=
grep -q cxx11 "$torch/lib/libc10.so" || abi=-D_GLIBCXX_USE_CXX11_ABI=0
mkdir -p "$(dirname "$out")"
# One file for the compiler: PyTorch's headers take it longer than ours.
for file in "$here"/torch/*.cpp; do echo "#include \"$file\""; done |
  "${CXX:-c++}" -std=c++20 -O2 -fPIC -shared -fvisibility=hidden -Wl,-z,defs "-Wl,-rpath,$torch/lib" $abi \
    -I"$torch/include" -I"$torch/include/torch/csrc/api/include" -L"$torch/lib" -x c++ -o "$out" - $libraries
