#include "executable.h"

#include <pybind11/stl.h>

#include <new>
#include <stdexcept>

namespace mindspore::cpu {

namespace {

// Work shorter than this runs with the GIL held: getting the GIL back can take a whole switch interval (5 ms) while
// another thread runs Python code, which would dwarf the work.
constexpr std::uint64_t nanoseconds_worth_release = 30000;

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

kit::Slot slot_of(const std::pair<int, std::uint64_t>& place) {
  if (place.first < 0 || place.first > 3) throw std::invalid_argument("plan: a place is none of the four kinds");
  return {static_cast<kit::Place>(place.first), place.second};
}

kit::Step step_of(const StepSpec& spec) {
  const auto& [kernel, places, label] = spec;
  if (kernel->buffers() >= 0 && kernel->buffers() != static_cast<int>(places.size())) {
    throw std::invalid_argument("plan: " + label + " has " + std::to_string(places.size()) +
                                " buffers, its kernel expects " + std::to_string(kernel->buffers()));
  }
  kit::Step step{kernel->c(), {}, label};
  for (const auto& place : places) step.slots.push_back(slot_of(place));
  return step;
}

}  // namespace

KernelObject::KernelObject(std::unique_ptr<Kernel> kernel, py::object keep)
    : kernel_(&own_), keep_(std::move(keep)), buffers_(kernel->buffers), description_(kernel->description) {
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
  if (kernel_ == &own_ && own_.destroy != nullptr) own_.destroy(own_.ctx);
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

Executable::Executable(std::uint32_t version, std::vector<std::uint64_t> input_bytes,
                       std::vector<std::uint64_t> output_bytes,
                       const std::vector<std::pair<int, std::uint64_t>>& output_sources,
                       std::vector<py::object> constants, std::uint64_t arena_bytes, const std::vector<StepSpec>& steps)
    : constants_(std::move(constants)) {
  kit::Plan plan;
  plan.version = version;
  plan.input_bytes = std::move(input_bytes);
  plan.output_bytes = std::move(output_bytes);
  plan.arena_bytes = arena_bytes;
  for (const auto& source : output_sources) plan.output_sources.push_back(slot_of(source));
  for (const py::object& constant : constants_) {
    if (!is_buffer(constant.ptr())) throw py::type_error("Executable: a constant is not a mindspore_cpu Buffer");
    plan.constants.push_back(as_buffer(constant.ptr())->data);
  }
  std::uint64_t nanoseconds = 0;
  bool known = true;
  for (const StepSpec& spec : steps) {
    plan.steps.push_back(step_of(spec));
    kernels_.push_back(std::get<0>(spec));
    const ms_kernel* kernel = kernels_.back()->c();
    nanoseconds += kernel->nanoseconds;
    known = known && kernel->nanoseconds != 0;
  }
  release_gil_ = !known || nanoseconds >= nanoseconds_worth_release;
  executor_ = std::make_unique<kit::Executor<HostDevice>>(std::move(plan), device_);
}

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

py::object Executable::run(py::handle inputs) {
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
  if (release_gil_) held.reserve(static_cast<std::size_t>(count));
  for (Py_ssize_t k = 0; k < count; ++k) {
    addresses[static_cast<std::size_t>(k)] = as_buffer(items[k])->data;
    if (release_gil_) held.push_back(py::reinterpret_borrow<py::object>(items[k]));
  }
  for (Py_ssize_t k = 0; k < results; ++k) {
    addresses[static_cast<std::size_t>(count + k)] = as_buffer(PyList_GET_ITEM(outputs.ptr(), k))->data;
  }
  std::string failure;
  {
    Unlocked unlocked(release_gil_);
    try {
      executor_->run(addresses.data(), addresses.data() + count);
    } catch (const std::bad_alloc&) {
      failure = "Executable: no room for the arena of " + std::to_string(arena_bytes()) + " bytes";
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
  for (std::size_t k = 0; k < kernels_.size(); ++k) {
    lines.push_back(executor_->plan().steps[k].label + ": " + kernels_[k]->description());
  }
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

  py::class_<Executable>(module, "Executable", "A plan with its kernels, run whole in one call.")
      .def(py::init<std::uint32_t, std::vector<std::uint64_t>, std::vector<std::uint64_t>,
                    const std::vector<std::pair<int, std::uint64_t>>&, std::vector<py::object>, std::uint64_t,
                    const std::vector<StepSpec>&>(),
           py::arg("version"), py::arg("input_bytes"), py::arg("output_bytes"), py::arg("output_sources"),
           py::arg("constants"), py::arg("arena_bytes"), py::arg("steps"))
      .def("run", &Executable::run, py::arg("inputs"),
           "Run on a sequence of Buffers, one per input; returns a list of Buffers, one per output. A donated input "
           "comes back as the output that overwrote it.")
      .def("describe", &Executable::describe, "One line for each step: its label and its implementation.")
      .def_property_readonly("arena_bytes", &Executable::arena_bytes);
}

}  // namespace mindspore::cpu
