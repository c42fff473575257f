// The plan format: what core's memory planner hands to an executor.
//
// A plan is a list of steps. A step is a kernel and the slots of its buffers; a slot says where a value lives: in the
// buffer of an input or of an output, at a byte offset of the arena, or in a constant that was uploaded once. Values
// in the arena share its bytes when they are never alive together. An output comes either from a buffer made for this
// call, or from an input's buffer that a step overwrites (a donated input).
//
// Plans of version 2 have steps that are no kernels: choices, loops, and operations on tapes. The first two run plans of
// their own, whose inputs and outputs are slots of the step and whose arenas lie in the arena of the plan around them.
// A tape is a list of entries that grows while a loop runs. A slot of a tape is a cell in the host's memory, which holds
// the address of the tape's last entry; the values of an entry that was popped are read where they lie, through slots
// whose addresses are known from then on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <mindspore/kernel.h>
#include <mindspore/namespace.h>

MS_KIT_OPEN

inline constexpr std::uint32_t plan_version = 2;
inline constexpr std::uint32_t oldest_plan_version = 1;
inline constexpr std::uint64_t alignment = 64;
inline constexpr std::uint64_t tape_size = ~std::uint64_t{0};  // stands for the size of a value that is a tape

enum class Place : std::uint8_t { input = 0, output = 1, arena = 2, constant = 3, cell = 4, entry = 5 };

struct Slot {
  Place place;
  std::uint64_t number;  // position of the input, output or constant; byte offset in the arena; number of cell or entry
};

// What a step does, and the order of its slots.
enum class Kind : std::uint8_t {
  kernel,      // what the kernel expects
  cond,        // 0-d bool; operands; results. plans: the branch for true, the branch for false
  loop,        // operands; results. plans: the first test, a trip with the next test
  scan,        // operands: carried, sliced, others; results: carried, stacked. plans: a trip, with slices for the arrays
  call,        // operands; results. plans: the one that is run
  tape_empty,  // result
  tape_open,   // cell; those values of the entry to come that kernels write where they will lie in it (`direct`)
  tape_push,   // tape; values; result; where some values are direct, the cell of `tape_open`
  tape_pop,    // tape; zeros for the values of an empty tape; result; values
  tape_add,    // two tapes; result. plans: the sum of two entries
  tape_copy,   // tape; result
};

struct Plan;

struct Step {
  const ms_kernel* kernel = nullptr;
  std::vector<Slot> slots;
  std::string label;  // for error messages
  Kind kind = Kind::kernel;
  std::vector<std::shared_ptr<const Plan>> plans = {};
  std::uint64_t workspace = 0;  // loops: offset in the arena of `alignment` bytes for the test's result
  std::uint64_t base = 0;       // offset in the arena where the arenas of its plans begin
  // For each result, or for the first ones, the number of the operand that it starts from, or -1: before the step runs,
  // the operand is copied to the result's place, unless it lies there, and the plans read it there.
  std::vector<std::int64_t> starts = {};
  // Where plans write these results: for each branch, or for the trip, a slot per result that `starts` names. It is the
  // result's own slot, or a second place, from which it is copied back after the branch; trips alternate.
  std::vector<std::vector<Slot>> spare = {};
  bool scoped = false;          // loops: no tape that a trip leaves has an entry that the trip pushed
  std::uint64_t length = 0;     // scans: the number of trips
  std::uint64_t sliced = 0;     // scans: how many operands are sliced
  bool reverse = false;         // scans: whether the last slice comes first
  std::vector<Slot> temps = {};           // scans: for each slice read or written a place, used where it is not aligned
  std::vector<std::uint64_t> sizes = {};  // tapes: bytes of the values of an entry
  std::vector<std::uint64_t> direct = {};  // tapes: numbers of the values that are in the entry when it is pushed
};

struct Plan {
  std::uint32_t version = plan_version;
  std::vector<std::uint64_t> input_bytes;
  std::vector<std::uint64_t> output_bytes;
  std::vector<Slot> output_sources;  // for each output: itself (Place::output) or a donated input (Place::input)
  std::vector<void*> constants;
  std::uint64_t arena_bytes = 0;
  std::vector<Step> steps;
  std::uint64_t cells = 0;
  std::uint64_t entries = 0;
  bool reuses_entries = false;  // of the outermost plan: no entry is in two tapes, so what was popped in a trip can be
                                // used again after it
};

namespace detail {

[[noreturn]] inline void refuse(const std::string& why) { throw std::invalid_argument("plan: " + why); }

inline void check_slot(const Plan& plan, const Step& step, const Slot& slot) {
  std::uint64_t limit = 0;
  switch (slot.place) {
    case Place::input: limit = plan.input_bytes.size(); break;
    case Place::output: limit = plan.output_bytes.size(); break;
    case Place::constant: limit = plan.constants.size(); break;
    case Place::arena: limit = plan.arena_bytes + 1; break;
    case Place::cell: limit = plan.cells; break;
    case Place::entry: limit = plan.entries; break;
  }
  if (slot.number >= limit) refuse(step.label + " names a slot outside its range");
  if (slot.place == Place::arena && slot.number % alignment != 0) {
    refuse(step.label + " names an arena offset that is not a multiple of " + std::to_string(alignment));
  }
}

inline void check_kernel(const Step& step) {
  if (step.kernel == nullptr || step.kernel->run == nullptr) refuse(step.label + " has no kernel");
  if (step.kernel->abi != MS_KERNEL_ABI) {
    refuse(step.label + " has a kernel of interface " + std::to_string(step.kernel->abi) + ", expected " +
           std::to_string(MS_KERNEL_ABI));
  }
  if ((step.kernel->flags & MS_KERNEL_REGION) != 0 &&
      reinterpret_cast<const ms_region_kernel*>(step.kernel)->run_region == nullptr) {
    refuse(step.label + " has a region kernel without run_region");
  }
}

// How many plans and slots a step of each kind has, and how many inputs and outputs its plans.
inline void check_region(const Plan& plan, const Step& step) {
  const auto expect = [&](bool good, const char* what) {
    if (!good) refuse(step.label + ": " + what);
  };
  const std::size_t slots = step.slots.size();
  const auto fits = [&](std::size_t number, std::size_t inputs, std::size_t outputs) {
    const Plan& inner = *step.plans[number];
    expect(inner.input_bytes.size() == inputs && inner.output_bytes.size() == outputs,
           "a plan of its own has another number of inputs or outputs than its slots");
    expect(step.base % alignment == 0 && step.base + inner.arena_bytes <= plan.arena_bytes,
           "the arena of a plan of its own lies outside the arena");
  };
  const auto plans = [&](std::size_t count) {
    expect(step.plans.size() == count && std::none_of(step.plans.begin(), step.plans.end(),
                                                      [](const auto& inner) { return inner == nullptr; }),
           "the number of its plans is wrong");
  };
  const std::size_t carried = step.starts.size();
  // The results that start from operands: those are in [first, last), each at most once.
  const auto starts = [&](std::int64_t first, std::size_t last, std::size_t results, std::size_t rows) {
    expect(carried <= results && step.spare.size() == rows, "its results lack second places");
    std::vector<bool> taken(last, false);
    for (std::int64_t operand : step.starts) {
      if (operand == -1) continue;
      const bool free = operand >= first && operand < static_cast<std::int64_t>(last) && !taken[operand];
      expect(free, "two results start from one operand, or one from none of them");
      taken[operand] = true;
    }
    for (const auto& row : step.spare) {
      expect(row.size() == carried, "its results lack second places");
      for (const Slot& slot : row) check_slot(plan, step, slot);
    }
  };
  const std::size_t values = step.sizes.size();
  for (std::uint64_t number : step.direct) expect(number < values && step.sizes[number] != tape_size, "not a value");
  switch (step.kind) {
    case Kind::kernel: break;
    case Kind::cond: {
      plans(2);
      const std::size_t results = step.plans[0]->output_bytes.size();
      expect(slots >= 1 + results, "too few slots");
      for (std::size_t number : {0, 1}) fits(number, slots - 1 - results, results);
      starts(1, slots - results, results, 2);
      break;
    }
    case Kind::call: {
      plans(1);
      const std::size_t results = step.plans[0]->output_bytes.size();
      expect(slots >= results, "too few slots");
      fits(0, slots - results, results);
      starts(0, slots - results, results, 1);
      break;
    }
    case Kind::loop:
      plans(2);
      expect(slots >= 2 * carried, "too few slots");
      expect(step.workspace % alignment == 0 && step.workspace + alignment <= plan.arena_bytes,
             "its workspace lies outside the arena");
      fits(0, slots - carried, 1);
      fits(1, slots - carried, carried + 1);
      starts(0, slots - carried, carried, 1);
      break;
    case Kind::scan: {
      plans(1);
      const std::size_t results = step.plans[0]->output_bytes.size();
      expect(slots >= results + carried + step.sliced && results >= carried, "too few slots");
      expect(step.temps.size() == step.sliced + results - carried, "its slices lack places");
      for (const Slot& slot : step.temps) check_slot(plan, step, slot);
      fits(0, slots - results, results);
      starts(0, slots - results, carried, 1);
      break;
    }
    case Kind::tape_empty: expect(slots == 1, "expected one slot"); break;
    case Kind::tape_copy: expect(slots == 2, "expected two slots"); break;
    case Kind::tape_open:
      expect(slots == 1 + step.direct.size(), "expected a slot for each direct value and one for a cell");
      for (std::size_t k = 1; k < slots; ++k) expect(step.slots[k].place == Place::entry, "a value is not an entry's");
      break;
    case Kind::tape_push:
      expect(slots == 2 + values + !step.direct.empty(), "expected a slot for each value and two for tapes");
      break;
    case Kind::tape_pop:
      expect(slots == 3 + values, "expected a slot for each value, one for zeros and two for tapes");
      for (std::size_t k = 3; k < slots; ++k) expect(step.slots[k].place == Place::entry, "a value is not an entry's");
      break;
    case Kind::tape_add:
      plans(1);
      expect(slots == 3, "expected three slots");
      fits(0, 2 * values, values);
      break;
  }
}

}  // namespace detail

// Throws std::invalid_argument where a plan could make an executor leave its buffers.
inline void check(const Plan& plan) {
  using detail::refuse;
  if (plan.version < oldest_plan_version || plan.version > plan_version) {
    refuse("version " + std::to_string(plan.version) + " was given, this executor reads versions " +
           std::to_string(oldest_plan_version) + " to " + std::to_string(plan_version) +
           "; install versions of the packages that fit together");
  }
  if (plan.output_sources.size() != plan.output_bytes.size()) refuse("every output needs a size and a source");
  for (std::size_t k = 0; k < plan.output_sources.size(); ++k) {
    const Slot& source = plan.output_sources[k];
    const bool own = source.place == Place::output && source.number == k;
    const bool donated = source.place == Place::input && source.number < plan.input_bytes.size();
    if (!own && !donated) refuse("output " + std::to_string(k) + " comes neither from itself nor from an input");
  }
  for (const Step& step : plan.steps) {
    for (const Slot& slot : step.slots) detail::check_slot(plan, step, slot);
    if (step.kind == Kind::kernel) {
      detail::check_kernel(step);
      continue;
    }
    detail::check_region(plan, step);
    for (const auto& inner : step.plans) check(*inner);
  }
}

MS_KIT_CLOSE
