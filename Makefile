# The verbs. Everything else is behind them: tools/deps names the packages, meson.build the build, tests/README.md the tests.
#   make build run test check bench fuzz fmt lint web install deb clean asan
SHELL := /bin/bash
BUILD := build
ASAN := build-asan
FUZZ := build-fuzz
TIME ?= 60
FUZZ_SECONDS ?= $(TIME)
JOBS ?= $(shell nproc)
WERROR ?= false
WEB ?= yes
DESTDIR ?=
export PATH := $(CURDIR)/build-node/bin:$(PATH)
WEB_SOURCES := $(shell [ -d web ] && find web -name node_modules -prune -o -name dist -prune -o -type f -print)
C_FILES = $(shell git ls-files -co --exclude-standard 'src/*.c' 'src/*.h' 'tests/*.c' 'tests/*.h' 'bench/*.c' 'tools/*.c')

.PHONY: build build-only run test check bench fuzz fmt lint web install deb clean asan deps
.DEFAULT_GOAL := build

# Only the first time: tools/watch_rooms.py lets ninja see files that came or went.
define configure
	@if [ ! -f $(1)/build.ninja ]; then \
	    rm -rf $(1); $(2) meson setup $(1) -Dwerror=$(WERROR) $(3) || exit 1; \
	elif [ "$$(cat $(1)/werror 2>/dev/null)" != "$(WERROR)" ]; then \
	    meson configure $(1) -Dwerror=$(WERROR) || exit 1; \
	fi; echo $(WERROR) >$(1)/werror
endef

build: $(if $(filter yes,$(WEB)),web) build-only

build-only:
	@tools/deps build
	$(call configure,$(BUILD),CC=$${CC:-gcc},-Dtests=false)
	@ninja -C $(BUILD) -j $(JOBS)

asan:
	@tools/deps build
	$(call configure,$(ASAN),CC=$${CC:-gcc},-Db_sanitize=address$(,)undefined)
	@ninja -C $(ASAN) -j $(JOBS)
, := ,

web: web/dist/index.html

web/dist/index.html: $(WEB_SOURCES)
	@tools/deps web && npm --prefix web run --silent build || { echo "the panel could not be built; WEB=no builds the rest" >&2; exit 1; }

run: build
	@tools/deps run
	@tools/run_demo

test:
	@tools/deps test
	@$(MAKE) --no-print-directory build asan
	@tools/run_tests.py --build $(BUILD) --asan $(ASAN) --jobs $(JOBS)

check:
	@tools/deps build lint
	@$(MAKE) --no-print-directory build-only
	@tools/check --build $(BUILD)

lint: check

bench: build
	@if [ -x bench/run ]; then bench/run; else echo "bench/run is not there"; exit 1; fi

fuzz:
	@tools/deps fuzz
	$(call configure,$(FUZZ),CC=clang,-Dfuzz=true -Dtests=false -Db_sanitize=address$(,)undefined -Db_lundef=false)
	@ninja -C $(FUZZ) -j $(JOBS)
	@tools/run_fuzz $(FUZZ) $(FUZZ_SECONDS)

fmt:
	@tools/deps lint
	@clang-format -i $(C_FILES)

install: build
	@meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir $(DESTDIR))

deb: build
	@tools/deps package
	@packaging/make_deb $(BUILD)

clean:
	rm -rf $(BUILD) $(ASAN) $(FUZZ) web/dist
