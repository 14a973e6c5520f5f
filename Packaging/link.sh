#!/usr/bin/env bash
# Links built programs anew with the Swift runtime inside. Compiling all for that (swift build --static-swift-stdlib) makes
# the same objects but for the names of libraries in them, and takes as long as the whole build.
#
# usage: link.sh FOLDER PROGRAM...    (after swift build -c release)
set -euo pipefail
out=$1
shift
build=$(realpath .build/release)
mkdir -p "$out"
libraries=$(swift package dump-package | tr -d ' \n' | grep -o '"linkedLibrary":{"_0":"[^"]*"' | sed 's/.*:"\(.*\)"/-l\1/' | sort -u)
for program; do
  # Foundation's parts name each other.
  swiftc -static-stdlib -emit-executable -module-name "$program" -L "$build" -o "$out/$program" \
    -Xlinker --gc-sections -Xlinker --defsym -Xlinker "main=${program}_main" \
    "@$build/$program.product/Objects.LinkFileList" $libraries -Xlinker --start-group -lFoundation -lCoreFoundation \
    -lFoundationInternationalization -lFoundationEssentials -l_FoundationICU -l_FoundationCShims \
    -l_FoundationCollections -lswiftCore -Xlinker --end-group 2>&1 | grep -v "dangerous, better use" >&2 || true
  [ -x "$out/$program" ]
done
