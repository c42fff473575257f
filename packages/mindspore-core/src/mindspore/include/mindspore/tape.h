// The memory of tapes.
//
// A tape is a list of entries, each of which points to the one before it; an empty tape is null. Pushing makes an entry,
// popping follows the pointer, so a tape stays what it is whatever is done with it. Memory is taken from chunks in the
// order of time, and given back to a mark when all that was pushed since is known to be garbage, at the latest at the end
// of a call. Of what a call needed a bounded part is kept for the next one.
//
// Where no entry is in two tapes (a stack of recursive calls, the residuals of a loop) an entry that was popped is
// garbage as soon as its values have been read: at the end of the trip. It is used for the next push of its kind, so a
// stack takes the memory of its greatest height, however often it grows and shrinks.
//
// The entries themselves are in the host's memory, which an executor reads to find its way; values are in the device's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include <mindspore/arena.h>
#include <mindspore/kernel.h>
#include <mindspore/namespace.h>
#include <mindspore/plan.h>

MS_KIT_OPEN

using Entry = ms_entry;

// The cells of the values that are tapes lie behind the entry.
inline Entry** cells_of(Entry* entry) { return reinterpret_cast<Entry**>(entry + 1); }

// Where the values of an entry lie: for each its offset in `data`, or for tapes its cell.
struct EntryLayout {
  explicit EntryLayout(const std::vector<std::uint64_t>& sizes) {
    for (std::uint64_t size : sizes) {
      const bool tape = size == tape_size;
      values.push_back({tape, size, tape ? cells : bytes});
      if (tape) {
        ++cells;
      } else {
        bytes += (size + alignment - 1) / alignment * alignment;
      }
    }
  }

  struct Value {
    bool tape;
    std::uint64_t size;
    std::uint64_t at;
    void* address(Entry* entry) const {
      return tape ? static_cast<void*>(cells_of(entry) + at) : static_cast<void*>(entry->data + at);
    }
  };

  std::vector<Value> values;
  std::uint64_t bytes = 0;
  std::uint64_t cells = 0;
  std::size_t kind = 0;  // the same number for the same bytes and cells
};

// Memory that is taken piece by piece and given back from the end.
template <class Source>
class Pile {
 public:
  static constexpr std::size_t first_chunk = std::size_t{1} << 16;
  static constexpr std::size_t largest_chunk = std::size_t{1} << 26;

  struct Mark {
    std::size_t chunk = 0;
    std::size_t used = 0;
  };

  explicit Pile(Source& source) : source_(&source) {}

  char* take(std::size_t bytes) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    while (top_.chunk < chunks_.size() && chunks_[top_.chunk].bytes() - top_.used < bytes) top_ = {top_.chunk + 1, 0};
    if (top_.chunk == chunks_.size()) {
      const std::size_t next = chunks_.empty() ? first_chunk : std::min(2 * chunks_.back().bytes(), largest_chunk);
      chunks_.emplace_back(*source_, std::max(next, bytes));
    }
    char* found = chunks_[top_.chunk].data() + top_.used;
    top_.used += bytes;
    return found;
  }

  Mark mark() const { return top_; }
  void give_back(Mark mark) { top_ = mark; }

  // Gives everything back, and all but about `keep` bytes to the source.
  void clear(std::size_t keep) noexcept {
    top_ = {};
    std::size_t held = 0;
    std::size_t count = 0;
    while (count < chunks_.size() && held + chunks_[count].bytes() <= keep) held += chunks_[count++].bytes();
    while (chunks_.size() > count) chunks_.pop_back();
  }

 private:
  Source* source_;
  std::vector<Arena<Source>> chunks_;
  Mark top_;
};

struct HostMemory {
  void* allocate(std::size_t bytes) {
    void* found = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (found == nullptr) throw std::bad_alloc();
    return found;
  }
  void release(void* data, std::size_t) noexcept { std::free(data); }
};

template <class Device>
class Tapes {
 public:
  static constexpr std::size_t kept_bytes = std::size_t{1} << 20;

  struct Mark {
    typename Pile<HostMemory>::Mark entries;
    typename Pile<Device>::Mark values;
  };

  // kinds: the bytes and cells of entries, by `EntryLayout::kind`. reuses: whether popped entries are used again.
  Tapes(Device& device, const std::vector<std::pair<std::uint64_t, std::uint64_t>>& kinds, bool reuses)
      : entries_(host_), values_(device), reuses_(reuses) {
    for (const auto& [bytes, cells] : kinds) kinds_.push_back({bytes, cells, {}});
  }
  Tapes(const Tapes&) = delete;
  Tapes& operator=(const Tapes&) = delete;

  // An entry on top of another; its values are not set.
  Entry* push(Entry* rest, const EntryLayout& layout) {
    std::vector<Entry*>& idle = kinds_[layout.kind].idle;
    if (!idle.empty()) {
      Entry* found = idle.back();
      idle.back() = found->rest;
      if (idle.back() == nullptr) idle.pop_back();
      found->rest = rest;
      return found;
    }
    char* place = entries_.take(sizeof(Entry) + layout.cells * sizeof(Entry*));
    return new (place) Entry{rest, layout.bytes == 0 ? nullptr : values_.take(layout.bytes)};
  }

  // An entry was popped; its values are still read.
  void popped(Entry* entry, std::size_t kind) {
    if (reuses_) dying_.push_back({entry, kind});
  }

  // How many entries were popped whose values may still be read.
  std::size_t dying() const { return dying_.size(); }

  // The values of all but the first `count` of them are read no more.
  void bury(std::size_t count) {
    for (; dying_.size() > count; dying_.pop_back()) {
      const auto [entry, kind] = dying_.back();
      std::vector<Entry*>& idle = kinds_[kind].idle;
      if (idle.empty()) idle.push_back(nullptr);
      entry->rest = idle.back();
      idle.back() = entry;
    }
  }

  // A list of entries for a kernel that pushes by itself: some that wait to be used again, else new ones. Not all of them
  // need be used; `give` takes back what is left, and what the kernel has popped.
  Entry* take(std::uint64_t bytes, std::uint64_t cells) {
    std::vector<Entry*>& idle = kind_of(bytes, cells).idle;
    if (!idle.empty()) {
      Entry* found = idle.back();
      idle.pop_back();
      return found;
    }
    const std::size_t size = sizeof(Entry) + cells * sizeof(Entry*);
    const std::size_t count = std::clamp<std::size_t>(batch_bytes / (bytes + size), 1, most_in_batch);
    char* place = entries_.take(count * size);
    char* data = bytes == 0 ? nullptr : values_.take(count * bytes);
    Entry* first = nullptr;
    for (std::size_t k = count; k-- > 0;) {
      first = new (place + k * size) Entry{first, data == nullptr ? nullptr : data + k * bytes};
    }
    return first;
  }

  void give(std::uint64_t bytes, std::uint64_t cells, Entry* first) { kind_of(bytes, cells).idle.push_back(first); }

  Mark mark() const { return {entries_.mark(), values_.mark()}; }

  // All that was pushed since the mark is garbage, and so is what of it could have been used again.
  void give_back(const Mark& mark) {
    forget();
    entries_.give_back(mark.entries);
    values_.give_back(mark.values);
  }

  void clear() noexcept {
    forget();
    dying_.clear();
    entries_.clear(kept_bytes);
    values_.clear(kept_bytes);
  }

 private:
  static constexpr std::size_t batch_bytes = std::size_t{1} << 14;
  static constexpr std::size_t most_in_batch = 256;

  // Entries of one size, and lists of those that can be used again.
  struct Kind {
    std::uint64_t bytes;
    std::uint64_t cells;
    std::vector<Entry*> idle;
  };

  Kind& kind_of(std::uint64_t bytes, std::uint64_t cells) {
    for (Kind& kind : kinds_) {
      if (kind.bytes == bytes && kind.cells == cells) return kind;
    }
    return kinds_.emplace_back(Kind{bytes, cells, {}});
  }

  void forget() noexcept {
    for (Kind& kind : kinds_) kind.idle.clear();
  }

  HostMemory host_;
  Pile<HostMemory> entries_;
  Pile<Device> values_;
  bool reuses_;
  std::vector<Kind> kinds_;
  std::vector<std::pair<Entry*, std::size_t>> dying_;
};

MS_KIT_CLOSE
