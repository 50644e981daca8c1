#include "engine/store_dir.h"

#include <algorithm>
#include <vector>

#include "engine/store_format.h"
#include "env/path.h"

namespace sochdb {
namespace {

constexpr const char* kNotADirectory = "20";  // ENOTDIR, as the Env reports it

bool HasDetail(const Status& status, std::string_view name, std::string_view value) {
  return std::any_of(status.details().begin(), status.details().end(),
                     [&](const auto& detail) { return detail.first == name && detail.second == value; });
}

// What a store makes, and what lies about in directories that are empty to their owner.
bool MayStandInNewStore(const std::string& name) {
  if (name.empty() || name.front() == '.') return true;
  constexpr const char* kOwn[] = {kLockFileName, kCleanFileName, kWalDirName, kBlobDirName, kTablesDirName, kDerivedDirName};
  if (std::any_of(std::begin(kOwn), std::end(kOwn), [&](const char* own) { return name == own; })) return true;
  return name.compare(0, std::string_view(kFormatFileName).size(), kFormatFileName) == 0;  // a temporary of its making
}

Status CheckUsable(Env* env, const std::string& path, const std::vector<std::string>& names) {
  if (env->FileExists(JoinPath(path, kFormatFileName))) return {};
  const auto foreign = std::find_if_not(names.begin(), names.end(), MayStandInNewStore);
  if (foreign == names.end()) return {};
  return Status(Code::kInvalidArgument, "The directory " + path + " is no store, and holds other things (" + *foreign +
                                            " is one). Give the path of a store, of an empty directory or of a new one.")
      .With("path", path);
}

}  // namespace

Status MakeDirs(Env* env, const std::string& path) {
  if (env->FileExists(path)) return {};
  const std::string parent = ParentPath(path);
  if (parent != path && parent != "." && parent != "/") SOCHDB_TRY(MakeDirs(env, parent));
  SOCHDB_TRY(env->CreateDir(path));
  return env->SyncDir(parent);
}

Status OpenDirectory(Env* env, const std::string& path, bool create_if_missing) {
  if (path.empty()) return {Code::kInvalidArgument, "The path of the store is empty."};
  if (!env->FileExists(path)) {
    if (create_if_missing) return MakeDirs(env, path);
    return {Code::kNotFound, "There is no store at " + path + ", and this opening makes none (readOnly)."};
  }
  Result<std::vector<std::string>> names = env->ListDir(path);
  if (names.ok()) return CheckUsable(env, path, *names);
  const bool is_file = names.status().code() == Code::kNotFound || HasDetail(names.status(), "errno", kNotADirectory);
  if (!is_file) return names.status();
  return Status(Code::kInvalidArgument, path + " is a file. A store is a directory: give the path of one, or of a new one.")
      .With("path", path);
}

}  // namespace sochdb
