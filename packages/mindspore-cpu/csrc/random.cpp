#include "random.h"

#include <algorithm>

#include "isa.h"
#include "random_isa.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

const RandomTable& table() { return MS_ISA_TABLE(random); }

class RandomKernel final : public Kernel {
 public:
  explicit RandomKernel(std::int64_t count) : count_(count) {
    buffers = 2;
    nanoseconds = 20 + 0.4 * static_cast<double>(count);
    description = "random words";
  }

  void run(void* const* given, const ms_host_stream&) const override {
    const auto* state = static_cast<const std::uint64_t*>(given[0]);
    auto* to = static_cast<std::uint32_t*>(given[1]);
    const std::uint64_t seed = state[0];
    const std::uint64_t offset = state[1];
    const std::int64_t units = (count_ + table().step - 1) / table().step;
    parallel(static_cast<int>(std::min<std::int64_t>(threads_for(nanoseconds), units)), [&](int thread, int count) {
      const Range range = part(units, thread, count);
      table().fill(seed, offset, range.begin, range.end, count_, to);
    });
  }

 private:
  std::int64_t count_;
};

}  // namespace

std::unique_ptr<Kernel> make_random_bits(std::int64_t count) { return std::make_unique<RandomKernel>(count); }

}  // namespace mindspore::cpu
