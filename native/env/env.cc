#include "env/env.h"

#include "env/path.h"

namespace sochdb {

Status ReadWholeFile(Env* env, const std::string& path, std::string* out) {
  SOCHDB_ASSIGN(file, env->OpenFile(path, OpenMode::kReadOnly));
  SOCHDB_ASSIGN(size, file->Size());
  out->resize(size);
  size_t got = 0;
  SOCHDB_TRY(file->Read(0, size, out->data(), &got));
  out->resize(got);
  return {};
}

namespace {
Status WriteAndSync(Env* env, const std::string& path, std::string_view contents) {
  SOCHDB_ASSIGN(file, env->OpenFile(path, OpenMode::kCreate));
  SOCHDB_TRY(file->Truncate(0));  // left over from an attempt that a crash ended
  SOCHDB_TRY(file->Write(0, contents));
  return file->Sync();
}
}  // namespace

Status WriteFileAtomically(Env* env, const std::string& dir, const std::string& name, std::string_view contents) {
  const std::string path = JoinPath(dir, name);
  const std::string temporary = path + ".tmp";
  Status written = WriteAndSync(env, temporary, contents);
  if (written.ok()) written = env->RenameFile(temporary, path);
  if (!written.ok()) {
    (void)env->DeleteFile(temporary);
    return written;
  }
  return env->SyncDir(dir);
}

}  // namespace sochdb
