// Highlights: what is marked in a text, and which part of it is shown.

#include <random>

#include "codec/utf8.h"
#include "index/text/highlight.h"
#include "test/harness.h"

namespace sochdb::text_highlight_test {
namespace {

std::string Marked(const std::string& query, const std::string& text, size_t characters = 1000, AnalyzerOptions options = {}) {
  const Analyzer analyzer(options);
  const Result<TextQuery> parsed = TextQuery::Parse(query, analyzer);
  EXPECT_OK(parsed.status());
  std::string out;
  const HighlightOptions how{.max_characters = characters, .before = "[", .after = "]"};
  return HighlightText(analyzer, parsed.value(), text, how, &out) ? out : "-";
}

TEST("words, beginnings and phrases are marked, what must not be there is not") {
  EXPECT_EQ(Marked("quick", "The QUICK fox, quick"), "The [QUICK] fox, [quick]");
  EXPECT_EQ(Marked("\"quick fox\"", "quick dog; quick fox"), "quick dog; [quick] [fox]");
  EXPECT_EQ(Marked("fo*", "fox of folk"), "[fox] of [folk]");
  EXPECT_EQ(Marked("fox -dog", "fox dog"), "[fox] dog");
  EXPECT_EQ(Marked("cat", "fox dog"), "-");
  EXPECT_EQ(Marked("runs", "He was running.", 1000, {.stem_english = true, .stop_words = {}}), "He was [running].");
  EXPECT_EQ(Marked("\u6771\u4eac", "\u6771\u4eac\u90fd"), "[\u6771\u4eac]\u90fd");
}

TEST("of a long text the part with most of the words is shown, cut between words") {
  const std::string far(300, 'x');
  const std::string text = "alpha one " + far + " two alpha beta three " + far;
  EXPECT_EQ(Marked("alpha beta", text, 30), "\u2026two [alpha] [beta] three\u2026");
  EXPECT_EQ(Marked("one", "one two", 3), "[one]\u2026");
  EXPECT_EQ(Marked("longword", "a longword b", 4), "\u2026[longword]\u2026");
}

TEST("a highlight without its marks is a part of the text that is not too long") {
  std::mt19937_64 random(test::Seed());
  const char* const words[] = {"a", "bb", "\u00e4\u00f6", "ccc", "\u6771", "dddddd", "e-f", "g."};
  for (int round = 0; round < test::Rounds(500); ++round) {
    std::string text;
    for (size_t i = random() % 60; i > 0; --i) text += std::string(words[random() % 8]) + (random() % 9 == 0 ? "  " : " ");
    const size_t characters = 1 + random() % 60;
    std::string marked = Marked("bb ccc \"a bb\" d*", text, characters);
    if (marked == "-") continue;
    std::erase_if(marked, [](char c) { return c == '[' || c == ']'; });
    const std::string ellipsis = "\u2026";
    if (marked.starts_with(ellipsis)) marked.erase(0, ellipsis.size());
    if (marked.ends_with(ellipsis)) marked.resize(marked.size() - ellipsis.size());
    EXPECT(text.find(marked) != std::string::npos);
    EXPECT(CodePointCount(marked) <= std::max<size_t>(characters, 6));  // the longest word that is marked
  }
}

}  // namespace
}  // namespace sochdb::text_highlight_test
