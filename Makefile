# rmqwatchd: build, test, demo, install. `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
# Where systemd, polkit and journald look, whatever PREFIX is.
SYSCONFDIR ?= /etc
UNITDIR ?= /usr/lib/systemd/system
LIBDIR ?= /usr/lib
DATADIR ?= /usr/share
BUILD ?= build
SUITE ?= bookworm
NODES ?= 3
HOURS ?= 1
NOTICES ?= 10000
KILLS ?= 50

CC ?= cc
PKG_CONFIG ?= pkg-config
PACKAGES := libuv libcurl libsystemd libcjson libconfuse sqlite3 libmicrohttpd librabbitmq libssl libcrypto
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wformat=2 \
            -Wmissing-prototypes -Wundef -Wvla $(if $(CI),-Werror)
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
             $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
LDHARDENING := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
OPTIMIZE ?= -O2 -g
# V=1 shows every command.
Q := $(if $(V),,@)

PACKAGE_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
PACKAGE_LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES))
ALL_CPPFLAGS = -D_GNU_SOURCE -DRMQWATCH_VERSION='"$(VERSION)"' -Iinclude -Isrc $(CPPFLAGS)
ALL_CFLAGS = -std=gnu17 $(OPTIMIZE) $(WARNINGS) $(HARDENING) $(SANITIZE) $(PACKAGE_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LDHARDENING) $(SANITIZE) $(LDFLAGS)

# One static library per folder of src, so that a folder's undefined symbols can be checked by themselves.
PARTS := agent control alerts evidence leases probes systemd http store config sim replay core words base
LIBS := $(PARTS:%=$(BUILD)/lib%.a)
LINK_LIBS = -Wl,--start-group $(LIBS) -Wl,--end-group $(PACKAGE_LIBS)
DAEMON := $(BUILD)/rmqwatchd
TOOL := $(BUILD)/rmqwatchctl
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
SIM := $(BUILD)/tests/sim/sim
RECORD := $(BUILD)/tests/sim/record
SEEDS ?= 10000
CORE_TESTS := $(filter %/test_table $(BUILD)/tests/unit/test_core%,$(UNIT_TESTS))
CORE_STORY := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/unit/core_story*.c))
UNIT_SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(wildcard tests/unit/test_*.c),$(wildcard tests/unit/*.c)))

C_FILES := $(wildcard include/rmqwatch/*.h src/*/*.[ch] tests/unit/*.[ch] tests/sim/*.c)

# Each case of a switch has a line of its own; that a value is none of them cannot happen.
GCOVR = gcovr --root . --object-directory $(BUILD)/coverage $(BUILD)/coverage --filter src/core/ \
        --exclude-branches-by-pattern '.*switch \(.*'

objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)/*.c))

.PHONY: all
all: $(DAEMON) $(TOOL) ## build the daemon and its tool

.PHONY: check
check: lint unit cli sim ## lint, unit tests, command line, simulator: no root, no network, under three minutes
	@tests/summary $(BUILD)/results lint unit cli sim

.PHONY: lint
lint: $(BUILD)/.bootstrap-check $(LIBS) $(DAEMON) $(TOOL) ## format, sizes, layers, purity of the core, scripts, README
	@tests/lint/run $(BUILD)

.PHONY: unit
unit: $(BUILD)/.bootstrap-check $(UNIT_TESTS) ## unit tests
	@tests/run-unit $(BUILD)/results/unit $(UNIT_TESTS)

.PHONY: cli
cli: $(BUILD)/.bootstrap-check $(DAEMON) $(TOOL) $(RECORD) ## command lines of the daemon and its tool
	@tests/cli/run $(BUILD)

.PHONY: sim
sim: $(BUILD)/.bootstrap-check $(SIM) ## simulate clusters: SEEDS=10000 SEED=1, and compare the stories
	@tests/sim/run $(BUILD) $(SEEDS) $(or $(SEED),1)

.PHONY: sim-stories
sim-stories: $(SIM) ## write the simulator's stories anew
	@tests/sim/run $(BUILD) --regenerate

.PHONY: mutants
mutants: $(BUILD)/.bootstrap-check $(SIM) $(filter %/test_table $(BUILD)/tests/unit/test_core%,$(UNIT_TESTS)) ## prove that tests notice deliberate faults in the core
	@CC='$(CC)' CFLAGS='$(ALL_CPPFLAGS) $(ALL_CFLAGS)' tests/sim/mutants $(BUILD)

.PHONY: coverage
coverage: $(BUILD)/.bootstrap-coverage ## lines and branches of the core that its unit tests reach; less than all is a failure
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage OPTIMIZE='-O0 -g' SANITIZE=--coverage CPPFLAGS=-DNDEBUG core-tests
	@find $(BUILD)/coverage -name '*.gcda' -delete
	@tests/run-unit $(BUILD)/coverage/results/unit $(CORE_TESTS:$(BUILD)/%=$(BUILD)/coverage/%)
	@$(GCOVR) --fail-under-line 100
	@$(GCOVR) --branches --fail-under-branch 100

.PHONY: core-tests
core-tests: $(CORE_TESTS)

.PHONY: test
test: check $(BUILD)/.bootstrap-lab ## everything, on real clusters too, within 45 minutes; becomes root by sudo
	@rm -f $(BUILD)/results/scenarios
	@tests/as-root tests/scenarios/run --build $(BUILD) --results $(BUILD)/results/scenarios || true
	@tests/summary $(BUILD)/results lint unit cli sim scenarios

.PHONY: test-all
test-all: check $(BUILD)/.bootstrap-lab ## also what takes longer: all suites, soak, sanitizers, bare roots
	@rm -f $(BUILD)/results/scenarios
	@tests/as-root tests/scenarios/run --all --build $(BUILD) --results $(BUILD)/results/scenarios || true
	@tests/summary $(BUILD)/results lint unit cli sim scenarios

.PHONY: matrix
matrix: all $(BUILD)/.bootstrap-lab ## every condition on every suite, as a table: [SUITE=bookworm|trixie|trixie-khepri|forky]
	@tests/as-root tests/scenarios/run --matrix --build $(BUILD) $(if $(filter command line environment,$(origin SUITE)),--suite $(SUITE))

.PHONY: chaos
chaos: all $(BUILD)/.bootstrap-lab ## faults by dice on a real cluster: HOURS=1 [SEED=...]
	@tests/as-root tests/scenarios/run-chaos --hours $(HOURS) $(if $(SEED),--seed $(SEED))

.PHONY: alert-torture
alert-torture: all $(BUILD)/.bootstrap-check ## 10,000 alerts, a target that fails, a daemon that is killed: NOTICES=10000 KILLS=50 [SEED=...]
	@tests/as-root tests/torture/run --build $(BUILD) --notices $(NOTICES) --kills $(KILLS) $(if $(SEED),--seed $(SEED))

.PHONY: demo
demo: all $(BUILD)/.bootstrap-lab ## rescue a killed and a hung node of a real cluster, on this screen
	@tests/as-root tests/scenarios/demo --build $(BUILD)

.PHONY: lab-up
lab-up: all $(BUILD)/.bootstrap-lab ## start a cluster to play with: SUITE=bookworm|trixie|forky NODES=3
	@tests/as-root tests/lab/lab up --suite $(SUITE) --nodes $(NODES)

.PHONY: lab-down
lab-down: ## take it down
	@tests/as-root tests/lab/lab down

.PHONY: sanitize
sanitize: $(BUILD)/.bootstrap-check ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(MAKE) unit BUILD=$(BUILD)/sanitize SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined'

.PHONY: format
format: $(BUILD)/.bootstrap-check ## format the C sources
	clang-format -i $(C_FILES)

.PHONY: install
install: all ## install below DESTDIR; PREFIX=/usr/local
	install -D -m 0755 $(DAEMON) $(DESTDIR)$(PREFIX)/sbin/rmqwatchd
	install -D -m 0755 $(TOOL) $(DESTDIR)$(PREFIX)/bin/rmqwatchctl
	install -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/rmqwatchd
	test -e $(DESTDIR)$(SYSCONFDIR)/rmqwatchd/rmqwatchd.conf || \
		install -m 0644 etc/rmqwatchd.conf $(DESTDIR)$(SYSCONFDIR)/rmqwatchd/rmqwatchd.conf
	install -d -m 0755 $(DESTDIR)$(UNITDIR)
	sed 's|@BINDIR@|$(PREFIX)/sbin|g' packaging/rmqwatchd.service.in > $(DESTDIR)$(UNITDIR)/rmqwatchd.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/rmqwatchd.service
	install -D -m 0644 packaging/50-rmqwatchd.rules $(DESTDIR)$(DATADIR)/polkit-1/rules.d/50-rmqwatchd.rules
	install -D -m 0644 packaging/rmqwatchd.sysusers $(DESTDIR)$(LIBDIR)/sysusers.d/rmqwatchd.conf
	install -D -m 0644 packaging/rmqwatchd.catalog $(DESTDIR)$(LIBDIR)/systemd/catalog/rmqwatchd.catalog

.PHONY: uninstall
uninstall: ## remove what install put there; configuration and state stay
	$(if $(DESTDIR),,-systemctl disable --now rmqwatchd.service)
	rm -f $(DESTDIR)$(PREFIX)/sbin/rmqwatchd $(DESTDIR)$(PREFIX)/bin/rmqwatchctl \
		$(DESTDIR)$(UNITDIR)/rmqwatchd.service \
		$(DESTDIR)$(DATADIR)/polkit-1/rules.d/50-rmqwatchd.rules $(DESTDIR)$(LIBDIR)/sysusers.d/rmqwatchd.conf \
		$(DESTDIR)$(LIBDIR)/systemd/catalog/rmqwatchd.catalog
	$(if $(DESTDIR),,-systemctl daemon-reload; journalctl --update-catalog)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

# Installs what is missing for a purpose; asks apt nothing when all is there.
$(BUILD)/.bootstrap-%: scripts/bootstrap
	scripts/bootstrap $*
	@mkdir -p $(@D) && touch $@

.PRECIOUS: $(BUILD)/.bootstrap-% $(BUILD)/%.o

$(BUILD)/%.o: %.c | $(BUILD)/.bootstrap-build
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define part
$(BUILD)/lib$(1).a: $(call objects,src/$(1))
	@rm -f $$@
	$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach name,$(PARTS),$(eval $(call part,$(name))))

$(DAEMON): $(call objects,src/rmqwatchd) $(LIBS)
	@echo '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LINK_LIBS)

# By itself: --as-needed leaves out what the daemon alone needs.
$(TOOL): $(call objects,src/rmqwatchctl) $(LIBS)
	@echo '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LINK_LIBS)

$(SIM): $(BUILD)/tests/sim/sim.o $(BUILD)/libsim.a $(BUILD)/libcore.a $(BUILD)/libwords.a $(BUILD)/libbase.a
	@echo '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

# Incidents for the command line's tests.
$(RECORD): $(BUILD)/tests/sim/record.o $(BUILD)/tests/unit/sim_recording.o $(LIBS)
	@echo '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LINK_LIBS)

# The core's tests need nothing but the core, and the simulator's word on what the product's policy is.
$(CORE_TESTS): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(CORE_STORY) \
    $(BUILD)/libsim.a $(BUILD)/libcore.a $(BUILD)/libwords.a $(BUILD)/libbase.a
	@echo '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_SUPPORT) $(LIBS)
	@echo '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LINK_LIBS) -lcmocka

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
