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
// Limits: 2^32 - 1 rows. Reserve throws std::bad_alloc, and leaves everything as it was.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "index/vector/aligned_block.h"

namespace sochdb {

template <typename T>
class PagedRows {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  static constexpr uint32_t kPageShift = 8;
  static constexpr uint32_t kPageRows = 1u << kPageShift;
  static constexpr uint32_t kMaxBlockPages = 64;

  class View {
   public:
    T* operator[](uint32_t row) const { return pages_[row >> kPageShift] + (row & (kPageRows - 1)) * width_; }

   private:
    friend class PagedRows;
    View(T* const* pages, size_t width) : pages_(pages), width_(width) {}
    T* const* pages_;
    size_t width_;
  };

  // width: how many T a row has.
  explicit PagedRows(size_t width) : width_(width) {}
  PagedRows(const PagedRows&) = delete;
  PagedRows& operator=(const PagedRows&) = delete;

  void Reserve(uint32_t rows) {
    while (capacity_ < rows) AddBlock();
  }
  [[nodiscard]] View view() const { return View(table_.load(std::memory_order_acquire), width_); }
  [[nodiscard]] size_t width() const { return width_; }
  [[nodiscard]] uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  void AddBlock() {
    const uint64_t pages = capacity_ >> kPageShift;
    const uint64_t new_pages = std::clamp<uint64_t>(pages, 1, kMaxBlockPages);
    if (pages + new_pages > table_capacity_) GrowTable(pages, pages + new_pages);
    blocks_.reserve(blocks_.size() + 1);
    AlignedBlock block(new_pages * kPageRows * width_ * sizeof(T));
    T* first = reinterpret_cast<T*>(block.data());
    for (uint64_t i = 0; i < new_pages; ++i) current_table_[pages + i] = first + i * kPageRows * width_;
    memory_bytes_.fetch_add(block.size(), std::memory_order_relaxed);
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
    memory_bytes_.fetch_add(size * sizeof(T*), std::memory_order_relaxed);
    current_table_ = table.get();
    table_capacity_ = size;
    tables_.push_back(std::move(table));
  }

  const size_t width_;
  uint64_t capacity_ = 0;        // rows
  uint64_t table_capacity_ = 0;  // pages
  T** current_table_ = nullptr;
  std::atomic<T* const*> table_{nullptr};
  std::atomic<uint64_t> memory_bytes_{0};
  std::vector<std::unique_ptr<T*[]>> tables_;
  std::vector<AlignedBlock> blocks_;
};

}  // namespace sochdb
