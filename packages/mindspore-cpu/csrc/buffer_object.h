// The Python type `Buffer`: a block of host memory from the block cache.
//
// Buffers are made and dropped in every step, so this is a type written against Python's C interface: making one costs
// a tenth of what a bound C++ class costs. It offers the buffer protocol (writable bytes), so `numpy.ndarray(shape,
// dtype, buffer)` is a view of it which keeps it alive.
#pragma once

#include <Python.h>

#include <cstddef>

namespace mindspore::cpu {

struct BufferObject {
  PyObject_HEAD
  void* data;
  Py_ssize_t nbytes;
  bool owned;  // whether `data` goes back to the cache with this object
};

// Creates the type; nullptr with a Python error where that fails. Called once, when the module is loaded.
PyTypeObject* make_buffer_type();

extern PyTypeObject* buffer_type;

// A new buffer; nullptr with DeviceMemoryError set where there is no room.
PyObject* new_buffer(std::size_t nbytes);

// A buffer over memory of somebody else, who makes sure that it does not outlive the memory; nullptr with a Python error.
PyObject* borrow_buffer(void* data, std::size_t nbytes);

inline bool is_buffer(PyObject* object) { return Py_TYPE(object) == buffer_type; }
inline BufferObject* as_buffer(PyObject* object) { return reinterpret_cast<BufferObject*>(object); }

// Sets DeviceMemoryError for a request of `nbytes`.
void set_memory_error(std::size_t nbytes);

}  // namespace mindspore::cpu
