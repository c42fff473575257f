// A program that runs the kit over a device that is not the host: an executor with a queue, and the block cache. Prints
// what is wrong and ends with 1, or ends with 0.

#include <mindspore/buffer.h>
#include <mindspore/executor.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

namespace kit = mindspore::kit;

namespace {

int failures = 0;

void expect(bool good, const char* what) {
  if (good) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

// Work is done when the queue is waited for.
struct QueueDevice {
  struct Stream {
    std::vector<std::function<void()>>* queue;
    void* scratch;
  };

  std::atomic<int> allocations{0}, streams{0}, waits{0};

  bool full = false;

  void* allocate(std::size_t bytes) {
    if (full) throw std::bad_alloc();
    ++allocations;
    return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  }
  void release(void* data, std::size_t) noexcept {
    --allocations;
    std::free(data);
  }
  Stream open_stream(void* scratch, std::size_t) {
    ++streams;
    return {new std::vector<std::function<void()>>, scratch};
  }
  void* handle(Stream& stream) { return &stream; }
  void begin(Stream& stream) { stream.queue->clear(); }
  void end(Stream& stream) noexcept { drain(stream); }
  void synchronize(Stream& stream) {
    ++waits;
    drain(stream);
  }
  void close_stream(Stream& stream) noexcept {
    --streams;
    delete stream.queue;
  }
  bool is_true(Stream& stream, const void* address) {
    synchronize(stream);
    return *static_cast<const bool*>(address);
  }
  void copy(Stream& stream, void* target, const void* source, std::size_t bytes) {
    stream.queue->push_back([=] { std::memcpy(target, source, bytes); });
  }
  void poll(Stream&) {
    if (++polls == polls_before_end) throw std::runtime_error("ended");
  }

  int polls = 0;
  int polls_before_end = -1;

  static void drain(Stream& stream) noexcept {
    for (auto& work : *stream.queue) work();
    stream.queue->clear();
  }
};

int enqueue_add(void* ctx, void* const* buffers, void* stream) {
  const int* x = static_cast<const int*>(buffers[0]);
  int* y = static_cast<int*>(buffers[1]);
  const int amount = *static_cast<int*>(ctx);
  static_cast<QueueDevice::Stream*>(stream)->queue->push_back([=] { *y = *x + amount; });
  return 0;
}

// Doubles on the host, at once: right only if the queue was drained before. Uses its scratch memory on the way.
int host_double(void*, void* const* buffers, void* stream) {
  int* scratch = static_cast<int*>(static_cast<QueueDevice::Stream*>(stream)->scratch);
  *scratch = *static_cast<const int*>(buffers[0]);
  *static_cast<int*>(buffers[1]) = 2 * *scratch;
  return 0;
}

int fail(void*, void* const*, void*) { return 7; }

const char* explain(void*, int code) { return code == 7 ? "seven" : "other"; }

ms_kernel kernel(decltype(ms_kernel::run) run, void* ctx, std::uint32_t flags = 0) {
  ms_kernel made{};
  made.abi = MS_KERNEL_ABI;
  made.flags = flags;
  made.run = run;
  made.ctx = ctx;
  made.explain = explain;
  made.scratch_bytes = 64;
  return made;
}

kit::Plan plan_of(std::vector<kit::Step> steps, void* constant) {
  kit::Plan plan;
  plan.input_bytes = {4};
  plan.output_bytes = {4};
  plan.output_sources = {{kit::Place::output, 0}};
  plan.arena_bytes = 128;
  plan.constants = {constant};
  plan.steps = std::move(steps);
  return plan;
}

void check_executor() {
  int one = 1;
  int constant = 100;
  const ms_kernel add = kernel(enqueue_add, &one);
  const ms_kernel twice = kernel(host_double, nullptr, MS_KERNEL_ON_HOST);
  using kit::Place;
  QueueDevice device;
  {
    kit::Executor<QueueDevice> executor(plan_of({{&add, {{Place::input, 0}, {Place::arena, 64}}, "add"},
                                                 {&twice, {{Place::arena, 64}, {Place::arena, 0}}, "double"},
                                                 {&add, {{Place::arena, 0}, {Place::output, 0}}, "add again"}},
                                                &constant),
                                        device);
    for (int round = 0; round < 3; ++round) {
      int x = 20 + round;
      int y = 0;
      void* inputs[] = {&x};
      void* outputs[] = {&y};
      executor.run(inputs, outputs);
      expect(y == 2 * (x + 1) + 1, "steps run in order, a host step after the queue is drained");
    }
    expect(device.allocations == 2 && device.streams == 1, "one frame serves calls that follow each other");
    expect(device.waits == 3, "one wait for each host step");
    std::vector<std::thread> callers;
    for (int k = 0; k < 8; ++k) {
      callers.emplace_back([&executor, k] {
        for (int round = 0; round < 200; ++round) {
          int x = 1000 * k + round;
          int y = 0;
          void* inputs[] = {&x};
          void* outputs[] = {&y};
          executor.run(inputs, outputs);
          if (y != 2 * (x + 1) + 1) std::abort();
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    expect(device.streams <= static_cast<int>(kit::Executor<QueueDevice>::idle_frames_limit), "few frames are kept");
  }
  expect(device.allocations == 0 && device.streams == 0, "everything is given back");
}

void check_errors() {
  int constant = 0;
  const ms_kernel broken = kernel(fail, nullptr);
  using kit::Place;
  QueueDevice device;
  kit::Executor<QueueDevice> executor(plan_of({{&broken, {{Place::constant, 0}}, "step"}}, &constant), device);
  try {
    int x = 0;
    void* inputs[] = {&x};
    executor.run(inputs, inputs);
    expect(false, "a kernel's error is raised");
  } catch (const kit::StepError& error) {
    expect(std::string(error.what()) == "step: seven" && error.code == 7, "the error names step and reason");
  }
  kit::Plan wrong = plan_of({{&broken, {{Place::constant, 1}}, "step"}}, &constant);
  try {
    kit::check(wrong);
    expect(false, "a slot outside its range is refused");
  } catch (const std::invalid_argument&) {
  }
}

int enqueue_less(void*, void* const* buffers, void* stream) {
  const int* x = static_cast<const int*>(buffers[0]);
  const int* y = static_cast<const int*>(buffers[1]);
  bool* less = static_cast<bool*>(buffers[2]);
  static_cast<QueueDevice::Stream*>(stream)->queue->push_back([=] { *less = *x < *y; });
  return 0;
}

std::shared_ptr<const kit::Plan> inner(std::size_t inputs, std::vector<kit::Slot> sources, std::vector<kit::Step> steps,
                                       std::uint64_t entries = 0) {
  auto made = std::make_shared<kit::Plan>();
  made->input_bytes.assign(inputs, 4);
  if (inputs > 1) made->input_bytes[1] = kit::tape_size;
  made->output_bytes.assign(sources.size(), 4);
  made->output_sources = std::move(sources);
  made->steps = std::move(steps);
  made->entries = entries;
  return made;
}

// while (x < y) { push(tape, x); x += 1; }  then x = the last x that was pushed, twice popped.
void check_regions() {
  int one = 1;
  int zero = 0;
  const ms_kernel add = kernel(enqueue_add, &one);
  const ms_kernel less = kernel(enqueue_less, nullptr);
  using kit::Kind;
  using kit::Place;
  const kit::Slot x{Place::input, 0}, tape{Place::input, 1}, bound{Place::input, 2};
  auto test = inner(3, {{Place::output, 0}}, {{&less, {x, bound, {Place::output, 0}}, "less"}});
  kit::Step push{nullptr, {tape, x, tape}, "push", Kind::tape_push};
  push.sizes = {4};
  // The new x is written to a second place, so trips alternate.
  auto trip = inner(3, {{Place::output, 0}, tape, {Place::output, 2}},
                    {push, {&add, {x, {Place::output, 0}}, "add"}, {&less, {{Place::output, 0}, bound, {Place::output, 2}}, "less"}});
  kit::Plan plan;
  plan.input_bytes = {4, 4};
  plan.output_bytes = {4, 4};
  plan.output_sources = {{Place::output, 0}, {Place::output, 1}};
  plan.arena_bytes = 192;
  plan.cells = 2;
  plan.entries = 2;
  plan.constants = {&zero};
  kit::Step loop{nullptr, {{Place::input, 0}, {Place::cell, 0}, {Place::input, 1}, {Place::output, 0}, {Place::cell, 1}}, "loop",
                 Kind::loop};
  loop.plans = {test, trip};
  loop.workspace = 0;
  loop.base = 192;
  loop.starts = {0, 1};
  loop.spare = {{{Place::arena, 64}, {Place::cell, 1}}};
  kit::Step pop{nullptr, {{Place::cell, 1}, {Place::constant, 0}, {Place::cell, 1}, {Place::entry, 0}}, "pop", Kind::tape_pop};
  pop.sizes = {4};
  kit::Step again = pop;
  again.slots[3].number = 1;
  plan.steps = {{nullptr, {{Place::cell, 0}}, "empty", Kind::tape_empty}, loop, pop, again,
                {&add, {{Place::entry, 1}, {Place::output, 1}}, "add"}};
  QueueDevice device;
  kit::Executor<QueueDevice> executor(plan, device);
  for (int bottom = 0; bottom < 8; ++bottom) {
    int from = bottom;
    int to = 5;
    int result = -1;
    int popped = -1;
    void* inputs[] = {&from, &to};
    void* outputs[] = {&result, &popped};
    executor.run(inputs, outputs);
    expect(result == std::max(bottom, 5), "a loop runs while its test holds");
    expect(popped == (bottom <= 3 ? 3 : 0) + 1, "entries come back in reverse order, zeros from an empty tape");
  }
  device.polls_before_end = 3;
  device.polls = 0;
  int from = 0;
  int to = 1 << 30;
  void* inputs[] = {&from, &to};
  int spoiled[2];
  void* outputs[] = {&spoiled[0], &spoiled[1]};
  try {
    executor.run(inputs, outputs);
    expect(false, "a device that throws ends a loop");
  } catch (const std::runtime_error& error) {
    expect(std::string(error.what()) == "ended", "its error leaves the executor");
  }
  kit::Step wrong = loop;
  wrong.starts = {1, 1};
  plan.steps = {wrong};
  try {
    kit::check(plan);
    expect(false, "a loop whose values start from one operand is refused");
  } catch (const std::invalid_argument&) {
  }
}

// A loop in one kernel: pushes 0, 1, ... up to a bound on a tape, with entries that it takes in lists.
int push_numbers(void*, void* const* buffers, void*, const ms_services* services) {
  const int bound = *static_cast<const int*>(buffers[0]);
  auto& tape = *static_cast<ms_entry**>(buffers[1]);
  ms_entry* free = nullptr;
  for (int k = 0; k < bound; ++k) {
    if (services->poll(services->executor) != 0) return MS_KERNEL_ENDED;
    if (free == nullptr) free = services->take(services->executor, 64, 0);
    if (free == nullptr) return MS_KERNEL_ENDED;
    ms_entry* entry = free;
    free = entry->rest;
    entry->rest = tape;
    std::memcpy(entry->data, &k, sizeof k);
    tape = entry;
  }
  if (free != nullptr) services->give(services->executor, 64, 0, free);
  return bound < 0 ? 9 : 0;
}

void check_region_kernels() {
  using kit::Kind;
  using kit::Place;
  int zero = 0;
  ms_region_kernel pushing{};
  pushing.kernel = kernel(fail, nullptr, MS_KERNEL_ON_HOST | MS_KERNEL_REGION);
  pushing.run_region = push_numbers;
  const int one = 1;
  const ms_kernel add = kernel(enqueue_add, const_cast<int*>(&one));
  kit::Step pop{nullptr, {{Place::cell, 0}, {Place::constant, 0}, {Place::cell, 0}, {Place::entry, 0}}, "pop", Kind::tape_pop};
  pop.sizes = {4};
  kit::Plan plan = plan_of({{nullptr, {{Place::cell, 0}}, "empty", Kind::tape_empty},
                            {&pushing.kernel, {{Place::input, 0}, {Place::cell, 0}}, "push"},
                            pop,
                            {&add, {{Place::entry, 0}, {Place::output, 0}}, "add"}},
                           &zero);
  plan.cells = 1;
  plan.entries = 1;
  QueueDevice device;
  kit::Executor<QueueDevice> executor(plan, device);
  const auto run = [&](int bound) {
    int result = -1;
    void* inputs[] = {&bound};
    void* outputs[] = {&result};
    executor.run(inputs, outputs);
    return result;
  };
  for (int bound : {0, 1, 3, 1000, 100000}) expect(run(bound) == std::max(bound, 1), "the last entry that the kernel pushed is popped");
  expect(executor.steps() == 20, "a region kernel is one step, however often it goes around");
  try {
    run(-1);
    expect(false, "the code of a region kernel is an error");
  } catch (const kit::StepError& error) {
    expect(error.code == 9, "the code is that of the kernel");
  }
  device.polls = 0;
  device.polls_before_end = 5;
  try {
    run(100);
    expect(false, "a device that throws ends a region kernel");
  } catch (const std::runtime_error& error) {
    expect(std::string(error.what()) == "ended", "its error leaves the executor, not the kernel's code");
  }
  device.full = true;
  try {
    run(100000);
    expect(false, "no room for entries is an error");
  } catch (const std::bad_alloc&) {
  }
  device.full = false;
  expect(run(7) == 7, "an executor works after errors");
  pushing.run_region = nullptr;
  try {
    kit::check(plan);
    expect(false, "a region kernel needs run_region");
  } catch (const std::invalid_argument&) {
  }
}

struct CountingSource {
  static inline int blocks = 0;
  static inline bool full = false;
  void* allocate(std::size_t bytes) {
    if (full) throw std::bad_alloc();
    ++blocks;
    return std::aligned_alloc(64, bytes);
  }
  void release(void* data, std::size_t) noexcept {
    --blocks;
    std::free(data);
  }
};

// A device that lends the arenas of calls, from one cache.
struct LendingDevice : QueueDevice {
  kit::BlockCache<CountingSource> cache{CountingSource{}, std::uint64_t{1} << 30};
  std::vector<void*> lent;

  bool lends(std::size_t bytes) { return bytes >= 1024; }
  void* borrow(std::size_t bytes) {
    lent.push_back(cache.borrow(bytes));
    return lent.back();
  }
  void give_back(void* data, std::size_t bytes) noexcept { cache.give_back(data, bytes); }
};

void check_lending() {
  int one = 1;
  int constant = 0;
  const ms_kernel add = kernel(enqueue_add, &one);
  const ms_kernel twice = kernel(host_double, nullptr, MS_KERNEL_ON_HOST);
  using kit::Place;
  LendingDevice device;
  {
    const auto steps = [&](std::uint64_t arena) {
      auto plan = plan_of({{&add, {{Place::input, 0}, {Place::arena, arena - 64}}, "add"},
                           {&twice, {{Place::arena, arena - 64}, {Place::output, 0}}, "double"}},
                          &constant);
      plan.arena_bytes = arena;
      return plan;
    };
    kit::Executor<LendingDevice> large(steps(4096), device), small(steps(2048), device), own(steps(128), device);
    int x = 1, y = 0;
    void* inputs[] = {&x};
    void* outputs[] = {&y};
    for (int k = 0; k < 2; ++k) {
      for (auto* executor : {&large, &small, &own}) {
        y = 0;
        executor->run(inputs, outputs);
        expect(y == 4, "an executor computes in memory that it was lent");
      }
    }
    expect(device.lent.size() == 4, "small arenas are not lent");
    expect(std::all_of(device.lent.begin(), device.lent.end(), [&](void* data) { return data == device.lent[0]; }),
           "executors that take turns share an arena");
    expect(CountingSource::blocks == 1, "there is one arena for both");
    device.cache.trim(0);
    large.run(inputs, outputs);
    expect(y == 4, "an arena may lie elsewhere in the next call");
    CountingSource::full = true;
    device.cache.trim(0);
    try {
      large.run(inputs, outputs);
      expect(false, "no room is an error");
    } catch (const std::bad_alloc&) {
    }
    CountingSource::full = false;
    large.run(inputs, outputs);
    expect(y == 4, "and the next call finds its frame");
  }
  device.cache.trim(0);
  expect(CountingSource::blocks == 0 && device.streams == 0, "nothing is left over");
}

void check_borrowing() {
  kit::BlockCache<CountingSource> cache(CountingSource{}, 1 << 20);
  void* block = cache.allocate(4096);
  cache.release(block, 4096);
  expect(cache.borrow(1500) == block, "an idle block that is larger will do");
  expect(cache.use().in_use == 4096 && cache.use().idle == 0, "it counts as what it is");
  void* other = cache.borrow(1500);
  expect(other != block, "a block is lent once");
  cache.give_back(block, 1500);
  cache.give_back(other, 1500);
  expect(cache.use().in_use == 0, "all came back");
  void* tiny = cache.borrow(600);
  expect(tiny == other, "one much too large stays where it is");
  cache.give_back(tiny, 600);
  expect(cache.allocate(4096) == block, "a block that was lent is of its old class");
  cache.release(block, 4096);
}

void check_cache() {
  using Cache = kit::BlockCache<CountingSource>;
  for (std::size_t bytes = 0; bytes < 100000; bytes += 7) {
    const unsigned index = Cache::class_of(bytes);
    expect(Cache::class_bytes(index) >= bytes, "a class holds its sizes");
    expect(index == 0 || Cache::class_bytes(index - 1) < bytes, "no smaller class does");
    expect(bytes < 512 || Cache::class_bytes(index) <= bytes + bytes / 8 + 64, "an eighth is lost at most");
  }
  {
    Cache cache(CountingSource{}, 1000);
    void* large = cache.allocate(4096);
    cache.release(large, 4096);
    expect(CountingSource::blocks == 0, "a block above the limit is not kept");
    void* small[8];
    for (void*& block : small) block = cache.allocate(256);
    for (void*& block : small) cache.release(block, 256);
    expect(cache.use().idle <= 1000 && CountingSource::blocks == 3, "the limit holds");
    CountingSource::full = true;
    void* again = cache.allocate(200);
    expect(again != nullptr, "idle blocks serve while the source is full");
    try {
      cache.allocate(2000);
      expect(false, "no room is an error");
    } catch (const std::bad_alloc&) {
    }
    expect(cache.use().idle == 0, "idle blocks went back before giving up");
    cache.release(again, 200);
    CountingSource::full = false;
  }
  expect(CountingSource::blocks == 0, "the cache gives everything back at its end");
}

}  // namespace

int main() {
  check_executor();
  check_errors();
  check_regions();
  check_region_kernels();
  check_cache();
  check_borrowing();
  check_lending();
  return failures == 0 ? 0 : 1;
}
