#!/usr/bin/env bash
# Makes sure that the end-to-end tests find Chromium and ffmpeg. Installs nothing when both are there.
# Order of the search: e2e/fixtures/browser.ts.
set -euo pipefail
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }
have_chromium() {
  [ -x "${CHROMIUM_PATH:-}" ] || [ -x /usr/bin/chromium ] || [ -x /usr/bin/chromium-browser ] || [ -x /usr/bin/google-chrome ]
}

missing=()
have_chromium || missing+=(chromium)
have ffmpeg || missing+=(ffmpeg)
[ ${#missing[@]} -eq 0 ] && exit 0

is_root() { [ "$(id -u)" -eq 0 ]; }
is_debian() { [ -r /etc/os-release ] && grep -qx 'ID=debian' /etc/os-release; }

if is_root && have apt-get; then
  # Ubuntu's package named chromium is a stub for snap, which containers do not have: there, Playwright's build serves.
  is_debian || missing=("${missing[@]/#chromium/}")
  export DEBIAN_FRONTEND=noninteractive
  # The timeout waits for a parallel apt instead of failing on its lock.
  # shellcheck disable=SC2068 # an emptied element must vanish
  apt-get update && apt-get -o DPkg::Lock::Timeout=300 install -y ${missing[@]} || echo "apt-get failed" >&2
fi

if ! have_chromium; then
  [ -d node_modules/playwright ] || npm ci
  npx playwright install $(is_root && echo --with-deps) chromium ||
    { echo "Chromium is missing: as root run 'apt-get install -y chromium', or set CHROMIUM_PATH" >&2; exit 1; }
fi
have ffmpeg || { echo "ffmpeg is missing: as root run 'apt-get install -y ffmpeg' (macOS: 'brew install ffmpeg')" >&2; exit 1; }
