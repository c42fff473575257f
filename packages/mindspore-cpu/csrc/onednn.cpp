#include "onednn.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <stdexcept>
#include <utility>

#include "isa.h"
#include "memory.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

void check(dnnl_status_t status, const char* what) {
  if (status != dnnl_success) throw std::runtime_error(std::string("oneDNN: ") + what + " failed");
}

// The memory objects of one running call.
class Instance {
 public:
  explicit Instance(const OnednnProgram& program) : stream_(onednn_engine()) {
    for (const OnednnStep& step : program.steps) {
      Call call{step.primitive.get(), {}, {}};
      for (const OnednnArgument& argument : step.arguments) {
        memories_.emplace_back(argument.desc, onednn_engine(), nullptr);
        call.places.push_back({argument.buffer, argument.offset});
        call.arguments.push_back({argument.name, memories_.back().get()});
      }
      calls_.push_back(std::move(call));
    }
  }

  void run(void* const* buffers, char* scratch) {
    for (Call& call : calls_) {
      for (std::size_t k = 0; k < call.places.size(); ++k) {
        const Place& place = call.places[k];
        void* data = place.buffer < 0 ? scratch + place.offset : buffers[place.buffer];
        check(dnnl_memory_set_data_handle(call.arguments[k].memory, data), "setting an address");
      }
      check(dnnl_primitive_execute(call.primitive, stream_.get(), static_cast<int>(call.arguments.size()),
                                   call.arguments.data()),
            "running a primitive");
    }
  }

 private:
  struct Place {
    int buffer;
    std::uint64_t offset;
  };
  struct Call {
    const_dnnl_primitive_t primitive;
    std::vector<Place> places;
    std::vector<dnnl_exec_arg_t> arguments;
  };

  dnnl::stream stream_;
  std::vector<dnnl::memory> memories_;
  std::vector<Call> calls_;
};

// A program and its idle instance. A call takes the instance out, or makes another one where it is in use.
class Variant {
 public:
  explicit Variant(OnednnProgram program) : program_(std::move(program)), idle_(new Instance(program_)) {}
  ~Variant() { delete idle_.load(); }
  Variant(const Variant&) = delete;
  Variant& operator=(const Variant&) = delete;

  const OnednnProgram& program() const { return program_; }

  void run(void* const* buffers, char* scratch) {
    std::unique_ptr<Instance> instance(idle_.exchange(nullptr));
    if (!instance) instance = std::make_unique<Instance>(program_);
    instance->run(buffers, scratch);
    delete idle_.exchange(instance.release());
  }

 private:
  OnednnProgram program_;
  std::atomic<Instance*> idle_;
};

class OnednnKernel final : public Kernel {
 public:
  OnednnKernel(OnednnBuild build, OnednnProgram first, int count, double estimate) : build_(std::move(build)) {
    buffers = count;
    nanoseconds = estimate;
    description = first.description;
    scratch_bytes = first.scratch_bytes;
    variants_[threads_for(nanoseconds)] = std::make_unique<Variant>(std::move(first));
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const int wanted = std::min(stream.threads, threads_for(nanoseconds));
    std::unique_lock<std::mutex> region(region_lock(), std::defer_lock);
    if (wanted > 1) region.lock();
    OmpThreads omp(wanted);
    Variant& variant = variant_for(wanted);
    if (variant.program().scratch_bytes <= scratch_bytes) {
      variant.run(given, static_cast<char*>(stream.scratch));
      return;
    }
    HostBlock scratch(variant.program().scratch_bytes);
    variant.run(given, scratch.data());
  }

 private:
  Variant& variant_for(int count) const {
    std::lock_guard<std::mutex> guard(mutex_);
    std::unique_ptr<Variant>& variant = variants_[count];
    if (!variant) {
      auto program = build_();
      if (!program) throw std::runtime_error("oneDNN: " + description + " does not exist for another number of threads");
      variant = std::make_unique<Variant>(std::move(*program));
    }
    return *variant;
  }

  OnednnBuild build_;
  mutable std::mutex mutex_;
  mutable std::map<int, std::unique_ptr<Variant>> variants_;
};

}  // namespace

const dnnl::engine& onednn_engine() {
  static const dnnl::engine engine = [] {
    isa();  // sets oneDNN's limit before its first use
    return dnnl::engine(dnnl::engine::kind::cpu, 0);
  }();
  return engine;
}

std::optional<dnnl::memory::data_type> onednn_type(Element element) {
  switch (element) {
    case Element::f32: return dnnl::memory::data_type::f32;
    case Element::bf16: return dnnl::memory::data_type::bf16;
    case Element::f16: return dnnl::memory::data_type::f16;
    default: return std::nullopt;
  }
}

dnnl::primitive_attr onednn_attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

bool has_tiles() {
#if defined(__x86_64__)
  onednn_engine();
  constexpr auto tiles = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_amx);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & tiles) == tiles;
#else
  return false;
#endif
}

bool is_reference(const char* implementation) {
  return std::strncmp(implementation, "ref", 3) == 0 || std::strstr(implementation, ":ref") != nullptr;
}

std::uint64_t OnednnProgram::reserve(std::uint64_t bytes) {
  const std::uint64_t offset = scratch_bytes;
  scratch_bytes += round_up(bytes, 64);
  return offset;
}

OnednnArgument OnednnProgram::reordered_input(int name, int buffer, const dnnl::memory::desc& given,
                                              const dnnl::memory::desc& wanted) {
  if (given == wanted) return {name, given, buffer, 0};
  const OnednnArgument copy{name, wanted, -1, reserve(wanted.get_size())};
  const dnnl::reorder::primitive_desc reorder(onednn_engine(), given, onednn_engine(), wanted, onednn_attributes());
  OnednnStep step{dnnl::reorder(reorder), {{DNNL_ARG_FROM, given, buffer, 0}, copy}};
  step.arguments.back().name = DNNL_ARG_TO;
  step.arguments.push_back({DNNL_ARG_SCRATCHPAD, reorder.scratchpad_desc(), -1,
                            reserve(reorder.scratchpad_desc().get_size())});
  steps.push_back(std::move(step));
  return copy;
}

OnednnArgument OnednnProgram::result(int name, int buffer, const dnnl::memory::desc& produced,
                                     const dnnl::memory::desc& wanted) {
  if (produced == wanted) return {name, wanted, buffer, 0};
  const OnednnArgument made{name, produced, -1, reserve(produced.get_size())};
  const dnnl::reorder::primitive_desc reorder(onednn_engine(), produced, onednn_engine(), wanted, onednn_attributes());
  OnednnStep step{dnnl::reorder(reorder), {made, {DNNL_ARG_TO, wanted, buffer, 0}}};
  step.arguments.front().name = DNNL_ARG_FROM;
  step.arguments.push_back({DNNL_ARG_SCRATCHPAD, reorder.scratchpad_desc(), -1,
                            reserve(reorder.scratchpad_desc().get_size())});
  after_.push_back(std::move(step));
  return made;
}

void OnednnProgram::append(const dnnl::primitive& primitive, std::vector<OnednnArgument> arguments,
                           const dnnl::memory::desc& scratchpad) {
  arguments.push_back({DNNL_ARG_SCRATCHPAD, scratchpad, -1, reserve(scratchpad.get_size())});
  steps.push_back({primitive, std::move(arguments)});
  for (OnednnStep& step : after_) steps.push_back(std::move(step));
  after_.clear();
}

std::unique_ptr<Kernel> make_onednn_kernel(OnednnBuild build, int buffers, double nanoseconds) {
  OmpThreads omp(threads_for(nanoseconds));
  try {
    auto first = build();
    if (!first) return nullptr;
    return std::make_unique<OnednnKernel>(std::move(build), std::move(*first), buffers, nanoseconds);
  } catch (const dnnl::error&) {  // unimplemented for these shapes, layouts or types
    return nullptr;
  }
}

}  // namespace mindspore::cpu
