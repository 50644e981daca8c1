// PagedRows: a growing array of fixed-width rows whose addresses never change, so that one thread can append while
// others read without locks.
//
// Rows live in pages of kPageRows; pages are cut from blocks that double in size, so a small collection takes little and a
// large one has few blocks (which ask for huge pages). A table of page addresses is replaced when it is full; the old one is
// kept for readers that still hold it.
//
// Thread safety: one thread calls Reserve; any thread takes a View. A View reaches every row reserved before it was taken.
// How readers learn that a row's contents are complete is the caller's business.
// Ownership: rows are raw memory until the owner constructs them, and are freed without destruction.
// Rows that hold nothing for now can give their memory back, page by page of the system's (Return), and take it again (Take).
// Limits: 2^32 - 1 rows. Reserve throws std::bad_alloc, and leaves everything as it was.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "index/vector/aligned_block.h"

namespace sochdb {

struct ScratchPlace {
  Env* env = nullptr;  // null: memory alone
  std::string dir;
};

template <typename T>
class PagedRows {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  static constexpr uint32_t kPageShift = 8;
  static constexpr uint32_t kPageRows = 1u << kPageShift;
  // Blocks double up to so many bytes, or pages where these are large: large enough for huge pages.
  static constexpr uint64_t kMaxBlockBytes = 8u << 20;
  static constexpr uint64_t kMaxBlockPages = 64;

  class View {
   public:
    T* operator[](uint32_t row) const { return pages_[row >> kPageShift] + (row & (kPageRows - 1)) * width_; }

    View() = default;  // reaches no row

   private:
    friend class PagedRows;
    View(T* const* pages, size_t width) : pages_(pages), width_(width) {}
    T* const* pages_ = nullptr;
    size_t width_ = 0;
  };

  // width: how many T a row has. scratch: where the files lie that stand behind the rows, as far as the Env has such; else, and
  // where there is no room for them, the rows are in memory.
  explicit PagedRows(size_t width, ScratchPlace scratch = {}) : width_(width), scratch_(std::move(scratch)) {}
  PagedRows(const PagedRows&) = delete;
  PagedRows& operator=(const PagedRows&) = delete;

  void Reserve(uint32_t rows) {
    while (capacity_ < rows) AddBlock();
    if (rows > rows_.load(std::memory_order_relaxed)) rows_.store(rows, std::memory_order_relaxed);
  }
  // Takes rows that lie one after the other in somebody's memory, aligned to cache lines, which outlives this and may be
  // changed; in_file: it belongs to a file. REQUIRES: there are no rows yet, and nobody reads.
  void Adopt(char* data, uint32_t rows, bool in_file) {
    const uint64_t whole = rows >> kPageShift;
    if (whole > 0) GrowTable(0, whole);
    for (uint64_t page = 0; page < whole; ++page) {
      current_table_[page] = reinterpret_cast<T*>(data + page * kPageRows * width_ * sizeof(T));
    }
    capacity_ = whole << kPageShift;
    table_.store(current_table_, std::memory_order_release);
    if (in_file) mapped_bytes_.fetch_add(capacity_ * width_ * sizeof(T), std::memory_order_relaxed);
    // Rows will be appended to the last page: it has to be one of ours.
    const auto copied = static_cast<uint32_t>(capacity_);
    Reserve(rows);
    if (copied == rows) return;
    std::memcpy(static_cast<void*>(view()[copied]), data + uint64_t{copied} * width_ * sizeof(T),
                uint64_t{rows - copied} * width_ * sizeof(T));
  }
  // The appender's: gives the memory of rows back as far as they fill pages of the system, and says that a row is used again.
  // What a row holds in between is nobody's business. Rows that lie in files stay there. Throws std::bad_alloc. REQUIRES:
  // ascending.
  void Return(std::span<const uint32_t> rows) {
    if (mapped_bytes_.load(std::memory_order_relaxed) != 0) return;
    const View all = view();
    for (size_t i = 0; i < rows.size();) {
      char* const from = reinterpret_cast<char*>(all[rows[i]]);
      size_t bytes = 0;
      for (; i < rows.size() && reinterpret_cast<char*>(all[rows[i]]) == from + bytes; ++i) bytes += width_ * sizeof(T);
      if (!returned_.Return(from, bytes)) return;
    }
  }
  void Take(uint32_t row) { returned_.Take(reinterpret_cast<const char*>(view()[row]), width_ * sizeof(T)); }
  [[nodiscard]] View view() const { return View(table_.load(std::memory_order_acquire), width_); }
  [[nodiscard]] size_t width() const { return width_; }
  // Of the rows that were reserved: what of a block is not used yet, the system has not given.
  [[nodiscard]] uint64_t memory_bytes() const {
    return row_bytes() - std::min(row_bytes(), mapped_bytes() + returned_.bytes()) +
           table_bytes_.load(std::memory_order_relaxed);
  }
  // Of the rows that lie in files.
  [[nodiscard]] uint64_t mapped_bytes() const { return std::min(row_bytes(), mapped_bytes_.load(std::memory_order_relaxed)); }

 private:
  [[nodiscard]] uint64_t row_bytes() const { return uint64_t{rows_.load(std::memory_order_relaxed)} * width_ * sizeof(T); }

  AlignedBlock NewBlock(size_t bytes) {
    if (scratch_.env != nullptr) {
      Result<std::unique_ptr<Mapping>> mapping = scratch_.env->MapScratch(scratch_.dir, bytes);
      if (mapping.ok()) {
        mapped_bytes_.fetch_add(bytes, std::memory_order_relaxed);
        return AlignedBlock(std::move(mapping).value());
      }
    }
    return AlignedBlock(bytes);
  }

  void AddBlock() {
    const uint64_t pages = capacity_ >> kPageShift;
    const uint64_t most_pages = std::max(kMaxBlockPages, kMaxBlockBytes / (kPageRows * width_ * sizeof(T)));
    const uint64_t new_pages = std::clamp<uint64_t>(pages, 1, most_pages);
    if (pages + new_pages > table_capacity_) GrowTable(pages, pages + new_pages);
    blocks_.reserve(blocks_.size() + 1);
    AlignedBlock block = NewBlock(new_pages * kPageRows * width_ * sizeof(T));
    T* first = reinterpret_cast<T*>(block.data());
    for (uint64_t i = 0; i < new_pages; ++i) current_table_[pages + i] = first + i * kPageRows * width_;
    blocks_.push_back(std::move(block));
    capacity_ += new_pages << kPageShift;
    // The entries above are beyond what holders of an earlier view use; this orders them before later views.
    table_.store(current_table_, std::memory_order_release);
  }

  void GrowTable(uint64_t used, uint64_t needed) {
    const uint64_t size = std::max<uint64_t>({needed, table_capacity_ * 2, 16});
    tables_.reserve(tables_.size() + 1);
    auto table = std::make_unique<T*[]>(size);
    std::copy_n(current_table_, used, table.get());
    table_bytes_.fetch_add(size * sizeof(T*), std::memory_order_relaxed);
    current_table_ = table.get();
    table_capacity_ = size;
    tables_.push_back(std::move(table));
  }

  const size_t width_;
  const ScratchPlace scratch_;
  uint64_t capacity_ = 0;        // rows
  uint64_t table_capacity_ = 0;  // pages
  T** current_table_ = nullptr;
  std::atomic<T* const*> table_{nullptr};
  std::atomic<uint32_t> rows_{0};
  std::atomic<uint64_t> table_bytes_{0};
  std::atomic<uint64_t> mapped_bytes_{0};  // of whole blocks
  std::vector<std::unique_ptr<T*[]>> tables_;
  std::vector<AlignedBlock> blocks_;
  ReturnedPages returned_;
};

}  // namespace sochdb
