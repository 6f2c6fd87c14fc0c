#!/usr/bin/env bash
# What kustomize makes of deploy/kubernetes, for those who apply plain files, for the tests, and to see in a diff what a
# change of a component means. Run it after each change there.
set -euo pipefail
cd "$(dirname "$0")/kubernetes"
for overlay in single distributed colours/blue colours/green live; do
  file=generated/$(basename "$overlay").yaml
  {
    echo "# Made by deploy/render.sh from deploy/kubernetes/$overlay. Do not edit."
    kubectl kustomize "$overlay"
  } >"$file.new"
  mv "$file.new" "$file"
done
