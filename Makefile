# `make` alone lists the targets.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
# The commit's date, not today's: the same commit builds the same bytes.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
DATE    := $(shell date -u -d @$(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r $(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

WEB  := $(shell find web -name node_modules -prune -o -name dist -prune -o -path web/e2e -prune -o -type f -print)
PG   := go run ./platform/db/dbtest/pgtest --
SOAK_TIME ?= 24h
SOAK_PACE ?= 1
BAD_INPUT ?= 5m
SEED ?= $(shell date +%s)

# The tests' S3 server and provider of sign-ins, built before they run, so that they do not all build them at once.
TOOLS := go tool -modfile=configs/s3.mod -n versitygw >/dev/null && go tool -modfile=configs/oidc.mod -n server >/dev/null

.PHONY: help run test test-short golden fuzz bad-input soak soak-channel bench load scale lint check web build release try-install image
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, and serve everything on this machine from ./data; where that is empty, with a demo company of forty people
	bin/staff-control --role=all --data ./data --set demo.employees=40

# Four tests of a package run at a time, however few the processors: many wait for a process, or for time to pass.
# The linter has vetted all packages just before.
test: ## everything: Go on SQLite and PostgreSQL, the pages, the pages in a browser; installs what it needs
	@.ci/setup test
	@$(MAKE) --no-print-directory build
	@.ci/lint quick
	@$(TOOLS)
	$(PG) go test -timeout 15m -parallel 4 -vet=off -coverpkg=./... -coverprofile=bin/cover.out ./...
	@.ci/coverage bin/cover.out 85
	cd web && npm run lint && npm test
	@.ci/e2e

test-short: ## the Go tests on SQLite only
	CI= PGTEST_URL= go test -short ./...

golden: ## rewrite the golden files; their diff is the review
	@.ci/golden

fuzz: ## each fuzz target for 20 s
	@.ci/fuzz 20s

bad-input: ## every operation given bad input for BAD_INPUT=5m on each database, by another seed each time; SEED=7 for that one
	@.ci/setup test
	$(PG) go test -run '^TestBadInput$$' -count=1 -timeout 3h -v ./modules -bad-input $(BAD_INPUT) -bad-input-seed $(SEED)

soak: ## long runs: a hundred kills, under the race detector
	@.ci/setup test
	@$(TOOLS)
	$(PG) go test -race -tags soak -run Soak -count=1 -timeout 3h -v ./...

soak-channel: ## sockets of gateways held for 24 hours; SOAK_TIME=10m SOAK_PACE=60 for a day's worth of seconds
	@.ci/setup test
	$(PG) go test -tags soak -run '^TestSoakChannelsStayOpen$$' -count=1 -timeout 0 -v ./modules -soak $(SOAK_TIME) -pace $(SOAK_PACE)

bench: ## the benchmarks of docs/performance.md
	@.ci/setup test
	$(PG) go test -run '^$$' -bench . -timeout 1h ./...

load: ## the design document's load scenarios, scaled by SCALE=0.1, and their report; k6 comes with the Go tools
	@.ci/setup test
	@mkdir -p bin
	$(PG) go test -tags load -run '^TestLoad$$' -count=1 -timeout 3h -v ./modules

scale: ## the measurements at one and at ten million windows; SCALE_DAYS=30,300 for fewer steps
	@.ci/setup test
	$(PG) go test -tags scale -run '^TestScale$$' -count=1 -timeout 3h -v ./modules

lint: ## gofmt, vet, shellcheck, staticcheck, govulncheck
	@.ci/setup lint
	@.ci/lint

check: lint test ## what a submission must pass

web: web/dist/index.html ## build the pages into web/dist

web/dist/index.html: web/node_modules/.package-lock.json $(WEB)
	cd web && npm run build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

build: web ## build the pages and bin/staff-control
	@.ci/setup build
	go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/staff-control .

release: web ## dist/release/VERSION: packages for amd64 and arm64, signed, with install-gateway.sh; keys as .ci/release says
	@.ci/setup release
	@SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) COMMIT=$(COMMIT) DATE=$(DATE) .ci/release $(VERSION)

try-install: ## install, upgrade and remove a release in a Debian of its own, with systemd; root, downloads, some minutes
	@.ci/setup try
	@.ci/try-install

image: ## build the container image
	docker build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) --build-arg DATE=$(DATE) -t staff-control:$(VERSION) .
