// A program in which many threads share what the kit lets them share: one executor with loops, tapes and kernels that run
// regions, and one cache of memory blocks. Built with ThreadSanitizer by tools/sanitize.py. Prints what is wrong and ends
// with 1, or ends with 0.

#include <mindspore/buffer.h>
#include <mindspore/executor.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace kit = mindspore::kit;

namespace {

constexpr int thread_count = 8;
constexpr int rounds = 300;
std::atomic<int> failures{0};

void expect(bool good, const char* what) {
  if (good) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

struct Source {
  void* allocate(std::size_t bytes) { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); }
  void release(void* data, std::size_t) noexcept { std::free(data); }
};

// How many polls this thread's call survives.
thread_local int polls_left = -1;

// The host, with memory from a cache that all frames share.
struct Host {
  using Stream = ms_host_stream;

  kit::BlockCache<Source> cache{Source{}, std::uint64_t{1} << 20};

  void* allocate(std::size_t bytes) { return cache.allocate(bytes); }
  void release(void* data, std::size_t bytes) noexcept { cache.release(data, bytes); }
  Stream open_stream(void* scratch, std::size_t) { return {scratch, 1}; }
  void* handle(Stream& stream) { return &stream; }
  void begin(Stream&) {}
  void end(Stream&) noexcept {}
  void synchronize(Stream&) {}
  void close_stream(Stream&) noexcept {}
  bool is_true(Stream&, const void* address) { return *static_cast<const bool*>(address); }
  void copy(Stream&, void* target, const void* source, std::size_t bytes) { std::memcpy(target, source, bytes); }
  void poll(Stream&) {
    if (polls_left >= 0 && polls_left-- == 0) throw std::runtime_error("ended");
  }
};

int increment(void*, void* const* buffers, void* stream) {
  int* scratch = static_cast<int*>(static_cast<ms_host_stream*>(stream)->scratch);
  *scratch = *static_cast<const int*>(buffers[0]) + 1;
  *static_cast<int*>(buffers[1]) = *scratch;
  return 0;
}

int less(void*, void* const* buffers, void*) {
  *static_cast<bool*>(buffers[2]) = *static_cast<const int*>(buffers[0]) < *static_cast<const int*>(buffers[1]);
  return 0;
}

// Pops all of a tape, and adds up what was pushed.
int add_up(void*, void* const* buffers, void*, const ms_services* services) {
  int sum = 0;
  ms_entry* popped = nullptr;
  for (auto& tape = *static_cast<ms_entry**>(buffers[0]); tape != nullptr;) {
    if (services->poll(services->executor) != 0) return MS_KERNEL_ENDED;
    int value = 0;
    std::memcpy(&value, tape->data, sizeof value);
    sum += value;
    ms_entry* entry = tape;
    tape = entry->rest;
    entry->rest = popped;
    popped = entry;
  }
  if (popped != nullptr) services->give(services->executor, 64, 0, popped);
  ms_entry* more = services->take(services->executor, 64, 0);
  if (more == nullptr) return MS_KERNEL_ENDED;
  std::memcpy(more->data, &sum, sizeof sum);
  services->give(services->executor, 64, 0, more);
  *static_cast<int*>(buffers[1]) = sum;
  return 0;
}

int refused(void*, void* const*, void*) { return 1; }

ms_kernel kernel(decltype(ms_kernel::run) run, std::uint32_t flags = 0) {
  ms_kernel made{};
  made.abi = MS_KERNEL_ABI;
  made.flags = flags;
  made.run = run;
  made.scratch_bytes = 64;
  return made;
}

std::shared_ptr<const kit::Plan> inner(std::vector<kit::Slot> sources, std::vector<kit::Step> steps) {
  auto made = std::make_shared<kit::Plan>();
  made->input_bytes = {4, kit::tape_size, 4};
  made->output_bytes.assign(sources.size(), 4);
  made->output_sources = std::move(sources);
  made->steps = std::move(steps);
  return made;
}

// for (x = 0; x < n; ++x) push(tape, x);  then the sum of the tape.
void share_an_executor() {
  using kit::Kind;
  using kit::Place;
  const ms_kernel add = kernel(increment);
  const ms_kernel test = kernel(less);
  ms_region_kernel sum{};
  sum.kernel = kernel(refused, MS_KERNEL_REGION);
  sum.run_region = add_up;
  const kit::Slot x{Place::input, 0}, tape{Place::input, 1}, bound{Place::input, 2};
  kit::Step push{nullptr, {tape, x, tape}, "push", Kind::tape_push};
  push.sizes = {4};
  auto condition = inner({{Place::output, 0}}, {{&test, {x, bound, {Place::output, 0}}, "less"}});
  auto trip = inner({{Place::output, 0}, tape, {Place::output, 2}},
                    {push,
                     {&add, {x, {Place::output, 0}}, "add"},
                     {&test, {{Place::output, 0}, bound, {Place::output, 2}}, "less"}});
  kit::Plan plan;
  plan.input_bytes = {4, 4};
  plan.output_bytes = {4};
  plan.output_sources = {{Place::output, 0}};
  plan.arena_bytes = 256;
  plan.cells = 2;
  plan.reuses_entries = true;
  kit::Step loop{nullptr,
                 {{Place::input, 0}, {Place::cell, 0}, {Place::input, 1}, {Place::arena, 192}, {Place::cell, 1}},
                 "loop",
                 Kind::loop};
  loop.plans = {condition, trip};
  loop.base = 192;
  loop.starts = {0, 1};
  loop.spare = {{{Place::arena, 64}, {Place::cell, 1}}};
  plan.steps = {{nullptr, {{Place::cell, 0}}, "empty", Kind::tape_empty},
                loop,
                {&sum.kernel, {{Place::cell, 1}, {Place::output, 0}}, "sum"}};
  Host device;
  kit::Executor<Host> executor(plan, device);
  std::atomic<int> ended{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < thread_count; ++number) {
    threads.emplace_back([&, number] {
      for (int round = 0; round < rounds; ++round) {
        int from = 0;
        int to = (number * 37 + round * 11) % 400;
        int result = -1;
        void* inputs[] = {&from, &to};
        void* outputs[] = {&result};
        polls_left = round % 5 == 0 ? to : -1;
        try {
          executor.run(inputs, outputs);
          expect(result == to * (to - 1) / 2, "a call gets its own numbers");
        } catch (const std::runtime_error&) {
          ++ended;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect(ended > 0, "some calls were ended");
  expect(executor.steps() > 0, "steps are counted");
}

void share_a_cache() {
  kit::BlockCache<Source> cache(Source{}, 1 << 16);
  std::vector<std::thread> threads;
  for (int number = 0; number < thread_count; ++number) {
    threads.emplace_back([&cache, number] {
      std::mt19937 random(static_cast<unsigned>(number));
      std::vector<std::pair<char*, std::size_t>> held;
      for (int round = 0; round < 20 * rounds; ++round) {
        if (held.size() < 20 && random() % 2 == 0) {
          const std::size_t bytes = 1 + random() % 5000;
          held.emplace_back(static_cast<char*>(cache.allocate(bytes)), bytes);
          std::memset(held.back().first, number, bytes);
        } else if (!held.empty()) {
          const auto [data, bytes] = held.back();
          held.pop_back();
          expect(data[0] == number && data[bytes - 1] == number, "a block belongs to one thread");
          cache.release(data, bytes);
        }
        if (round % 100 == 0) cache.trim(cache.use().idle / 2);
      }
      for (const auto& [data, bytes] : held) cache.release(data, bytes);
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect(cache.use().in_use == 0, "everything came back");
}

}  // namespace

int main() {
  share_an_executor();
  share_a_cache();
  return failures == 0 ? 0 : 1;
}
