#include "random.h"

#include <algorithm>

#include "threads.h"

namespace mindspore::cpu {

namespace {

constexpr int lanes = 8;  // blocks that are computed side by side, in vector registers
constexpr std::int64_t words = 4;

struct Words {
  std::uint32_t w[words][lanes];
};

void round(Words& c, std::uint32_t key0, std::uint32_t key1) {
  for (int k = 0; k < lanes; ++k) {
    const std::uint64_t left = std::uint64_t{0xD2511F53} * c.w[0][k];
    const std::uint64_t right = std::uint64_t{0xCD9E8D57} * c.w[2][k];
    c.w[0][k] = static_cast<std::uint32_t>(right >> 32) ^ c.w[1][k] ^ key0;
    c.w[1][k] = static_cast<std::uint32_t>(right);
    c.w[2][k] = static_cast<std::uint32_t>(left >> 32) ^ c.w[3][k] ^ key1;
    c.w[3][k] = static_cast<std::uint32_t>(left);
  }
}

// Blocks [first, first + lanes).
Words blocks(std::uint64_t first, std::uint64_t seed, std::uint64_t offset) {
  Words c;
  for (int k = 0; k < lanes; ++k) {
    const std::uint64_t number = first + static_cast<std::uint64_t>(k);
    c.w[0][k] = static_cast<std::uint32_t>(number);
    c.w[1][k] = static_cast<std::uint32_t>(number >> 32);
    c.w[2][k] = static_cast<std::uint32_t>(offset);
    c.w[3][k] = static_cast<std::uint32_t>(offset >> 32);
  }
  std::uint32_t key0 = static_cast<std::uint32_t>(seed);
  std::uint32_t key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int i = 0; i < 10; ++i) {
    round(c, key0, key1);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}

class RandomKernel final : public Kernel {
 public:
  explicit RandomKernel(std::int64_t count) : count_(count) {
    buffers = 2;
    nanoseconds = 20 + 1.5 * static_cast<double>(count);
    description = "random words";
  }

  void run(void* const* given, const ms_host_stream&) const override {
    const auto* state = static_cast<const std::uint64_t*>(given[0]);
    auto* to = static_cast<std::uint32_t*>(given[1]);
    const std::uint64_t seed = state[0];
    const std::uint64_t offset = state[1];
    constexpr std::int64_t step = lanes * words;
    const std::int64_t units = (count_ + step - 1) / step;
    parallel(static_cast<int>(std::min<std::int64_t>(threads_for(nanoseconds), units)), [&](int thread, int count) {
      const Range range = part(units, thread, count);
      for (std::int64_t unit = range.begin; unit < range.end; ++unit) {
        const Words made = blocks(static_cast<std::uint64_t>(unit * lanes), seed, offset);
        const std::int64_t here = std::min(step, count_ - unit * step);
        for (std::int64_t i = 0; i < here; ++i) to[unit * step + i] = made.w[i % words][i / words];
      }
    });
  }

 private:
  std::int64_t count_;
};

}  // namespace

std::unique_ptr<Kernel> make_random_bits(std::int64_t count) { return std::make_unique<RandomKernel>(count); }

}  // namespace mindspore::cpu
