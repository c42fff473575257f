// Pooling of images whose channels come in blocks. The numbers of a vector's block are the lanes of a vector. Larger blocks,
// and those of half precision, are pooled a vector's channels at a time, by way of a plane of float32 blocks.

#include <algorithm>
#include <array>

#include "isa.h"
#include "pool.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

// A buffer's places, and whether it is a result.
struct PoolOperand {
  std::int64_t places;
  bool result;
};

struct PoolOperands {
  std::array<PoolOperand, 4> each;
  int count;
};

PoolOperands operands_of(PoolKind kind, const PoolShape& s) {
  const PoolOperand image{s.image(), false}, output{s.output(), false};
  switch (kind) {
    case PoolKind::max_grad: return {{image, output, output, {s.image(), true}}, 4};
    case PoolKind::mean_grad: return {{output, {s.image(), true}}, 2};
    default: return {{image, {s.output(), true}}, 2};
  }
}

class BlockedPoolKernel final : public Kernel {
 public:
  BlockedPoolKernel(PoolKind kind, Element element, std::int64_t block, const PoolShape& shape, const PoolBlocks& blocks)
      : kind_(kind), shape_(shape), blocks_(blocks), bytes_(static_cast<std::int64_t>(element_bytes(element))),
        block_(block), vectors_(block / blocks.block), moves_(blocks.side_by_side[pool_moves_of(element)]),
        operands_(operands_of(kind, shape)), most_threads_(threads()) {
    direct_ = element == Element::f32 && vectors_ == 1;
    const double windows = static_cast<double>(shape.planes * vectors_ * shape.output());
    nanoseconds = 50 + windows * (1.0 + 0.7 * static_cast<double>(shape.taps())) * (direct_ ? 1 : 2);
    buffers = operands_.count;
    if (!direct_) {
      thread_bytes_ = pool_channels_bytes(blocks, kind, shape);
      scratch_bytes = thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
    }
    description = direct_ ? "pooling in blocks" : "pooling of channels side by side";
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const std::int64_t units = shape_.planes * vectors_;
    const int wanted = static_cast<int>(std::min<std::int64_t>(std::min(threads_for(nanoseconds), most_threads_), units));
    parallel(wanted, [&](int thread, int count) {
      char* own = static_cast<char*>(stream.scratch) + static_cast<std::uint64_t>(thread) * thread_bytes_;
      const Range range = part(units, thread, count);
      for (std::int64_t unit = range.begin; unit < range.end; ++unit) {
        if (direct_) {
          blocks_.plane(kind_, shape_, unit, given);
        } else {
          pool_vector(unit / vectors_, unit % vectors_, given, reinterpret_cast<float*>(own));
        }
      }
    });
  }

 private:
  void pool_vector(std::int64_t plane, std::int64_t vector, void* const* given, float* own) const {
    void* begins[4];
    std::int64_t steps[4];
    for (int k = 0; k < operands_.count; ++k) {
      const std::int64_t first = plane * operands_.each[k].places * block_ + vector * blocks_.block;
      begins[k] = static_cast<char*>(given[k]) + first * bytes_;
      steps[k] = block_;
    }
    pool_channels(blocks_, moves_, kind_, shape_, begins, steps, own);
  }

  PoolKind kind_;
  PoolShape shape_;
  const PoolBlocks& blocks_;
  std::int64_t bytes_, block_, vectors_;
  PoolMoves moves_;
  PoolOperands operands_;
  int most_threads_;
  bool direct_;
  std::uint64_t thread_bytes_ = 0;
};

}  // namespace

const PoolBlocks* pool_blocks_for(PoolKind kind) {
  if (kind == PoolKind::max_pick || kind == PoolKind::max_index) return nullptr;
  return isa() == Isa::avx512 ? &pool_blocks_avx512 : isa() == Isa::avx2 ? &pool_blocks_avx2 : nullptr;
}

int pool_moves_of(Element element) {
  return element == Element::f32 ? 0 : element == Element::bf16 ? 1 : element == Element::f16 ? 2 : -1;
}

std::uint64_t pool_channels_bytes(const PoolBlocks& blocks, PoolKind kind, const PoolShape& shape) {
  const PoolOperands operands = operands_of(kind, shape);
  std::int64_t places = 0;
  for (int k = 0; k < operands.count; ++k) places += operands.each[k].places;
  return round_up(static_cast<std::uint64_t>((places + 4 * 16) * blocks.block) * sizeof(float), 64);
}

void pool_channels(const PoolBlocks& blocks, const PoolMoves& moves, PoolKind kind, const PoolShape& shape,
                   void* const* given, const std::int64_t* steps, float* own) {
  const PoolOperands operands = operands_of(kind, shape);
  void* planes[4];
  for (int k = 0; k < operands.count; ++k) {
    planes[k] = own;
    own += (operands.each[k].places + 16) * blocks.block;
    if (!operands.each[k].result) {
      moves.pack(given[k], steps[k], operands.each[k].places, static_cast<float*>(planes[k]));
    }
  }
  blocks.plane(kind, shape, 0, planes);
  const int last = operands.count - 1;
  moves.unpack(static_cast<const float*>(planes[last]), steps[last], operands.each[last].places, given[last]);
}

std::unique_ptr<Kernel> make_pool_blocked(PoolKind kind, Element element, std::int64_t block, const PoolShape& shape) {
  const PoolBlocks* blocks = pool_blocks_for(kind);
  if (blocks == nullptr || pool_moves_of(element) < 0) return nullptr;
  if (element == Element::f32 && block == 8 && blocks->block == 16) blocks = &pool_blocks_avx2;
  if (block % blocks->block != 0) return nullptr;
  return std::make_unique<BlockedPoolKernel>(kind, element, block, shape, *blocks);
}

}  // namespace mindspore::cpu
