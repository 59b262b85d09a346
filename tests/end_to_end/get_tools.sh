#!/usr/bin/env bash
# Installs the S3 clients that slow tests run, pinned, with go, into GLAUX_TOOLS (else ~/.cache/glaux-tools). Some minutes.
set -euo pipefail
tools=${GLAUX_TOOLS:-$HOME/.cache/glaux-tools}
mkdir -p "$tools/bin"
[ -x "$tools/bin/s5cmd" ] || GOBIN="$tools/bin" go install github.com/peak/s5cmd/v2@v2.3.0
[ -x "$tools/bin/rclone" ] || GOBIN="$tools/bin" go install github.com/rclone/rclone@v1.71.0
