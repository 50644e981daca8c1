#include "test/harness.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
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
int g_seed_count = 20;
int g_failures_in_case = 0;

}  // namespace

Registration::Registration(const char* file, const char* name, void (*body)()) { Cases().push_back({file, name, body}); }

uint64_t Seed() { return g_seed; }
int SeedCount() { return g_seed_count; }

void Fail(const char* file, int line, const std::string& what) {
  ++g_failures_in_case;
  if (g_failures_in_case <= 5)
    std::fprintf(stderr, "  %s:%d: %s (seed %llu)\n", file, line, what.c_str(), static_cast<unsigned long long>(g_seed));
}

}  // namespace sochdb::test

int main(int argc, char** argv) {
  using namespace sochdb::test;
  const char* filter = "";
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--filter=", 9) == 0) filter = argv[i] + 9;
    else if (std::strncmp(argv[i], "--seed=", 7) == 0) g_seed = std::strtoull(argv[i] + 7, nullptr, 10);
    else if (std::strncmp(argv[i], "--seeds=", 8) == 0) g_seed_count = std::atoi(argv[i] + 8);
    else {
      std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  int passed = 0;
  int failed = 0;
  for (const Case& test : Cases()) {
    if (std::string_view(test.name).find(filter) == std::string_view::npos &&
        std::string_view(test.file).find(filter) == std::string_view::npos)
      continue;
    g_failures_in_case = 0;
    test.body();
    if (g_failures_in_case == 0) ++passed;
    else {
      ++failed;
      std::fprintf(stderr, "FAILED %s (%s)\n", test.name, test.file);
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
