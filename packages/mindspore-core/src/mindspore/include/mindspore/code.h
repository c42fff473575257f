// From a plan to code: what an executor walks over.
//
// All addresses that a call needs stand in one flat table. A plan's own steps refer to its inputs and outputs, and the
// plans of regions to those of the step that runs them; here every slot is traced back to where it lies for the whole
// call: an input or output of the call, an offset in the one arena, a constant, a cell, or an entry that a step pops. So
// going into a branch or around a loop moves no addresses. A plan that is run from several places is laid out once for
// each; its kernels are the same.
//
// Where a loop's carried value has two places, the trip is laid out twice, with the places exchanged, and trips alternate.
// Loops inside such loops would be laid out four times, and so on: from the third level on the value is copied back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <mindspore/kernel.h>
#include <mindspore/namespace.h>
#include <mindspore/plan.h>
#include <mindspore/tape.h>

MS_KIT_OPEN

struct Op {
  Kind kind;
  bool on_host;               // the kernel waits for the stream
  const ms_kernel* kernel;    // of kernels
  const ms_direct_kernel* direct;  // of kernels whose phases are called as they are: two more addresses are in front
  const ms_region_kernel* region;  // of kernels that run a whole region
  std::size_t first;          // position of the first slot in the table
  std::size_t detail;         // number of the choice, loop or tape step; 0 for the rest
  const Step* step;
};

// A range of steps that run one after the other.
using Block = std::vector<Op>;

struct Move {
  std::size_t from, to;  // positions in the table
  std::uint64_t bytes;   // `tape_size` for a cell
};

struct Choice {
  std::size_t blocks[2] = {0, 0};
  std::vector<Move> before;    // operands to the results that start from them
  std::vector<Move> after[2];  // second places to results
};

// What a trip of a scan reads or writes of an array. `readers` are the positions in the table of the slice's address.
struct Slice {
  std::size_t array;  // position in the table
  std::uint64_t bytes;
  std::vector<std::size_t> readers;
  std::size_t temp;   // position in the table of a place for the slice
  bool aligned;       // the slice is used where it lies
};

struct Loop {
  std::size_t test = 0;
  std::size_t trips[2] = {0, 0};  // for even and odd trips
  std::size_t flag = 0;           // position in the table of the test's result
  bool alternates = false;
  bool scoped = false;
  std::uint64_t stride = 1;       // after how many trips the device is polled
  std::vector<Move> before;       // operands to their places
  std::uint64_t length = 0;       // scans
  bool reverse = false;
  std::vector<Slice> reads, writes;
  std::vector<Move> back;         // second places to first ones: after each trip, or after an odd number where it alternates
};

struct TapeStep {
  EntryLayout layout;
  std::vector<std::size_t> copied;  // tape_push: the values that are not in the entry yet
  // Positions in the table that hold the address of each value: of what was popped, of direct values, or of the operands
  // and results of a sum of entries.
  std::vector<std::vector<std::size_t>> readers;
  std::size_t block = 0;  // of tape_add
};

class Code {
 public:
  // Throws std::invalid_argument for a plan that `check` refuses.
  explicit Code(const Plan& plan) {
    check(plan);
    Places places;
    for (std::size_t k = 0; k < plan.input_bytes.size(); ++k) places.inputs.push_back({Place::input, k});
    for (std::size_t k = 0; k < plan.output_bytes.size(); ++k) places.outputs.push_back({Place::output, k});
    main = block(plan, places);
    std::vector<std::vector<std::size_t>> readers(entries);
    for (std::size_t k = 0; k < table.size(); ++k) {
      if (table[k].place == Place::input) from_inputs.push_back({k, table[k].number});
      if (table[k].place == Place::output) from_outputs.push_back({k, table[k].number});
      if (table[k].place == Place::entry) readers[table[k].number].push_back(k);
    }
    for (TapeStep& step : tape_steps) {
      step.layout.kind = kind_of(step.layout);
      for (auto& value : step.readers) value = readers[value[0]];
    }
    for (Loop& loop : loops) {
      for (Slice& slice : loop.reads) slice.readers = readers[slice.readers[0]];
      for (Slice& slice : loop.writes) slice.readers = readers[slice.readers[0]];
    }
  }

  struct Fill {
    std::size_t position;
    std::uint64_t number;
  };

  std::size_t main = 0;
  std::vector<Block> blocks;
  std::vector<Slot> table;  // constants are numbers in `constants`, everything else as in the outermost plan
  std::vector<void*> constants;
  std::vector<std::size_t> scratches;  // positions in the table of the frame's scratch memory
  std::vector<Fill> from_inputs;
  std::vector<Fill> from_outputs;
  std::vector<Choice> choices;
  std::vector<Loop> loops;
  std::vector<TapeStep> tape_steps;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entry_kinds;  // the bytes and cells of entries
  std::uint64_t cells = 0;
  std::uint64_t entries = 0;
  std::uint64_t scratch_bytes = 0;

 private:
  // Where the inputs and outputs of a plan lie, and where its own places begin.
  struct Places {
    std::vector<Slot> inputs;
    std::vector<Slot> outputs;
    std::uint64_t arena = 0;
    std::uint64_t constants = 0;
    std::uint64_t cells = 0;
    std::uint64_t entries = 0;
  };

  static constexpr int most_doublings = 2;
  static constexpr double nanoseconds_between_polls = 20000;
  static constexpr std::uint64_t longest_stride = 1024;

  static Slot trace(const Slot& slot, const Places& places) {
    switch (slot.place) {
      case Place::input: return places.inputs[slot.number];
      case Place::output: return places.outputs[slot.number];
      case Place::arena: return {Place::arena, places.arena + slot.number};
      case Place::constant: return {Place::constant, places.constants + slot.number};
      case Place::cell: return {Place::cell, places.cells + slot.number};
      case Place::entry: return {Place::entry, places.entries + slot.number};
    }
    return slot;
  }

  static bool same(const Slot& a, const Slot& b) { return a.place == b.place && a.number == b.number; }

  std::size_t put(const Slot& slot) {
    table.push_back(slot);
    return table.size() - 1;
  }

  // The number of the block of a plan's steps. `places` says where its inputs and outputs lie and where its arena begins.
  std::size_t block(const Plan& plan, Places places) {
    places.constants = constants.size();
    constants.insert(constants.end(), plan.constants.begin(), plan.constants.end());
    places.cells = std::exchange(cells, cells + plan.cells);
    places.entries = std::exchange(entries, entries + plan.entries);
    Block made;
    for (const Step& step : plan.steps) made.push_back(op(step, places));
    blocks.push_back(std::move(made));
    return blocks.size() - 1;
  }

  Op op(const Step& step, const Places& places) {
    Op made{step.kind, false, step.kernel, direct_of(step), region_of(step), table.size(), 0, &step};
    if (made.direct != nullptr) {
      constants.push_back(made.direct->params);
      put({Place::constant, constants.size() - 1});
      scratches.push_back(put({Place::constant, constants.size() - 1}));
    }
    std::vector<Slot> slots;
    for (const Slot& slot : step.slots) slots.push_back(trace(slot, places));
    table.insert(table.end(), slots.begin(), slots.end());
    switch (step.kind) {
      case Kind::kernel:
        made.on_host = (step.kernel->flags & MS_KERNEL_ON_HOST) != 0;
        scratch_bytes = std::max<std::uint64_t>(scratch_bytes, step.kernel->scratch_bytes);
        break;
      case Kind::cond: made.detail = choice(step, slots, 1, places); break;
      case Kind::call: made.detail = choice(step, slots, 0, places); break;
      case Kind::loop: made.detail = loop(step, slots, places); break;
      case Kind::scan: made.detail = scan(step, slots, places); break;
      case Kind::tape_open:
      case Kind::tape_push:
      case Kind::tape_pop:
      case Kind::tape_add: made.detail = tape_step(step, slots, places); break;
      case Kind::tape_empty:
      case Kind::tape_copy: break;
    }
    return made;
  }

  std::size_t kind_of(const EntryLayout& layout) {
    const std::pair<std::uint64_t, std::uint64_t> sizes(layout.bytes, layout.cells);
    const auto found = std::find(entry_kinds.begin(), entry_kinds.end(), sizes);
    const std::size_t number = static_cast<std::size_t>(found - entry_kinds.begin());
    if (found == entry_kinds.end()) entry_kinds.push_back(sizes);
    return number;
  }

  static const ms_direct_kernel* direct_of(const Step& step) {
    if (step.kind != Kind::kernel || (step.kernel->flags & MS_KERNEL_DIRECT) == 0) return nullptr;
    return reinterpret_cast<const ms_direct_kernel*>(step.kernel);
  }

  static const ms_region_kernel* region_of(const Step& step) {
    if (step.kind != Kind::kernel || (step.kernel->flags & MS_KERNEL_REGION) == 0) return nullptr;
    return reinterpret_cast<const ms_region_kernel*>(step.kernel);
  }

  Places inside(const Step& step, const Places& places) const {
    Places found;
    found.arena = places.arena + step.base;
    return found;
  }

  // `first` is the number of the plans' first operand.
  std::size_t choice(const Step& step, const std::vector<Slot>& slots, std::size_t first, const Places& places) {
    Places own = inside(step, places);
    const std::size_t last = first + step.plans[0]->input_bytes.size();
    const std::vector<Slot> results(slots.begin() + last, slots.end());
    own.inputs.assign(slots.begin() + first, slots.begin() + last);
    Choice made;
    for (std::size_t k = 0; k < step.starts.size(); ++k) {
      if (step.starts[k] < 0) continue;
      const std::size_t operand = static_cast<std::size_t>(step.starts[k]);
      note(made.before, slots[operand], results[k], step.plans[0]->output_bytes[k]);
      own.inputs[operand - first] = results[k];
    }
    for (std::size_t number = 0; number < step.plans.size(); ++number) {
      own.outputs = results;
      for (std::size_t k = 0; k < step.starts.size(); ++k) {
        if (step.starts[k] < 0) continue;
        own.outputs[k] = trace(step.spare[number][k], places);
        note(made.after[number], own.outputs[k], results[k], step.plans[number]->output_bytes[k]);
      }
      made.blocks[number] = block(*step.plans[number], own);
    }
    choices.push_back(std::move(made));
    return choices.size() - 1;
  }

  void note(std::vector<Move>& moves, const Slot& from, const Slot& to, std::uint64_t bytes) {
    if (!same(from, to)) moves.push_back({put(from), put(to), bytes});
  }

  std::size_t loop(const Step& step, const std::vector<Slot>& slots, const Places& places) {
    const Slot flag{Place::arena, places.arena + step.workspace};
    Loop made;
    made.flag = put(flag);
    Places own = inside(step, places);
    own.inputs.assign(slots.begin(), slots.end() - step.starts.size());
    const std::vector<Slot> results(slots.end() - step.starts.size(), slots.end());
    std::copy(results.begin(), results.end(), own.inputs.begin());
    own.outputs = {flag};
    made.test = block(*step.plans[0], own);
    lay_out_trips(made, step, *step.plans[1], slots, results, own, {flag}, places);
    loops.push_back(std::move(made));
    return loops.size() - 1;
  }

  std::size_t scan(const Step& step, const std::vector<Slot>& slots, const Places& places) {
    const Plan& trip = *step.plans[0];
    const std::size_t carried = step.starts.size();
    const std::size_t operands = trip.input_bytes.size();
    Loop made;
    made.length = step.length;
    made.reverse = step.reverse;
    Places own = inside(step, places);
    own.inputs.assign(slots.begin(), slots.begin() + operands);
    const std::vector<Slot> results(slots.begin() + operands, slots.begin() + operands + carried);
    for (std::size_t k = 0; k < step.sliced; ++k) {
      made.reads.push_back(slice(slots[carried + k], trip.input_bytes[carried + k], trace(step.temps[k], places)));
      own.inputs[carried + k] = {Place::entry, made.reads.back().readers[0]};
    }
    std::vector<Slot> outputs;
    for (std::size_t k = carried; k < trip.output_bytes.size(); ++k) {
      const Slot temp = trace(step.temps[step.sliced + k - carried], places);
      made.writes.push_back(slice(slots[operands + k], trip.output_bytes[k], temp));
      outputs.push_back({Place::entry, made.writes.back().readers[0]});
    }
    lay_out_trips(made, step, trip, slots, results, own, outputs, places);
    loops.push_back(std::move(made));
    return loops.size() - 1;
  }

  Slice slice(const Slot& array, std::uint64_t bytes, const Slot& temp) {
    return {put(array), bytes, {entries++}, put(temp), bytes % alignment == 0};
  }

  // The trips of a loop whose carried values begin in `slots` and live in `results`; `own` has the other inputs, and
  // `outputs` are those of a trip behind the carried ones.
  void lay_out_trips(Loop& made, const Step& step, const Plan& trip, const std::vector<Slot>& slots,
                     const std::vector<Slot>& results, Places own, const std::vector<Slot>& outputs,
                     const Places& places) {
    std::vector<Slot> second;
    made.scoped = step.scoped;
    for (std::size_t k = 0; k < results.size(); ++k) {
      second.push_back(trace(step.spare[0][k], places));
      note(made.before, slots[k], results[k], trip.input_bytes[k]);
      note(made.back, second[k], results[k], trip.input_bytes[k]);
    }
    made.alternates = !made.back.empty() && doublings_ < most_doublings;
    doublings_ += made.alternates;
    std::copy(results.begin(), results.end(), own.inputs.begin());
    own.outputs = second;
    own.outputs.insert(own.outputs.end(), outputs.begin(), outputs.end());
    made.trips[0] = made.trips[1] = block(trip, own);
    if (made.alternates) {
      std::copy(second.begin(), second.end(), own.inputs.begin());
      std::copy(results.begin(), results.end(), own.outputs.begin());
      made.trips[1] = block(trip, own);
    }
    doublings_ -= made.alternates;
    made.stride = stride(blocks[made.trips[0]]);
  }

  // Loops of short trips are not worth a look at the clock in each.
  static std::uint64_t stride(const Block& trip) {
    double nanoseconds = 1;
    for (const Op& op : trip) {
      if (!op.step->plans.empty() || op.region != nullptr) return 1;
      if (op.kind == Kind::kernel) {
        if (op.kernel->nanoseconds == 0) return 1;
        nanoseconds += static_cast<double>(op.kernel->nanoseconds);
      }
    }
    return static_cast<std::uint64_t>(
        std::clamp(nanoseconds_between_polls / nanoseconds, 1.0, static_cast<double>(longest_stride)));
  }

  std::size_t tape_step(const Step& step, const std::vector<Slot>& slots, const Places& places) {
    TapeStep made{EntryLayout(step.sizes), {}, {}, 0};
    if (step.kind == Kind::tape_open) {
      for (std::size_t k = 1; k < slots.size(); ++k) made.readers.push_back({slots[k].number});
    }
    if (step.kind == Kind::tape_push) {
      for (std::size_t k = 0; k < step.sizes.size(); ++k) {
        if (std::find(step.direct.begin(), step.direct.end(), k) == step.direct.end()) made.copied.push_back(k);
      }
    }
    if (step.kind == Kind::tape_pop) {
      for (std::size_t k = 3; k < slots.size(); ++k) made.readers.push_back({slots[k].number});
    }
    if (step.kind == Kind::tape_add) {
      const std::size_t values = step.sizes.size();
      Places own = inside(step, places);
      for (std::size_t k = 0; k < 3 * values; ++k) {
        const Slot slot{Place::entry, entries++};
        (k < 2 * values ? own.inputs : own.outputs).push_back(slot);
        made.readers.push_back({slot.number});
      }
      made.block = block(*step.plans[0], own);
    }
    tape_steps.push_back(std::move(made));
    return tape_steps.size() - 1;
  }

  int doublings_ = 0;
};

MS_KIT_CLOSE
