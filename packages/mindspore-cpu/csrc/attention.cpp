#include "attention.h"

#include <algorithm>

#include "attention_isa.h"
#include "gemm.h"
#include "isa.h"

namespace mindspore::cpu {

namespace {

constexpr std::int64_t row_step = 48;    // queries of a part come in such steps
constexpr std::int64_t key_step = 128;   // keys of a part of the derivative
constexpr std::int64_t enough_heads = 8; // from which on the derivative of a head is one job

const AttentionTable& table() { return MS_ISA_TABLE(attention); }

std::int64_t parts_of(std::int64_t size, std::int64_t step) { return (size + step - 1) / step; }

class AttentionKernel : public Kernel {
 protected:
  explicit AttentionKernel(const AttentionSpec& spec) : spec_(spec) {
    bytes_ = static_cast<std::int64_t>(element_bytes(spec.element));
    for (std::int64_t size : spec.batch) heads_ *= size;
    most_threads_ = threads();
  }

  // What the products of `products` multiplications of each pair and each feature take.
  double estimate(double multiplications) const {
    const double pairs = static_cast<double>(heads_ * spec_.rows) * static_cast<double>(spec_.columns);
    return 200 + pairs * (spec_.skips() ? 0.5 : 1.0) * (multiplications / gemm_rate(Element::f32) + 0.3);
  }

  void set_scratch(std::size_t one) {
    thread_bytes_ = round_up(one, 64);
    scratch_bytes = thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
  }

  // The operands of a head; `results` of them come with all of the batch.
  AttentionHead head(std::int64_t number, void* const* operands) const {
    std::int64_t q = 0, k = 0, v = 0, mask = 0;
    for (std::size_t axis = spec_.batch.size(); axis-- > 0;) {
      const std::int64_t place = number % spec_.batch[axis];
      q += place * spec_.q_steps[axis];
      k += place * spec_.k_steps[axis];
      v += place * spec_.v_steps[axis];
      if (spec_.mask != Mask::none) mask += place * spec_.mask_steps[axis];
      number /= spec_.batch[axis];
    }
    AttentionHead found{};
    found.q = at(operands[0], q);
    found.k = at(operands[1], k);
    found.v = at(operands[2], v);
    if (spec_.mask == Mask::keep) found.mask = static_cast<const char*>(operands[3]) + mask;
    if (spec_.mask == Mask::added) found.mask = at(operands[3], mask);
    return found;
  }

  char* at(void* buffer, std::int64_t element) const { return static_cast<char*>(buffer) + element * bytes_; }

  // Calls `body(job, scratch)` for each job. Jobs are dealt out in turn, since with a causal mask later ones take longer.
  template <class Body>
  void deal(std::int64_t jobs, const ms_host_stream& stream, Body body) const {
    const int wanted = static_cast<int>(std::min<std::int64_t>(std::min(threads_for(nanoseconds), most_threads_), jobs));
    parallel(wanted, [&](int thread, int count) {
      char* scratch = static_cast<char*>(stream.scratch) + static_cast<std::uint64_t>(thread) * thread_bytes_;
      for (std::int64_t job = thread; job < jobs; job += count) body(job, scratch);
    });
  }

  AttentionSpec spec_;
  std::int64_t bytes_ = 0;
  std::int64_t heads_ = 1;
  int most_threads_ = 1;
  std::uint64_t thread_bytes_ = 0;
};

class Forward final : public AttentionKernel {
 public:
  Forward(const AttentionSpec& spec, bool log_sum) : AttentionKernel(spec), log_sum_(log_sum) {
    nanoseconds = estimate(static_cast<double>(spec.size + spec.width));
    buffers = (spec.mask == Mask::none ? 4 : 5) + (log_sum ? 1 : 0);
    description = "tiled attention";
    const std::int64_t wanted = std::min(threads_for(nanoseconds), most_threads_);
    rows_ = spec.rows;
    if (wanted > 1 && heads_ < 4 * wanted && heads_ % wanted != 0) {
      const std::int64_t parts = parts_of(4 * wanted, heads_);
      rows_ = parts_of(parts_of(spec.rows, parts), row_step) * row_step;
    }
    set_scratch(table().forward_bytes(spec, std::min(rows_, spec.rows)));
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const std::int64_t parts = parts_of(spec_.rows, rows_);
    void* out = given[spec_.mask == Mask::none ? 3 : 4];
    float* log_sum = log_sum_ ? static_cast<float*>(given[buffers - 1]) : nullptr;
    deal(heads_ * parts, stream, [&](std::int64_t job, void* scratch) {
      const std::int64_t number = job / parts, begin = job % parts * rows_;
      AttentionHead one = head(number, given);
      one.out = at(out, number * spec_.rows * spec_.width);
      if (log_sum != nullptr) one.log_sum = log_sum + number * spec_.rows;
      table().forward(spec_, one, {begin, std::min(begin + rows_, spec_.rows)}, scratch);
    });
  }

 private:
  bool log_sum_;
  std::int64_t rows_ = 0;  // of one job
};

class Backward final : public AttentionKernel {
 public:
  explicit Backward(const AttentionSpec& spec) : AttentionKernel(spec) {
    nanoseconds = estimate(static_cast<double>(3 * spec.size + 2 * spec.width));
    buffers = spec.mask == Mask::none ? 9 : 10;
    description = "tiled attention, backward";
    set_scratch(table().backward_bytes(spec, spec.rows));
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    if (heads_ >= enough_heads) {
      deal(heads_, stream, [&](std::int64_t job, void* scratch) {
        table().backward(spec_, head_of(job, given, true, true), {0, spec_.rows}, {0, spec_.columns}, scratch);
      });
      return;
    }
    // Few heads: the queries' part and the keys' part of the derivative one after the other, so that each can be divided.
    const std::int64_t rows = 4 * row_step, keys = key_step;
    const std::int64_t row_parts = parts_of(spec_.rows, rows), key_parts = parts_of(spec_.columns, keys);
    deal(heads_ * (row_parts + key_parts), stream, [&](std::int64_t job, void* scratch) {
      const std::int64_t number = job / (row_parts + key_parts), piece = job % (row_parts + key_parts);
      if (piece < row_parts) {
        const Range part{piece * rows, std::min((piece + 1) * rows, spec_.rows)};
        table().backward(spec_, head_of(number, given, true, false), part, {0, spec_.columns}, scratch);
      } else {
        const std::int64_t begin = (piece - row_parts) * keys;
        const Range part{begin, std::min(begin + keys, spec_.columns)};
        table().backward(spec_, head_of(number, given, false, true), {0, spec_.rows}, part, scratch);
      }
    });
  }

 private:
  AttentionHead head_of(std::int64_t number, void* const* given, bool by_query, bool by_key) const {
    AttentionHead one = head(number, given + 3);
    one.dout = at(given[0], number * spec_.rows * spec_.width);
    one.out = at(given[1], number * spec_.rows * spec_.width);
    one.log_sum = static_cast<float*>(given[2]) + number * spec_.rows;
    if (by_query) one.dq = at(given[buffers - 3], number * spec_.rows * spec_.size);
    if (by_key) {
      one.dk = at(given[buffers - 2], number * spec_.columns * spec_.size);
      one.dv = at(given[buffers - 1], number * spec_.columns * spec_.width);
    }
    return one;
  }
};

}  // namespace

std::unique_ptr<Kernel> make_attention(const AttentionSpec& spec, bool log_sum) {
  return std::make_unique<Forward>(spec, log_sum);
}

std::unique_ptr<Kernel> make_attention_grad(const AttentionSpec& spec) { return std::make_unique<Backward>(spec); }

}  // namespace mindspore::cpu
