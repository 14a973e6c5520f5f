#!/usr/bin/env bash
# Packs programs with the libraries that they need, for machines that have nothing of ours; unpacked, they run anywhere.
#
# usage: bundle.sh OUT.tar.gz BUILD [PROGRAM...]    (echoprep unless given)
#   BUILD  a folder of link.sh's
#   LIBAV  a folder of libav.sh's; without it the machine's own libav, with all that it needs
#   MAN    a folder of manual pages
#
#   bin/echoprep        what starts it (start.c)     libexec/  the programs; also the place of libechotorch.so
#   lib/  libraries     lib/glibc/  the C library for machines whose own is too old        share/  pages, licences, shims
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(dirname "$here")
out=$(realpath -m "$1") build=$(realpath "$2")
LIBAV=${LIBAV:+$(realpath "$LIBAV")}
shift 2
[ $# -gt 0 ] || set -- echoprep
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=$(basename "$out" .tar.gz)
root=$work/$name
mkdir -p "$root"/{bin,libexec,lib/glibc,share/licenses}
case $(uname -m) in
  x86_64) loader=/lib64/ld-linux-x86-64.so.2 ;;
  aarch64) loader=/lib/ld-linux-aarch64.so.1 ;;
  *) echo "$(uname -m): no bundle for this processor" >&2; exit 1 ;;
esac

# --- programs and libraries -------------------------------------------------------------------------------------------
# oneDNN is opened at run time, where it is there.
onednn=$(ldconfig -p | sed -n 's/^\tlibdnnl\.so\.[0-9]* .* => //p' | head -1)
[ -n "$onednn" ] || echo "without oneDNN: apt-get install libdnnl2 for BF16 in the bundle" >&2
is_of_glibc='^(ld-linux.*|lib(c|m|mvec|dl|rt|pthread|resolv|util|anl|nsl|nss_.*))\.so'
for program; do strip -o "$root/libexec/$program" "$build/$program"; done
{ for program; do echo "$build/$program"; done; echo $onednn; } |
  LD_LIBRARY_PATH=${LIBAV:+$LIBAV/lib} xargs -n1 ldd |
  awk '$3 ~ "^/" {print $1, $3} $2 == "not" {print "not found: " $1 >"/dev/stderr"; exit 1}' |
  sort -u >"$work/needed"
[ -z "$onednn" ] || echo "$(basename "$onednn") $onednn" >>"$work/needed"
while read -r soname path; do
  if grep -qE "$is_of_glibc" <<<"$soname"; then cp -L "$path" "$root/lib/glibc/$soname"; else
    cp -L "$path" "$root/lib/$soname"
  fi
done <"$work/needed"
cp -L "$loader" "$root/lib/glibc/"
chmod 755 "$root"/lib/*.so* "$root"/lib/glibc/*
strip --strip-unneeded "$root"/lib/*.so*

# Libraries are found beside the program, wherever that lies. The runtime of the compiler has names of its own: a PyTorch
# that is opened later brings one that may be newer, and a name is loaded once.
runtime=$(cd "$root/lib" && ls -d lib{stdc++,gcc_s,gomp,gfortran,quadmath}.so.* 2>/dev/null)
renamed=()
for soname in $runtime; do
  own=${soname/.so/-echoprep.so}
  renamed+=(--replace-needed "$soname" "$own")
  mv "$root/lib/$soname" "$root/lib/$own"
  patchelf --set-soname "$own" "$root/lib/$own"
done
# One thing at a time: patchelf 0.14 mixes up names where it is to change several.
patchelf "${renamed[@]}" "$root"/lib/*.so* "$root"/libexec/*
patchelf --set-rpath '$ORIGIN' "$root"/lib/*.so*
patchelf --set-rpath '$ORIGIN/../lib' "$root"/libexec/*

needed=$(for file in "$root"/libexec/* "$root"/lib/*.so*; do objdump -T "$file"; done |
  sed -n 's/.*GLIBC_2\.\([0-9]*\).*/\1/p' | sort -nu | tail -1)
for program; do
  "$(command -v cc || command -v clang)" -static -Os -s -Wall -Wextra -Werror -D_GNU_SOURCE -DNEEDED_GLIBC="$needed" \
    -DMACHINE_LOADER="\"$loader\"" -o "$root/bin/$program" "$here/start.c"
done

# --- beside them ------------------------------------------------------------------------------------------------------
licences=$root/share/licenses
cp "$repository"/{LICENSE,THIRD-PARTY.md} "$licences"
{ awk '{print $2}' "$work/needed"; echo "$loader"; } | xargs -n1 realpath |
  { [ -z "${LIBAV:-}" ] || grep -v "^$(realpath "$LIBAV")/"; [ -n "${LIBAV:-}" ] || cat; } |
  sed 's|^/usr/lib/|/lib/|' | sort -u | while read -r path; do
    dpkg-query -S "$path" "/usr$path" 2>/dev/null | head -1 | cut -d: -f1 || true
  done | sort -u | while read -r package; do
    cp -L "/usr/share/doc/$package/copyright" "$licences/$package"
    dpkg-query -W -f '${Package} ${Version} (Debian source package ${source:Package} ${source:Version})\n' "$package"
  done >"$licences/VERSIONS"
if [ -n "${LIBAV:-}" ]; then
  cp /usr/share/doc/libavcodec-dev/copyright "$licences/ffmpeg"
  cp "$here/libav.sh" "$licences/ffmpeg-configured-by.sh"
  echo "libav: Debian source package ffmpeg $(cat "$LIBAV/version"), by ffmpeg-configured-by.sh" >>"$licences/VERSIONS"
fi
swift=$(dirname "$(dirname "$(realpath "$(command -v swiftc)")")")/share/swift/LICENSE.txt
[ ! -e "$swift" ] || cp "$swift" "$licences/swift"

mkdir -p "$root/share/"{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d,modulefiles/echoprep}
if [ " $* " != "${*/echoprep/}" ]; then
  "$root/bin/echoprep" completions bash >"$root/share/bash-completion/completions/echoprep"
  "$root/bin/echoprep" completions zsh >"$root/share/zsh/site-functions/_echoprep"
  "$root/bin/echoprep" completions fish >"$root/share/fish/vendor_completions.d/echoprep.fish"
fi
[ -z "${MAN:-}" ] || { mkdir -p "$root/share/man/man1" && cp "$MAN"/*.1 "$root/share/man/man1"; }
version=$("$root/bin/echoprep" --version)
cp "$here/modulefile" "$root/share/modulefiles/echoprep/${version%%+*}"
# What joins it with the machine's own PyTorch and MPI is compiled there.
mkdir -p "$root/share/echoprep"
cp -r "$repository/Sources/C/CTorch" "$root/share/echoprep/torch"
cp -r "$repository/Sources/C/CMPI" "$root/share/echoprep/mpi"
cp "$here/README.md" "$root/"
cp "$here/try.sh" "$root/share/echoprep/"

mkdir -p "$(dirname "$out")"
time=$(git -C "$repository" log -1 --format=%ct 2>/dev/null || date +%s)
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" -c "$name" | gzip -9n >"$out.new"
mv "$out.new" "$out"
echo "$out: $(($(stat -c %s "$out") >> 20)) MiB, $(du -sm "$root" | cut -f1) MiB unpacked," \
  "$(ls "$root"/lib/*.so* | wc -l) libraries, glibc 2.$needed or its own"
