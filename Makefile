# The everyday commands. Each is a script under deploy/ or tests/; this file
# only names them. `make` alone prints this list.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down clean distclean status logs test sweep e2e lint fmt \
  test-long-sweep test-long-mutants test-long-outages test-long-hopeless \
  test-long-scale test-long-idle test-long-contract test-long-upgrade test-long-list test-long-platform \
  test-long-alerts test-long-logs test-long-compose test-long-compat test-long-restore test-long-pages \
  test-long-scroll bench

help: ## list the commands
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## start the whole platform on this machine (again: start what died)
	@deploy/local/up.sh

down: ## stop it; data stays
	@deploy/local/down.sh

clean: ## stop it and remove its data (names what it removes)
	@deploy/local/clean.sh

distclean: ## clean, and remove cached builds too
	@deploy/local/distclean.sh

status: ## what runs, since when, on which port
	@deploy/local/status.sh

logs: ## follow the logs of all programs (make logs NAME=worker for one)
	@deploy/local/logs.sh $(NAME)

test: ## the whole test suite; installs what it needs
	@tests/run.sh

sweep: test-long-sweep ## every point at which a process can die, and 300 random kills (SEED=… repeats them)

test-long-sweep:
	@tests/faults.sh long

test-long-mutants: ## each protection taken out must be noticed
	@tests/faults.sh mutants

test-long-outages: ## RabbitMQ, PostgreSQL, the apiserver away or ill
	@tests/faults.sh outages --away 300

test-long-alerts: ## each alert rung once, by a fault, in a real Prometheus
	@tests/monitoring/fire.sh

test-long-logs: ## one store's whole story out of the central logs of a real journey
	@tests/monitoring/logs.sh

test-long-compose: ## docker compose up: Debian's engine, local images, the embedded cluster
	@tests/compose/journey.sh

test-long-hopeless: ## stores that can never become ready, among healthy ones
	@tests/faults.sh hopeless

test-long-scale: test-long-idle ## 200 creates and deletes leave nothing behind; what 1,000 idle stores take
	@tests/faults.sh scale

test-long-idle:
	@tests/faults.sh idle

test-long-contract: ## the API against its contract with 20,000 requests (SEED=… repeats them)
	@tests/schemathesis/run.sh long

test-long-upgrade: ## a shop of two web pods upgraded, rolled back and at rest, under constant requests; WooCommerce from a zip
	@tests/shop.sh sources production life

test-long-compat: ## the release before beside this one: its api, its workers, workers in turns
	@tests/compat.sh

test-long-pages: ## the commands of README and docs, as they stand there, on a platform
	@URUMI_PAGES=only tests/e2e.sh

test-long-restore: ## the platform's database restored from an older copy
	@tests/faults.sh restored

bench: ## every table of docs/PERFORMANCE.md, and one report of them
	@bench/run.sh

# One table alone.
TABLES := api list outbox provision diet ready curve idle size
.PHONY: bench-pace $(TABLES:%=bench-%)
$(TABLES:%=bench-%):
	@bench/run.sh $(@:bench-%=%)

bench-pace: ## a page of a shop on the node, against the same outside Kubernetes
	@tests/shop.sh pace

test-long-platform: ## the control plane in a cluster: install, restarts under constant requests, upgrade
	@tests/platform.sh

test-long-list: ## pages of a million stores and ten million audit rows beside those of a thousand
	@tests/list.sh

test-long-scroll: ## a list of a million stores in a browser, page by page
	@tests/scroll.sh

e2e: ## the full journey of one store on real pods
	@tests/e2e.sh

lint: ## formatting, clippy, scripts
	@tests/lint.sh

fmt: ## format the Rust sources
	@cargo fmt --all
