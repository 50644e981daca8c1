// Regular expressions: what matches where, what is refused, and that no pattern makes a search long.

#include "exec/functions/regexp.h"

#include "test/harness.h"

namespace sochdb::regexp_test {
namespace {

constexpr size_t kNone = RegexpMatcher::kNoSpan;

// "start-end" of every group of the first match, "-" without one.
std::string Spans(std::string_view pattern, std::string_view text, RegexpFlags flags = {}) {
  ExecContext context(1 << 20);
  Regexp regexp;
  const Status compiled = Regexp::Compile(pattern, flags, &regexp);
  if (!compiled.ok()) return compiled.message();
  RegexpMatcher matcher;
  std::vector<size_t> spans;
  bool found = false;
  bool found_any = false;
  EXPECT(matcher.Search(regexp, text, 0, &context, &found, &spans).ok());
  EXPECT(matcher.Search(regexp, text, 0, &context, &found_any, nullptr).ok());
  EXPECT(found == found_any);
  if (!found) return "none";
  std::string shown;
  for (size_t i = 0; i < spans.size(); i += 2) {
    if (i > 0) shown += ' ';
    if (spans[i + 1] == kNone) shown += '-';
    else shown += std::to_string(spans[i]) + '-' + std::to_string(spans[i + 1]);
  }
  return shown;
}

TEST("what matches") {
  EXPECT_EQ(Spans("", "abc"), "0-0");
  EXPECT_EQ(Spans("b", "abc"), "1-2");
  EXPECT_EQ(Spans("a|ab", "ab"), "0-1");
  EXPECT_EQ(Spans("(a)|(b)", "b"), "0-1 - 0-1");
  EXPECT_EQ(Spans("a+", "baaa"), "1-4");
  EXPECT_EQ(Spans("a+?", "baaa"), "1-2");
  EXPECT_EQ(Spans("(a+?)(a*)", "aaa"), "0-3 0-1 1-3");
  EXPECT_EQ(Spans("a{2,3}", "aaaa"), "0-3");
  EXPECT_EQ(Spans("a{2,3}?", "aaaa"), "0-2");
  EXPECT_EQ(Spans("a{2}", "a"), "none");
  EXPECT_EQ(Spans("a{2,}b", "aaaab"), "0-5");
  EXPECT_EQ(Spans("a{,2}", "a{,2}"), "0-5");
  EXPECT_EQ(Spans("(?:ab)*c", "ababc"), "0-5");
  EXPECT_EQ(Spans("(a*)*b", "aab"), "0-3 0-2");
  EXPECT_EQ(Spans("(?:){1000}a", "a"), "0-1");
  EXPECT_EQ(Spans("^b", "ab"), "none");
  EXPECT_EQ(Spans("a|^b", "bb"), "0-1");
  EXPECT_EQ(Spans("b$", "ab"), "1-2");
  EXPECT_EQ(Spans("\\bcat\\b", "a cat!"), "2-5");
  EXPECT_EQ(Spans("\\Bat", "cat at"), "1-3");
  EXPECT_EQ(Spans("(?<year>\\d{4})-(\\d\\d)", "in 2024-05"), "3-10 3-7 8-10");
}

TEST("characters") {
  EXPECT_EQ(Spans("é.", "aé\U0001f600b"), "1-7");
  EXPECT_EQ(Spans("[α-ω]+", "xαβω"), "1-7");
  EXPECT_EQ(Spans("[^a]", "aé"), "1-3");
  EXPECT_EQ(Spans("[]x]+", "a]x"), "1-3");
  EXPECT_EQ(Spans("[a-]+", "-a"), "0-2");
  EXPECT_EQ(Spans("[\\w-]+", " a-b"), "1-4");
  EXPECT_EQ(Spans("[[:upper:]\\d]+", "aB2c"), "1-3");
  EXPECT_EQ(Spans("\\D\\S\\W", "1a2!"), "1-4");
  EXPECT_EQ(Spans("\\s", "a\u00a0"), "1-3");
  EXPECT_EQ(Spans("\\x41\\u00e9\\u{1f600}\\.", "Aé\U0001f600."), "0-8");
  EXPECT_EQ(Spans(".", "\n"), "none");
  EXPECT_EQ(Spans(".", "\n", {.dot_all = true}), "0-1");
  EXPECT_EQ(Spans("(?s).", "\n"), "0-1");
  EXPECT_EQ(Spans("^b$", "a\nb\nc", {.multiline = true}), "2-3");
  EXPECT_EQ(Spans("ÄB[c-d]", "äbD", {.ignore_case = true}), "0-4");
  EXPECT_EQ(Spans("(?i)[^A]", "aA"), "none");
  EXPECT_EQ(Spans("a", "A"), "none");
}

TEST("what is refused") {
  const auto refused = [](std::string_view pattern, std::string_view why) {
    const std::string said = Spans(pattern, "a");
    if (said.find(why) == std::string::npos) EXPECT_EQ(std::string(pattern) + ": " + said, std::string(why));
  };
  refused("(a)\\1", "refer back");
  refused("a(?=b)", "around it");
  refused("(?<!b)a", "around it");
  refused("(a", "without its )");
  refused("a)", "without its (");
  refused("[a", "without its ]");
  refused("[b-a]", "out of order");
  refused("*a", "nothing to repeat");
  refused("a**", "nothing to repeat");
  refused("^*", "nothing to repeat");
  refused("a{3,2}", "out of order");
  refused("a{1001}", "1000");
  refused("\\", "ends in a backslash");
  refused("\\q", "no escape");
  refused("\\u{110000}", "no such character");
  refused("[[:none:]]", "no such class");
  refused("((a{100}){100}){100}", "too large");
  refused("((((?:){1000}){1000}){1000}){1000}", "too large");
  refused(std::string(300, '('), "too many groups");
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "(?:";
  refused(deep, "too deep");
}

// Instructions looked at are bounded by the program times the text, whatever the pattern: backtracking would take 2^n.
TEST("no pattern makes a search long") {
  const std::string text(50000, 'a');
  ExecContext context(1 << 20);
  for (const char* pattern : {"(a*)*b", "(a|aa)+b", "(a+)+$b", "a*a*a*a*a*b", "(.*)(.*)(.*)x", "(a?){30}a{30}b", "(|a)*b"}) {
    Regexp regexp;
    EXPECT(Regexp::Compile(pattern, {}, &regexp).ok());
    for (const bool with_spans : {false, true}) {
      RegexpMatcher matcher;
      std::vector<size_t> spans;
      bool found = true;
      EXPECT(matcher.Search(regexp, text, 0, &context, &found, with_spans ? &spans : nullptr).ok());
      EXPECT(!found);
      EXPECT(matcher.steps() <= 4 * regexp.program().size() * (text.size() + 1));
    }
  }
}

TEST("bytes that are no text are read to the end alone") {
  EXPECT_EQ(Spans("a.$", "a\xf0"), "0-2");
  EXPECT_EQ(Spans("[^a]", "\xc3"), "0-1");
  EXPECT_EQ(Spans("\xf0", "\xf0"), "0-1");
}

}  // namespace
}  // namespace sochdb::regexp_test
