#include "test/harness.h"

#include <sys/mman.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
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
  int jobs = 1;
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
    else if (argument.starts_with("--jobs=")) out->jobs = std::clamp(std::atoi(argv[i] + 7), 1, 64);
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
  const std::clock_t began = std::clock();
  test.body();
  const auto took_ms = static_cast<uint64_t>(std::clock() - began) * 1000 / CLOCKS_PER_SEC;
  if (arguments.times && took_ms >= arguments.times_ms_min) {
    std::fprintf(stderr, "%8llu ms  %s (%s)\n", static_cast<unsigned long long>(took_ms), test.name, test.file);
  }
  if (g_failures_in_case != 0) std::fprintf(stderr, "FAILED %s (%s)\n", test.name, test.file);
  return g_failures_in_case == 0;
}

struct Progress {
  std::atomic<size_t> next{0};
  std::atomic<int> passed{0};
  std::atomic<int> failed{0};
};

void RunCases(const Arguments& arguments, Progress* progress) {
  for (size_t i = progress->next++; i < Cases().size(); i = progress->next++) {
    const Case& test = Cases()[i];
    if (!Selected(test, arguments.filters)) continue;
    if (arguments.stop && progress->failed != 0) return;
    ++(RunCase(test, arguments) ? progress->passed : progress->failed);
  }
}

}  // namespace

Registration::Registration(const char* file, const char* name, void (*body)()) { Cases().push_back({file, name, body}); }

uint64_t Seed() { return g_seed; }
int SeedCount() { return g_seed_count; }
int Stride(int n) {
  if (g_seeds_given) return 1;
  if (kSanitizer == Sanitizer::kNone) return std::max(1, n / 2);
  return kSanitizer == Sanitizer::kThread ? 20 * n : 2 * n;
}
int Rounds(int whole) {
  if (g_seeds_given || kSanitizer == Sanitizer::kNone) return whole;
  return std::max(1, kSanitizer == Sanitizer::kThread ? whole / 20 : whole / 3);
}

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
  // What processes share when there are several: each takes the next test.
  void* const memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 2;
  auto* const progress = new (memory) Progress;
  std::vector<pid_t> children;
  for (int i = 1; i < arguments.jobs; ++i) {
    const pid_t child = fork();
    if (child == 0) {
#ifdef __linux__
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever ends the run ends all of it
#endif
      RunCases(arguments, progress);
      std::exit(0);  // with the sanitizers' last words
    }
    if (child > 0) children.push_back(child);
  }
  RunCases(arguments, progress);
  bool crashed = false;
  for (const pid_t child : children) {
    int status = 0;
    crashed |= waitpid(child, &status, 0) != child || status != 0;
  }
  if (crashed) std::fprintf(stderr, "FAILED a process of the tests did not end well\n");
  const int failed = progress->failed + (crashed ? 1 : 0);
  std::printf("%d passed, %d failed\n", progress->passed.load(), failed);
  return failed == 0 && progress->passed > 0 ? 0 : 1;
}
