# Everything a person runs. `make help` lists it.
#
# Variables: OUT (output folder), MIRROR (a .../debian URI, if not the machine's own), BUILD_TYPE, FUZZ_SECONDS (60).

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

OUT ?= $(CURDIR)/out
BUILD_TYPE ?= Release
export OUT MIRROR FUZZ_SECONDS
# The date of the last commit dates the version that is built from it.
export SOURCE_DATE_EPOCH := $(shell git -C '$(CURDIR)' log -1 --format=%ct 2>/dev/null)

enter := buildroot/enter
stratify := $(enter) out/build/image/stratify

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 16

.PHONY: buildroot
buildroot: ## create the build root: Debian 13 with all tools
	@buildroot/prepare
	@buildroot/create

.PHONY: configure
configure: buildroot
	@$(enter) cmake -G Ninja -S . -B out/build -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) --log-level=WARNING

.PHONY: programs
programs: configure
	@$(enter) cmake --build out/build --target stratify appliance
	@$(enter) bash -c 'rm -rf out/appliance && DESTDIR=out/appliance cmake --install out/build --component appliance --prefix / --strip >/dev/null'

.PHONY: build
build: programs ## compile everything, the tests too
	@$(enter) cmake --build out/build

.PHONY: image
image: programs ## compose the core image: out/openhaven-<version>-amd64.raw and .qcow2
	@$(stratify) build

.PHONY: run
run: image ## compose the core image, boot it in QEMU and say where the claim page is
	@$(stratify) run

.PHONY: lock
lock: programs ## resolve the packages anew and write image/core.lock
	@$(stratify) lock

.PHONY: test
test: build image coverage ## everything that is tested
	@$(enter) ctest --test-dir out/build --output-on-failure --no-tests=error

.PHONY: coverage
coverage: buildroot ## how much of each folder the unit tests run: a table, and out/coverage/report.html
	@$(enter) tests/coverage/run

.PHONY: fuzz
fuzz: buildroot ## run every fuzz target for FUZZ_SECONDS
	@$(enter) tests/fuzz/run

.PHONY: torture
torture: build image ## the machine tests that are too long for make test
	@$(enter) ctest --test-dir out/build --build-config torture --label-regex torture --output-on-failure --no-tests=error

.PHONY: reproduce
reproduce: image ## compile and build everything a second time elsewhere and compare
	@$(enter) python3 -m pytest -p no:cacheprovider -q -s tests/reproduce --compile

.PHONY: bench
bench: image ## measure speed, size and bytes sent beside others (ONCE=1: a quick look; ONLY=travel, downtime, builders: that alone)
	@$(enter) tests/bench/enter tests/bench/run $(if $(ONCE),--once) $(if $(ONLY),--only $(ONLY))

.PHONY: format
format: buildroot ## format the code
	@$(enter) tests/style/format --fix

.PHONY: lint
lint: configure ## clang-format and clang-tidy: what make test asks of the style
	@$(enter) tests/style/format
	@$(enter) tests/style/lint out/build

.PHONY: shell
shell: buildroot ## a shell in the build root
	@$(enter)

.PHONY: clean
clean: ## remove what was built, keep the build root and the downloads
	@buildroot/remove-output
	@echo "Removed what was built; the build root and the downloads are kept in $(OUT)."

.PHONY: distclean
distclean: ## remove everything that was made
	@buildroot/remove-output
	@buildroot/remove
	@rm -rf '$(OUT)'
	@echo "Removed $(OUT) and all in it."
