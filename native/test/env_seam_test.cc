// Two rules that keep the engine testable, checked on its sources: only env/ and test/ reach the outside world,
// and includes point down the layers.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "test/harness.h"

namespace sochdb::env_seam_test {
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

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Names of the outside world. One that ends in '(' is a call; one that begins with "::" is of the global namespace.
constexpr std::string_view kForbidden[] = {
    "std::thread",
    "std::jthread",
    "std::mutex",
    "std::shared_mutex",
    "std::recursive_mutex",
    "std::timed_mutex",
    "std::async",
    "std::lock_guard",
    "std::unique_lock",
    "std::scoped_lock",
    "std::random_device",
    "std::filesystem",
    "std::this_thread",
    "std::ifstream",
    "std::ofstream",
    "std::fstream",
    "system_clock",
    "steady_clock",
    "high_resolution_clock",
    "std::condition_variable",
    "::open(",
    "::close(",
    "::read(",
    "::write(",
    "pread(",
    "pwrite(",
    "fsync(",
    "fdatasync(",
    "fopen(",
    "::rename(",
    "unlink(",
    "mkdir(",
    "gettimeofday(",
    "clock_gettime(",
    "usleep(",
    "nanosleep(",
    "pthread_create(",
    "pthread_mutex_t",
    "std::time(",
    "::rand(",
};

// The first forbidden name in the code; empty when there is none.
std::string_view FindForbidden(const std::string& code) {
  for (const std::string_view name : kForbidden) {
    for (size_t at = code.find(name); at != std::string::npos; at = code.find(name, at + 1)) {
      const char before = at == 0 ? ' ' : code[at - 1];
      const char after = at + name.size() < code.size() ? code[at + name.size()] : ' ';
      const bool member = before == '.' || (before == '>' && at > 1 && code[at - 2] == '-');
      if (IsWord(before) || member || (name.back() != '(' && IsWord(after))) continue;
      if (name.substr(0, 2) == "::" && before == '>') continue;
      return name;
    }
  }
  return {};
}

std::vector<std::string> Includes(const std::string& text) {
  std::vector<std::string> includes;
  constexpr std::string_view kInclude = "#include ";
  for (size_t at = text.find(kInclude); at != std::string::npos; at = text.find(kInclude, at + 1)) {
    const size_t start = at + kInclude.size() + 1;
    const size_t end = text.find_first_of("\">\n", start);
    if (end != std::string::npos) includes.push_back(text.substr(start, end - start));
  }
  return includes;
}

TEST("only env/ and test/ name threads, mutexes, clocks, files and random devices") {
  const auto sources = Sources();
  EXPECT(sources.size() > 30);
  for (const Source& source : sources) {
    if (source.layer == "env" || source.layer == "test") continue;
    const std::string_view found = FindForbidden(CodeOnly(source.text));
    if (found.empty()) continue;
    test::Fail(source.path.c_str(), 0, "names " + std::string(found) + ": go through env/env.h and env/sync.h");
  }
}

TEST("includes point down the layers, and only the binding knows Node") {
  const std::vector<std::string> order = {"base", "env",    "codec", "wal",  "mem",     "sst", "lsm",
                                          "txn",  "engine", "index", "exec", "binding", "test"};
  std::map<std::string, size_t> rank;
  for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  for (const Source& source : Sources()) {
    if (rank.count(source.layer) == 0) {
      test::Fail(source.path.c_str(), 0, "lies in no layer");
      continue;
    }
    for (const std::string& included : Includes(source.text)) {
      if (included.find("node_api") != std::string::npos && source.layer != "binding") {
        test::Fail(source.path.c_str(), 0, "includes " + included);
      }
      // The interface of the outside world lies at the very bottom; its implementations do not.
      if (included == "env/env.h" || included.find('/') == std::string::npos) continue;
      const auto layer = rank.find(included.substr(0, included.find('/')));
      if (layer == rank.end() || layer->second <= rank[source.layer]) continue;
      test::Fail(source.path.c_str(), 0, "includes " + included + ", which lies above it");
    }
  }
}

TEST("the check finds what it looks for, and not what only looks like it") {
  EXPECT_EQ(FindForbidden("  std::mutex m;"), "std::mutex");
  EXPECT_EQ(FindForbidden("auto t = std::chrono::steady_clock::now();"), "steady_clock");
  EXPECT_EQ(FindForbidden("int fd = ::open(path);"), "::open(");
  EXPECT_EQ(FindForbidden("if (fsync(fd) != 0)"), "fsync(");
  EXPECT(FindForbidden("Engine::open(path); file->pread(1); my_fsync(2); std::mutex_like x;").empty());
}

TEST("the check sees through comments and strings") {
  const std::string code = CodeOnly("// std::mutex\n/* std::thread */ \"std::mutex\" 'x' 1'000 std::chrono::x");
  EXPECT(code.find("mutex") == std::string::npos && code.find("thread") == std::string::npos);
  EXPECT(code.find("std::chrono::x") != std::string::npos);
}

}  // namespace
}  // namespace sochdb::env_seam_test
