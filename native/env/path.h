// Paths as the engine uses them: '/'-separated, joined by hand; no '..' is resolved here (Env::RealPath does).

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sochdb {

std::string JoinPath(std::string_view dir, std::string_view name);
// The directory that holds path: "." for a bare name, "/" for one at the root.
std::string ParentPath(std::string_view path);
std::string_view BaseName(std::string_view path);

// Numbered files: ten digits, a dot, the extension; and the number of such a name, nullopt for any other name.
std::string NumberedFileName(uint64_t number, std::string_view extension);
std::optional<uint64_t> ParseNumberedFileName(std::string_view name, std::string_view extension);

}  // namespace sochdb
