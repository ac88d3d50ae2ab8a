#!/usr/bin/env bash
# What the tests want from Debian: a browser, and a server of live video. Installed where that needs no password; elsewhere
# those tests skip or fail and say so.
set -euo pipefail
wanted=()
command -v chromium >/dev/null || wanted+=(chromium)
/usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null || wanted+=(
  python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad)
[ -e /usr/lib/nginx/modules/ngx_rtmp_module.so ] || wanted+=(libnginx-mod-rtmp)
command -v srt-live-transmit >/dev/null || wanted+=(srt-tools)
[ ${#wanted[@]} = 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get -qq update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "${wanted[@]}" >/dev/null && exit 0
fi
echo "not installed: the tests that need them will skip or fail (apt-get install ${wanted[*]})" >&2
