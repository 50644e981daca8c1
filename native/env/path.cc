#include "env/path.h"

namespace sochdb {
namespace {
constexpr size_t kDigits = 10;
}

std::string JoinPath(std::string_view dir, std::string_view name) {
  std::string path(dir);
  if (!path.empty() && path.back() != '/') path.push_back('/');
  path.append(name);
  return path;
}

std::string ParentPath(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

std::string_view BaseName(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string NumberedFileName(uint64_t number, std::string_view extension) {
  std::string digits = std::to_string(number);
  std::string name(digits.size() < kDigits ? kDigits - digits.size() : 0, '0');
  name += digits;
  name += '.';
  name += extension;
  return name;
}

std::optional<uint64_t> ParseNumberedFileName(std::string_view name, std::string_view extension) {
  if (name.size() != kDigits + 1 + extension.size()) return std::nullopt;
  if (name[kDigits] != '.' || name.substr(kDigits + 1) != extension) return std::nullopt;
  uint64_t number = 0;
  for (const char c : name.substr(0, kDigits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

}  // namespace sochdb
