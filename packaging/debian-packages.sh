#!/bin/sh
# Installs the Debian or Ubuntu packages that Qt's window system plug-ins need, if any is missing.
# Elsewhere (macOS, other Linux systems) it does nothing; without the right to install it says what to do.
set -eu

packages="libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 fonts-dejavu-core
libxkbcommon0 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"

command -v dpkg-query >/dev/null 2>&1 || exit 0
command -v apt-get >/dev/null 2>&1 || exit 0

missing=""
for package in $packages; do
    # Newer releases carry the 64-bit-time build under another name (libglib2.0-0t64) that provides this one.
    if ! dpkg-query -W -f '${Status}\n' "$package" "${package}t64" 2>/dev/null |
        grep -q 'ok installed'; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "Qt may not start: ask an administrator to run: apt-get install$missing" >&2
        exit 0
    fi
    as_root="sudo"
fi
echo "Installing what Qt needs:$missing"
export DEBIAN_FRONTEND=noninteractive
# A stale package list only matters if a package then cannot be found.
$as_root apt-get update -qq || true
if ! $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
    echo "Qt may not start: these packages could not be installed:$missing" >&2
fi
