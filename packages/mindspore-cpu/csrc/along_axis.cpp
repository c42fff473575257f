#include "along_axis.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "radix.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

// One line along the axis: element i at data[i * step].
template <class S>
struct Line {
  S* data;
  std::int64_t step;
  S& operator[](std::int64_t i) const { return data[i * step]; }
};

// What the kernels share: lines are the units of work.
class AxisKernel : public Kernel {
 protected:
  explicit AxisKernel(const AxisSpec& spec) : spec_(spec), most_threads_(threads()) {}

  template <class S>
  Line<S> line(void* data, std::int64_t number) const {
    const std::int64_t first = number / spec_.inner * spec_.size * spec_.inner + number % spec_.inner;
    return {static_cast<S*>(data) + first, spec_.inner};
  }

  // Calls `body(number, scratch memory of the thread)` for units of equal work.
  template <class Body>
  void for_units(std::int64_t units, const ms_host_stream& stream, Body body) const {
    const int wanted = static_cast<int>(std::min<std::int64_t>(std::min(threads_for(nanoseconds), most_threads_), units));
    parallel(wanted, [&](int thread, int count) {
      char* own = static_cast<char*>(stream.scratch) + static_cast<std::uint64_t>(thread) * thread_bytes_;
      const Range range = part(units, thread, count);
      for (std::int64_t k = range.begin; k < range.end; ++k) body(k, own);
    });
  }

  // Calls `body(line number, scratch memory of the thread)`.
  template <class Body>
  void for_lines(const ms_host_stream& stream, Body body) const {
    for_units(spec_.outer * spec_.inner, stream, body);
  }

  void set_cost(double nanoseconds_per_element) {
    nanoseconds = 20 + nanoseconds_per_element * static_cast<double>(spec_.outer * spec_.size * spec_.inner);
  }

  AxisSpec spec_;
  int most_threads_;
  std::uint64_t thread_bytes_ = 0;
};

// Whether `a` comes before `b` in ascending order.
template <class T>
bool before(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return (a < b) | ((b != b) & (a == a));
  return a < b;
}

void put_integer(Element type, void* data, std::int64_t place, std::int64_t value) {
  switch (element_bytes(type)) {
    case 1: static_cast<std::int8_t*>(data)[place] = static_cast<std::int8_t>(value); break;
    case 2: static_cast<std::int16_t*>(data)[place] = static_cast<std::int16_t>(value); break;
    case 4: static_cast<std::int32_t*>(data)[place] = static_cast<std::int32_t>(value); break;
    default: static_cast<std::int64_t*>(data)[place] = value; break;
  }
}

// Lines whose elements are neighbours are looked through in blocks, most of which hold nothing better than the best so
// far; of others, neighbouring lines are looked through together.
template <class S>
class ArgKernel final : public AxisKernel {
 public:
  ArgKernel(const AxisSpec& spec, bool largest, Element index) : AxisKernel(spec), index_(index), largest_(largest) {
    buffers = 2;
    description = "arg";
    set_cost(0.3);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    largest_ ? run_for<true>(given, stream) : run_for<false>(given, stream);
  }

 private:
  using T = decltype(wide(S{}));
  using Place = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

  static constexpr int block = 64;

  template <bool largest>
  static bool beats(T next, T best) {
    return (largest ? next > best : next < best) | (next != next);
  }

  template <bool largest>
  void run_for(void* const* given, const ms_host_stream& stream) const {
    const S* data = static_cast<const S*>(given[0]);
    if (spec_.inner == 1) {
      return for_lines(stream, [&](std::int64_t number, char*) {
        put_integer(index_, given[1], number, find<largest>(data + number * spec_.size));
      });
    }
    const std::int64_t tiles = (spec_.inner + block - 1) / block;
    for_units(spec_.outer * tiles, stream, [&](std::int64_t unit, char*) {
      const std::int64_t outer = unit / tiles, first = unit % tiles * block;
      const int columns = static_cast<int>(std::min<std::int64_t>(block, spec_.inner - first));
      Place places[block];
      find_in_columns<largest>(data + outer * spec_.size * spec_.inner + first, columns, places);
      for (int c = 0; c < columns; ++c) put_integer(index_, given[1], outer * spec_.inner + first + c, places[c]);
    });
  }

  template <bool largest>
  std::int64_t find(const S* x) const {
    std::int64_t best = 0, i = 1;
    T value = wide(x[0]);
    while (i < spec_.size && value == value) {
      const std::int64_t end = std::min<std::int64_t>(i + block, spec_.size);
      if (end - i == block) {
        int better = 0;
        for (int j = 0; j < block; ++j) better |= beats<largest>(wide(x[i + j]), value);
        if (!better) {
          i = end;
          continue;
        }
      }
      for (; i < end && value == value; ++i) {
        const T next = wide(x[i]);
        if (beats<largest>(next, value)) {
          best = i;
          value = next;
        }
      }
    }
    return best;
  }

  template <bool largest>
  void find_in_columns(const S* x, int columns, Place* places) const {
    T values[block];
    for (int c = 0; c < columns; ++c) {
      values[c] = wide(x[c]);
      places[c] = 0;
    }
    for (std::int64_t i = 1; i < spec_.size; ++i) {
      const S* row = x + i * spec_.inner;
      for (int c = 0; c < columns; ++c) {
        const T next = wide(row[c]), value = values[c];
        const bool better = beats<largest>(next, value) & (value == value);
        values[c] = better ? next : value;
        places[c] = better ? static_cast<Place>(i) : places[c];
      }
    }
  }

  Element index_;
  bool largest_;
};

template <class S>
class CumsumKernel final : public AxisKernel {
 public:
  CumsumKernel(const AxisSpec& spec, bool reverse, bool exclusive)
      : AxisKernel(spec), reverse_(reverse), exclusive_(exclusive) {
    buffers = 2;
    description = "running sum";
    set_cost(1.5);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    for_lines(stream, [&](std::int64_t number, char*) {
      const Line<const S> x = line<const S>(given[0], number);
      const Line<S> y = line<S>(given[1], number);
      decltype(wide(S{})) sum{};
      for (std::int64_t k = 0; k < spec_.size; ++k) {
        const std::int64_t i = reverse_ ? spec_.size - 1 - k : k;
        const auto before_it = sum;
        sum += wide(x[i]);
        y[i] = narrow<S>(exclusive_ ? before_it : sum);
      }
    });
  }

 private:
  bool reverse_, exclusive_;
};

template <class S>
class CumprodKernel final : public AxisKernel {
 public:
  explicit CumprodKernel(const AxisSpec& spec) : AxisKernel(spec) {
    buffers = 2;
    description = "running product";
    set_cost(1.5);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    for_lines(stream, [&](std::int64_t number, char*) {
      const Line<const S> x = line<const S>(given[0], number);
      const Line<S> y = line<S>(given[1], number);
      decltype(wide(S{})) product{1};
      for (std::int64_t i = 0; i < spec_.size; ++i) {
        product = static_cast<decltype(product)>(product * wide(x[i]));
        y[i] = narrow<S>(product);
      }
    });
  }
};

template <class S>
class RunningExtremumKernel final : public AxisKernel {
 public:
  RunningExtremumKernel(const AxisSpec& spec, bool largest) : AxisKernel(spec), largest_(largest) {
    buffers = 3;
    description = "running extremum";
    set_cost(2.0);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    for_lines(stream, [&](std::int64_t number, char*) {
      const Line<const S> x = line<const S>(given[0], number);
      const Line<S> values = line<S>(given[1], number);
      const Line<std::int64_t> places = line<std::int64_t>(given[2], number);
      std::int64_t best = 0;
      for (std::int64_t i = 0; i < spec_.size; ++i) {
        const auto value = wide(x[i]);
        const auto before_it = wide(x[best]);
        if ((largest_ ? value >= before_it : value <= before_it) || value != value) best = i;
        values[i] = x[best];
        places[i] = best;
      }
    });
  }

 private:
  bool largest_;
};

// Elements with their places, which make all entries different: sorting them is stable by itself.
template <class T>
struct Ordered {
  using Entry = std::pair<T, std::int32_t>;

  bool descending;

  bool operator()(const Entry& a, const Entry& b) const {
    if (before(a.first, b.first)) return !descending;
    if (before(b.first, a.first)) return descending;
    return a.second < b.second;
  }
};

template <class S>
class SortKernel final : public AxisKernel {
 public:
  using T = decltype(wide(S{}));
  using Entry = typename Ordered<T>::Entry;

  SortKernel(const AxisSpec& spec, bool descending) : AxisKernel(spec), order_{descending} {
    buffers = 3;
    const bool digits = spec.size >= (sizeof(S) == 8 ? 256 : 128);
    width_ = !digits ? 0 : spec.size < (sizeof(S) == 8 ? 8192 : 4096) || sizeof(S) <= 2 ? 8 : 11;
    description = digits ? "sort by digits" : "sort";
    thread_bytes_ = round_up(width_ == 11  ? RadixSort<S, 11>::scratch_bytes(spec.size)
                             : width_ == 8 ? RadixSort<S, 8>::scratch_bytes(spec.size)
                                           : static_cast<std::uint64_t>(spec.size) * sizeof(Entry), 64);
    scratch_bytes = thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
    set_cost(digits ? 15.0 : 40.0);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    for_lines(stream, [&](std::int64_t number, char* own) {
      const Line<const S> x = line<const S>(given[0], number);
      const Line<S> values = line<S>(given[1], number);
      const Line<std::int32_t> places = line<std::int32_t>(given[2], number);
      const auto put = [&](std::int64_t i, std::int32_t place) {
        values[i] = x[place];
        places[i] = place;
      };
      if (width_ == 11) return by_digits<11>(x, own, put);
      if (width_ == 8) return by_digits<8>(x, own, put);
      Entry* entries = reinterpret_cast<Entry*>(own);
      for (std::int64_t i = 0; i < spec_.size; ++i) entries[i] = {wide(x[i]), static_cast<std::int32_t>(i)};
      std::sort(entries, entries + spec_.size, order_);
      for (std::int64_t i = 0; i < spec_.size; ++i) put(i, entries[i].second);
    });
  }

 private:
  template <int width, class Put>
  void by_digits(const Line<const S>& x, char* own, const Put& put) const {
    const auto* entries = RadixSort<S, width>::sort(x, spec_.size, order_.descending, own);
    for (std::int64_t i = 0; i < spec_.size; ++i) put(i, entries[i].place);
  }

  Ordered<T> order_;
  int width_;  // of a digit in bits; 0: elements are compared
};

template <class S>
class KthKernel final : public AxisKernel {
 public:
  KthKernel(const AxisSpec& spec, std::int64_t rank) : AxisKernel(spec), rank_(rank) {
    buffers = 3;
    description = "selection by digits";
    wide_ = sizeof(S) > 2 && spec.size >= 4096;
    thread_bytes_ = round_up(wide_ ? Wide::scratch_bytes(spec.size) : Narrow::scratch_bytes(spec.size), 64);
    scratch_bytes = thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
    set_cost(4.0);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    for_lines(stream, [&](std::int64_t number, char* own) {
      const Line<const S> x = line<const S>(given[0], number);
      const std::int32_t place =
          wide_ ? Wide::select(x, spec_.size, rank_, own) : Narrow::select(x, spec_.size, rank_, own);
      static_cast<S*>(given[1])[number] = x[place];
      static_cast<std::int32_t*>(given[2])[number] = place;
    });
  }

 private:
  using Wide = RadixSelect<S, 11 <= 8 * sizeof(S) ? 11 : 8>;
  using Narrow = RadixSelect<S, 8>;

  std::int64_t rank_;
  bool wide_;
};

// Few of many are kept in order or in a heap, and the others are compared with the last of them; many are divided from
// the rest and sorted; for a large part of a line all of it is sorted.
template <class S>
class TopKernel final : public AxisKernel {
 public:
  using T = decltype(wide(S{}));
  using Entry = typename Ordered<T>::Entry;

  TopKernel(const AxisSpec& spec, std::int64_t count, bool descending)
      : AxisKernel(spec), count_(count), order_{descending} {
    buffers = 3;
    sorts_ = spec.size >= 256 && count * 8 >= spec.size;
    few_ = !sorts_ && (count <= 16 || count * (count <= most_in_order ? 8 : 32) <= spec.size);
    description = sorts_ ? "top by digits" : few_ ? "top of the best so far" : "top by division";
    thread_bytes_ = round_up(sorts_ ? Digits::scratch_bytes(spec.size)
                                    : static_cast<std::uint64_t>(few_ ? count : spec.size) * sizeof(Entry), 64);
    scratch_bytes = thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
    set_cost(few_ ? 2.0 : 20.0);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    for_lines(stream, [&](std::int64_t number, char* own) {
      const S* x = static_cast<const S*>(given[0]) + number * spec_.size;
      S* values = static_cast<S*>(given[1]) + number * count_;
      std::int32_t* places = static_cast<std::int32_t*>(given[2]) + number * count_;
      const auto put = [&](std::int64_t i, std::int32_t place) {
        values[i] = x[place];
        places[i] = place;
      };
      if (sorts_) {
        const auto* entries = Digits::sort(x, spec_.size, order_.descending, own);
        for (std::int64_t i = 0; i < count_; ++i) put(i, entries[i].place);
        return;
      }
      Entry* entries = reinterpret_cast<Entry*>(own);
      few_ ? keep(x, entries) : divide(x, entries);
      for (std::int64_t i = 0; i < count_; ++i) put(i, entries[i].second);
    });
  }

 private:
  using Digits = RadixSort<S, 8 * sizeof(S) < 32 ? 8 : 11>;

  static constexpr std::int64_t most_in_order = 64;

  static Entry entry(const S* x, std::int64_t i) { return {wide(x[i]), static_cast<std::int32_t>(i)}; }

  // The best so far stand in order where they are few, and in a heap otherwise.
  void keep(const S* x, Entry* entries) const {
    if (count_ == 0) return;
    const bool ordered = count_ <= most_in_order;
    for (std::int64_t i = 0; i < count_; ++i) {
      ordered ? insert(entries, i, entry(x, i)) : static_cast<void>(entries[i] = entry(x, i));
    }
    if (!ordered) std::make_heap(entries, entries + count_, order_);
    const Entry& worst = entries[ordered ? count_ - 1 : 0];
    constexpr int block = 32;
    for (std::int64_t i = count_; i < spec_.size;) {
      const std::int64_t end = std::min<std::int64_t>(i + block, spec_.size);
      if (end - i == block && !any_inside(x + i, block, worst.first)) {
        i = end;
        continue;
      }
      for (; i < end; ++i) {
        const Entry next = entry(x, i);
        if (!is_inside(next.first, worst.first)) continue;
        if (ordered) {
          insert(entries, count_ - 1, next);
          continue;
        }
        std::pop_heap(entries, entries + count_, order_);
        entries[count_ - 1] = next;
        std::push_heap(entries, entries + count_, order_);
      }
    }
    if (!ordered) std::sort_heap(entries, entries + count_, order_);
  }

  // Puts an entry that comes after its equals among the `count` entries in order.
  void insert(Entry* entries, std::int64_t count, Entry next) const {
    for (; count > 0 && is_inside(next.first, entries[count - 1].first); --count) entries[count] = entries[count - 1];
    entries[count] = next;
  }

  // Whether a later element belongs to the best, whose last one is given: of equal elements the earlier one comes first.
  bool is_inside(T value, T last) const { return order_.descending ? before(last, value) : before(value, last); }

  bool any_inside(const S* x, int count, T last) const {
    int found = 0;
    if (order_.descending) {
      for (int i = 0; i < count; ++i) found |= before(last, wide(x[i]));
    } else {
      for (int i = 0; i < count; ++i) found |= before(wide(x[i]), last);
    }
    return found != 0;
  }

  void divide(const S* x, Entry* entries) const {
    for (std::int64_t i = 0; i < spec_.size; ++i) entries[i] = entry(x, i);
    if (count_ < spec_.size) std::nth_element(entries, entries + count_, entries + spec_.size, order_);
    std::sort(entries, entries + count_, order_);
  }

  std::int64_t count_;
  bool few_, sorts_;
  Ordered<T> order_;
};

template <template <class> class Made, class... Rest>
std::unique_ptr<Kernel> make(const AxisSpec& spec, Rest... rest) {
  switch (spec.element) {
    case Element::f16: return std::make_unique<Made<Half>>(spec, rest...);
    case Element::bf16: return std::make_unique<Made<Bfloat>>(spec, rest...);
    case Element::f32: return std::make_unique<Made<float>>(spec, rest...);
    case Element::f64: return std::make_unique<Made<double>>(spec, rest...);
    case Element::i8: return std::make_unique<Made<std::int8_t>>(spec, rest...);
    case Element::u8: return std::make_unique<Made<std::uint8_t>>(spec, rest...);
    case Element::i16: return std::make_unique<Made<std::int16_t>>(spec, rest...);
    case Element::u16: return std::make_unique<Made<std::uint16_t>>(spec, rest...);
    case Element::i32: return std::make_unique<Made<std::int32_t>>(spec, rest...);
    case Element::u32: return std::make_unique<Made<std::uint32_t>>(spec, rest...);
    case Element::i64: return std::make_unique<Made<std::int64_t>>(spec, rest...);
    default: return std::make_unique<Made<std::uint64_t>>(spec, rest...);
  }
}

// Sums of signed integers are formed as unsigned ones, whose overflow is defined and which have the same bits.
Element unsigned_of(Element element) {
  switch (element) {
    case Element::i8: return Element::u8;
    case Element::i16: return Element::u16;
    case Element::i32: return Element::u32;
    case Element::i64: return Element::u64;
    default: return element;
  }
}

}  // namespace

std::unique_ptr<Kernel> make_arg(const AxisSpec& spec, bool largest, Element index) {
  return make<ArgKernel>(spec, largest, index);
}

std::unique_ptr<Kernel> make_cumsum(const AxisSpec& spec, bool reverse, bool exclusive) {
  AxisSpec sums = spec;
  sums.element = unsigned_of(spec.element);
  return make<CumsumKernel>(sums, reverse, exclusive);
}

std::unique_ptr<Kernel> make_cumprod(const AxisSpec& spec) {
  AxisSpec products = spec;
  products.element = unsigned_of(spec.element);
  return make<CumprodKernel>(products);
}

std::unique_ptr<Kernel> make_running_extremum(const AxisSpec& spec, bool largest) {
  return make<RunningExtremumKernel>(spec, largest);
}

std::unique_ptr<Kernel> make_sort(const AxisSpec& spec, bool descending) { return make<SortKernel>(spec, descending); }

std::unique_ptr<Kernel> make_kth(const AxisSpec& spec, std::int64_t rank) { return make<KthKernel>(spec, rank); }

std::unique_ptr<Kernel> make_top_k(Element element, std::int64_t outer, std::int64_t size, std::int64_t count,
                                   bool descending) {
  return make<TopKernel>(AxisSpec{element, outer, size, 1}, count, descending);
}

}  // namespace mindspore::cpu
