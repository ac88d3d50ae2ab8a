#!/usr/bin/env bash
# A bare Debian or Ubuntu machine becomes a host of BM3-VL: driver, container toolkit or Python, model, service.
# Every step looks first and does only what is missing: run it again at any time. --dry-run says what it would do.
set -euo pipefail

usage() {
  cat <<'TEXT'
scripts/setup_gpu_host.sh [OPTIONS]       as root
  --docker         for docker/deploy.sh: Docker with Compose, nvidia-container-toolkit
  --bare-metal     without containers (the default): virtual environment, systemd service
  --model HUB_ID   download this model, for example Qwen/Qwen3-VL-8B-Instruct, and serve it
  --hf-token FILE  a file with the token for gated models
  --no-driver      leave the driver alone
  --no-service     do not install the systemd service
  --dry-run        say what would be done, and do nothing
Exit status: 0 done, 1 it cannot be done (the reason is said), 3 restart the machine and run the same command again.
TEXT
}

say() { printf '== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

way=bare-metal model="" token="" driver=1 service=1 dry=0
while [ $# -gt 0 ]; do
  case "$1" in
    --docker) way=docker ;;
    --bare-metal) way=bare-metal ;;
    --model) model="${2:?--model needs a hub id}"; shift ;;
    --hf-token) token="${2:?--hf-token needs a file}"; shift ;;
    --no-driver) driver=0 ;;
    --no-service) service=0 ;;
    --dry-run) dry=1 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option $1" ;;
  esac
  shift
done

run() {
  if [ "$dry" = 1 ]; then printf 'would run: %s\n' "$*"; else "$@"; fi
}
write() { # FILE: standard input becomes its content
  if [ "$dry" = 1 ]; then printf 'would write: %s\n' "$1"; cat >/dev/null; else mkdir -p "$(dirname "$1")"; cat > "$1"; fi
}
has() { command -v "$1" >/dev/null 2>&1; }
installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
updated=0
packages() { # NAMES: install those that are missing
  local missing=()
  for name in "$@"; do installed "$name" || missing+=("$name"); done
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ "$updated" = 1 ] || run apt-get -qq update
  updated=1
  run env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "${missing[@]}"
}

# --- the machine ---
root="${BM3_ROOT:-}" # tests put another file system here
[ "$dry" = 1 ] || [ "$(id -u)" = 0 ] || fail "run it as root (sudo), or with --dry-run"
[ -r "$root/etc/os-release" ] || fail "no /etc/os-release: this script knows Debian and Ubuntu"
# shellcheck source=/dev/null
system="$(. "$root/etc/os-release" && printf '%s %s' "$ID" "${VERSION_ID:-}")"
case "$system" in
  debian\ 1[2-9] | ubuntu\ 2[2-9].*) say "system: $system" ;;
  *) fail "$system: this script knows Debian 12 and newer, Ubuntu 22.04 and newer" ;;
esac
here="$(cd "$(dirname "$0")/.." && pwd)"

# --- the driver ---
packages pciutils
gpu=0
if has lspci && lspci -d 10de: 2>/dev/null | grep -Eq 'VGA|3D|Display'; then gpu=1; fi
if [ "$gpu" = 0 ]; then
  say "no NVIDIA GPU: models will run on the processor"
elif nvidia-smi -L >/dev/null 2>&1; then
  say "driver: $(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -n 1), left as it is"
elif [ "$driver" = 0 ]; then
  say "the driver does not answer; left alone (--no-driver)"
else
  say "driver"
  case "$system" in
    ubuntu*)
      packages ubuntu-drivers-common
      run ubuntu-drivers install --gpgpu ;;
    debian*)
      if ! grep -rqs non-free-firmware "$root/etc/apt/sources.list.d/bm3-nvidia.list"; then
        # shellcheck source=/dev/null
        printf 'deb http://deb.debian.org/debian %s contrib non-free non-free-firmware\n' \
          "$(. "$root/etc/os-release" && printf '%s' "$VERSION_CODENAME")" | write "$root/etc/apt/sources.list.d/bm3-nvidia.list"
        updated=0
      fi
      packages "linux-headers-$(uname -r)" nvidia-driver firmware-misc-nonfree ;;
  esac
  if [ "$dry" = 0 ] && ! nvidia-smi -L >/dev/null 2>&1; then
    say "the driver is installed: restart the machine, then run the same command again"
    exit 3
  fi
fi

if [ "$way" = docker ]; then
  # --- Docker ---
  if ! has docker; then
    say "Docker"
    packages docker.io
    if apt-cache show docker-compose-v2 >/dev/null 2>&1; then packages docker-compose-v2; else packages docker-compose; fi
  fi
  if [ "$gpu" = 1 ] && ! installed nvidia-container-toolkit; then
    say "nvidia-container-toolkit"
    packages curl gpg ca-certificates
    from=https://nvidia.github.io/libnvidia-container
    keyring=/usr/share/keyrings/nvidia-container-toolkit.gpg
    if [ "$dry" = 1 ]; then
      echo "would fetch: $from/gpgkey"
    else
      curl -fsSL "$from/gpgkey" | gpg --dearmor --yes -o "$root$keyring"
    fi
    # shellcheck disable=SC2016  # apt fills in $(ARCH)
    printf 'deb [signed-by=%s] %s/stable/deb/$(ARCH) /\n' "$keyring" "$from" \
      | write "$root/etc/apt/sources.list.d/nvidia-container-toolkit.list"
    updated=0
    packages nvidia-container-toolkit
    run nvidia-ctk runtime configure --runtime=docker
    run systemctl restart docker
  fi
  where=--no-gpu
  [ "$gpu" = 0 ] || where=--gpu
  [ -z "$model" ] || where="$where --models '${model##*/}=pytorch:$model'"
  say "ready: docker/deploy.sh $where"
  exit 0
fi

# --- bare metal ---
say "Python and packages"
packages python3 python3-venv make git
run make -C "$here" setup
cuda="$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: *\([0-9]*\).*/\1/p' | head -n 1 || true)"
if [ "$gpu" = 1 ] && [ -n "$cuda" ] && [ "$cuda" -lt 13 ]; then
  say "the driver knows CUDA $cuda, the locked PyTorch wants 13: the build that fits the driver"
  run "$here/.venv/bin/uv" pip install --python "$here/.venv/bin/python" --reinstall --torch-backend auto torch torchvision
fi

home=/var/lib/bm3-vl
if ! getent passwd bm3 >/dev/null; then
  say "user bm3"
  run useradd --system --home-dir "$home" --create-home --shell /usr/sbin/nologin bm3
fi
run install -d -o bm3 -g bm3 -m 750 "$home" "$home/huggingface"

if [ -n "$model" ]; then
  say "model $model"
  [ -z "$token" ] || run install -o bm3 -g bm3 -m 400 "$token" "$home/huggingface/token"
  run runuser -u bm3 -- env HF_HOME="$home/huggingface" "$here/.venv/bin/hf" download "$model"
fi

settings="$root/etc/bm3-vl.env"
if [ ! -e "$settings" ]; then
  say "settings: /etc/bm3-vl.env"
  {
    echo "# Every setting: docs/operations.md. Behind a proxy with TLS, leave the address as it is."
    echo "BM3_DATA_DIR=$home"
    echo "HF_HOME=$home/huggingface"
    echo "BM3_API_HOST=127.0.0.1"
    echo "BM3_API_PORT=8080"
    [ -z "$model" ] || echo "BM3_WORKER_MODELS=${model##*/}=pytorch:$model"
  } | write "$settings"
fi

if [ "$service" = 1 ]; then
  say "service bm3-vl"
  write "$root/etc/systemd/system/bm3-vl.service" <<TEXT
[Unit]
Description=BM3-VL: captions of long videos, footprints from datasheets
After=network-online.target
Wants=network-online.target

[Service]
User=bm3
WorkingDirectory=$here
EnvironmentFile=/etc/bm3-vl.env
ExecStart=$here/.venv/bin/honcho start
KillMode=mixed
TimeoutStopSec=30
Restart=on-failure
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=$home
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
TEXT
  run systemctl daemon-reload
  run systemctl enable --now bm3-vl
fi

say "what this machine can do"
run runuser -u bm3 -- env HF_HOME="$home/huggingface" "$here/.venv/bin/python" -m worker check ${model:+"${model##*/}=pytorch:$model"}
say "ready: key in $home/admin-key, first password in $home/admin-password"
