// Pooling of float32 images whose channels come in blocks: the numbers of a block are the lanes of a vector.

#include <algorithm>

#include "isa.h"
#include "pool.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

class BlockedPoolKernel final : public Kernel {
 public:
  BlockedPoolKernel(PoolKind kind, std::int64_t block, const PoolShape& shape)
      : kind_(kind), shape_(shape), plane_((block == 8 ? pool_blocks_avx2 : pool_blocks_avx512).plane) {
    const double windows = static_cast<double>(shape.planes * shape.output());
    nanoseconds = 50 + windows * (1.0 + 0.7 * static_cast<double>(shape.taps()));
    buffers = kind == PoolKind::max_grad ? 4 : 2;
    description = "pooling in blocks";
  }

  void run(void* const* given, const ms_host_stream&) const override {
    const int wanted = static_cast<int>(std::min<std::int64_t>(threads_for(nanoseconds), shape_.planes));
    parallel(wanted, [&](int thread, int count) {
      const Range range = part(shape_.planes, thread, count);
      for (std::int64_t plane = range.begin; plane < range.end; ++plane) plane_(kind_, shape_, plane, given);
    });
  }

 private:
  PoolKind kind_;
  PoolShape shape_;
  void (*plane_)(PoolKind, const PoolShape&, std::int64_t, void* const*);
};

}  // namespace

std::unique_ptr<Kernel> make_pool_blocked(PoolKind kind, std::int64_t block, const PoolShape& shape) {
  if (kind == PoolKind::max_pick || kind == PoolKind::max_index) return nullptr;
  const bool can = (block == 8 && isa() != Isa::generic) || (block == 16 && isa() == Isa::avx512);
  return can ? std::make_unique<BlockedPoolKernel>(kind, block, shape) : nullptr;
}

}  // namespace mindspore::cpu
