#include "element.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace mindspore::cpu {

namespace {

struct Row {
  const char* key;
  Element element;
  std::size_t bytes;
};

constexpr std::array<Row, 12> rows{{{"float16", Element::f16, 2},
                                    {"bfloat16", Element::bf16, 2},
                                    {"float32", Element::f32, 4},
                                    {"float64", Element::f64, 8},
                                    {"int8", Element::i8, 1},
                                    {"uint8", Element::u8, 1},
                                    {"int16", Element::i16, 2},
                                    {"uint16", Element::u16, 2},
                                    {"int32", Element::i32, 4},
                                    {"uint32", Element::u32, 4},
                                    {"int64", Element::i64, 8},
                                    {"uint64", Element::u64, 8}}};

}  // namespace

Element element_of(const std::string& key) {
  for (const Row& row : rows) {
    if (key == row.key) return row.element;
  }
  throw std::invalid_argument("there is no kernel for elements of type " + key);
}

std::size_t element_bytes(Element element) { return rows[static_cast<std::size_t>(element)].bytes; }

}  // namespace mindspore::cpu
