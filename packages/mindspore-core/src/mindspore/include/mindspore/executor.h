// The step executor: runs a plan, whole, in one call.
//
// All addresses that a step needs stand in one flat table. Arena, constant and scratch addresses are written when a
// frame is made; a call only writes the addresses of its inputs and outputs into the places that were listed
// beforehand, then walks over the steps. Nothing is allocated on the way. A frame (arena, scratch, table, stream)
// belongs to one call at a time; concurrent callers get frames of their own.
//
// `Device` describes the machine:
//
//   void* allocate(std::size_t) / void release(void*, std::size_t) noexcept      memory, aligned to 64
//   using Stream = ...                                                            copied into each frame
//   Stream open_stream(void* scratch, std::size_t scratch_bytes)                  one queue of work for a frame
//   void* handle(Stream&)                                                         what kernels get as `stream`
//   void begin(Stream&), void end(Stream&) noexcept                               around the steps of one call
//   void synchronize(Stream&)                                                     wait for enqueued work
//   void close_stream(Stream&) noexcept
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <mindspore/arena.h>
#include <mindspore/namespace.h>
#include <mindspore/plan.h>

MS_KIT_OPEN

// A step's kernel reported an error. `code` is what it returned.
class StepError : public std::runtime_error {
 public:
  StepError(const Step& step, int code) : std::runtime_error(text(step, code)), code(code) {}

  const int code;

 private:
  static std::string text(const Step& step, int code) {
    const char* why = step.kernel->explain == nullptr ? nullptr : step.kernel->explain(step.kernel->ctx, code);
    return step.label + ": " + (why == nullptr ? "the kernel failed with code " + std::to_string(code) : why);
  }
};

template <class Device>
class Executor {
 public:
  static constexpr std::size_t idle_frames_limit = 4;

  // Throws std::invalid_argument for a plan that `check` refuses. The kernels and constants must outlive the executor.
  Executor(Plan plan, Device& device) : plan_(std::move(plan)), device_(device) {
    check(plan_);
    idle_.reserve(idle_frames_limit);
    for (const Step& step : plan_.steps) {
      firsts_.push_back(slots_.size());
      slots_.insert(slots_.end(), step.slots.begin(), step.slots.end());
      scratch_bytes_ = std::max<std::uint64_t>(scratch_bytes_, step.kernel->scratch_bytes);
    }
    for (std::size_t k = 0; k < slots_.size(); ++k) {
      const Slot& slot = slots_[k];
      if (slot.place == Place::input) from_inputs_.push_back({k, slot.number});
      if (slot.place == Place::output) from_outputs_.push_back({k, slot.number});
    }
  }

  ~Executor() {
    for (auto& frame : idle_) device_.close_stream(frame->stream);
  }

  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const Plan& plan() const { return plan_; }

  // Runs all steps. `inputs` and `outputs` hold one address per input and per output. Throws StepError.
  void run(void* const* inputs, void* const* outputs) {
    Lease frame(*this);
    void** table = frame->table.data();
    for (const Fill& fill : from_inputs_) table[fill.position] = inputs[fill.number];
    for (const Fill& fill : from_outputs_) table[fill.position] = outputs[fill.number];
    walk(*frame, table);
  }

 private:
  struct Fill {
    std::size_t position;
    std::uint64_t number;
  };

  struct Frame {
    Arena<Device> arena;
    Arena<Device> scratch;
    std::vector<void*> table;
    typename Device::Stream stream;
  };

  // A frame for the length of one call.
  class Lease {
   public:
    explicit Lease(Executor& owner) : owner_(owner), frame_(owner.take()) { owner_.device_.begin(frame_->stream); }
    ~Lease() {
      owner_.device_.end(frame_->stream);
      owner_.give_back(std::move(frame_));
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Frame& operator*() { return *frame_; }
    Frame* operator->() { return frame_.get(); }

   private:
    Executor& owner_;
    std::unique_ptr<Frame> frame_;
  };

  void walk(Frame& frame, void** table) {
    void* stream = device_.handle(frame.stream);
    for (std::size_t k = 0; k < plan_.steps.size(); ++k) {
      const ms_kernel* kernel = plan_.steps[k].kernel;
      if ((kernel->flags & MS_KERNEL_ON_HOST) != 0) device_.synchronize(frame.stream);
      const int code = kernel->run(kernel->ctx, table + firsts_[k], stream);
      if (code != 0) throw StepError(plan_.steps[k], code);
    }
  }

  std::unique_ptr<Frame> take() {
    {
      std::lock_guard<std::mutex> guard(mutex_);
      if (!idle_.empty()) {
        auto frame = std::move(idle_.back());
        idle_.pop_back();
        return frame;
      }
    }
    auto frame = std::make_unique<Frame>();
    frame->arena = Arena<Device>(device_, plan_.arena_bytes);
    frame->scratch = Arena<Device>(device_, scratch_bytes_);
    frame->stream = device_.open_stream(frame->scratch.data(), scratch_bytes_);
    frame->table.assign(slots_.size() + 1, nullptr);
    for (std::size_t k = 0; k < slots_.size(); ++k) {
      const Slot& slot = slots_[k];
      if (slot.place == Place::arena) frame->table[k] = frame->arena.data() + slot.number;
      if (slot.place == Place::constant) frame->table[k] = plan_.constants[slot.number];
    }
    return frame;
  }

  void give_back(std::unique_ptr<Frame> frame) noexcept {
    {
      std::lock_guard<std::mutex> guard(mutex_);
      if (idle_.size() < idle_frames_limit) {
        idle_.push_back(std::move(frame));
        return;
      }
    }
    device_.close_stream(frame->stream);
  }

  Plan plan_;
  Device& device_;
  std::vector<Slot> slots_;          // of all steps, one after the other
  std::vector<std::size_t> firsts_;  // for each step the position of its first slot
  std::vector<Fill> from_inputs_;
  std::vector<Fill> from_outputs_;
  std::uint64_t scratch_bytes_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Frame>> idle_;
};

MS_KIT_CLOSE
