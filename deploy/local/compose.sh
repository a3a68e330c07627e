#!/usr/bin/env bash
# The platform in containers (docker-compose.yml), as `make up` and its like use it
# where Docker works. What compose does by itself it is left to do; this adds
# .urumi/env, so that everything else is as without Docker.
#
#   compose.sh up|down|clean|status|logs [NAME]
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
cd "$URUMI_ROOT"

# Settings of compose, as it finds them: a variable, else the line of .env.
setting() { if [[ -n ${!1:-} ]]; then echo "${!1}"; else sed -n "s/^$1=//p" .env; fi; }
secret_of() { docker compose exec -T postgres cat "/secrets/$1"; }

write_env() {
  local file=$URUMI_STATE/env config=$URUMI_STATE/kubeconfig api
  api=http://localhost:$(setting URUMI_API_PORT)
  (umask 077
    docker compose exec -T k3s cat /output/kubeconfig.yaml |
      sed "s#https://127.0.0.1:6443#https://127.0.0.1:$(setting URUMI_KUBERNETES_PORT)#" >"$config.new"
    {
      echo "# Written by make up; read it with: source ${file#"$PWD/"}"
      printf 'export %s=%q\n' URUMI_API "$api" URUMI_DASHBOARD "$api" KUBECONFIG "$config" \
        URUMI_INGRESS "127.0.0.1:$(setting URUMI_INGRESS_PORT)" \
        DATABASE_URL "postgres://urumi:$(secret_of postgres-password)@127.0.0.1:$(setting URUMI_POSTGRES_PORT)/urumi" \
        AMQP_URL "$(secret_of amqp-url-loopback)"
      # shellcheck disable=SC2016 # expanded by the reader
      printf 'case ":$PATH:" in *:%q:*) ;; *) export PATH=%q:$PATH ;; esac\n' "$URUMI_BIN" "$URUMI_BIN"
    } >"$file.new")
  mv "$config.new" "$config"
  mv "$file.new" "$file"
}

up() {
  docker compose up --detach --wait --wait-timeout 900
  write_env
  cat <<END

The platform is up, in containers: http://localhost:$(setting URUMI_API_PORT)

Next:
  source ${URUMI_STATE#"$URUMI_ROOT/"}/env
  curl -i -X POST "\$URUMI_API/stores" -H 'Content-Type: application/json' -d '{"name": "My Shop"}'
END
}

clean() {
  say "removing the containers of this clone and their volumes: records, messages, the cluster with every store on it"
  docker compose --profile '*' down --volumes --remove-orphans
  rm -f "$URUMI_STATE"/{env,kubeconfig,cluster}
}

case ${1:-} in
  up) up ;;
  down) docker compose --profile '*' stop ;;
  clean) clean ;;
  status) docker compose --profile '*' ps --all ;;
  logs) docker compose --profile '*' logs --follow --tail 50 ${2:+"$2"} ;;
  *) die "usage: $0 up|down|clean|status|logs [NAME]" ;;
esac
