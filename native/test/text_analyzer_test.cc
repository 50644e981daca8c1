// Words and terms: where words end, what they are folded and stemmed to.

#include <random>

#include "codec/utf8.h"
#include "index/text/analyzer.h"
#include "index/text/porter2.h"
#include "index/text/word_reader.h"
#include "test/harness.h"

namespace sochdb::text_analyzer_test {
namespace {

std::string WordsOf(std::string_view text) {
  std::string words;
  WordReader reader(text);
  for (Word word; reader.Next(&word);) {
    if (!words.empty()) words += '|';
    words += text.substr(word.begin, word.end - word.begin);
  }
  return words;
}

// "term@position", a * behind what does not count for the length.
std::string TermsOf(const Analyzer& analyzer, std::string_view text, Analyzer::Mode mode = Analyzer::Mode::kDocument) {
  std::string terms;
  analyzer.Analyze(text, mode, 0, [&](const Term& term) {
    if (!terms.empty()) terms += ' ';
    terms += std::string(term.text) + '@' + std::to_string(term.position) + (term.counts ? "" : "*");
  });
  return terms;
}

TEST("words end where UAX #29 says") {
  EXPECT_EQ(WordsOf("The quick (\"brown\") fox can't jump 32.3 feet, right?"),
            "The|quick|brown|fox|can't|jump|32.3|feet|right");
  EXPECT_EQ(WordsOf("it\u2019s e.g. U.S.A. 1,234,567.89 a,b 3.x x.3"), "it\u2019s|e.g|U.S.A|1,234,567.89|a|b|3|x|x|3");
  EXPECT_EQ(WordsOf("snake_case __init__ _ __ a_1 v2.0b ab12cd"), "snake_case|__init__|a_1|v2.0b|ab12cd");
  EXPECT_EQ(WordsOf("one-two/three:four;five\tsix\nseven"), "one|two|three|four|five|six|seven");
  EXPECT_EQ(
      WordsOf(
          "cafe\u0301 na\u00efve \u0391\u03b8\u03ae\u03bd\u03b1 \u041c\u043e\u0441\u043a\u0432\u0430 \u05e9\u05dc\u05d5\u05dd"),
      "cafe\u0301|na\u00efve|\u0391\u03b8\u03ae\u03bd\u03b1|\u041c\u043e\u0441\u043a\u0432\u0430|\u05e9\u05dc\u05d5\u05dd");
  EXPECT_EQ(WordsOf("l\u00b7l 'quoted' ''"), "l\u00b7l|quoted");
  EXPECT_EQ(WordsOf(""), "");
  EXPECT_EQ(WordsOf(" \u2014 \U0001f600 !"), "");
}

TEST("scripts without spaces come character by character, katakana as words") {
  EXPECT_EQ(WordsOf("\u6771\u4eac\u90fd\u306b"), "\u6771|\u4eac|\u90fd|\u306b");
  EXPECT_EQ(WordsOf("\u30d0\u30ca\u30ca\u3092abc"), "\u30d0\u30ca\u30ca|\u3092|abc");
  EXPECT_EQ(WordsOf("\uc11c\uc6b8 \ud2b9\ubcc4\uc2dc"), "\uc11c\uc6b8|\ud2b9\ubcc4\uc2dc");
  EXPECT_EQ(WordsOf("\u0e01\u0e34\u0e19"), "\u0e01\u0e34|\u0e19");  // a consonant with its vowel, a consonant
}

TEST("case is folded in every script, and apostrophes are one") {
  const Analyzer analyzer({});
  EXPECT_EQ(TermsOf(analyzer, "ABC \u00c4\u00d6 \u0391\u03a3 \u03b1\u03c2 \u0416 \u1e9e \u212a \U00010400"),
            "abc@0 \u00e4\u00f6@1 \u03b1\u03c3@2 \u03b1\u03c3@3 \u0436@4 \u00df@5 k@6 \U00010428@7");
  EXPECT_EQ(TermsOf(analyzer, "It\u2019s IT'S"), "it's@0 it's@1");
  EXPECT_EQ(FoldLetter(0x130), 0x130u);  // I with a dot and dotless i fold to nothing else, as in Unicode
  EXPECT_EQ(FoldLetter(0x131), 0x131u);
}

TEST("of characters without spaces a document has singles and pairs, a query pairs") {
  const Analyzer analyzer({});
  EXPECT_EQ(TermsOf(analyzer, "a \u6771\u4eac\u90fd b"), "a@0 \u6771@1 \u6771\u4eac@1* \u4eac@2 \u4eac\u90fd@2* \u90fd@3 b@4");
  EXPECT_EQ(TermsOf(analyzer, "a \u6771\u4eac\u90fd b", Analyzer::Mode::kQuery), "a@0 \u6771\u4eac@1 \u4eac\u90fd@2 b@4");
  EXPECT_EQ(TermsOf(analyzer, "\u6771 \u4eac", Analyzer::Mode::kQuery), "\u6771@0 \u4eac@1");
  EXPECT_EQ(TermsOf(analyzer, "\u6771", Analyzer::Mode::kDocument), "\u6771@0");
}

TEST("stop words keep their positions, and stems come after them") {
  const Analyzer analyzer({.stem_english = true, .stop_words = EnglishStopWords()});
  EXPECT_EQ(TermsOf(analyzer, "The running of the Dogs is Generally THEIRS"), "run@1 dog@4 general@6 their@7");
  EXPECT_EQ(EnglishStopWords().size(), 33u);
  const Analyzer own({.stem_english = false, .stop_words = {"Dog", "\u00c4"}});
  EXPECT_EQ(TermsOf(own, "the dog DOG dogs \u00e4"), "the@0 dogs@3");
}

TEST("a term ends after 255 bytes, between two characters") {
  const Analyzer analyzer({});
  const std::string longest(255, 'x');
  EXPECT_EQ(TermsOf(analyzer, longest + "yz"), longest + "@0");
  const std::string odd = std::string(254, 'x') + "\u00e4";
  EXPECT_EQ(TermsOf(analyzer, odd), std::string(254, 'x') + "@0");
  EXPECT_EQ(Analyzer::FoldPrefix("\u00c4B"), "\u00e4b");
}

TEST("English stems are those of Snowball's vocabulary") {
  struct Stem {
    const char* word;
    const char* stem;
  };
  // clang-format off
  const Stem stems[] = {
    {"skis", "ski"}, {"skies", "sky"}, {"dying", "die"}, {"vying", "vie"}, {"idly", "idl"}, {"gently", "gentl"},
    {"ugly", "ugli"}, {"early", "earli"}, {"only", "onli"}, {"singly", "singl"}, {"sky", "sky"}, {"news", "news"},
    {"howe", "howe"}, {"atlas", "atlas"}, {"cosmos", "cosmos"}, {"bias", "bias"}, {"andes", "andes"}, {"inning", "inning"},
    {"innings", "inning"}, {"outing", "outing"}, {"canning", "canning"}, {"herring", "herring"}, {"earring", "earring"},
    {"evening", "evening"}, {"proceed", "proceed"}, {"exceed", "exceed"}, {"succeed", "succeed"}, {"generate", "generat"},
    {"general", "general"}, {"generous", "generous"}, {"communism", "communism"}, {"communicate", "communic"},
    {"arsenal", "arsenal"}, {"arsenic", "arsenic"}, {"past", "past"}, {"paste", "paste"}, {"pasted", "paste"},
    {"universal", "universal"}, {"university", "universiti"}, {"lateral", "lateral"}, {"later", "later"},
    {"emergency", "emergenc"}, {"organ", "organ"}, {"organic", "organic"}, {"organization", "organiz"},
    {"internal", "internal"}, {"interval", "interval"}, {"interfere", "interfer"}, {"apologists", "apolog"},
    {"consign", "consign"}, {"consigned", "consign"}, {"consigning", "consign"}, {"consignment", "consign"},
    {"consist", "consist"}, {"consistency", "consist"}, {"consistent", "consist"}, {"consistently", "consist"},
    {"consolation", "consol"}, {"consolatory", "consolatori"}, {"console", "consol"}, {"consolidate", "consolid"},
    {"consolidated", "consolid"}, {"consoling", "consol"}, {"consolingly", "consol"}, {"consols", "consol"},
    {"constable", "constabl"}, {"constancy", "constanc"}, {"conspicuous", "conspicu"}, {"conspiracy", "conspiraci"},
    {"conspirators", "conspir"}, {"knackeries", "knackeri"}, {"knaves", "knave"}, {"knavish", "knavish"},
    {"kneaded", "knead"}, {"kneel", "kneel"}, {"knightly", "knight"}, {"knitted", "knit"}, {"knives", "knive"},
    {"knocker", "knocker"}, {"knots", "knot"}, {"sensational", "sensat"}, {"conditional", "condit"}, {"rational", "ration"},
    {"differently", "differ"}, {"vileness", "vile"}, {"operator", "oper"}, {"hopefulness", "hope"},
    {"callousness", "callous"}, {"formality", "formal"}, {"sensibility", "sensibl"}, {"electricity", "electr"},
    {"electrical", "electr"}, {"hopeful", "hope"}, {"goodness", "good"}, {"revival", "reviv"}, {"allowance", "allow"},
    {"inference", "infer"}, {"defensible", "defens"}, {"adjustment", "adjust"}, {"dependent", "depend"},
    {"adoption", "adopt"}, {"communion", "communion"}, {"effective", "effect"}, {"rate", "rate"}, {"cease", "ceas"},
    {"controlling", "control"}, {"rolled", "roll"}, {"hopping", "hop"}, {"hoping", "hope"}, {"falling", "fall"},
    {"hissing", "hiss"}, {"failing", "fail"}, {"filing", "file"}, {"added", "add"}, {"owed", "owe"}, {"youth", "youth"},
    {"boy", "boy"}, {"boys", "boy"}, {"boyish", "boyish"}, {"ties", "tie"}, {"cries", "cri"}, {"gas", "gas"},
    {"this", "this"}, {"gaps", "gap"}, {"abilities", "abil"}, {"abolition", "abolit"}, {"absurdly", "absurd"},
    {"accomplishing", "accomplish"}, {"adaptation", "adapt"}, {"adventuresses", "adventuress"}, {"aigle", "aigl"},
    {"allured", "allur"}, {"amalgamate", "amalgam"}, {"anonymous", "anonym"}, {"attainture", "attaintur"}, {"awed", "awe"},
    {"barbed", "barb"}, {"behooves", "behoov"}, {"believing", "believ"}, {"binkies", "binki"}, {"capricious", "caprici"},
    {"characterises", "characteris"}, {"clogs", "clog"}, {"collusion", "collus"}, {"complements", "complement"},
    {"confirmities", "confirm"}, {"converses", "convers"}, {"corkscrewed", "corkscrew"}, {"cowering", "cower"},
    {"cowshed", "cowsh"}, {"cracked", "crack"}, {"curtains", "curtain"}, {"dastards", "dastard"}, {"dayvle", "dayvl"},
    {"dealings", "deal"}, {"decks", "deck"}, {"descriptions", "descript"}, {"desponding", "despond"}, {"dilatation", "dilat"},
    {"discoloration", "discolor"}, {"dispersedly", "dispers"}, {"disproportionately", "disproportion"}, {"encamps", "encamp"},
    {"endurance", "endur"}, {"energies", "energi"}, {"enunciation", "enunci"}, {"epicurism", "epicur"},
    {"everlasting", "everlast"}, {"familiaris", "familiari"}, {"filigree", "filigre"}, {"follower", "follow"},
    {"foreruns", "forerun"}, {"frankness", "frank"}, {"frutify", "frutifi"}, {"gallery", "galleri"}, {"garthers", "garther"},
    {"grievances", "grievanc"}, {"haggards", "haggard"}, {"hoots", "hoot"}, {"housebuilder", "housebuild"}, {"hoxes", "hox"},
    {"hurries", "hurri"}, {"imitation", "imit"}, {"imprinting", "imprint"}, {"inconceivable", "inconceiv"},
    {"individuals", "individu"}, {"infamy", "infami"}, {"insanie", "insani"}, {"israelites", "israelit"}, {"jills", "jill"},
    {"knavery", "knaveri"}, {"landscape", "landscap"}, {"manacles", "manacl"}, {"meanwhile", "meanwhil"},
    {"mistaking", "mistak"}, {"mongrober", "mongrob"}, {"mothers", "mother"}, {"naturalize", "natur"}, {"navies", "navi"},
    {"perseveres", "persever"}, {"piping", "pipe"}, {"pledges", "pledg"}, {"populous", "popul"}, {"ptarmigans", "ptarmigan"},
    {"pyramids", "pyramid"}, {"rapacious", "rapaci"}, {"redeeming", "redeem"}, {"remediate", "remedi"}, {"reviled", "revil"},
    {"revokement", "revok"}, {"robustly", "robust"}, {"roundly", "round"}, {"serfs", "serf"}, {"shamefully", "shame"},
    {"sows", "sow"}, {"spangle", "spangl"}, {"stelled", "stell"}, {"stepmother", "stepmoth"}, {"strewing", "strew"},
    {"sullenly", "sullen"}, {"suppliants", "suppliant"}, {"supplication", "supplic"}, {"tilled", "till"},
    {"transmutation", "transmut"}, {"treasury", "treasuri"}, {"twigs", "twig"}, {"unemployed", "unemploy"},
    {"unhospitable", "unhospit"}, {"unreserved", "unreserv"}, {"unsorted", "unsort"}, {"venerated", "vener"},
    {"volatilized", "volatil"}, {"vulgarities", "vulgar"}, {"wreaks", "wreak"}, {"writing", "write"},
  };
  // clang-format on
  for (const Stem& each : stems) {
    std::string stemmed = each.word;
    StemEnglish(&stemmed);
    EXPECT_EQ(stemmed, each.stem);
  }
  for (const char* kept : {"", "a", "by", "\u00e4pfel", "x86ing", "NEWSES"}) {
    std::string stemmed = kept;
    StemEnglish(&stemmed);
    EXPECT_EQ(stemmed, kept);
  }
}

std::string RandomText(std::mt19937_64* random, size_t pieces) {
  static const char* const kPieces[] = {"a",      "Z",          "7",      "'",      ".",        ",",      "_",      " ",
                                        "-",      "\u0301",     "\u00df", "\u6771", "\u306b",   "\u30ab", "\u0e01", "\u0e34",
                                        "\u2019", "\U0001f600", "\u200d", "\xff",   "\xe4\xb8", "ing",    "The"};
  std::string text;
  for (size_t i = 0; i < pieces; ++i) text += kPieces[(*random)() % std::size(kPieces)];
  return text;
}

TEST("words lie in the text in order, each between boundaries, whatever the bytes") {
  std::mt19937_64 random(test::Seed());
  for (int round = 0; round < test::Rounds(3000); ++round) {
    const std::string text = RandomText(&random, random() % 40);
    size_t end = 0;
    WordReader reader(text);
    for (Word word; reader.Next(&word);) {
      EXPECT(word.begin >= end && word.begin < word.end && word.end <= text.size());
      end = word.end;
      // A word alone is the same word.
      EXPECT_EQ(WordsOf(std::string_view(text).substr(word.begin, word.end - word.begin)),
                text.substr(word.begin, word.end - word.begin));
    }
  }
}

TEST("texts side by side have the terms of both, and folding again changes nothing") {
  std::mt19937_64 random(test::Seed() + 1);
  const Analyzer analyzer({.stem_english = false, .stop_words = {"the"}});
  using Terms = std::vector<std::pair<std::string, uint32_t>>;
  for (int round = 0; round < test::Rounds(2000); ++round) {
    const std::string a = RandomText(&random, random() % 20);
    const std::string b = RandomText(&random, random() % 20);
    for (const Analyzer::Mode mode : {Analyzer::Mode::kDocument, Analyzer::Mode::kQuery}) {
      Terms apart;
      Terms together;
      const auto collect = [](Terms* terms) {
        return [terms](const Term& term) { terms->emplace_back(term.text, term.position); };
      };
      const uint32_t between = analyzer.Analyze(a, mode, 0, collect(&apart));
      const uint32_t end = analyzer.Analyze(b, mode, between, collect(&apart));
      EXPECT_EQ(analyzer.Analyze(a + " | " + b, mode, 0, collect(&together)), end);
      EXPECT(apart == together);
      for (const auto& [term, position] : together) EXPECT_EQ(Analyzer::FoldPrefix(term), term);
    }
  }
}

}  // namespace
}  // namespace sochdb::text_analyzer_test
