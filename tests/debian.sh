#!/usr/bin/env bash
# What the tests want from Debian: a browser. Installed where that needs no password; elsewhere those tests skip and say so.
set -euo pipefail
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get -qq update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null && exit 0
fi
echo "no Chromium: the browser tests will be skipped (apt-get install chromium)" >&2
