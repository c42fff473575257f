// The plan format: what core's memory planner hands to an executor.
//
// A plan is a list of steps. A step is a kernel and the slots of its buffers; a slot says where a value lives: in the
// buffer of an input or of an output, at a byte offset of the arena, or in a constant that was uploaded once. Values
// in the arena share its bytes when they are never alive together. An output comes either from a buffer made for this
// call, or from an input's buffer that a step overwrites (a donated input).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <mindspore/kernel.h>
#include <mindspore/namespace.h>

MS_KIT_OPEN

inline constexpr std::uint32_t plan_version = 1;
inline constexpr std::uint64_t alignment = 64;

enum class Place : std::uint8_t { input = 0, output = 1, arena = 2, constant = 3 };

struct Slot {
  Place place;
  std::uint64_t number;  // position of the input, output or constant; byte offset in the arena
};

struct Step {
  const ms_kernel* kernel;
  std::vector<Slot> slots;
  std::string label;  // for error messages
};

struct Plan {
  std::uint32_t version = plan_version;
  std::vector<std::uint64_t> input_bytes;
  std::vector<std::uint64_t> output_bytes;
  std::vector<Slot> output_sources;  // for each output: itself (Place::output) or a donated input (Place::input)
  std::vector<void*> constants;
  std::uint64_t arena_bytes = 0;
  std::vector<Step> steps;
};

// Throws std::invalid_argument where a plan could make an executor leave its buffers.
inline void check(const Plan& plan) {
  auto refuse = [](const std::string& why) { throw std::invalid_argument("plan: " + why); };
  if (plan.version != plan_version) {
    refuse("version " + std::to_string(plan.version) + " was given, this executor reads version " +
           std::to_string(plan_version) + "; install versions of the packages that fit together");
  }
  if (plan.output_sources.size() != plan.output_bytes.size()) refuse("every output needs a size and a source");
  for (std::size_t k = 0; k < plan.output_sources.size(); ++k) {
    const Slot& source = plan.output_sources[k];
    const bool own = source.place == Place::output && source.number == k;
    const bool donated = source.place == Place::input && source.number < plan.input_bytes.size();
    if (!own && !donated) refuse("output " + std::to_string(k) + " comes neither from itself nor from an input");
  }
  for (const Step& step : plan.steps) {
    if (step.kernel == nullptr || step.kernel->run == nullptr) refuse(step.label + " has no kernel");
    if (step.kernel->abi != MS_KERNEL_ABI) {
      refuse(step.label + " has a kernel of interface " + std::to_string(step.kernel->abi) + ", expected " +
             std::to_string(MS_KERNEL_ABI));
    }
    for (const Slot& slot : step.slots) {
      std::uint64_t limit = 0;
      switch (slot.place) {
        case Place::input: limit = plan.input_bytes.size(); break;
        case Place::output: limit = plan.output_bytes.size(); break;
        case Place::constant: limit = plan.constants.size(); break;
        case Place::arena: limit = plan.arena_bytes + 1; break;
      }
      if (slot.number >= limit) refuse(step.label + " names a slot outside its range");
      if (slot.place == Place::arena && slot.number % alignment != 0) {
        refuse(step.label + " names an arena offset that is not a multiple of " + std::to_string(alignment));
      }
    }
  }
}

MS_KIT_CLOSE
