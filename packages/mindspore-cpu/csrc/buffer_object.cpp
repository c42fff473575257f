#include "buffer_object.h"

#include <new>

#include "memory.h"

namespace mindspore::cpu {

PyTypeObject* buffer_type = nullptr;

namespace {

void dealloc(PyObject* self) {
  BufferObject* buffer = as_buffer(self);
  if (buffer->owned) host_cache().release(buffer->data, static_cast<std::size_t>(buffer->nbytes));
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  BufferObject* buffer = as_buffer(self);
  return PyBuffer_FillInfo(view, self, buffer->data, buffer->nbytes, 0, flags);
}

PyObject* get_nbytes(PyObject* self, void*) { return PyLong_FromSsize_t(as_buffer(self)->nbytes); }

PyObject* get_address(PyObject* self, void*) { return PyLong_FromVoidPtr(as_buffer(self)->data); }

PyObject* repr(PyObject* self) {
  return PyUnicode_FromFormat("<Buffer of %zd bytes at %p>", as_buffer(self)->nbytes, as_buffer(self)->data);
}

PyObject* construct(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  Py_ssize_t nbytes = 0;
  static const char* names[] = {"nbytes", nullptr};
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "n:Buffer", const_cast<char**>(names), &nbytes) == 0) return nullptr;
  if (nbytes < 0) {
    PyErr_Format(PyExc_ValueError, "Buffer: nbytes is %zd, expected a number that is not negative", nbytes);
    return nullptr;
  }
  return new_buffer(static_cast<std::size_t>(nbytes));
}

PyGetSetDef attributes[] = {
    {"nbytes", get_nbytes, nullptr, "Size in bytes.", nullptr},
    {"address", get_address, nullptr, "Address of the first byte, a multiple of 64.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("Buffer(nbytes): uninitialised host memory, aligned to 64; read and written through "
                                  "the buffer protocol.")},
    {Py_tp_new, reinterpret_cast<void*>(construct)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_repr, reinterpret_cast<void*>(repr)},
    {Py_tp_getset, attributes},
    {Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)},
    {0, nullptr},
};

PyType_Spec spec = {"mindspore_cpu._ext.Buffer", sizeof(BufferObject), 0, Py_TPFLAGS_DEFAULT, slots};

}  // namespace

PyTypeObject* make_buffer_type() {
  buffer_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return buffer_type;
}

PyObject* new_buffer(std::size_t nbytes) {
  void* data = nullptr;
  try {
    data = host_cache().allocate(nbytes);
  } catch (const std::bad_alloc&) {
    set_memory_error(nbytes);
    return nullptr;
  }
  PyObject* buffer = borrow_buffer(data, nbytes);
  if (buffer == nullptr) {
    host_cache().release(data, nbytes);
    return nullptr;
  }
  as_buffer(buffer)->owned = true;
  return buffer;
}

PyObject* borrow_buffer(void* data, std::size_t nbytes) {
  BufferObject* buffer = PyObject_New(BufferObject, buffer_type);
  if (buffer == nullptr) return nullptr;
  buffer->data = data;
  buffer->nbytes = static_cast<Py_ssize_t>(nbytes);
  buffer->owned = false;
  return reinterpret_cast<PyObject*>(buffer);
}

void set_memory_error(std::size_t nbytes) {
  PyObject* module = PyImport_ImportModule("mindspore.plugin");
  PyObject* type = module == nullptr ? nullptr : PyObject_GetAttrString(module, "DeviceMemoryError");
  if (type != nullptr) {
    PyErr_Format(type, "CPU: no room for %zu bytes; %llu bytes are in use. Use a smaller batch or free tensors", nbytes,
                 static_cast<unsigned long long>(host_cache().use().in_use));
  }
  Py_XDECREF(type);
  Py_XDECREF(module);
}

}  // namespace mindspore::cpu
