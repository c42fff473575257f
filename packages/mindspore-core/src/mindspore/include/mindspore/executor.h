// The step executor: runs a plan, whole, in one call.
//
// All addresses that a call needs stand in one flat table (`code.h`). Arena, constant and scratch addresses are written
// when a frame is made; a call only writes the addresses of its inputs and outputs into the places that were listed
// beforehand, then walks over the steps. Nothing is allocated on the way but the entries of tapes. A frame (arena,
// scratch, table, tapes, stream) belongs to one call at a time; concurrent callers get frames of their own. A device
// whose work is done when a call ends may lend arenas for the length of a call, so that executors share them.
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
//
// and optionally, if all work is done when `end` returns:
//
//   bool lends(std::size_t)                                                       whether arenas of this size are lent
//   void* borrow(std::size_t) / void give_back(void*, std::size_t) noexcept       memory for one call, aligned to 64
//
// and for plans with regions:
//
//   bool is_true(Stream&, const void*)                                            a 0-d bool, after enqueued work
//   void copy(Stream&, void* target, const void* source, std::size_t)             enqueue a copy
//   void poll(Stream&)                                                            called now and then by loops; may
//                                                                                 throw to end them
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <mindspore/arena.h>
#include <mindspore/code.h>
#include <mindspore/namespace.h>
#include <mindspore/plan.h>
#include <mindspore/tape.h>

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

// When a step ran, in nanoseconds of the steady clock. A region's time includes that of the steps inside it, which come
// before it.
struct StepTime {
  const Step* step;
  std::int64_t begin, end;
};

// Whether a device lends memory.
template <class Device, class = void>
struct Lends : std::false_type {};

template <class Device>
struct Lends<Device, std::void_t<decltype(std::declval<Device&>().borrow(std::size_t{}))>> : std::true_type {};

template <class Device>
class Executor {
 public:
  static constexpr std::size_t idle_frames_limit = 4;
  static constexpr std::size_t times_limit = std::size_t{1} << 20;

  // Throws std::invalid_argument for a plan that `check` refuses. The kernels and constants must outlive the executor.
  Executor(Plan plan, Device& device) : plan_(std::move(plan)), device_(device), code_(plan_) {
    idle_.reserve(idle_frames_limit);
  }

  ~Executor() {
    for (auto& frame : idle_) device_.close_stream(frame->stream);
  }

  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const Plan& plan() const { return plan_; }

  // How many steps were run in all calls that have ended.
  std::uint64_t steps() const { return steps_.load(std::memory_order_relaxed); }

  // Runs all steps. `inputs` and `outputs` hold one address per input and per output. Throws StepError. With `times`,
  // every step is waited for and its time noted there, for the first `times_limit` of them.
  void run(void* const* inputs, void* const* outputs, std::vector<StepTime>* times = nullptr) {
    Lease frame(*this);
    frame->times = times;
    void** table = frame->table.data();
    for (const Code::Fill& fill : code_.from_inputs) table[fill.position] = inputs[fill.number];
    for (const Code::Fill& fill : code_.from_outputs) table[fill.position] = outputs[fill.number];
    walk(*frame, code_.main);
  }

 private:
  struct Frame {
    Frame(Device& device, const Code& code, bool reuses) : tapes(device, code.entry_kinds, reuses) {}
    Arena<Device> arena;   // the frame's own
    char* lent = nullptr;  // or one for the length of a call
    char* placed = nullptr;  // the arena whose addresses stand in the table
    Arena<Device> scratch;
    std::vector<void*> table;
    std::vector<Entry*> cells;
    Tapes<Device> tapes;
    typename Device::Stream stream;
    void* handle = nullptr;
    std::uint64_t steps = 0;
    std::vector<StepTime>* times = nullptr;
  };

  // A frame for the length of one call.
  class Lease {
   public:
    explicit Lease(Executor& owner) : owner_(owner), frame_(owner.take()) {
      owner_.device_.begin(frame_->stream);
      frame_->handle = owner_.device_.handle(frame_->stream);
    }
    ~Lease() {
      owner_.device_.end(frame_->stream);
      owner_.steps_.fetch_add(std::exchange(frame_->steps, 0), std::memory_order_relaxed);
      frame_->tapes.clear();
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

  // What a region kernel may ask for. Errors wait here while they pass through code that knows none.
  class Served {
   public:
    Served(Device& device, Frame& frame) : device_(device), frame_(frame) {}

    int run(const Op& op, void* const* slots) {
      const ms_services services{this, poll, take, give};
      const int code = op.region->run_region(op.kernel->ctx, slots, frame_.handle, &services);
      if (error_) std::rethrow_exception(error_);
      return code;
    }

   private:
    template <class Work>
    auto guarded(Work work, decltype(work()) failed) {
      try {
        return work();
      } catch (...) {
        error_ = std::current_exception();
        return failed;
      }
    }

    static int poll(void* self) {
      auto& served = *static_cast<Served*>(self);
      return served.guarded([&] { return served.device_.poll(served.frame_.stream), 0; }, 1);
    }

    static Entry* take(void* self, std::uint64_t bytes, std::uint64_t cells) {
      auto& served = *static_cast<Served*>(self);
      return served.guarded([&] { return served.frame_.tapes.take(bytes, cells); }, nullptr);
    }

    static void give(void* self, std::uint64_t bytes, std::uint64_t cells, Entry* first) {
      auto& served = *static_cast<Served*>(self);
      served.guarded([&] { return served.frame_.tapes.give(bytes, cells, first), 0; }, 0);
    }

    Device& device_;
    Frame& frame_;
    std::exception_ptr error_;
  };

  void walk(Frame& frame, std::size_t number) {
    frame.steps += code_.blocks[number].size();
    if (frame.times != nullptr) return walk_timed(frame, number);
    for (const Op& op : code_.blocks[number]) step(frame, op);
  }

  void walk_timed(Frame& frame, std::size_t number) {
    const auto now = [] {
      const auto since = std::chrono::steady_clock::now().time_since_epoch();
      return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    };
    for (const Op& op : code_.blocks[number]) {
      const std::int64_t begin = now();
      step(frame, op);
      device_.synchronize(frame.stream);
      if (frame.times->size() < times_limit) frame.times->push_back({op.step, begin, now()});
    }
  }

  void step(Frame& frame, const Op& op) {
    void** table = frame.table.data();
    if (op.direct != nullptr) {
      char* const* buffers = reinterpret_cast<char* const*>(table + op.first);
      for (std::uint64_t k = 0; k < op.direct->count; ++k) {
        op.direct->phases[k].run(buffers, 0, op.direct->phases[k].units);
      }
    } else if (op.kind == Kind::kernel) {
      if (op.on_host) device_.synchronize(frame.stream);
      const int code = op.region == nullptr ? op.kernel->run(op.kernel->ctx, table + op.first, frame.handle)
                                            : Served(device_, frame).run(op, table + op.first);
      if (code != 0) throw StepError(*op.step, code);
    } else {
      region(frame, op);
    }
  }

  void region(Frame& frame, const Op& op) {
    void** slots = frame.table.data() + op.first;
    switch (op.kind) {
      case Kind::kernel: break;
      case Kind::cond: choose(frame, code_.choices[op.detail], device_.is_true(frame.stream, slots[0]) ? 0 : 1); break;
      case Kind::call: choose(frame, code_.choices[op.detail], 0); break;
      case Kind::loop: loop(frame, code_.loops[op.detail]); break;
      case Kind::scan: scan(frame, code_.loops[op.detail]); break;
      case Kind::tape_empty: cell(slots[0]) = nullptr; break;
      case Kind::tape_copy: cell(slots[1]) = cell(slots[0]); break;
      case Kind::tape_open: open(frame, slots, code_.tape_steps[op.detail], op.step->direct); break;
      case Kind::tape_push: push(frame, slots, code_.tape_steps[op.detail]); break;
      case Kind::tape_pop: pop(frame, slots, code_.tape_steps[op.detail]); break;
      case Kind::tape_add: add(frame, slots, code_.tape_steps[op.detail]); break;
    }
  }

  void choose(Frame& frame, const Choice& choice, std::size_t number) {
    for (const Move& one : choice.before) move(frame, one);
    walk(frame, choice.blocks[number]);
    for (const Move& one : choice.after[number]) move(frame, one);
  }

  void loop(Frame& frame, const Loop& loop) {
    const void* flag = frame.table[loop.flag];
    for (const Move& one : loop.before) move(frame, one);
    walk(frame, loop.test);
    std::uint64_t trips = 0;
    while (device_.is_true(frame.stream, flag)) trip(frame, loop, trips++);
    finish(frame, loop, trips);
  }

  void scan(Frame& frame, const Loop& loop) {
    for (const Move& one : loop.before) move(frame, one);
    for (std::uint64_t trips = 0; trips < loop.length; ++trips) {
      const std::uint64_t at = loop.reverse ? loop.length - 1 - trips : trips;
      for (const Slice& slice : loop.reads) {
        char* data = place(frame, slice, at);
        if (!slice.aligned) device_.copy(frame.stream, frame.table[slice.temp], data, slice.bytes);
      }
      for (const Slice& slice : loop.writes) place(frame, slice, at);
      trip(frame, loop, trips);
      for (const Slice& slice : loop.writes) {
        char* data = static_cast<char*>(frame.table[slice.array]) + at * slice.bytes;
        if (!slice.aligned) device_.copy(frame.stream, data, frame.table[slice.temp], slice.bytes);
      }
    }
    finish(frame, loop, loop.length);
  }

  // Sets the address of a slice for a trip; where the slice lies in its array.
  char* place(Frame& frame, const Slice& slice, std::uint64_t at) {
    char* data = static_cast<char*>(frame.table[slice.array]) + at * slice.bytes;
    set(frame, slice.readers, slice.aligned ? data : frame.table[slice.temp]);
    return data;
  }

  void trip(Frame& frame, const Loop& loop, std::uint64_t number) {
    const auto mark = frame.tapes.mark();
    const std::size_t dying = frame.tapes.dying();
    walk(frame, loop.trips[number & 1]);
    if (!loop.alternates) {
      for (const Move& one : loop.back) move(frame, one);
    }
    frame.tapes.bury(dying);
    if (loop.scoped) frame.tapes.give_back(mark);
    if ((number + 1) % loop.stride == 0) device_.poll(frame.stream);
  }

  void finish(Frame& frame, const Loop& loop, std::uint64_t trips) {
    if (!loop.alternates || (trips & 1) == 0) return;
    for (const Move& one : loop.back) move(frame, one);
  }

  // -- tapes ---------------------------------------------------------------------------------------------------------

  static Entry*& cell(void* address) { return *static_cast<Entry**>(address); }

  void move(Frame& frame, const Move& one) { move(frame, frame.table[one.to], frame.table[one.from], one.bytes); }

  void move(Frame& frame, void* target, void* source, std::uint64_t bytes) {
    if (target == source) return;
    if (bytes == tape_size) {
      cell(target) = cell(source);
    } else {
      device_.copy(frame.stream, target, source, bytes);
    }
  }

  void open(Frame& frame, void** slots, const TapeStep& step, const std::vector<std::uint64_t>& direct) {
    Entry* entry = frame.tapes.push(nullptr, step.layout);
    for (std::size_t k = 0; k < direct.size(); ++k) {
      set(frame, step.readers[k], step.layout.values[direct[k]].address(entry));
    }
    cell(slots[0]) = entry;
  }

  void push(Frame& frame, void** slots, const TapeStep& step) {
    const auto& values = step.layout.values;
    const bool opened = step.copied.size() != values.size();
    Entry* entry = opened ? cell(slots[2 + values.size()]) : frame.tapes.push(nullptr, step.layout);
    entry->rest = cell(slots[0]);
    for (std::size_t k : step.copied) move(frame, values[k].address(entry), slots[1 + k], values[k].size);
    cell(slots[1 + values.size()]) = entry;
  }

  void pop(Frame& frame, void** slots, const TapeStep& step) {
    static Entry* const no_tape = nullptr;
    Entry* entry = cell(slots[0]);
    void* zeros = slots[1];
    const auto& values = step.layout.values;
    for (std::size_t k = 0; k < values.size(); ++k) {
      void* nothing = values[k].tape ? const_cast<Entry**>(&no_tape) : zeros;
      set(frame, step.readers[k], entry == nullptr ? nothing : values[k].address(entry));
    }
    cell(slots[2]) = entry == nullptr ? nullptr : entry->rest;
    if (entry != nullptr) frame.tapes.popped(entry, step.layout.kind);
  }

  static void set(Frame& frame, const std::vector<std::size_t>& positions, void* address) {
    for (std::size_t position : positions) frame.table[position] = address;
  }

  void add(Frame& frame, void** slots, const TapeStep& step) {
    std::vector<Entry*> longer = entries(cell(slots[0]));
    std::vector<Entry*> shorter = entries(cell(slots[1]));
    if (longer.size() < shorter.size()) longer.swap(shorter);
    Entry* sum = longer.size() == shorter.size() ? nullptr : longer[shorter.size()];
    const auto& values = step.layout.values;
    for (std::size_t at = shorter.size(); at-- > 0;) {
      sum = frame.tapes.push(sum, step.layout);
      for (std::size_t k = 0; k < values.size(); ++k) {
        set(frame, step.readers[k], values[k].address(longer[at]));
        set(frame, step.readers[values.size() + k], values[k].address(shorter[at]));
        set(frame, step.readers[2 * values.size() + k], values[k].address(sum));
      }
      walk(frame, step.block);
    }
    cell(slots[2]) = sum;
  }

  // The entries of a tape, the last one first.
  static std::vector<Entry*> entries(Entry* tape) {
    std::vector<Entry*> found;
    for (; tape != nullptr; tape = tape->rest) found.push_back(tape);
    return found;
  }

  // -- frames --------------------------------------------------------------------------------------------------------

  bool borrows() const {
    if constexpr (Lends<Device>::value) return plan_.arena_bytes != 0 && device_.lends(plan_.arena_bytes);
    return false;
  }

  std::unique_ptr<Frame> take() {
    std::unique_ptr<Frame> frame = idle_frame();
    if (!frame) frame = new_frame();
    if constexpr (Lends<Device>::value) {
      if (borrows()) {
        try {
          frame->lent = static_cast<char*>(device_.borrow(plan_.arena_bytes));
        } catch (...) {
          give_back(std::move(frame));
          throw;
        }
        place(*frame, frame->lent);
      }
    }
    return frame;
  }

  std::unique_ptr<Frame> idle_frame() {
    std::lock_guard<std::mutex> guard(mutex_);
    if (idle_.empty()) return nullptr;
    auto frame = std::move(idle_.back());
    idle_.pop_back();
    return frame;
  }

  std::unique_ptr<Frame> new_frame() {
    auto frame = std::make_unique<Frame>(device_, code_, plan_.reuses_entries);
    if (!borrows()) frame->arena = Arena<Device>(device_, plan_.arena_bytes);
    frame->scratch = Arena<Device>(device_, code_.scratch_bytes);
    frame->stream = device_.open_stream(frame->scratch.data(), code_.scratch_bytes);
    frame->cells.assign(code_.cells, nullptr);
    frame->table.assign(code_.table.size() + 1, nullptr);
    for (std::size_t k = 0; k < code_.table.size(); ++k) {
      const Slot& slot = code_.table[k];
      if (slot.place == Place::constant) frame->table[k] = code_.constants[slot.number];
      if (slot.place == Place::cell) frame->table[k] = &frame->cells[slot.number];
    }
    for (std::size_t position : code_.scratches) frame->table[position] = frame->scratch.data();
    if (!borrows()) place(*frame, frame->arena.data());
    return frame;
  }

  // Writes the addresses of an arena into the table, unless they stand there.
  void place(Frame& frame, char* arena) {
    if (frame.placed == arena) return;
    frame.placed = arena;
    for (std::size_t k = 0; k < code_.table.size(); ++k) {
      const Slot& slot = code_.table[k];
      if (slot.place == Place::arena) frame.table[k] = arena + slot.number;
    }
  }

  void give_back(std::unique_ptr<Frame> frame) noexcept {
    if constexpr (Lends<Device>::value) {
      if (frame->lent != nullptr) device_.give_back(std::exchange(frame->lent, nullptr), plan_.arena_bytes);
    }
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
  Code code_;
  std::atomic<std::uint64_t> steps_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Frame>> idle_;
};

MS_KIT_CLOSE
