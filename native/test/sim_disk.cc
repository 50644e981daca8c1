#include "test/sim_disk.h"

#include <algorithm>
#include <cstring>

#include "base/status.h"
#include "env/path.h"

namespace sochdb {
namespace {

constexpr size_t kMaxVersions = 6;

std::string SectorOf(const std::string& contents, uint64_t sector) {
  std::string bytes(SimDisk::kSectorBytes, '\0');
  const uint64_t offset = sector * SimDisk::kSectorBytes;
  if (offset < contents.size()) contents.copy(bytes.data(), SimDisk::kSectorBytes, offset);
  return bytes;
}

void NoteSectors(SimFile* file, uint64_t from, uint64_t to) {
  for (uint64_t sector = from / SimDisk::kSectorBytes; sector * SimDisk::kSectorBytes < to; ++sector) {
    auto& versions = file->unsynced[sector];
    if (versions.size() == kMaxVersions) versions.erase(versions.begin() + 1);
    versions.push_back(SectorOf(file->data, sector));
  }
}

void PutSector(std::string* contents, uint64_t sector, const std::string& bytes) {
  const uint64_t offset = sector * SimDisk::kSectorBytes;
  if (offset >= contents->size()) return;
  const size_t n = static_cast<size_t>(std::min<uint64_t>(SimDisk::kSectorBytes, contents->size() - offset));
  std::memcpy(contents->data() + offset, bytes.data(), n);
}

// How a power loss treats a file as a whole: most bugs need extremes, not averages.
enum class Luck : uint64_t { kAllLost, kAllKept, kMixed, kMixedNoGarbage, kCount };

}  // namespace

std::string SimDisk::Garbage(uint64_t sector, SimRandom* random) const {
  const auto stale = stale_.find(sector);
  if (stale != stale_.end() && random->OneIn(2)) return stale->second[random->Below(stale->second.size())];
  std::string bytes(kSectorBytes, '\0');
  for (char& c : bytes) c = static_cast<char>(random->Next() & 0xff);
  return bytes;
}

void SimDisk::RememberStale(const SimFile& file) {
  for (const auto& [sector, versions] : file.unsynced) {
    auto& stale = stale_[sector];
    if (stale.size() == kMaxVersions) stale.erase(stale.begin());
    stale.push_back(versions.back());
  }
}

std::string SimDisk::Settled(const SimFile& file, SimRandom* random) const {
  const auto luck = static_cast<Luck>(random->Below(static_cast<uint64_t>(Luck::kCount)));
  if (luck == Luck::kAllLost) return file.durable;
  if (luck == Luck::kAllKept) return file.data;
  const size_t low = std::min(file.data.size(), file.durable.size());
  const size_t high = std::max(file.data.size(), file.durable.size());
  uint64_t size = random->OneIn(2) ? file.data.size() : file.durable.size();
  if (random->OneIn(4)) size = low + random->Below(high - low + 1);
  std::string settled = file.durable;
  settled.resize(high);
  for (const auto& [sector, versions] : file.unsynced) {
    const uint64_t choice = random->Below(luck == Luck::kMixed ? 8 : 6);
    if (choice < 2) continue;  // as it was
    if (choice < 4) PutSector(&settled, sector, versions.back());
    else if (choice == 4) PutSector(&settled, sector, versions[random->Below(versions.size())]);
    else if (choice == 5) PutSector(&settled, sector, std::string(SimDisk::kSectorBytes, '\0'));
    else PutSector(&settled, sector, Garbage(sector, random));
  }
  settled.resize(size);
  return settled;
}

void SimDisk::Write(SimFile* file, uint64_t offset, std::string_view data) {
  if (data.empty()) return;
  const uint64_t end = offset + data.size();
  if (end > file->data.size()) file->data.resize(end);
  std::memcpy(file->data.data() + offset, data.data(), data.size());
  NoteSectors(file, offset, end);
  file->allocated_bytes = std::max(file->allocated_bytes, end);
}

void SimDisk::Truncate(SimFile* file, uint64_t size) {
  const uint64_t old_size = file->data.size();
  file->data.resize(size);
  if (size < old_size) NoteSectors(file, size, old_size);
  file->allocated_bytes = size;
}

void SimDisk::Sync(SimFile* file) {
  file->durable.resize(file->data.size());
  for (const auto& [sector, versions] : file->unsynced) PutSector(&file->durable, sector, SectorOf(file->data, sector));
  file->unsynced.clear();
}

void SimDisk::LoseDirtyPages(SimFile* file, SimRandom* random) const {
  file->durable = Settled(*file, random);
  file->unsynced.clear();
}

SimFilePtr SimDisk::Find(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

SimFilePtr SimDisk::Create(const std::string& path) {
  auto file = std::make_shared<SimFile>();
  names_[path] = file;
  pending_.push_back({NameOp::kCreate, path, "", file});
  return file;
}

void SimDisk::Delete(const std::string& path) {
  pending_.push_back({NameOp::kDelete, path, "", nullptr});
  names_.erase(path);
}

void SimDisk::Rename(const std::string& from, const std::string& to) {
  SimFilePtr file = Find(from);
  pending_.push_back({NameOp::kRename, to, from, file});
  names_.erase(from);
  names_[to] = file;
}

void SimDisk::CreateDir(const std::string& path) {
  dirs_.insert(path);
  pending_.push_back({NameOp::kCreateDir, path, "", nullptr});
}

void SimDisk::DeleteDir(const std::string& path) {
  dirs_.erase(path);
  pending_.push_back({NameOp::kDeleteDir, path, "", nullptr});
}

void SimDisk::Apply(const PendingName& pending) {
  switch (pending.op) {
    case NameOp::kCreate:
      durable_names_[pending.path] = pending.file;
      break;
    case NameOp::kDelete:
      durable_names_.erase(pending.path);
      break;
    case NameOp::kRename:
      durable_names_.erase(pending.from);
      durable_names_[pending.path] = pending.file;
      break;
    case NameOp::kCreateDir:
      durable_dirs_.insert(pending.path);
      break;
    case NameOp::kDeleteDir:
      durable_dirs_.erase(pending.path);
      break;
  }
}

void SimDisk::SyncDir(const std::string& path) {
  std::vector<PendingName> rest;
  for (PendingName& pending : pending_) {
    if (ParentPath(pending.path) == path) Apply(pending);
    else rest.push_back(std::move(pending));
  }
  pending_ = std::move(rest);
}

std::vector<std::string> SimDisk::List(const std::string& path) const {
  std::set<std::string> names;
  for (const auto& [name, file] : names_) {
    if (ParentPath(name) == path) names.emplace(BaseName(name));
  }
  for (const std::string& dir : dirs_) {
    if (ParentPath(dir) == path) names.emplace(BaseName(dir));
  }
  return {names.begin(), names.end()};
}

uint64_t SimDisk::used_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [name, file] : names_) bytes += std::max<uint64_t>(file->allocated_bytes, file->data.size());
  return bytes;
}

uint64_t SimDisk::unsynced_sectors() const {
  uint64_t sectors = 0;
  for (const auto& [name, file] : names_) sectors += file->unsynced.size();
  return sectors;
}

void SimDisk::KeepOnlyDurableNames() {
  pending_.clear();
  for (const auto& [name, file] : names_) RememberStale(*file);
  // What lies in a directory whose own name was lost is lost with it.
  for (auto dir = durable_dirs_.begin(); dir != durable_dirs_.end();) {
    const std::string parent = ParentPath(*dir);
    const bool kept = parent == "/" || parent == "." || durable_dirs_.count(parent) != 0;
    dir = kept ? std::next(dir) : durable_dirs_.erase(dir);  // parents sort before children
  }
  std::erase_if(durable_names_, [this](const auto& entry) {
    const std::string parent = ParentPath(entry.first);
    return parent != "/" && parent != "." && durable_dirs_.count(parent) == 0;
  });
  names_ = durable_names_;
  dirs_ = durable_dirs_;
}

void SimDisk::PowerLoss(SimRandom* random) {
  const uint64_t luck = random->Below(4);
  for (const PendingName& pending : pending_) {
    const bool keep = luck == 0 ? false : luck == 1 ? true : random->OneIn(2);
    if (keep) Apply(pending);
  }
  KeepOnlyDurableNames();
  for (auto& [name, file] : names_) {
    file->durable = Settled(*file, random);
    file->data = file->durable;
    file->unsynced.clear();
    file->allocated_bytes = file->data.size();
  }
}

std::vector<SimDisk::PendingPart> SimDisk::PendingParts() const {
  constexpr uint64_t kSingleSectors = 8;
  std::map<SimFile*, std::string> files;
  for (const auto& [name, file] : durable_names_) files[file.get()] = name;
  for (const auto& [name, file] : names_) files[file.get()] = name;
  for (const PendingName& pending : pending_) {
    if (pending.file != nullptr) files.try_emplace(pending.file.get(), pending.path);
  }
  std::map<std::string, SimFile*> by_name;  // in an order that addresses do not decide
  for (const auto& [file, name] : files) by_name[name] = file;
  std::vector<PendingPart> parts;
  for (const auto& [name, file] : by_name) {
    uint64_t run = 0;
    for (const auto& [sector, versions] : file->unsynced) {
      const bool follows = !parts.empty() && parts.back().file == file && parts.back().to == sector;
      run = follows ? run + 1 : 1;
      if (run > kSingleSectors) parts.back().to = sector + 1;
      else parts.push_back({file, sector, sector + 1, name + " sector " + std::to_string(sector)});
    }
    if (file->data.size() != file->durable.size()) parts.push_back({file, 0, 0, name + " size"});
  }
  return parts;
}

std::vector<SimDisk::Undecided> SimDisk::ListUndecided() const {
  std::vector<Undecided> undecided;
  for (const PendingName& pending : pending_) undecided.push_back({false, "name " + pending.path});
  for (const PendingPart& part : PendingParts()) undecided.push_back({part.to != 0, part.what});
  return undecided;
}

void SimDisk::PowerLoss(const std::vector<Fate>& fates) {
  const std::vector<PendingPart> parts = PendingParts();
  SOCHDB_CHECK(fates.size() == pending_.size() + parts.size());
  const std::map<std::string, SimFilePtr> named = durable_names_;  // a file that loses its name here is settled all the same
  for (size_t i = 0; i < pending_.size(); ++i) {
    if (fates[i] != Fate::kLost) Apply(pending_[i]);
  }
  std::map<SimFile*, std::string> settled;
  std::map<SimFile*, uint64_t> sizes;
  SimRandom random(fates.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    const PendingPart& part = parts[i];
    const Fate fate = fates[pending_.size() + i];
    const auto [contents, is_new] = settled.try_emplace(part.file, part.file->durable);
    if (is_new) contents->second.resize(std::max(part.file->data.size(), part.file->durable.size()));
    if (is_new) sizes[part.file] = part.file->durable.size();
    if (part.to == 0 && fate != Fate::kLost) sizes[part.file] = part.file->data.size();
    for (uint64_t sector = part.from; sector < part.to && fate != Fate::kLost; ++sector) {
      const std::string bytes = fate == Fate::kKept   ? SectorOf(part.file->data, sector)
                                : fate == Fate::kZero ? std::string(kSectorBytes, '\0')
                                                      : Garbage(sector, &random);
      PutSector(&contents->second, sector, bytes);
    }
  }
  for (auto& [file, contents] : settled) {
    contents.resize(sizes[file]);
    file->durable = std::move(contents);
  }
  KeepOnlyDurableNames();  // ends the files that have lost their names
  for (auto& [name, file] : names_) {
    file->data = file->durable;
    file->unsynced.clear();
    file->allocated_bytes = file->data.size();
  }
}

SimDisk SimDisk::Clone() const {
  SimDisk clone = *this;
  std::map<SimFile*, SimFilePtr> copies;
  const auto copy = [&](SimFilePtr* file) {
    if (*file == nullptr) return;
    SimFilePtr& made = copies[file->get()];
    if (made == nullptr) made = std::make_shared<SimFile>(**file);
    *file = made;
  };
  for (auto& [name, file] : clone.names_) copy(&file);
  for (auto& [name, file] : clone.durable_names_) copy(&file);
  for (PendingName& pending : clone.pending_) copy(&pending.file);
  return clone;
}

}  // namespace sochdb
