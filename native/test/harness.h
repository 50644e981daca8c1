// A small test harness: TEST(name) { EXPECT… }. A test's name is the promise it keeps.
//
//   sochdb_test [--filter=substring[,substring]…] [--seed=N] [--seeds=N] [--jobs=N] [--stop] [--times[=ms]]
//
// prints a line per failed expectation and ends with "N passed, N failed". --filter takes tests whose name or file contains one
// of the substrings; --jobs shares the tests out to processes; --stop ends the run at the first test that fails; --times names
// the tests that took the processors longest.

#pragma once

#include <cstdint>
#include <functional>
#include <sstream>
#include <string>

#include "base/status.h"

namespace sochdb::test {

struct Registration {
  Registration(const char* file, const char* name, void (*body)());
};

// The seed of this run, for tests that are random: printed with every failure.
uint64_t Seed();
// How many seeds a simulation test should try: few by default, fewer where a sanitizer makes each of them slow; `--seeds` for
// the long runs.
int SeedCount();

enum class Sanitizer : uint8_t { kNone, kAddress, kThread };
#if defined(__SANITIZE_THREAD__)
inline constexpr Sanitizer kSanitizer = Sanitizer::kThread;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr Sanitizer kSanitizer = Sanitizer::kAddress;
#else
inline constexpr Sanitizer kSanitizer = Sanitizer::kNone;
#endif
// A test that visits every point of something visits every Stride(n)-th, from one that the seed decides: every n/2-th without a
// sanitizer, every 2n-th under AddressSanitizer, every 20n-th under ThreadSanitizer, which has nothing to say of tests whose
// threads take turns; and each when --seeds is given.
int Stride(int n);
// How often a random test of one thread goes round: `whole` times, a third of that under AddressSanitizer, a twentieth under
// ThreadSanitizer, at least once; and `whole` times when --seeds is given.
int Rounds(int whole);

void Fail(const char* file, int line, const std::string& what);

template <typename T>
std::string Show(const T& value) {
  if constexpr (requires(std::ostream & out) { out << value; }) {
    std::ostringstream out;
    out << value;
    return out.str();
  } else {
    return "?";
  }
}

template <typename A, typename B>
void ExpectEqual(const char* file, int line, const char* text, const A& actual, const B& expected) {
  if (!(actual == expected)) Fail(file, line, std::string(text) + ": got " + Show(actual) + ", wanted " + Show(expected));
}

}  // namespace sochdb::test

#define SOCHDB_TEST_CONCAT2(a, b) a##b
#define SOCHDB_TEST_CONCAT(a, b) SOCHDB_TEST_CONCAT2(a, b)
#define SOCHDB_TEST_IMPL(name, id)                                                                     \
  static void id();                                                                                    \
  static const ::sochdb::test::Registration SOCHDB_TEST_CONCAT(id, _registration)(__FILE__, name, id); \
  static void id()
// TEST("a reader never sees half of a commit") { … }
#define TEST(name) SOCHDB_TEST_IMPL(name, SOCHDB_TEST_CONCAT(sochdb_test_, __COUNTER__))
#define EXPECT(condition) ((condition) ? void(0) : ::sochdb::test::Fail(__FILE__, __LINE__, "expected: " #condition))
#define EXPECT_EQ(actual, expected) ::sochdb::test::ExpectEqual(__FILE__, __LINE__, #actual, (actual), (expected))
#define EXPECT_OK(expr)                                                                                        \
  do {                                                                                                         \
    const ::sochdb::Status expect_status_ = (expr);                                                            \
    if (!expect_status_.ok()) ::sochdb::test::Fail(__FILE__, __LINE__, #expr ": " + expect_status_.message()); \
  } while (false)
