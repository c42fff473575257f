#include "executable.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <tuple>

namespace mindspore::cpu {

namespace {

// Work shorter than this runs with the GIL held: getting the GIL back can take a whole switch interval (5 ms) while
// another thread runs Python code, which would dwarf the work.
constexpr std::uint64_t nanoseconds_worth_release = 30000;

// How often a long call looks for signals, which takes the GIL for a moment.
constexpr std::chrono::milliseconds between_looks(100);

// Addresses of one call, on the stack where they are few.
class Addresses {
 public:
  explicit Addresses(std::size_t count) {
    if (count > few) {
      many_.resize(count);
      data_ = many_.data();
    }
  }
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;
  void** data() { return data_; }
  void*& operator[](std::size_t position) { return data_[position]; }

 private:
  static constexpr std::size_t few = 64;
  void* some_[few];
  std::vector<void*> many_;
  void** data_ = some_;
};

class Unlocked {
 public:
  explicit Unlocked(bool wanted) : state_(wanted ? PyEval_SaveThread() : nullptr) {}
  ~Unlocked() {
    if (state_ != nullptr) PyEval_RestoreThread(state_);
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_;
};

kit::Slot slot_of(const PlaceSpec& place) {
  if (place.first < 0 || place.first > static_cast<int>(kit::Place::entry)) {
    throw std::invalid_argument("plan: a place is none of the known kinds");
  }
  return {static_cast<kit::Place>(place.first), place.second};
}

std::vector<kit::Slot> slots_of(const std::vector<PlaceSpec>& places) {
  std::vector<kit::Slot> slots;
  for (const auto& place : places) slots.push_back(slot_of(place));
  return slots;
}

kit::Step step_of(const KernelObject& kernel, const std::vector<PlaceSpec>& places, const std::string& label) {
  if (kernel.buffers() >= 0 && kernel.buffers() != static_cast<int>(places.size())) {
    throw std::invalid_argument("plan: " + label + " has " + std::to_string(places.size()) +
                                " buffers, its kernel expects " + std::to_string(kernel.buffers()));
  }
  return {kernel.c(), slots_of(places), label};
}

constexpr std::array<const char*, 11> kinds = {"kernel",    "cond",      "while_",   "scan",     "call",     "tape_empty",
                                               "tape_open", "tape_push", "tape_pop", "tape_add", "tape_copy"};

kit::Kind kind_of(const std::string& name) {
  const auto found = std::find(kinds.begin() + 1, kinds.end(), name);
  if (found == kinds.end()) throw std::invalid_argument("plan: there are no steps of kind " + name);
  return static_cast<kit::Kind>(found - kinds.begin());
}

std::shared_ptr<RegionObject> make_region(const std::string& name, const std::vector<PlaceSpec>& places,
                                          std::vector<std::shared_ptr<PlanObject>> plans, std::uint64_t workspace,
                                          std::uint64_t base, std::vector<std::int64_t> starts,
                                          const std::vector<std::vector<PlaceSpec>>& spare, bool scoped,
                                          std::uint64_t length, std::uint64_t sliced, bool reverse,
                                          const std::vector<PlaceSpec>& temps, std::vector<std::uint64_t> sizes,
                                          std::vector<std::uint64_t> direct) {
  auto made = std::make_shared<RegionObject>();
  kit::Step& step = made->step;
  step.label = name;
  step.kind = kind_of(name);
  step.slots = slots_of(places);
  for (const auto& plan : plans) step.plans.push_back(plan->plan());
  step.workspace = workspace;
  step.base = base;
  step.starts = std::move(starts);
  for (const auto& row : spare) step.spare.push_back(slots_of(row));
  step.scoped = scoped;
  step.length = length;
  step.sliced = sliced;
  step.reverse = reverse;
  step.temps = slots_of(temps);
  step.sizes = std::move(sizes);
  step.direct = std::move(direct);
  made->plans = std::move(plans);
  return made;
}

}  // namespace

KernelObject::KernelObject(std::unique_ptr<Kernel> kernel, py::object keep)
    : kernel_(&own_.kernel), keep_(std::move(keep)), buffers_(kernel->buffers), description_(kernel->description) {
  own_ = to_c(std::move(kernel));
}

KernelObject::KernelObject(py::capsule capsule)
    : kernel_(static_cast<const ms_kernel*>(PyCapsule_GetPointer(capsule.ptr(), MS_KERNEL_CAPSULE))),
      keep_(std::move(capsule)),
      description_("capsule") {
  if (kernel_ == nullptr) throw py::error_already_set();
  if (kernel_->abi != MS_KERNEL_ABI || kernel_->run == nullptr) {
    throw std::invalid_argument("Kernel: the capsule holds a kernel of interface " + std::to_string(kernel_->abi) +
                                ", expected " + std::to_string(MS_KERNEL_ABI));
  }
}

KernelObject::~KernelObject() {
  if (kernel_ == &own_.kernel && kernel_->destroy != nullptr) kernel_->destroy(kernel_->ctx);
}

void KernelObject::call(const std::vector<py::object>& inputs, const std::vector<py::object>& outputs) const {
  Addresses addresses(inputs.size() + outputs.size());
  std::size_t position = 0;
  for (const auto* group : {&inputs, &outputs}) {
    for (const py::object& object : *group) {
      if (!is_buffer(object.ptr())) throw py::type_error("Kernel: a buffer is not a mindspore_cpu Buffer");
      addresses[position++] = as_buffer(object.ptr())->data;
    }
  }
  if (buffers_ >= 0 && static_cast<int>(position) != buffers_) {
    throw std::invalid_argument("Kernel: got " + std::to_string(position) + " buffers, expected " +
                                std::to_string(buffers_));
  }
  HostDevice device;
  kit::Arena<HostDevice> scratch(device, kernel_->scratch_bytes);
  ms_host_stream stream{scratch.data(), threads()};
  int code = 0;
  {
    Unlocked unlocked(true);
    code = kernel_->run(kernel_->ctx, addresses.data(), &stream);
  }
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (code != 0) {
    const char* why = kernel_->explain == nullptr ? nullptr : kernel_->explain(kernel_->ctx, code);
    throw std::runtime_error(why == nullptr ? "the kernel failed with code " + std::to_string(code) : why);
  }
}

thread_local Call* Call::current = nullptr;

Call::Call(bool unlocked) : outer_(current), begin_(std::chrono::steady_clock::now()), looked_(begin_) {
  current = this;
  if (unlocked) unlock();
}

Call::~Call() {
  current = outer_;
  if (state_ != nullptr) PyEval_RestoreThread(state_);
}

void Call::unlock() { state_ = PyEval_SaveThread(); }

void Call::poll() {
  const auto now = std::chrono::steady_clock::now();
  if (state_ == nullptr) {
    if (now - begin_ < std::chrono::nanoseconds(nanoseconds_worth_release)) return;
    unlock();
  }
  if (now - looked_ < between_looks) return;
  PyEval_RestoreThread(std::exchange(state_, nullptr));
  const bool raised = PyErr_CheckSignals() != 0;
  if (raised) throw Interrupted();
  unlock();
  looked_ = std::chrono::steady_clock::now();
}

PlanObject::PlanObject(std::uint32_t version, std::vector<std::uint64_t> input_bytes,
                       std::vector<std::uint64_t> output_bytes, const std::vector<PlaceSpec>& output_sources,
                       std::vector<py::object> constants, std::uint64_t arena_bytes,
                       const std::vector<py::object>& steps, std::uint64_t cells, std::uint64_t entries,
                       bool reuses_entries)
    : constants_(std::move(constants)) {
  kit::Plan plan;
  plan.version = version;
  plan.input_bytes = std::move(input_bytes);
  plan.output_bytes = std::move(output_bytes);
  plan.output_sources = slots_of(output_sources);
  plan.arena_bytes = arena_bytes;
  plan.cells = cells;
  plan.entries = entries;
  plan.reuses_entries = reuses_entries;
  for (const py::object& constant : constants_) {
    if (!is_buffer(constant.ptr())) throw py::type_error("Executable: a constant is not a mindspore_cpu Buffer");
    plan.constants.push_back(as_buffer(constant.ptr())->data);
  }
  std::uint64_t nanoseconds = 0;
  bool known = true;
  for (const py::object& spec : steps) {
    if (py::isinstance<RegionObject>(spec)) {
      held_.push_back({nullptr, spec.cast<std::shared_ptr<RegionObject>>()});
      plan.steps.push_back(held_.back().region->step);
      for (const auto& inner : held_.back().region->plans) known = known && inner->is_short();
      continue;
    }
    const auto [kernel, places, label] =
        spec.cast<std::tuple<std::shared_ptr<KernelObject>, std::vector<PlaceSpec>, std::string>>();
    plan.steps.push_back(step_of(*kernel, places, label));
    held_.push_back({kernel, nullptr});
    nanoseconds += kernel->c()->nanoseconds;
    known = known && kernel->c()->nanoseconds != 0;
  }
  short_ = known && nanoseconds < nanoseconds_worth_release;
  plan_ = std::make_shared<const kit::Plan>(std::move(plan));
}

void PlanObject::describe(std::vector<std::string>& lines, const std::string& indent) const {
  for (std::size_t k = 0; k < held_.size(); ++k) {
    lines.push_back(indent + plan_->steps[k].label + ": " +
                    (held_[k].kernel ? held_[k].kernel->description() : "executor"));
    if (!held_[k].region) continue;
    for (const auto& inner : held_[k].region->plans) inner->describe(lines, indent + "  ");
  }
}

Executable::Executable(std::shared_ptr<PlanObject> plan)
    : plan_(std::move(plan)), executor_(std::make_unique<kit::Executor<HostDevice>>(*plan_->plan(), device_)) {}

void Executable::check_inputs(PyObject* const* items, Py_ssize_t count) const {
  const auto& sizes = executor_->plan().input_bytes;
  if (count != static_cast<Py_ssize_t>(sizes.size())) {
    throw py::type_error("Executable: got " + std::to_string(count) + " inputs, expected " +
                         std::to_string(sizes.size()));
  }
  for (Py_ssize_t k = 0; k < count; ++k) {
    if (!is_buffer(items[k])) {
      throw py::type_error("Executable: input " + std::to_string(k) + " is of type " + Py_TYPE(items[k])->tp_name +
                           ", expected a mindspore_cpu Buffer");
    }
    if (static_cast<std::uint64_t>(as_buffer(items[k])->nbytes) < sizes[k]) {
      throw py::value_error("Executable: input " + std::to_string(k) + " has " +
                            std::to_string(as_buffer(items[k])->nbytes) + " bytes, expected " +
                            std::to_string(sizes[k]));
    }
  }
}

py::object Executable::make_outputs(PyObject* const* items) const {
  const kit::Plan& plan = executor_->plan();
  py::object list = py::reinterpret_steal<py::object>(PyList_New(static_cast<Py_ssize_t>(plan.output_bytes.size())));
  if (!list) throw py::error_already_set();
  for (std::size_t k = 0; k < plan.output_bytes.size(); ++k) {
    PyObject* buffer = nullptr;
    if (plan.output_sources[k].place == kit::Place::input) {
      buffer = items[plan.output_sources[k].number];
      Py_INCREF(buffer);
    } else {
      buffer = new_buffer(plan.output_bytes[k]);
    }
    if (buffer == nullptr) throw py::error_already_set();
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(k), buffer);
  }
  return list;
}

py::object Executable::run_timed(py::handle inputs) {
  std::vector<kit::StepTime> times;
  py::object outputs = run(inputs, &times);
  py::list events;
  for (const kit::StepTime& one : times) events.append(py::make_tuple(one.step->label, one.begin, one.end));
  return py::make_tuple(outputs, events);
}

py::object Executable::run(py::handle inputs, std::vector<kit::StepTime>* times) {
  auto sequence = py::reinterpret_steal<py::object>(
      PySequence_Fast(inputs.ptr(), "Executable: expected a sequence of Buffers"));
  if (!sequence) throw py::error_already_set();
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence.ptr());
  PyObject* const* items = PySequence_Fast_ITEMS(sequence.ptr());
  check_inputs(items, count);
  py::object outputs = make_outputs(items);
  const Py_ssize_t results = PyList_GET_SIZE(outputs.ptr());
  Addresses addresses(static_cast<std::size_t>(count + results));
  // The caller may drop or change its list while the GIL is released; buffers must stay until the run is over.
  std::vector<py::object> held;
  held.reserve(static_cast<std::size_t>(count));
  for (Py_ssize_t k = 0; k < count; ++k) {
    addresses[static_cast<std::size_t>(k)] = as_buffer(items[k])->data;
    held.push_back(py::reinterpret_borrow<py::object>(items[k]));
  }
  for (Py_ssize_t k = 0; k < results; ++k) {
    addresses[static_cast<std::size_t>(count + k)] = as_buffer(PyList_GET_ITEM(outputs.ptr(), k))->data;
  }
  std::string failure;
  {
    Call call(!plan_->is_short());
    try {
      executor_->run(addresses.data(), addresses.data() + count, times);
    } catch (const std::bad_alloc&) {
      failure = "Executable: no room for the arena of " + std::to_string(arena_bytes()) + " bytes, or for tapes";
    } catch (const std::exception& error) {
      failure = error.what();
    }
  }
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (!failure.empty()) throw std::runtime_error(failure);
  return outputs;
}

std::vector<std::string> Executable::describe() const {
  std::vector<std::string> lines;
  plan_->describe(lines, "");
  return lines;
}

void bind_executable(py::module_& module) {
  py::class_<KernelObject, std::shared_ptr<KernelObject>>(
      module, "Kernel", "A kernel with fixed shapes; called with input and output Buffers it runs alone.")
      .def(py::init<py::capsule>(), py::arg("capsule"),
           "A kernel of another package, from a capsule that holds an `ms_kernel`.")
      .def("__call__", &KernelObject::call, py::arg("inputs"), py::arg("outputs"))
      .def_property_readonly("description", &KernelObject::description, "Which implementation this is.")
      .def_property_readonly(
          "scratch_bytes", [](const KernelObject& self) { return self.c()->scratch_bytes; }, "Temporary memory.")
      .def_property_readonly(
          "nanoseconds", [](const KernelObject& self) { return self.c()->nanoseconds; },
          "Estimated time on one core, 0 where unknown.")
      .def(
          "capsule",
          [](std::shared_ptr<KernelObject> self) {
            auto* keep = new std::shared_ptr<KernelObject>(self);
            PyObject* capsule = PyCapsule_New(const_cast<ms_kernel*>(self->c()), MS_KERNEL_CAPSULE, [](PyObject* object) {
              delete static_cast<std::shared_ptr<KernelObject>*>(PyCapsule_GetContext(object));
            });
            if (capsule == nullptr || PyCapsule_SetContext(capsule, keep) != 0) throw py::error_already_set();
            return py::reinterpret_steal<py::capsule>(capsule);
          },
          "The kernel as a capsule for executors of other packages.");

  py::class_<RegionObject, std::shared_ptr<RegionObject>>(
      module, "Region", "A step that is no kernel: a choice, a loop, a call, or an operation on a tape.")
      .def(py::init(&make_region), py::arg("kind"), py::arg("places"),
           py::arg("plans") = std::vector<std::shared_ptr<PlanObject>>(), py::arg("workspace") = 0, py::arg("base") = 0,
           py::arg("starts") = std::vector<std::int64_t>(), py::arg("spare") = std::vector<std::vector<PlaceSpec>>(),
           py::arg("scoped") = false, py::arg("length") = 0, py::arg("sliced") = 0, py::arg("reverse") = false,
           py::arg("temps") = std::vector<PlaceSpec>(), py::arg("sizes") = std::vector<std::uint64_t>(),
           py::arg("direct") = std::vector<std::uint64_t>());
  module.attr("TAPE") = kit::tape_size;

  py::class_<PlanObject, std::shared_ptr<PlanObject>>(module, "Plan", "Steps with the places of their buffers.")
      .def(py::init<std::uint32_t, std::vector<std::uint64_t>, std::vector<std::uint64_t>,
                    const std::vector<PlaceSpec>&, std::vector<py::object>, std::uint64_t,
                    const std::vector<py::object>&, std::uint64_t, std::uint64_t, bool>(),
           py::arg("version"), py::arg("input_bytes"), py::arg("output_bytes"), py::arg("output_sources"),
           py::arg("constants"), py::arg("arena_bytes"), py::arg("steps"), py::arg("cells") = 0, py::arg("entries") = 0,
           py::arg("reuses_entries") = false,
           "steps: (Kernel, places, label) or Region each; a place is a pair (kind, number).");

  py::class_<Executable>(module, "Executable", "A plan with its kernels, run whole in one call.")
      .def(py::init<std::shared_ptr<PlanObject>>(), py::arg("plan"))
      .def("run", py::overload_cast<py::handle>(&Executable::run), py::arg("inputs"),
           "Run on a sequence of Buffers, one per input; returns a list of Buffers, one per output. A donated input "
           "comes back as the output that overwrote it.")
      .def("run_timed", &Executable::run_timed, py::arg("inputs"),
           "As `run`, but every step is timed: a pair of the outputs and of (label, begin, end) for each step, in "
           "nanoseconds of the clock that time.monotonic_ns reads. A region comes after the steps inside it.")
      .def("describe", &Executable::describe, "One line for each step: its label and its implementation.")
      .def_property_readonly("arena_bytes", &Executable::arena_bytes)
      .def_property_readonly("steps_run", &Executable::steps_run,
                             "How many steps the executor has run in all calls, those inside branches and trips included.");
}

}  // namespace mindspore::cpu
