#!/usr/bin/env bash
# Goes the whole way with a bundle, as a user with no rights, in bare systems that debootstrap makes. Needs root.
#
# usage: check.sh BUNDLE.tar.gz FOLDER SUITE[=MIRROR]...
#   FOLDER  where the systems lie; those that are there are used as they are
set -euo pipefail
bundle=$(realpath "$1") systems=$(realpath -m "$2")
shift 2
name=$(basename "$bundle" .tar.gz)
for asked; do
  suite=${asked%%=*}
  root=$systems/$suite
  [ -e "$root/bin/bash" ] || debootstrap --variant=minbase "$suite" "$root" $([ "$suite" = "$asked" ] || echo "${asked#*=}") >"$systems/$suite.log"
  rm -rf "$root/tmp/"* && cp "$bundle" "$root/tmp/"
  echo "== $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$root/etc/os-release"), $(
    chroot "$root" ldd --version 2>/dev/null | sed -n '1s/.* /glibc /p')"
  unshare --mount --pid --fork --mount-proc="$root/proc" chroot --userspec=65534:65534 "$root" \
    env -i PATH=/usr/bin:/bin HOME=/tmp bash -euc "
      cd /tmp && tar xzf $name.tar.gz && cd $name
      time (for i in 1 2 3 4 5 6 7 8 9 10; do bin/echoprep --version >/dev/null; done)
      bash share/echoprep/try.sh /tmp/try >/tmp/try.log 2>&1 || { tail -5 /tmp/try.log; exit 1; }
      ls -l /tmp/try/icd/report.html /tmp/try/model/model.safetensors
      bin/echoprep engines
      bin/echoprep review /tmp/try/dataset >/tmp/page.log 2>&1 & page=\$!
      for wait in 1 2 3 4 5 6 7 8 9 10; do [ -s /tmp/page.log ] || sleep 1; done
      url=\$(grep -o 'http[^ ]*' /tmp/page.log | head -1)
      # Without a client of the web's: one request by hand.
      address=\${url#http://} && port=\${address#*:} && path=/\${port#*/} && port=\${port%%/*}
      exec 3<>/dev/tcp/127.0.0.1/\$port
      printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' \"\$path\" \"\$port\" >&3
      head -1 <&3
      kill -INT \$page
    "
done
