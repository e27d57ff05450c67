# Everything a person runs. `make help` lists it.
#
# Variables: OUT (output folder), MIRROR (a .../debian URI, if not the machine's own), BUILD_TYPE.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

OUT ?= $(CURDIR)/out
BUILD_TYPE ?= Release
export OUT MIRROR
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

.PHONY: build
build: buildroot ## compile everything
	@$(enter) cmake -G Ninja -S . -B out/build -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) --log-level=WARNING
	@$(enter) cmake --build out/build
	@$(enter) bash -c 'rm -rf out/appliance && DESTDIR=out/appliance cmake --install out/build --component appliance --prefix / --strip >/dev/null'

.PHONY: image
image: build ## compose the core image: out/openhaven-<version>-amd64.raw and .qcow2
	@$(stratify) build

.PHONY: run
run: image ## compose the core image, boot it in QEMU and say where the claim page is
	@$(stratify) run

.PHONY: lock
lock: build ## resolve the packages anew and write image/core.lock
	@$(stratify) lock

.PHONY: test
test: image ## everything that is tested
	@$(enter) ctest --test-dir out/build --output-on-failure --no-tests=error

.PHONY: reproduce
reproduce: image ## compile and build everything a second time elsewhere and compare
	@$(enter) tests/reproduce/run --programs

.PHONY: format
format: buildroot ## format the code
	@$(enter) bash -c 'git ls-files "*.?pp" | xargs clang-format -i'

.PHONY: lint
lint: build ## formatting and clang-tidy, as the tests check them
	@$(enter) bash -c 'git ls-files "*.?pp" | xargs clang-format --dry-run --Werror'
	@$(enter) run-clang-tidy -quiet -p out/build -j $$(nproc) '/src/(platform|image|stack|firstboot|updater)/.*\.cpp$$'

.PHONY: shell
shell: buildroot ## a shell in the build root
	@$(enter)

.PHONY: clean
clean: ## remove what was built, keep the build root and the downloads
	@buildroot/remove-output

.PHONY: distclean
distclean: ## remove everything that was made
	@buildroot/remove
	@rm -rf '$(OUT)'
