# Fuzzers of everything that reads bytes from a disk or a caller, with libFuzzer (clang 14 or newer) and sanitizers.
#
#   make -f fuzz.mk targets                        lists them
#   make -f fuzz.mk fuzz TARGET=wal SECONDS=60     fuzzes one; what it finds is left as crash-*, beside the new inputs
#   make -f fuzz.mk merge TARGET=wal               adds the inputs that reach something new to test/corpus/<target>, few and small
#
# Without clang the committed inputs are still replayed by `make test` (test/fuzz_replay_test.cc).

CLANG ?= $(firstword $(shell command -v clang++-14 clang++ 2>/dev/null))
OUT ?= build/fuzz
SECONDS ?= 60
TARGETS := $(patsubst test/%_fuzz.cc,%,$(sort $(wildcard test/*_fuzz.cc)))
MODULES := $(wildcard base env codec wal mem sst lsm txn engine exec)
FLAGS := -std=c++20 -I. -g -O1 -fno-omit-frame-pointer -pthread -Wall -Wextra

ZSTD_LIB := node_modules/zstd-napi/deps/zstd/lib
ifneq ($(wildcard $(ZSTD_LIB)/zstd.h),)
  FLAGS += -DSOCHDB_HAVE_ZSTD -isystem $(ZSTD_LIB)
  C_SOURCES := $(sort $(wildcard $(foreach part,common compress decompress,$(ZSTD_LIB)/$(part)/*.c $(ZSTD_LIB)/$(part)/*.S)))
endif

SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# Several sources at a time, as the addon is built (sources.mjs).
SOURCES := $(shell node sources.mjs joined $(OUT)/joined $(MODULES))
OBJECTS := $(SOURCES:%.cc=%.o) $(patsubst %,$(OUT)/%.o,$(basename $(C_SOURCES)))
INPUTS := $(OUT)/inputs/$(TARGET)

.PHONY: targets fuzz merge build
targets:
	@echo $(TARGETS)

build: $(TARGETS:%=$(OUT)/%_fuzz)

fuzz: $(OUT)/$(TARGET)_fuzz
	@mkdir -p $(INPUTS) test/corpus/$(TARGET)
	$(OUT)/$(TARGET)_fuzz -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
	  -artifact_prefix=$(INPUTS)/ $(INPUTS) test/corpus/$(TARGET)

merge: $(OUT)/$(TARGET)_fuzz
	@mkdir -p $(INPUTS) test/corpus/$(TARGET)
	$(OUT)/$(TARGET)_fuzz -merge=1 -timeout=10 -max_len=4096 test/corpus/$(TARGET) $(INPUTS)

$(OUT)/%_fuzz: $(OUT)/test/%_fuzz.o $(OUT)/libsochdb.a
	$(CLANG) -pthread -fsanitize=fuzzer,address,undefined -o $@ $^

$(OUT)/libsochdb.a: $(OBJECTS)
	rm -f $@
	ar rcs $@ $^

$(OUT)/joined/%.o: $(OUT)/joined/%.cc
	$(CLANG) $(FLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<
$(OUT)/%.o: %.cc
	@mkdir -p $(dir $@)
	@if [ -z "$(CLANG)" ]; then echo "The fuzzers need clang 14 or newer: apt-get install clang-14"; exit 1; fi
	$(CLANG) $(FLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<
$(OUT)/%.o: %.c
	@mkdir -p $(dir $@)
	$(subst clang++,clang,$(CLANG)) -g -O1 -w -DZSTD_NO_TRACE -DXXH_NAMESPACE=ZSTD_ -fsanitize=fuzzer-no-link,address -c -o $@ $<
$(OUT)/%.o: %.S
	@mkdir -p $(dir $@)
	$(subst clang++,clang,$(CLANG)) -c -o $@ $<

-include $(OBJECTS:.o=.d)
.SECONDARY:
