// Two rules that keep the engine testable, checked on its sources: only env/ and test/ reach the outside world,
// and includes point down the layers.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "test/harness.h"

namespace sochdb {
namespace {

namespace fs = std::filesystem;

// The tests run in native/ or above it.
fs::path Root() { return fs::exists("base/status.h") ? fs::path(".") : fs::path("native"); }

struct Source {
  std::string path;   // below native/
  std::string layer;  // its first component
  std::string text;
};

std::vector<Source> Sources() {
  std::vector<Source> sources;
  for (const auto& entry : fs::recursive_directory_iterator(Root())) {
    const std::string extension = entry.path().extension().string();
    const std::string path = fs::relative(entry.path(), Root()).generic_string();
    const std::string layer = path.substr(0, path.find('/'));
    if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc") || layer == "build") continue;
    std::ifstream file(entry.path());
    sources.push_back({path, layer, {std::istreambuf_iterator<char>(file), {}}});
  }
  return sources;
}

// Comments and string literals may name anything.
std::string CodeOnly(const std::string& text) {
  std::string code;
  enum { kCode, kLine, kBlock, kString, kChar } state = kCode;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    switch (state) {
      case kCode:
        if (c == '/' && next == '/') state = kLine;
        else if (c == '/' && next == '*') state = kBlock;
        else if (c == '"') state = kString;
        else if (c == '\'' && (code.empty() || std::isalnum(static_cast<unsigned char>(code.back())) == 0)) state = kChar;
        code.push_back(state == kCode ? c : ' ');
        break;
      case kLine:
        if (c == '\n') state = kCode;
        code.push_back(c == '\n' ? c : ' ');
        break;
      case kBlock:
        if (c == '*' && next == '/') {
          state = kCode;
          ++i;
        }
        code.push_back(c == '\n' ? c : ' ');
        break;
      case kString:
      case kChar:
        if (c == '\\') ++i;
        else if (c == (state == kString ? '"' : '\'')) state = kCode;
        code.push_back(' ');
        break;
    }
  }
  return code;
}

TEST("only env/ and test/ name threads, mutexes, clocks, files and random devices") {
  const std::regex forbidden(
      R"(std::(thread|jthread|mutex|shared_mutex|recursive_mutex|timed_mutex|condition_variable\w*|async|random_device|filesystem)"
      R"(|this_thread|[io]?fstream)\b|std::chrono::\w*_clock|\bpthread_\w+\(|[^\w.>]::(open|close|read|write|pread|pwrite|fsync|rename)"
      R"(|unlink|mkdir)\(|[^\w.>:](fopen|fsync|fdatasync|gettimeofday|clock_gettime|usleep|nanosleep|mkdir|unlink)\()");
  const auto sources = Sources();
  EXPECT(sources.size() > 30);
  for (const Source& source : sources) {
    if (source.layer == "env" || source.layer == "test") continue;
    const std::string code = CodeOnly(source.text);
    std::smatch match;
    if (std::regex_search(code, match, forbidden)) {
      test::Fail(source.path.c_str(), 0, "names " + match.str() + ": go through env/env.h and env/sync.h");
    }
  }
}

TEST("includes point down the layers, and only the binding knows Node") {
  const std::vector<std::string> order = {"base", "env",    "codec", "wal",  "mem",     "lsm",
                                          "txn",  "engine", "index", "exec", "binding", "test"};
  std::map<std::string, size_t> rank;
  for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  const std::regex include(R"re(#include ["<]([\w/.-]+)[">])re");
  for (const Source& source : Sources()) {
    if (rank.count(source.layer) == 0) {
      test::Fail(source.path.c_str(), 0, "lies in no layer");
      continue;
    }
    for (std::sregex_iterator it(source.text.begin(), source.text.end(), include), end; it != end; ++it) {
      const std::string included = (*it)[1];
      if (included.find("node_api") != std::string::npos && source.layer != "binding") {
        test::Fail(source.path.c_str(), 0, "includes " + included);
      }
      // The interface of the outside world lies at the very bottom; its implementations do not.
      if (included == "env/env.h") continue;
      const std::string layer = included.substr(0, included.find('/'));
      if (included.find('/') == std::string::npos || rank.count(layer) == 0) continue;
      if (rank[layer] > rank[source.layer])
        test::Fail(source.path.c_str(), 0, "includes " + included + ", which lies above it");
    }
  }
}

TEST("the check sees through comments and strings") {
  const std::string code = CodeOnly("// std::mutex\n/* std::thread */ \"std::mutex\" 'x' 1'000 std::chrono::x");
  EXPECT(code.find("mutex") == std::string::npos && code.find("thread") == std::string::npos);
  EXPECT(code.find("std::chrono::x") != std::string::npos);
}

}  // namespace
}  // namespace sochdb
