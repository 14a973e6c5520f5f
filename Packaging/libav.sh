#!/usr/bin/env bash
# Compiles a small libav for a bundle, out of Debian's own source package: the codes of docs/install.md, and none of the
# hundred libraries that Debian's own build brings along.
#
# usage: libav.sh FOLDER    (made there: include, lib; nothing is done where it stands already)
set -euo pipefail
out=$(realpath -m "$1")
version=$(dpkg-query -W -f '${source:Version}' libavcodec-dev)
[ "$(cat "$out/version" 2>/dev/null || true)" != "$version" ] || exit 0

list() { tr -s ' \n' ',' <<<"$1" | sed 's/^,//; s/,$//'; }
decoders=$(list "h263 h263i h263p h264 hevc mpeg1video mpeg2video mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4v3 wmv1 wmv2 wmv3 vc1
  vp8 vp9 mjpeg mjpegb jpeg2000 libopenjpeg jpegls png dvvideo prores cinepak indeo2 indeo3 indeo4 indeo5 msrle msvideo1
  qtrle rpza svq1 svq3 ffv1 ffvhuff huffyuv lagarith magicyuv utvideo rawvideo")
parsers=$(list "h263 h264 hevc mpeg4video mpegvideo mjpeg vc1 vp8 vp9 jpeg2000 png")
demuxers=$(list "avi mov mpegts mpegps mpegvideo m4v h264 hevc matroska")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p lists/partial
# The machine's own sources of packages, asked for source packages; lists of their own, so that nobody need be root.
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >all.list || true
for file in /etc/apt/sources.list.d/*.sources; do
  [ ! -e "$file" ] || { sed 's/^Types:.*/Types: deb-src/' "$file"; echo; } >>all.sources
done
mkdir parts && for file in all.*; do [ ! -s "$file" ] || cp "$file" parts; done
own=(-o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::lists=$work/lists"
  -o "APT::Sandbox::User=$(id -un)")
apt-get "${own[@]}" update -qq
apt-get "${own[@]}" source -qq "ffmpeg=$version" >source.log 2>&1 || { tail -3 source.log >&2; exit 1; }
cd ffmpeg-*/
./configure --prefix="$out" --cc="$(command -v cc || command -v clang)" \
  --enable-shared --disable-static --enable-pic --disable-debug --disable-doc --disable-programs --disable-autodetect \
  --disable-everything --disable-network --disable-avdevice --disable-avfilter --disable-postproc --disable-swresample \
  --enable-gpl --enable-zlib --enable-libx264 --enable-libopenjpeg \
  --enable-decoder="$decoders" --enable-parser="$parsers" --enable-demuxer="$demuxers" \
  --enable-encoder=mjpeg,mpeg4,ffv1,libx264,libx264rgb --enable-muxer=avi,mp4,matroska >"$work/configure.log" ||
  { tail -5 "$work/configure.log" >&2; exit 1; }
make -s -j"$(nproc)" 2>"$work/make.log" >&2 || { tail -5 "$work/make.log" >&2; exit 1; }
rm -rf "$out"
make -s install >/dev/null
echo "$version" >"$out/version"
