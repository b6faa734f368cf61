# What people and CI run. `make help` prints itself.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PACKAGES := git curl python3 libyaml-dev libgit2-dev libsqlite3-dev pkg-config
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
BIN := .build/debug
# Those that come with shipit; it finds them here, too, when it runs where it was built.
PLUGINS := share/shipit/plugins
# Four at once, for most tests wait for processes. The tests of processes are a run of their own and unlimited: they hold
# exit tests, whose waiting looks at all children of a run and needs room beside the others.
TESTS := swift test --skip-build
AT_ONCE := --experimental-maximum-parallelization-width 4

.PHONY: help deps build release install test lint demo bench check clean crashpoints ioerrors powercuts contenders simulate mutants fuzz hygiene floods masks

help: ## show this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

deps: ## install what is missing (Debian packages; asks sudo if you are not root)
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing:" $$missing; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq $$missing; fi

build: deps ## build shipit and its supervisor (debug)
	swift build -j $(JOBS) --explicit-target-dependency-import-check error --product shipit
	swift build -j $(JOBS) --explicit-target-dependency-import-check error --product shipit-supervisor
	swift build -j $(JOBS) --explicit-target-dependency-import-check error --product http-drain
	install -m 755 $(BIN)/http-drain $(PLUGINS)/http-drain/

release: deps ## build the binaries to install, in .build/release (Swift linked in: they start twice as fast)
	swift build -c release --static-swift-stdlib -j $(JOBS) --product shipit
	swift build -c release --static-swift-stdlib -j $(JOBS) --product shipit-supervisor
	swift build -c release --static-swift-stdlib -j $(JOBS) --product http-drain
	install -m 755 .build/release/http-drain $(PLUGINS)/http-drain/

PREFIX ?= /usr/local

install: ## install what `make release` has built, plugins included, below PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 .build/release/shipit .build/release/shipit-supervisor $(DESTDIR)$(PREFIX)/bin/
	for plugin in $(PLUGINS)/*/; do \
		to=$(DESTDIR)$(PREFIX)/share/shipit/plugins/$$(basename $$plugin); \
		install -d -m 755 $$to && install -m 755 $$plugin* $$to/ && chmod 644 $$to/plugin.yaml || exit 1; \
	done

test: build ## set up and pass the tests
	swift build -j $(JOBS) --explicit-target-dependency-import-check error --build-tests
	$(TESTS) $(AT_ONCE) --skip ShipitProcessesTests --skip EndToEndTests
	$(TESTS) --filter ShipitProcessesTests
	$(TESTS) $(AT_ONCE) --filter EndToEndTests

lint: ## check the formatting
	swift format lint --strict --configuration .swift-format --recursive Sources Tests Benchmarks Fuzz Package.swift

demo: build ## set up and watch releases of a real app be deployed, rolled back, killed and resumed
	SHIPIT=$(BIN)/shipit examples/demo.sh

bench: release ## measure shipit's cost beside other tools, as ratios
	Benchmarks/run
	Benchmarks/authoring
	Benchmarks/hosts
	Benchmarks/monitor

RUNS ?= 200000
SEED ?=

simulate: deps ## simulate runs with the real core on a virtual clock (RUNS=2000000 for a release, SEED=17 plays one again)
	swift build -c release -j $(JOBS) --product simulate
	.build/release/simulate $(if $(SEED),seed $(SEED),$(RUNS))

PIPELINES ?=
CUTS ?= 60
ROUNDS ?= 200

crashpoints: build ## kill real processes at every system call that matters (PIPELINES=linear for one pipeline)
	SHIPIT_TEST_BIN=$${SHIPIT_TEST_BIN:-$(BIN)} Tests/Durability/crashpoints $(PIPELINES)

ioerrors: build ## let system calls fail, and fill the disk
	SHIPIT_TEST_BIN=$${SHIPIT_TEST_BIN:-$(BIN)} Tests/Durability/ioerrors $(PIPELINES)

powercuts: build ## cut the power under deployments (root only)
	SHIPIT_TEST_BIN=$${SHIPIT_TEST_BIN:-$(BIN)} Tests/Durability/powercuts $(CUTS)

contenders: build ## sixteen processes deploy to one environment and are killed at random
	SHIPIT_TEST_BIN=$${SHIPIT_TEST_BIN:-$(BIN)} Tests/Durability/contenders $(ROUNDS)

FAULTS ?=

mutants: deps ## build deliberate faults and show that the suites catch every one (FAULTS="undo nan" for some)
	Tests/Mutants/mutants $(FAULTS)

# Not SECONDS, which bash counts for itself.
SECONDS_EACH := $(or $(SECONDS),60)
TARGETS ?=

fuzz: deps ## give the parsers inputs that nobody would write (SECONDS=60 each, TARGETS="yaml journal" for some)
	FUZZ_SECONDS=$(SECONDS_EACH) Fuzz/run $(TARGETS)

TREES ?= 1000

hygiene: build ## end a thousand hostile process trees each way (TREES=N SEED=N)
	swift build -j $(JOBS) --build-tests
	set -o pipefail; SHIPIT_HOSTILE_TREES=$(TREES) SHIPIT_HOSTILE_SEED=$(or $(SEED),1) $(TESTS) --filter HostileTreeTests | grep -vE '^[◇✔]'

MIB ?= 1024

floods: release ## print gigabytes under the built programs: speed, memory, and what is said to be left out (MIB=N)
	SHIPIT_TEST_BIN=$${SHIPIT_TEST_BIN:-.build/release} Tests/Durability/floods $(MIB)

MASKS ?= 10000000

masks: build ## look for ten million disguised secrets in masked output (MASKS=N SEED=N)
	swift build -j $(JOBS) --build-tests
	set -o pipefail; SHIPIT_MASK_TRIALS=$(MASKS) SHIPIT_MASK_SEED=$(or $(SEED),7) $(TESTS) --filter MaskFormTests | grep -vE '^[◇✔]'

check: lint test demo ## everything CI checks

clean: ## remove what was built
	rm -rf .build .demo
