#!/bin/sh
# Opens the window on the sample set; without a display does the same headless and says where.
set -eu
cnnstudio="$1"
if [ "$(uname)" = Darwin ] || [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; then
    exec "$cnnstudio" demo
fi
echo "No display: the demonstration runs headless."
exec "$cnnstudio" demo --headless demo
