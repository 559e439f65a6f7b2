# Two commands do all set-up: `make desk` runs the desk on simulated calls, `make test` runs every check that takes minutes.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help desk cluster chaos load test docs package phone-test stories kills seeds planted release verify first-steps security describe describe-check bench fuzz check-more setup

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: ## install what is missing on this machine
	@scripts/setup

desk: setup ## build the page and run the desk on http://127.0.0.1:8080 (on the simulator unless OZONETEL_ACCOUNT is set)
	@scripts/page
	cargo run --locked -p desk

cluster: setup ## two desks behind one address, on a PostgreSQL and a Redis of their own (docs/cluster.md)
	@scripts/cluster

chaos: setup ## two desks under traffic while all around them fails; at the end the books agree (CHAOS_SECONDS=600 SEED=n)
	@scripts/chaos

load: setup ## a desk under load, on SQLite and PostgreSQL: what it costs and where it bends (AGENTS RATE MINUTES; docs/load.md)
	@scripts/load

test: setup ## format, lints, all tests, doc tests, softphones, features, documentation
	@scripts/test

docs: setup ## the documentation site, from the repository's pages (target/site/book)
	@scripts/docs

package: setup ## pack the libraries, and build a program outside the workspace from the packages
	@scripts/package

phone-test: setup ## JsSIP in Node and in Chromium, the npm package, and sipp, against the simulator
	@scripts/phone-test

stories: setup ## the desk's page in a real browser, all stories (STORY_PICTURES=DIR keeps pictures)
	@scripts/stories

kills: setup ## the desk killed at every write of a dial and a disposition; sync, export, upload killed fifty times (minutes)
	cargo test --locked -p desk --all-features --test it -- --include-ignored kills::
	cargo test --locked -p ozonetel-cli --all-features --test it -- --include-ignored kills::

release: setup ## static programs, unit, Containerfile, parts (SBOM), checksums, in target/release-files (long; RELEASE_QUICK=1)
	@scripts/release

verify: ## smoke checks of a running desk: make verify URL=https://… (DESK_EMAIL, DESK_PASSWORD; CALL=NUMBER dials it)
	@scripts/verify "$(URL)"

first-steps: setup ## the operator's page, followed in a clean Debian with the release's archive, timed
	@scripts/first-steps

security: setup ## the desk's routes under schemathesis, secrets in logs and dumps, dependencies, the unit (minutes)
	@scripts/security

seeds: setup ## the desk, the simulator and a store with faults in one process, in an order that a seed decides: SEEDS of them (default 10,000) from FROM on
	cargo run --locked --profile seeds -p ozonetel-seeds -- --seeds $(or $(SEEDS),10000) --from $(or $(FROM),0)

planted: setup ## plants faults in a copy of the desk, and shows after how many seeds each is found (SEEDS at most, default 2,000; long)
	@scripts/planted

describe: setup ## write the OpenAPI and AsyncAPI documents and the list of assumptions
	@scripts/describe

describe-check: setup ## lint them; a generated client, schemathesis, and each assumption contradicted (minutes)
	@scripts/describe long

bench: setup ## benchmarks: the SDK against hand-written code, ten thousand sockets, exports and the wallboard, sip-ucid against its peers (long)
	@scripts/bench

fuzz: setup ## fuzz every parser, FUZZ_SECONDS each (default 600)
	@scripts/fuzz

check-more: setup ## what takes minutes to install or to build: deny, hack, the oldest compilers, docs.rs, packages, mutants
	@scripts/check-more
