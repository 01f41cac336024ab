#!/bin/sh
# Prints the command of a Python that CNN Studio runs on (3.11 to 3.13), or says that there is none.
set -eu
check='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c "$check" >/dev/null 2>&1; then
        echo "$candidate"
        exit 0
    fi
done
echo "CNN Studio needs Python 3.11, 3.12 or 3.13 with its venv module (on Debian and Ubuntu:" \
    "apt-get install python3-venv). Set PYTHON=/path/to/python if it is not on the PATH." >&2
exit 1
