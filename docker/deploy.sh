#!/usr/bin/env bash
# The whole service on this host: secrets, images, start, wait until ready, one job of each kind, then address and key.
# Safe to run again: secrets that exist are kept, containers that are current are left alone.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
docker/deploy.sh [OPTIONS]
  --site NAME        name under which clients reach this host (default: localhost)
  --https-port PORT  default: 443
  --tls HOW          internal (own authority, the default), a mail address (Let's Encrypt), or "CERT KEY": two files of yours
  --gpu | --no-gpu   where the model runs (default: a GPU if nvidia-smi finds one)
  --models SPECS     BM3_WORKER_MODELS, for example 'qwen3=pytorch:Qwen/Qwen3-VL-8B-Instruct?device=cuda&dtype=bfloat16'
  --hf-token FILE    a file with the token for gated models
  --no-smoke         do not try it
  --dry-run          say what would be done, and do nothing
The options are kept in docker/.env, the secrets in docker/secrets/.
TEXT
}

say() { printf '== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

site="" port="" tls="" where="" models="" token="" smoke=1 dry=0
while [ $# -gt 0 ]; do
  case "$1" in
    --site) site="${2:?--site needs a name}"; shift ;;
    --https-port) port="${2:?--https-port needs a number}"; shift ;;
    --tls) tls="${2:?--tls needs internal, a mail address, or two files}"; shift ;;
    --gpu) where=gpu ;;
    --no-gpu) where=no-gpu ;;
    --models) models="${2?--models needs a spec}"; shift ;;
    --hf-token) token="${2:?--hf-token needs a file}"; shift ;;
    --no-smoke) smoke=0 ;;
    --dry-run) dry=1 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option $1" ;;
  esac
  shift
done

run() {
  if [ "$dry" = 1 ]; then printf 'would run: %s\n' "$*"; else "$@"; fi
}
compose() { run docker compose -f compose.yaml "$@"; }

# --- what is there ---
command -v docker >/dev/null || fail "Docker is not installed: https://docs.docker.com/engine/install/"
docker compose version >/dev/null 2>&1 || fail "the Compose plugin is missing: https://docs.docker.com/compose/install/"
docker info >/dev/null 2>&1 || fail "the Docker daemon does not answer: is it running, and may this user use it (group docker)?"
kept() { [ ! -f .env ] || sed -n "s/^$1=//p" .env | tail -n 1; }
[ -n "$site" ] || site="$(kept BM3_SITE)"
[ -n "$port" ] || port="$(kept BM3_HTTPS_PORT)"
[ -n "$tls" ] || tls="$(kept BM3_TLS)"
[ -n "$where" ] || where="$(kept COMPOSE_PROFILES)"
[ -n "$models" ] || models="$(kept BM3_WORKER_MODELS)"
site="${site:-localhost}" port="${port:-443}" tls="${tls:-internal}"
if [ -z "$where" ]; then
  if nvidia-smi -L 2>/dev/null | grep -q GPU; then where=gpu; else where=no-gpu; fi
fi
case "$site" in *[!A-Za-z0-9.-]*) fail "--site $site: a host name or an IPv4 address, without https:// and port" ;; esac
case "$tls" in internal | *@* | *" "*) ;; *) fail "--tls $tls: internal, a mail address, or \"CERT KEY\"" ;; esac
case "$port" in *[!0-9]*) fail "--https-port $port: not a number" ;; esac
if [ "$where" = gpu ] && ! docker info 2>/dev/null | grep -qi nvidia; then
  fail "Docker knows no NVIDIA runtime: scripts/setup_gpu_host.sh --docker installs nvidia-container-toolkit (or take --no-gpu)"
fi
[ -n "$models" ] || say "no --models: the built-in nano is served, a demonstration that knows rendered scenes only"

# --- secrets: made once, readable by their owner alone; the containers get single files ---
secret() { # NAME VALUE: keep what is there
  [ ! -s "secrets/$1" ] || return 0
  if [ "$dry" = 1 ]; then echo "would make the secret $1"; return 0; fi
  printf '%s\n' "$2" > "secrets/$1"
}
random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
say "secrets (docker/secrets)"
umask 077
run mkdir -p secrets certificates
secret postgres_password "$(random)"
secret minio_user bm3
secret minio_password "$(random)"
secret grafana_password "$(random)"
if [ "$dry" = 0 ]; then
  secret bm3_database_url "postgresql://bm3:$(cat secrets/postgres_password)@postgres/bm3"
  secret aws_credentials "[default]
aws_access_key_id = $(cat secrets/minio_user)
aws_secret_access_key = $(cat secrets/minio_password)"
  [ -z "$token" ] || install -m 600 "$token" secrets/hf_token
  touch secrets/hf_token secrets/admin_key secrets/ca.crt
  chmod 700 secrets certificates
  chmod 444 secrets/*  # the folder keeps others out; the containers' users are not this one
fi

# --- TLS ---
case "$tls" in
  internal | *@* | "/certs/tls.crt /certs/tls.key") ;;
  *" "*)
    run install -m 444 "${tls%% *}" certificates/tls.crt
    run install -m 400 "${tls#* }" certificates/tls.key
    tls="/certs/tls.crt /certs/tls.key" ;;
esac

# --- settings ---
url="https://$site"
[ "$port" = 443 ] || url="$url:$port"
settings() {
  [ ! -f .env ] || grep -vE '^(COMPOSE_PROFILES|BM3_SITE|BM3_HTTPS_PORT|BM3_URL|BM3_TLS|BM3_WORKER_MODELS)=' .env || true
  printf '%s\n' "COMPOSE_PROFILES=$where" "BM3_SITE=$site" "BM3_HTTPS_PORT=$port" "BM3_URL=$url" "BM3_TLS=$tls" \
    "BM3_WORKER_MODELS=$models"
}
say "settings (docker/.env)"
if [ "$dry" = 1 ]; then settings; else settings > .env.new && mv .env.new .env; fi

# --- up ---
say "images"
compose build
say "start; the first one may download the model"
compose up --detach --wait --remove-orphans

key=secrets/admin_key
if [ "$dry" = 0 ] && [ ! -s "$key" ]; then
  made="$(docker compose -f compose.yaml exec -T api python -m db admin-key | tail -n 1)"
  [ -n "$made" ] || fail "no admin key was made: docker compose -f docker/compose.yaml logs api"
  chmod 600 "$key" && printf '%s\n' "$made" > "$key" && chmod 444 "$key"
fi

if [ "$smoke" = 1 ]; then
  say "one job of each kind, through $url"
  if [ "$dry" = 0 ]; then
    chmod 600 secrets/ca.crt
    if [ "$tls" = internal ]; then
      docker compose -f compose.yaml exec -T caddy cat /data/caddy/pki/authorities/local/root.crt > secrets/ca.crt
    else
      cat /etc/ssl/certs/ca-certificates.crt certificates/tls.crt > secrets/ca.crt 2>/dev/null || true
    fi
    chmod 444 secrets/ca.crt
  fi
  compose --profile smoke run --rm smoke
fi

say "BM3-VL is ready"
echo "  address:  $url"
echo "  key:      docker/secrets/admin_key$([ "$dry" = 1 ] || printf ' (%s)' "$(cat "$key")")"
echo "  login:    docker compose -f docker/compose.yaml exec api python -m db add-user NAME --role admin"
echo "  metrics:  http://127.0.0.1:3000 (user admin, password in docker/secrets/grafana_password)"
[ "$tls" != internal ] || echo "  trust:    docker/secrets/ca.crt is the authority that clients must be told of"
