#include "test/harness.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace sochdb::test {
namespace {

struct Case {
  const char* file;
  const char* name;
  void (*body)();
};

std::vector<Case>& Cases() {
  static std::vector<Case> cases;
  return cases;
}

uint64_t g_seed = 1;
constexpr int kSeedsBySanitizer[] = {20, 8, 3};

int g_seed_count = kSeedsBySanitizer[static_cast<int>(kSanitizer)];
bool g_seeds_given = false;
int g_failures_in_case = 0;

struct Arguments {
  std::vector<std::string> filters;
  bool stop = false;
  bool times = false;
  uint64_t times_ms_min = 500;
};

bool Selected(const Case& test, const std::vector<std::string>& filters) {
  if (filters.empty()) return true;
  for (const std::string& filter : filters) {
    if (std::string_view(test.name).find(filter) != std::string_view::npos) return true;
    if (std::string_view(test.file).find(filter) != std::string_view::npos) return true;
  }
  return false;
}

std::vector<std::string> Split(const char* list) {
  std::vector<std::string> parts;
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

bool Parse(int argc, char** argv, Arguments* out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--filter=")) out->filters = Split(argv[i] + 9);
    else if (argument.starts_with("--seed=")) g_seed = std::strtoull(argv[i] + 7, nullptr, 10);
    else if (argument == "--stop") out->stop = true;
    else if (argument == "--times") out->times = true;
    else if (argument.starts_with("--times=")) {
      out->times = true;
      out->times_ms_min = std::strtoull(argv[i] + 8, nullptr, 10);
    } else if (argument.starts_with("--seeds=")) {
      g_seed_count = std::atoi(argv[i] + 8);
      g_seeds_given = true;
    } else {
      std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      return false;
    }
  }
  return true;
}

bool RunCase(const Case& test, const Arguments& arguments) {
  g_failures_in_case = 0;
  const auto began = std::chrono::steady_clock::now();
  test.body();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
  if (arguments.times && static_cast<uint64_t>(took) >= arguments.times_ms_min) {
    std::fprintf(stderr, "%8lld ms  %s (%s)\n", static_cast<long long>(took), test.name, test.file);
  }
  if (g_failures_in_case != 0) std::fprintf(stderr, "FAILED %s (%s)\n", test.name, test.file);
  return g_failures_in_case == 0;
}

}  // namespace

Registration::Registration(const char* file, const char* name, void (*body)()) { Cases().push_back({file, name, body}); }

uint64_t Seed() { return g_seed; }
int SeedCount() { return g_seed_count; }
int Stride(int sanitized) { return kSanitizer == Sanitizer::kNone || g_seeds_given ? 1 : sanitized; }

void Fail(const char* file, int line, const std::string& what) {
  ++g_failures_in_case;
  if (g_failures_in_case <= 5)
    std::fprintf(stderr, "  %s:%d: %s (seed %llu)\n", file, line, what.c_str(), static_cast<unsigned long long>(g_seed));
}

}  // namespace sochdb::test

int main(int argc, char** argv) {
  using namespace sochdb::test;
  Arguments arguments;
  if (!Parse(argc, argv, &arguments)) return 2;
  int passed = 0;
  int failed = 0;
  for (const Case& test : Cases()) {
    if (!Selected(test, arguments.filters)) continue;
    if (RunCase(test, arguments)) ++passed;
    else ++failed;
    if (failed != 0 && arguments.stop) break;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
