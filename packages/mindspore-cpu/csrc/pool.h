// Pooling of images and volumes, its derivatives, and where the maxima stand.
#pragma once

#include <cstdint>
#include <memory>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

// Images of `planes` = batch * channels planes; volumes have a depth, images have one of 1.
struct PoolShape {
  std::int64_t planes, ih, iw, oh, ow;
  std::int64_t kh, kw;
  std::int64_t stride_h, stride_w;
  std::int64_t top, left;
  std::int64_t dilation_h, dilation_w;
  bool count_padding;  // the mean divides by all taps, not only by those inside the image
  bool positive;       // max_grad: the cotangents of maxima that are not positive count as 0
  std::int64_t id = 1, od = 1, kd = 1, stride_d = 1, front = 0, dilation_d = 1;

  std::int64_t image() const { return id * ih * iw; }   // the places of a plane
  std::int64_t output() const { return od * oh * ow; }  // its windows
  std::int64_t taps() const { return kd * kh * kw; }
};

// Buffers: max (x, y); max_grad (x, y, dy, dx); max_pick (x, y, z, picked); max_index (x, y, int64 places);
// mean (x, y); mean_grad (dy, dx).
enum class PoolKind { max, max_grad, max_pick, max_index, mean, mean_grad };

// Null where there is no kernel for the element type.
std::unique_ptr<Kernel> make_pool(PoolKind kind, Element element, const PoolShape& shape);

// max, max_grad, mean and mean_grad of planes of `block` channels each, [planes, h, w, block], of float32 or half precision;
// null for other kinds and types, and for blocks that are not whole vectors of this processor.
std::unique_ptr<Kernel> make_pool_blocked(PoolKind kind, Element element, std::int64_t block, const PoolShape& shape);

// The way of as many channels as a vector has floats to a plane of blocks, and back. step: from one channel to the next, in
// elements, where channels are planes; from one place to the next where they lie side by side.
struct PoolMoves {
  void (*pack)(const void* channels, std::int64_t step, std::int64_t places, float* blocks);
  void (*unpack)(const float* blocks, std::int64_t step, std::int64_t places, void* channels);
};

// What the copy for one instruction set offers: pooling of a plane of blocks, and the ways to it from channels of float32,
// bfloat16 and float16.
struct PoolBlocks {
  std::int64_t block;
  void (*plane)(PoolKind kind, const PoolShape& shape, std::int64_t plane, void* const* buffers);
  PoolMoves planes[3], side_by_side[3];
};

extern const PoolBlocks pool_blocks_avx2;
extern const PoolBlocks pool_blocks_avx512;

// Those of this processor; null where it has none, and for kinds that they do not do.
const PoolBlocks* pool_blocks_for(PoolKind kind);

// Which of a kind's moves are those of an element type; -1: none.
int pool_moves_of(Element element);

// The bytes that `pool_channels` needs for itself.
std::uint64_t pool_channels_bytes(const PoolBlocks& blocks, PoolKind kind, const PoolShape& shape);

// Pools as many channels as a vector has lanes, by way of a plane of blocks. given: where they begin in each buffer; own:
// memory of `pool_channels_bytes`.
void pool_channels(const PoolBlocks& blocks, const PoolMoves& moves, PoolKind kind, const PoolShape& shape,
                   void* const* given, const std::int64_t* steps, float* own);

// 2 x 2 windows side by side, in f32 with AVX-512: one plane.
void max_pool_2x2_avx512(const PoolShape& shape, const float* x, float* y);
void max_pool_2x2_grad_avx512(const PoolShape& shape, const float* x, const float* y, const float* dy, float* dx);

}  // namespace mindspore::cpu
