#!/usr/bin/env bash
# Compiles what is written in C for Arm's processors, and holds its kernels to their formulas there, under qemu-user.
#
# Swift's clang compiles it, as it would on such a machine, with the headers and the linker of Debian's cross compiler
# (`make arm` installs them, and qemu-user). Without them this says so and is no failure.
set -euo pipefail
cd "$(dirname "$0")/../.."
libc=/usr/aarch64-linux-gnu
if ! command -v aarch64-linux-gnu-gcc >/dev/null || [ ! -d $libc/include ]; then
  echo "not compiled for Arm: there is no cross compiler (make arm installs it)"
  exit 0
fi
clang=$(dirname "$(realpath "$(command -v swiftc)")")/clang
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Headers of libraries are the same on all processors; those of the C library are not, and come first.
here=$(gcc -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
cc() {
  "$clang" --target=aarch64-linux-gnu -std=gnu17 -fPIC -O3 -fno-math-errno -Werror -Wno-deprecated-declarations -Wno-c23-extensions \
    -isystem $libc/include -idirafter /usr/include -idirafter "/usr/include/$here" "$@"
}
count=0
for file in Sources/C/*/*.c; do
  flags=()
  case $file in
    */CCommit/*) flags=('-DECHOPREP_COMMIT="none"') ;;
    */CMPI/*)
      command -v mpicc >/dev/null || continue
      read -ra flags < <(mpicc -showme:compile 2>/dev/null || mpicc -compile-info | cut -d' ' -f2-)
      ;;
  esac
  cc "${flags[@]}" -I"$(dirname "$file")/include" -c "$file" -o "$work/$(echo "$file" | tr / _).o"
  count=$((count + 1))
done
echo "$count files of C compile for Arm"

cc -ISources/C/CKernels/include -ISources/C/CPixels/include -c Tests/Arm/kernels.c -o "$work/test.o"
aarch64-linux-gnu-gcc "$work"/Sources_C_CKernels_*.o "$work"/Sources_C_CPixels_*.o "$work/test.o" -lm -ldl -o "$work/test"
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static || true)
if [ "$(uname -m)" = aarch64 ]; then
  "$work/test"
elif [ -n "$qemu" ]; then
  "$qemu" -L $libc "$work/test"
else
  echo "not run: there is no qemu-user (make arm installs it)"
fi
