# rmqwatchd: build, test, demo, install. `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
SUITE ?= bookworm
NODES ?= 3

CC ?= cc
PKG_CONFIG ?= pkg-config
PACKAGES := libuv libcurl libsystemd libcjson libconfuse
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wformat=2 \
            -Wmissing-prototypes -Wundef -Wvla $(if $(CI),-Werror)
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
             $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
LDHARDENING := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
OPTIMIZE ?= -O2 -g

PACKAGE_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
PACKAGE_LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES))
ALL_CPPFLAGS = -D_GNU_SOURCE -DRMQWATCH_VERSION='"$(VERSION)"' -Iinclude -Isrc $(CPPFLAGS)
ALL_CFLAGS = -std=gnu17 $(OPTIMIZE) $(WARNINGS) $(HARDENING) $(SANITIZE) $(PACKAGE_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LDHARDENING) $(SANITIZE) $(LDFLAGS)

# One static library per folder of src, so that a folder's undefined symbols can be checked by themselves.
PARTS := agent alerts probes systemd http store config core base
LIBS := $(PARTS:%=$(BUILD)/lib%.a)
DAEMON := $(BUILD)/rmqwatchd
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(wildcard tests/unit/test_*.c),$(wildcard tests/unit/*.c)))

objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)/*.c))

.PHONY: all
all: $(DAEMON) ## build the daemon

# Installs what the build needs where it is missing; asks apt nothing when all is there.
$(BUILD)/.bootstrap-build: scripts/bootstrap
	scripts/bootstrap build
	@mkdir -p $(@D) && touch $@

$(BUILD)/%.o: %.c | $(BUILD)/.bootstrap-build
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define part
$(BUILD)/lib$(1).a: $(call objects,src/$(1))
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach name,$(PARTS),$(eval $(call part,$(name))))

$(DAEMON): $(call objects,src/rmqwatchd) $(LIBS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_SUPPORT) $(LIBS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lcmocka

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
